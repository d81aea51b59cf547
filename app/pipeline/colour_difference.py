"""How different two pictures look: CIEDE2000, and the difference made visible."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from app.pipeline.comparison import PictureDifference
from models.types import F32, U8

_BIN = 0.005
_HIGHEST = 100.0
_CHUNK = 1 << 16
"""Pixels at a time: what is worked on stays in the processor's cache."""
_FACTORS = (64, 32, 16, 8, 4, 2, 1)
_LIGHT = 255
_LIT_SHARE = 99.9
_KNEE = np.float32(0.008856)
_WHITE_D65 = np.array([0.95047, 1.0, 1.08883])
_XYZ_OF_BGR = (
    np.array([[0.180423, 0.357580, 0.412453], [0.072169, 0.715160, 0.212671], [0.950227, 0.119193, 0.019334]])
    / _WHITE_D65[:, None]
).astype(np.float32)
"""IEC 61966-2-1, columns in the order of the pixels' channels, rows against white."""


def delta_e(first: U8, second: U8) -> F32:
    """CIEDE2000 of each pixel.

    Args:
        first: (H, W, 4) or (H, W, 3) BGR(A) uint8; alpha is ignored.
        second: likewise, of the same size.

    Returns:
        (H, W), 0 where the pixels are the same.
    """
    found: F32 = np.zeros(first.shape[:2], np.float32)
    differs = np.any(first[..., :3] != second[..., :3], axis=2)
    ones, others = first[differs][:, :3], second[differs][:, :3]
    distances = [
        _ciede2000(_lab(ones[start : start + _CHUNK]), _lab(others[start : start + _CHUNK]))
        for start in range(0, len(ones), _CHUNK)
    ]
    if distances:
        found[differs] = np.concatenate(distances)
    return found


class DifferenceTally:
    """Adds up pairs of pictures; keeps the pair that differs most."""

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros(round(_HIGHEST / _BIN) + 1, np.int64)
        self._sum = 0.0
        self._frames = 0
        self._worst: tuple[float, int, U8, U8] | None = None

    def add(self, frame_index: int, first: U8, second: U8) -> None:
        """Two pictures of the same frame, (H, W, 4) BGRA uint8; they are kept, not copied."""
        distance = delta_e(first, second)
        self._counts += np.bincount(
            np.minimum(distance / _BIN, len(self._counts) - 1).astype(np.int32).ravel(), minlength=len(self._counts)
        )
        self._sum += float(distance.sum(dtype=np.float64))
        self._frames += 1
        mean = float(distance.mean())
        if self._worst is None or mean > self._worst[0]:
            self._worst = mean, frame_index, first, second

    def result(self) -> PictureDifference | None:
        """None where nothing was added."""
        if self._worst is None:
            return None
        _mean, frame_index, first, second = self._worst
        pixels = int(self._counts.sum())
        place = int(np.searchsorted(np.cumsum(self._counts), 0.99 * pixels))
        amplified, factor = amplify(first, second)
        return PictureDifference(
            self._sum / pixels, place * _BIN, self._frames, frame_index, first, second, amplified, factor
        )


def amplify(first: U8, second: U8) -> tuple[U8, int]:
    """The absolute difference, (H, W, 4) BGRA, and by how much it was multiplied: as much as keeps it from clipping."""
    difference = cv2.absdiff(first[..., :3], second[..., :3])
    lit = float(np.percentile(difference.max(axis=2), _LIT_SHARE))
    factor = next(each for each in _FACTORS if each == 1 or lit * each <= _LIGHT)
    bright: U8 = np.full((*difference.shape[:2], 4), 255, np.uint8)
    bright[..., :3] = cv2.convertScaleAbs(difference, alpha=factor)
    return bright, factor


def _lab(bgr: U8) -> F32:
    """(n, 3) sRGB as BGR uint8 to (n, 3) CIELAB under D65: L 0..100."""
    xyz = _linear()[bgr] @ _XYZ_OF_BGR.T
    bent = np.where(xyz > _KNEE, np.cbrt(xyz), xyz * np.float32(7.787) + np.float32(16 / 116))
    x, y, z = bent.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@cache
def _linear() -> F32:
    """(256,) light for each sRGB value (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    return np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92).astype(np.float32)


def _ciede2000(one: F32, other: F32) -> F32:
    """G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", 2005, with all weights 1."""
    l1, a1, b1 = one.T
    l2, a2, b2 = other.T
    mean_c7 = (0.5 * (np.hypot(a1, b1) + np.hypot(a2, b2))) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_c7 / (mean_c7 + np.float32(25.0**7)))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % (2 * np.pi), np.arctan2(b2, a2) % (2 * np.pi)
    grey = c1 * c2 == 0
    turn = (h2 - h1 + np.pi) % (2 * np.pi) - np.pi
    d_h = np.where(grey, 0, 2 * np.sqrt(c1 * c2) * np.sin(turn / 2))
    mean_h = np.where(grey, h1 + h2, h1 + turn / 2)
    mean_l, mean_c = 0.5 * (l1 + l2), 0.5 * (c1 + c2)
    t = (
        1
        - 0.17 * np.cos(mean_h - np.pi / 6)
        + 0.24 * np.cos(2 * mean_h)
        + 0.32 * np.cos(3 * mean_h + np.pi / 30)
        - 0.20 * np.cos(4 * mean_h - np.radians(63))
    )
    off_50 = (mean_l - 50) ** 2
    s_l = 1 + 0.015 * off_50 / np.sqrt(20 + off_50)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    degrees = np.degrees(mean_h) % 360
    c7 = mean_c**7
    r_t = (
        -2 * np.sqrt(c7 / (c7 + np.float32(25.0**7))) * np.sin(np.radians(60) * np.exp(-(((degrees - 275) / 25) ** 2)))
    )
    d_l, d_c, d_h = (l2 - l1) / s_l, (c2 - c1) / s_c, d_h / s_h
    distance: F32 = np.sqrt(np.maximum(d_l**2 + d_c**2 + d_h**2 + r_t * d_c * d_h, 0)).astype(np.float32)
    return distance

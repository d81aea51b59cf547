"""Soft-edged areas of the picture, made on the CPU from a few numbers; what the other operations draw through."""

from dataclasses import dataclass
from math import ceil, cos, floor, radians, sin

import cv2
import numpy as np

from models.types import F32, U8

_STEP_PX = 4
"""Soft edges are computed on every fourth pixel and interpolated: the same look at a tenth of the cost."""


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """How much of each pixel is covered, over one rectangle of the picture and nothing outside it."""

    x0: int
    y0: int
    alpha: U8
    """(h, w), 255 = replaced wholly, 0 = left bit by bit; the rectangle lies inside the picture."""


@dataclass(frozen=True, slots=True)
class Oval:
    """An ellipse in frame pixels; `angle_deg` turns its axes clockwise as seen."""

    centre_xy: tuple[float, float]
    half_wh: tuple[float, float]
    angle_deg: float = 0.0

    def axes(self) -> F32:
        """(2, 2) unit vectors: the width's and the height's direction in the picture."""
        c, s = cos(radians(self.angle_deg)), sin(radians(self.angle_deg))
        return np.array([[c, s], [-s, c]], dtype=np.float32)

    def radius_at(self, points_xy: F32) -> F32:
        """(n,) radius of (n, 2) points in units of the ellipse: < 1 inside, 1 on the edge."""
        offsets = (np.asarray(points_xy, np.float32) - np.array(self.centre_xy, np.float32)) @ self.axes().T
        return np.asarray(np.hypot(offsets[:, 0] / self.half_wh[0], offsets[:, 1] / self.half_wh[1]), np.float32)

    def reach_xy(self) -> tuple[float, float]:
        """Half width and half height of the upright box around it."""
        axes = self.axes() * np.array(self.half_wh, np.float32)[:, None]
        across, down = np.hypot(axes[0], axes[1])
        return float(across), float(down)

    def grown(self, factor: float) -> "Oval":
        """The same ellipse, `factor` times as large."""
        return Oval(self.centre_xy, (self.half_wh[0] * factor, self.half_wh[1] * factor), self.angle_deg)


def oval_mask(oval: Oval, feather: float, size_wh: tuple[int, int]) -> Mask | None:
    """Solid inside the ellipse, fading to nothing outside over `feather` of its radius; None when off the picture."""
    feather = max(feather, 3 * _STEP_PX / max(min(oval.half_wh), 1.0))
    outer = oval.grown(1.0 + feather)
    window = _window(outer.centre_xy, outer.reach_xy(), size_wh)
    if window is None:
        return None
    x0, y0, x1, y1 = window
    across = np.arange(x0 + _STEP_PX / 2, x1 + _STEP_PX, _STEP_PX, dtype=np.float32) - np.float32(oval.centre_xy[0])
    down = np.arange(y0 + _STEP_PX / 2, y1 + _STEP_PX, _STEP_PX, dtype=np.float32) - np.float32(oval.centre_xy[1])
    axes = oval.axes() / np.array(oval.half_wh, np.float32)[:, None]
    along = axes[0, 0] * across[None, :] + (axes[0, 1] * down)[:, None]
    athwart = axes[1, 0] * across[None, :] + (axes[1, 1] * down)[:, None]
    radius = cv2.magnitude(along, athwart)
    # The fade starts one step outside the edge, so that interpolation never thins the solid part.
    slack = _STEP_PX * 1.5 / min(oval.half_wh)
    return Mask(x0, y0, _enlarged(_smoothstep((1.0 + feather - radius) / max(feather - slack, 1e-3)), window))


def without(mask: Mask, polygon_xy: F32) -> Mask:
    """The mask, with the inside of a polygon (n, 2) in frame pixels left out."""
    alpha = mask.alpha.copy()
    corners = np.rint(polygon_xy - np.array([mask.x0 + 0.5, mask.y0 + 0.5], np.float32)).astype(np.int32)
    cv2.fillPoly(alpha, [corners], (0,))
    return Mask(mask.x0, mask.y0, alpha)


def map_mask(values: F32, size_wh: tuple[int, int]) -> Mask | None:
    """A coarse map (h, w) of 0..1 stretched over the picture as a mask; None when it is empty."""
    height, width = values.shape
    rows, columns = np.flatnonzero(values.any(axis=1)), np.flatnonzero(values.any(axis=0))
    if rows.size == 0:
        return None
    scale_x, scale_y = size_wh[0] / width, size_wh[1] / height
    x0 = max(floor((columns[0] - 1) * scale_x), 0)
    y0 = max(floor((rows[0] - 1) * scale_y), 0)
    x1 = min(ceil((columns[-1] + 2) * scale_x), size_wh[0])
    y1 = min(ceil((rows[-1] + 2) * scale_y), size_wh[1])
    matrix = np.array([[1 / scale_x, 0, (x0 + 0.5) / scale_x - 0.5], [0, 1 / scale_y, (y0 + 0.5) / scale_y - 0.5]])
    alpha = cv2.warpAffine(
        np.asarray(values * 255.0 + 0.5, np.uint8),
        matrix,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Mask(x0, y0, np.asarray(alpha, np.uint8))


def _window(
    centre_xy: tuple[float, float], reach_xy: tuple[float, float], size_wh: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The pixels x0, y0, x1, y1 within reach that lie inside the picture; None when there are none."""
    x0, y0 = max(floor(centre_xy[0] - reach_xy[0]), 0), max(floor(centre_xy[1] - reach_xy[1]), 0)
    x1 = min(ceil(centre_xy[0] + reach_xy[0]), size_wh[0])
    y1 = min(ceil(centre_xy[1] + reach_xy[1]), size_wh[1])
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _smoothstep(values: F32) -> F32:
    clipped = np.clip(values, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), np.float32)


def _enlarged(coarse: F32, window: tuple[int, int, int, int]) -> U8:
    x0, y0, x1, y1 = window
    bytes_ = np.asarray(coarse * 255.0 + 0.5, np.uint8)
    full = cv2.resize(bytes_, (coarse.shape[1] * _STEP_PX, coarse.shape[0] * _STEP_PX), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full[: y1 - y0, : x1 - x0], np.uint8)

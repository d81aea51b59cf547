"""How a matte follows the picture between two runs of the network: what changed, and where it went. Pure functions."""

from functools import lru_cache

import cv2
import numpy as np

from models.types import F32, U8

GREY_LONG_PX = 192
"""Longer side of the grey picture in which change and motion are measured."""
_NOISE_PX = 5
"""Side of the window over which differences are averaged, so that camera noise does not count as change."""
_STEPS_CHANGE = 8
_STEPS_SHARE = 0.002
_EDGE_PX = 16
_BODY_PX = 5
_FAINT = 0.05
_LEAST_FLOW_PX = 48
_TRUST = 1e-3


def make_flow() -> cv2.DISOpticalFlow:
    """Dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016).

    The fastest preset, but one pyramid level finer, which halves how far a matte trails, with patches further apart to
    pay for it.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow.setFinestScale(1)
    flow.setPatchStride(6)
    return flow


def shrink(pixels: U8) -> U8:
    """(H, W, 3) BGR of any size -> the grey picture of 192 px in which change and motion are measured.

    Two linear steps: one would look at too few pixels to average the noise, and INTER_AREA costs ten times as much. The
    first step costs what it makes, so it is twice as wide as the second and no higher.
    """
    width, height = fitted(pixels.shape, GREY_LONG_PX)
    if max(pixels.shape[:2]) > 2 * GREY_LONG_PX:
        pixels = _resized(pixels, (2 * width, height))
    return np.asarray(cv2.cvtColor(_resized(pixels, (width, height)), cv2.COLOR_BGR2GRAY), np.uint8)


def fitted(shape: tuple[int, ...], long_px: int) -> tuple[int, int]:
    """(width, height) of a picture of that shape scaled to a longer side of `long_px`, both even and at least 16."""
    scale = long_px / max(shape[:2])
    width, height = (max(round(side * scale / 2) * 2, 16) for side in (shape[1], shape[0]))
    return width, height


def change(grey: U8, before: U8) -> U8:
    """Mean absolute difference of two greys over 5x5 pixels, (h, w) in grey levels."""
    return np.asarray(cv2.blur(cv2.absdiff(grey, before), (_NOISE_PX, _NOISE_PX)), np.uint8)


def share_above(difference: U8, level: int) -> float:
    """Share of the pixels that changed by more than `level`."""
    return float(np.count_nonzero(difference > level)) / max(difference.size, 1)


def moves(difference: U8) -> bool:
    """Whether anything moved between two frames whose `change` this is."""
    return share_above(difference, _STEPS_CHANGE) > _STEPS_SHARE


def carried(alpha: F32, grey: U8, before: U8, flow: cv2.DISOpticalFlow) -> F32:
    """The matte (h, w) of the frame `before`, moved to where the person is in `grey`.

    At a person's edge plain flow is a mixture of the person's and the background's motion, and the matte lags behind.
    So the flow is averaged over the person only, and that average carries the edge.
    """
    window = _person_window(alpha, (grey.shape[1], grey.shape[0]))
    if window is None:
        return alpha
    (gy0, gy1, gx0, gx1), (y0, y1, x0, x1) = window
    height, width = y1 - y0, x1 - x0
    now = np.ascontiguousarray(grey[gy0:gy1, gx0:gx1])
    then = np.ascontiguousarray(before[gy0:gy1, gx0:gx1])
    field = np.asarray(flow.calc(now, then, None), np.float32)  # type: ignore[call-overload]
    person_xy = _of_the_person(field, alpha[y0:y1, x0:x1])
    person_xy *= (width / field.shape[1], height / field.shape[0])
    lookup = np.asarray(cv2.resize(person_xy, (width, height)), np.float32)
    lookup += _grid(width, height)
    moved = alpha.copy()
    moved[y0:y1, x0:x1] = _looked_up(alpha[y0:y1, x0:x1], lookup)
    return moved


def _of_the_person(field: F32, alpha: F32) -> F32:
    """Flow at half its size, averaged over 5x5 of these pixels, each counted by the square of the alpha it leads to."""
    width, height = field.shape[1] // 2, field.shape[0] // 2
    flow_xy = np.asarray(cv2.resize(field, (width, height)), np.float32)
    small = np.asarray(cv2.resize(alpha, (width, height)), np.float32)
    weight = _looked_up(small, flow_xy * np.float32(0.5) + _grid(width, height))
    weight *= weight
    weight += _TRUST
    weighted = flow_xy * weight[..., None]
    cv2.blur(weighted, (_BODY_PX, _BODY_PX), weighted)
    weighted /= cv2.blur(weight, (_BODY_PX, _BODY_PX))[..., None]
    return weighted


def _person_window(
    alpha: F32, grey_wh: tuple[int, int]
) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]] | None:
    """Rows and columns (y0, y1, x0, x1) around the person, in the grey picture and in the matte; None without one."""
    height, width = alpha.shape
    x, y, w, h = cv2.boundingRect(np.asarray(alpha > _FAINT, np.uint8))
    if w == 0:
        return None
    # Whole steps of 4 : 3 keep both windows on the same pixels at the usual sizes.
    gx0, gx1 = _stretch(x / width, (x + w) / width, grey_wh[0])
    gy0, gy1 = _stretch(y / height, (y + h) / height, grey_wh[1])
    to_x, to_y = width / grey_wh[0], height / grey_wh[1]
    return (gy0, gy1, gx0, gx1), (round(gy0 * to_y), round(gy1 * to_y), round(gx0 * to_x), round(gx1 * to_x))


def _stretch(low: float, high: float, size: int) -> tuple[int, int]:
    start = max(int(low * size) - _EDGE_PX, 0) // 3 * 3
    end = min(-(-(int(high * size) + _EDGE_PX) // 3) * 3, size)
    if end - start < _LEAST_FLOW_PX:
        return 0, size
    return start, end


def _looked_up(values: F32, lookup_xy: F32) -> F32:
    # The second map is none: `lookup_xy` (h, w, 2) holds both coordinates. The stubs do not know that.
    moved = cv2.remap(values, lookup_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(moved, np.float32)


def _resized(pixels: U8, size_wh: tuple[int, int]) -> U8:
    return np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)


def _grid(width: int, height: int) -> F32:
    """(h, w, 2) the pixel coordinates themselves."""
    return _whole_grid(max(width, height, 256))[:height, :width]


@lru_cache(maxsize=4)
def _whole_grid(side: int) -> F32:
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    return np.dstack([x, y])

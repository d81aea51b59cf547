"""Draw many thin anti-aliased lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from effects.canvas import Canvas
from effects.ops.dispatch import cpu_pixels, pick
from models.types import F32, U8

_SHIFT = 4
"""Fixed-point bits: line ends lie on sixteenths of a pixel."""
_EDGE_PX = 3


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Straight pieces of one look: (n, 2, 2) ends in frame pixels, `opacity` 0..1, whole `width_px` >= 1."""

    ends_xy: F32
    colour_bgr: tuple[int, int, int]
    opacity: float
    width_px: int = 1


def draw_lines(canvas: Canvas, layers: Sequence[Lines]) -> None:
    """Draw the layers, later ones over earlier ones; what lies outside the picture is cut off."""
    visible = [layer for layer in layers if len(layer.ends_xy) and layer.opacity > 0.0]
    if visible:
        pick(canvas.device, cpu=_draw_lines_cpu)(canvas, visible)


def _draw_lines_cpu(canvas: Canvas, layers: Sequence[Lines]) -> None:
    """All layers are drawn into one map of ink, whose levels stand for the layers' colours."""
    x0, y0, x1, y1 = _window(layers, canvas.image.size_wh)
    if x1 <= x0 or y1 <= y0:
        return
    ink: U8 = np.zeros((y1 - y0, x1 - x0), np.uint8)
    # OpenCV's pixel centres lie on whole numbers, ours at +0.5.
    shift = np.array((x0, y0), np.float32) + np.float32(0.5)
    for number, layer in enumerate(layers, start=1):
        fixed = np.rint((layer.ends_xy - shift) * np.float32(1 << _SHIFT)).astype(np.int32)
        pieces = cast(Sequence[NDArray[np.int32]], fixed)
        cv2.polylines(ink, pieces, False, (_level(number, len(layers)),), layer.width_px, cv2.LINE_AA, _SHIFT)
    over, left = _palette(tuple((layer.colour_bgr, layer.opacity) for layer in layers))
    under = cpu_pixels(canvas)[y0:y1, x0:x1]
    kept = cv2.multiply(under, _looked_up(left, ink), scale=1 / 255)
    cv2.add(kept, _looked_up(over, ink), dst=under)


def _level(number: int, count: int) -> int:
    return round(255 * number / count)


@lru_cache(maxsize=64)
def _palette(looks: tuple[tuple[tuple[int, int, int], float], ...]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """For every level of ink the colour times its opacity, and what is left of the picture: (256,) of four bytes each.

    Between two layers' levels the colours run into one another, so the soft edge of an upper line takes on the colour
    of the lines below it.
    """
    levels = [0, *(_level(number, len(looks)) for number in range(1, len(looks) + 1))]
    opaque = [np.array([*colour, 255.0]) * min(opacity, 1.0) for colour, opacity in looks]
    stops = np.stack([np.zeros(4), *opaque])
    over = np.stack([np.interp(np.arange(256), levels, stops[:, channel]) for channel in range(4)], axis=1)
    over = np.rint(over).astype(np.uint8)
    left = np.repeat(255 - over[:, 3:], 4, axis=1)
    return over.view(np.uint32)[:, 0].copy(), np.ascontiguousarray(left).view(np.uint32)[:, 0].copy()


def _looked_up(palette: NDArray[np.uint32], ink: U8) -> U8:
    return np.take(palette, ink).view(np.uint8).reshape(*ink.shape, 4)


def _window(layers: Sequence[Lines], size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """The pixels x0, y0, x1, y1 of the picture that the lines may touch."""
    low_high = []
    for axis, length in enumerate(size_wh):
        low = min(float(layer.ends_xy[..., axis].min()) for layer in layers)
        high = max(float(layer.ends_xy[..., axis].max()) for layer in layers)
        low_high.append((max(int(low) - _EDGE_PX, 0), min(int(high) + _EDGE_PX + 1, length)))
    return low_high[0][0], low_high[1][0], low_high[0][1], low_high[1][1]

"""Draw many thin anti-aliased lines of one colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from effects.canvas import Canvas
from effects.ops.blend import blend_colour
from effects.ops.dispatch import pick
from effects.ops.masks import Mask
from models.types import F32, U8

_SHIFT = 4
"""Fixed-point bits: line ends lie on sixteenths of a pixel."""
_EDGE_PX = 3


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Straight pieces of one strength: (n, 2, 2) ends in frame pixels, `opacity` 0..1, whole `width_px` >= 1."""

    ends_xy: F32
    opacity: float
    width_px: int = 1


def draw_lines(canvas: Canvas, layers: Sequence[Lines], colour_bgr: tuple[int, int, int]) -> None:
    """Draw the layers, later ones over earlier ones; what lies outside the picture is cut off."""
    pick(canvas.device, cpu=_draw_lines_cpu)(canvas, layers, colour_bgr)


def _draw_lines_cpu(canvas: Canvas, layers: Sequence[Lines], colour_bgr: tuple[int, int, int]) -> None:
    visible = [layer for layer in layers if len(layer.ends_xy) and layer.opacity > 0.0]
    if not visible:
        return
    width, height = canvas.image.size_wh
    points = np.concatenate([layer.ends_xy.reshape(-1, 2) for layer in visible])
    low = np.maximum(np.floor(points.min(axis=0)) - _EDGE_PX, 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0)) + _EDGE_PX, [width, height]).astype(int)
    if (high <= low).any():
        return
    alpha: U8 = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    for layer in visible:
        # OpenCV's pixel centres lie on whole numbers, ours at +0.5.
        fixed = np.rint((layer.ends_xy - low - 0.5) * (1 << _SHIFT)).astype(np.int32)
        level = round(255 * min(layer.opacity, 1.0))
        cv2.polylines(alpha, fixed, False, (level,), layer.width_px, cv2.LINE_AA, _SHIFT)
    blend_colour(canvas, Mask(int(low[0]), int(low[1]), alpha), colour_bgr)

"""Draw many thin anti-aliased lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from effects.canvas import Canvas
from effects.ops.blend import blend_premultiplied_cpu
from effects.ops.dispatch import pick
from effects.ops.masks import Mask
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
    x0, y0, x1, y1 = _window(layers, canvas.image.size_wh)
    if x1 <= x0 or y1 <= y0:
        return
    over: list[cv2.typing.MatLike] = []
    for layer in layers:
        alpha = _drawn(layer, (x0, y0), (x1 - x0, y1 - y0))
        tinted = [cv2.convertScaleAbs(alpha, alpha=level / 255) for level in (*layer.colour_bgr, 255)]
        if over:
            inverse = cv2.bitwise_not(alpha)
            tinted = [
                cv2.add(cv2.multiply(under, inverse, scale=1 / 255), above)
                for under, above in zip(over, tinted, strict=True)
            ]
        over = tinted
    mask = Mask(x0, y0, np.asarray(over[3], np.uint8))
    blend_premultiplied_cpu(canvas, mask, cv2.merge(over))


def _drawn(layer: Lines, origin_xy: tuple[int, int], size_wh: tuple[int, int]) -> U8:
    alpha: U8 = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    # OpenCV's pixel centres lie on whole numbers, ours at +0.5.
    shift = np.array(origin_xy, np.float32) + np.float32(0.5)
    fixed = np.rint((layer.ends_xy - shift) * np.float32(1 << _SHIFT)).astype(np.int32)
    level = round(255 * min(layer.opacity, 1.0))
    pieces = cast(Sequence[NDArray[np.int32]], fixed)
    cv2.polylines(alpha, pieces, False, (level,), layer.width_px, cv2.LINE_AA, _SHIFT)
    return alpha


def _window(layers: Sequence[Lines], size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """The pixels x0, y0, x1, y1 of the picture that the lines may touch."""
    low_high = []
    for axis, length in enumerate(size_wh):
        low = min(float(layer.ends_xy[..., axis].min()) for layer in layers)
        high = max(float(layer.ends_xy[..., axis].max()) for layer in layers)
        low_high.append((max(int(low) - _EDGE_PX, 0), min(int(high) + _EDGE_PX + 1, length)))
    return low_high[0][0], low_high[1][0], low_high[0][1], low_high[1][1]

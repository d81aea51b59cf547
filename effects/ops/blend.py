"""Draw a patch or one colour over the picture through a mask."""

import cv2
import numpy as np

from effects.canvas import Canvas
from effects.ops.dispatch import cpu_pixels, pick
from effects.ops.masks import Mask
from models.types import U8


def blend_patch(canvas: Canvas, mask: Mask, patch: U8) -> None:
    """Cross-fade from the picture to `patch` (h, w, 4), which covers the mask's rectangle."""
    pick(canvas.device, cpu=_blend_patch_cpu)(canvas, mask, patch)


def blend_colour(canvas: Canvas, mask: Mask, colour_bgr: tuple[int, int, int]) -> None:
    """Cross-fade from the picture to one opaque colour."""
    pick(canvas.device, cpu=_blend_colour_cpu)(canvas, mask, colour_bgr)


def _blend_patch_cpu(canvas: Canvas, mask: Mask, patch: U8) -> None:
    cover = cv2.merge([mask.alpha] * 4)
    _mix_into(canvas, mask, cover, cv2.multiply(patch, cover, scale=1 / 255))


def _blend_colour_cpu(canvas: Canvas, mask: Mask, colour_bgr: tuple[int, int, int]) -> None:
    cover = cv2.merge([mask.alpha] * 4)
    levels = np.arange(256, dtype=np.float32)[:, None]
    table = np.rint(levels * np.array([*colour_bgr, 255], np.float32) / 255).astype(np.uint8)
    _mix_into(canvas, mask, cover, cv2.LUT(cover, table.reshape(1, 256, 4)))


def _mix_into(canvas: Canvas, mask: Mask, cover: cv2.typing.MatLike, over: cv2.typing.MatLike) -> None:
    """Picture (255 - cover) / 255 + over, in uint8: exact where cover is 0 or 255, within one level between."""
    height, width = mask.alpha.shape
    under = cpu_pixels(canvas)[mask.y0 : mask.y0 + height, mask.x0 : mask.x0 + width]
    kept = cv2.multiply(under, cv2.bitwise_not(cover), scale=1 / 255)
    cv2.add(kept, over, dst=under)

"""Draw a patch or one colour over the picture through a mask."""

import cv2

from effects.canvas import Canvas
from effects.ops.dispatch import cpu_pixels, pick
from effects.ops.masks import Mask
from models.types import U8


def blend_patch(canvas: Canvas, mask: Mask, patch: U8) -> None:
    """Cross-fade from the picture to `patch` (h, w, 4), which covers the mask's rectangle and is used up."""
    pick(canvas.device, cpu=_blend_patch_cpu)(canvas, mask, patch)


def blend_colour(canvas: Canvas, mask: Mask, colour_bgr: tuple[int, int, int]) -> None:
    """Cross-fade from the picture to one opaque colour."""
    pick(canvas.device, cpu=_blend_colour_cpu)(canvas, mask, colour_bgr)


def _blend_patch_cpu(canvas: Canvas, mask: Mask, patch: U8) -> None:
    cover = cv2.merge([mask.alpha] * 4)
    _lay(canvas, mask, cover, cv2.multiply(patch, cover, dst=patch, scale=1 / 255))


def _blend_colour_cpu(canvas: Canvas, mask: Mask, colour_bgr: tuple[int, int, int]) -> None:
    tinted = [cv2.convertScaleAbs(mask.alpha, alpha=level / 255) for level in colour_bgr]
    _lay(canvas, mask, cv2.merge([mask.alpha] * 4), cv2.merge([*tinted, mask.alpha]))


def _lay(canvas: Canvas, mask: Mask, cover: cv2.typing.MatLike, over: cv2.typing.MatLike) -> None:
    """Picture (255 - cover) / 255 + over; works within `cover`, because fresh memory costs more than the sums."""
    height, width = mask.alpha.shape
    under = cpu_pixels(canvas)[mask.y0 : mask.y0 + height, mask.x0 : mask.x0 + width]
    cv2.bitwise_not(cover, dst=cover)
    cv2.multiply(under, cover, dst=cover, scale=1 / 255)
    cv2.add(cover, over, dst=under)

"""Draw a patch or one colour over the picture through a mask."""

import cv2

from effects.canvas import Canvas
from effects.devices.gpu_shaders import Shader
from effects.ops.dispatch import cpu_pixels, gpu_image, pick
from effects.ops.masks import MASK_ARRAYS, MASK_NUMBERS, MASK_WGSL, Mask
from models.types import U8

_COLOUR = Shader(
    "blend colour",
    MASK_WGSL
    + """
    fn each(at: vec2i) {
        let colour = vec4f(given.blue, given.green, given.red, 1.0);
        put_picture(at, mix(picture_at(at), colour, mask_alpha(at)));
    }
    """,
    arrays={"picture": "image rw", **MASK_ARRAYS},
    numbers=(*MASK_NUMBERS, "blue", "green", "red"),
)
_PATCH = Shader(
    "blend patch",
    MASK_WGSL
    + """
    fn each(at: vec2i) {
        let over = layer_at(at - vec2i(given.x0, given.y0));
        put_picture(at, mix(picture_at(at), over, mask_alpha(at)));
    }
    """,
    arrays={"picture": "image rw", "layer": "image", **MASK_ARRAYS},
    numbers=MASK_NUMBERS,
)


def blend_patch(canvas: Canvas, mask: Mask, patch: U8) -> None:
    """Cross-fade from the picture to `patch` (h, w, 4), which covers the mask's rectangle and is used up."""
    pick(canvas.device, cpu=_blend_patch_cpu, gpu=_blend_patch_gpu)(canvas, mask, patch)


def blend_colour(canvas: Canvas, mask: Mask, colour_bgr: tuple[int, int, int]) -> None:
    """Cross-fade from the picture to one opaque colour."""
    pick(canvas.device, cpu=_blend_colour_cpu, gpu=_blend_colour_gpu)(canvas, mask, colour_bgr)


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


def _blend_patch_gpu(canvas: Canvas, mask: Mask, patch: U8) -> None:
    device, image = gpu_image(canvas)
    device.run(_PATCH, mask.area, mask.numbers(), picture=image, layer=patch, mask=mask.coarse.values)


def _blend_colour_gpu(canvas: Canvas, mask: Mask, colour_bgr: tuple[int, int, int]) -> None:
    device, image = gpu_image(canvas)
    blue, green, red = (level / 255 for level in colour_bgr)
    numbers = {**mask.numbers(), "blue": blue, "green": green, "red": red}
    device.run(_COLOUR, mask.area, numbers, picture=image, mask=mask.coarse.values)

"""Replace an area by a few averaged cells, as hard squares or melted into a blur.

Only the cells' means survive, so no filter brings the picture back; a Gaussian blur of the same look can be undone.
The grid moves with what it covers: cells that slide over a face would sample it anew in every frame, and several
frames together would show more than one (super-resolution).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from effects.canvas import Canvas
from effects.devices.gpu_shaders import Shader
from effects.ops.blend import blend_patch
from effects.ops.dispatch import cpu_pixels, gpu_image, pick
from effects.ops.masks import MASK_ARRAYS, MASK_NUMBERS, MASK_WGSL, Mask, Oval
from models.types import U8

_SAMPLES = 8
"""Each cell is the mean of 8 x 8 samples."""
_SMALL_PX = 40_000

_AFFINE = tuple(f"{row}{column}" for row in "xy" for column in "abc")
_SAMPLE = Shader(
    "mosaic samples",
    """
    fn each(at: vec2i) {
        let cell = (vec2f(at) + 0.5) / 8.0;
        let x = given.xa * cell.x + given.xb * cell.y + given.xc;
        let y = given.ya * cell.x + given.yb * cell.y + given.yc;
        samples[at.y * given.width + at.x] = pack4x8unorm(picture_sample(vec2f(x, y)));
    }
    """,
    arrays={"picture": "image", "samples": "words rw"},
    numbers=_AFFINE,
)
_MEAN = Shader(
    "mosaic means",
    """
    fn each(at: vec2i) {
        var sum = vec4f(0.0);
        for (var number = 0; number < 64; number++) {
            sum += samples_at(at * 8 + vec2i(number & 7, number >> 3));
        }
        cells[at.y * given.width + at.x] = pack4x8unorm(sum / 64.0);
    }
    """,
    arrays={"samples": "image", "cells": "words rw"},
)
_MELT = Shader(
    "mosaic melting",
    """
    fn each(at: vec2i) {
        let size = vec2i(given.width, given.height);
        var sum = vec4f(0.0);
        for (var number = 0; number < 81; number++) {
            let near = clamp(at + vec2i(number % 9, number / 9) - 4, vec2i(0), size - 1);
            sum += cells_sample((vec2f(near) + 0.5) / 8.0);
        }
        melted[at.y * given.width + at.x] = pack4x8unorm(sum / 81.0);
    }
    """,
    arrays={"cells": "image", "melted": "words rw"},
)
_CELL_WGSL = """
fn cell_at(at: vec2f) -> vec2f {
    return vec2f(given.xa * at.x + given.xb * at.y + given.xc, given.ya * at.x + given.yb * at.y + given.yc);
}
"""
_LAY_MELTED = Shader(
    "mosaic laying of a blur",
    MASK_WGSL
    + _CELL_WGSL
    + """
    fn each(at: vec2i) {
        let alpha = mask_alpha(at);
        if (alpha > 0.0) {
            put_picture(at, mix(picture_at(at), cells_sample(cell_at(vec2f(at) + 0.5) * 8.0), alpha));
        }
    }
    """,
    arrays={"picture": "image rw", "cells": "image", **MASK_ARRAYS},
    numbers=(*MASK_NUMBERS, *_AFFINE),
)
_LAY_SQUARES = Shader(
    "mosaic laying of squares",
    MASK_WGSL
    + _CELL_WGSL
    + """
    // Squares that run into one another over a share of a cell.
    fn drawn(at: vec2f) -> vec4f {
        let cell = cell_at(at);
        let middle = floor(cell) + 0.5;
        let side = 0.5 * sign(cell - middle);
        let beyond = clamp((cell - middle - side) / given.softness, vec2f(-0.5), vec2f(0.5));
        return cells_sample(middle + side + beyond);
    }
    // As on the CPU: drawn small and enlarged.
    fn laid(at: vec2i) -> vec4f {
        let corner = vec2f(f32(given.x0), f32(given.y0));
        let last = ceil(vec2f(f32(given.width), f32(given.height)) / given.coarse) - 1.0;
        let place = (vec2f(at) + 0.5 - corner) / given.coarse - 0.5;
        let low = corner + (clamp(floor(place), vec2f(0.0), last) + 0.5) * given.coarse;
        let high = corner + (clamp(floor(place) + 1.0, vec2f(0.0), last) + 0.5) * given.coarse;
        let share = place - floor(place);
        let upper = mix(drawn(low), drawn(vec2f(high.x, low.y)), share.x);
        let lower = mix(drawn(vec2f(low.x, high.y)), drawn(high), share.x);
        return mix(upper, lower, share.y);
    }
    fn each(at: vec2i) {
        let alpha = mask_alpha(at);
        if (alpha > 0.0) {
            put_picture(at, mix(picture_at(at), laid(at), alpha));
        }
    }
    """,
    arrays={"picture": "image rw", "cells": "image", **MASK_ARRAYS},
    numbers=(*MASK_NUMBERS, *_AFFINE, "softness", "coarse"),
)
"""Two shaders and no branch: a device may run both sides of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where the cells lie: `to_frame` (2, 3) maps cell coordinates (0..nx, 0..ny) to frame pixels."""

    to_frame: NDArray[np.float64]
    cells_wh: tuple[int, int]


def grid_over_oval(oval: Oval, cells_across: float) -> Grid:
    """Square cells, turned with the ellipse; `cells_across` of them span its width (>= 2 each way)."""
    cell_px = 2.0 * oval.half_wh[0] / max(cells_across, 1.0)
    nx, ny = (max(2, int(np.ceil(2.0 * half / cell_px))) for half in oval.half_wh)
    axes = oval.axes().astype(np.float64) * cell_px
    matrix = np.empty((2, 3))
    matrix[:, 0], matrix[:, 1] = axes[0], axes[1]
    matrix[:, 2] = np.asarray(oval.centre_xy) - axes[0] * nx / 2 - axes[1] * ny / 2
    return Grid(matrix, (nx, ny))


def grid_over_mask(mask: Mask, cell_px: float) -> Grid:
    """Upright square cells over the mask's rectangle."""
    height, width = mask.alpha.shape
    cells_wh = (max(2, int(np.ceil(width / cell_px))), max(2, int(np.ceil(height / cell_px))))
    return Grid(np.array([[cell_px, 0.0, mask.x0], [0.0, cell_px, mask.y0]]), cells_wh)


def mosaic(canvas: Canvas, mask: Mask, grid: Grid, *, smooth: bool) -> None:
    """Draw the grid's means through the mask: squares, or a blur when `smooth`. Outside the grid its edge repeats."""
    pick(canvas.device, cpu=_mosaic_cpu, gpu=_mosaic_gpu)(canvas, mask, grid, smooth)


def _mosaic_cpu(canvas: Canvas, mask: Mask, grid: Grid, smooth: bool) -> None:
    means = _cell_means(cpu_pixels(canvas), grid)
    detail = _SAMPLES if smooth else _square_detail(grid)
    size_wh = (grid.cells_wh[0] * detail, grid.cells_wh[1] * detail)
    if smooth:
        enlarged = cv2.resize(means, size_wh, interpolation=cv2.INTER_LINEAR)
        enlarged = cv2.blur(enlarged, (detail + 1, detail + 1), borderType=cv2.BORDER_REPLICATE)
    else:
        enlarged = cv2.resize(means, size_wh, interpolation=cv2.INTER_NEAREST)
    # What is drawn small and enlarged shows no difference: cells are large, and a blur of them has no detail at all.
    coarse = 1 if _is_small(mask) else 4 if smooth else 2
    blend_patch(canvas, mask, _laid_over(np.asarray(enlarged, np.uint8), grid, detail, mask, coarse))


def _cell_means(pixels: U8, grid: Grid) -> U8:
    """(ny, nx, 4) mean of the picture in each cell."""
    nx, ny = grid.cells_wh
    dense = cv2.warpAffine(
        pixels,
        _between_centres(grid.to_frame, 1.0 / _SAMPLES),
        (nx * _SAMPLES, ny * _SAMPLES),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cv2.resize(dense, (nx, ny), interpolation=cv2.INTER_AREA), np.uint8)


def _laid_over(cells: U8, grid: Grid, detail: int, mask: Mask, coarse: int) -> U8:
    """The enlarged cells as they lie over the mask's rectangle, drawn at one `coarse`-th of its size."""
    height, width = mask.alpha.shape
    out_wh = (-(-width // coarse), -(-height // coarse))
    inverse = cv2.invertAffineTransform(grid.to_frame)
    to_cells = np.empty((2, 3))
    to_cells[:, :2] = inverse[:, :2] * (detail * coarse)
    to_cells[:, 2] = (inverse[:, :2] @ np.array([mask.x0, mask.y0], float) + inverse[:, 2]) * detail
    drawn = cv2.warpAffine(
        cells,
        _shifted_to_centres(to_cells),
        out_wh,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if coarse > 1:
        drawn = cv2.resize(drawn, (out_wh[0] * coarse, out_wh[1] * coarse), interpolation=cv2.INTER_LINEAR)
    return np.asarray(drawn[:height, :width], np.uint8)


def _between_centres(to_frame: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """For `warpAffine`: pixel indices of a picture with `step` cells a pixel to pixel indices of the frame."""
    scaled = to_frame.copy()
    scaled[:, :2] *= step
    return _shifted_to_centres(scaled)


def _shifted_to_centres(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The map between pixel indices of a map between coordinates whose pixel centres lie at +0.5."""
    shifted = matrix.copy()
    shifted[:, 2] += shifted[:, :2] @ np.array([0.5, 0.5]) - 0.5
    return shifted


def _mosaic_gpu(canvas: Canvas, mask: Mask, grid: Grid, smooth: bool) -> None:
    """As on the CPU: samples, their means, for a blur the melted cells, and those laid through the mask."""
    device, image = gpu_image(canvas)
    nx, ny = grid.cells_wh
    samples_wh = (nx * _SAMPLES, ny * _SAMPLES)
    samples = device.scratch("mosaic samples", samples_wh)
    cells = device.scratch("mosaic cells", grid.cells_wh)
    device.run(_SAMPLE, (0, 0, *samples_wh), _affine_numbers(grid.to_frame), picture=image, samples=samples)
    device.run(_MEAN, (0, 0, nx, ny), samples=samples, cells=cells)
    numbers = {**mask.numbers(), **_affine_numbers(cv2.invertAffineTransform(grid.to_frame))}
    alpha = mask.coarse.values
    if smooth:
        melted = device.scratch("mosaic melted", samples_wh)
        device.run(_MELT, (0, 0, *samples_wh), cells=cells, melted=melted)
        device.run(_LAY_MELTED, mask.area, numbers, picture=image, cells=melted, mask=alpha)
    else:
        numbers |= {"softness": 1.0 / _square_detail(grid), "coarse": 1.0 if _is_small(mask) else 2.0}
        device.run(_LAY_SQUARES, mask.area, numbers, picture=image, cells=cells, mask=alpha)


def _square_detail(grid: Grid) -> int:
    """Into how many pixels a side hard cells are divided before they are laid over the picture."""
    cell_px = float(np.hypot(*grid.to_frame[:, 0]))
    return int(np.clip(np.ceil(cell_px), 4, 32))


def _is_small(mask: Mask) -> bool:
    return mask.size_wh[0] * mask.size_wh[1] < _SMALL_PX


def _affine_numbers(matrix: cv2.typing.MatLike) -> dict[str, float]:
    return dict(zip(_AFFINE, np.asarray(matrix, float).ravel().tolist(), strict=True))

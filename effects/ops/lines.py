"""Draw many thin anti-aliased lines, as OpenCV does; the GPU follows its filter, its ends and its order of layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from effects.canvas import Canvas
from effects.devices.gpu_shaders import Kind, Shader
from effects.ops.dispatch import cpu_pixels, gpu_image, pick
from models.types import F32, U8

_SHIFT = 4
"""Fixed-point bits: line ends lie on sixteenths of a pixel."""
_EDGE_PX = 3

_LANES = 64
_INK_UNIT = 1024.0
_LINE_WGSL = """
// What one pass of the pen covers, `across` pixels from the line: the Gaussian of OpenCV's table, passed twice.
fn pen(across: f32, slope: f32, share: f32) -> f32 {
    let pressed = sqrt((1.0 + slope * slope) / 2.0) * exp(-across * across / 0.545) * share * 0.992;
    return 1.0 - (1.0 - pressed) * (1.0 - pressed);
}
fn put(at: vec2i, cover: f32) {
    if (at.x >= 0 && at.y >= 0 && at.x < i32(given.columns) && at.y < i32(given.rows) && cover > 0.002) {
        // Covers multiply, in any order, as their logarithms add.
        let ink = u32(-log2(max(1.0 - cover, 0.0001)) * given.unit);
        let row = i32(given.layer) * i32(given.rows) + at.y;
        atomicAdd(&inks[row * i32(given.columns) + at.x], ink);
    }
}
fn each(at: vec2i) {
    let line = at.y * 4;
    var start = vec2f(ends[line], ends[line + 1]);
    var end = vec2f(ends[line + 2], ends[line + 3]);
    let steep = abs(end.y - start.y) >= abs(end.x - start.x);
    if (steep) { start = start.yx; end = end.yx; }
    if (end.x < start.x) { let other = start; start = end; end = other; }
    let slope = (end.y - start.y) / max(end.x - start.x, 0.0001);
    let first = i32(floor(start.x)) - beyond();
    let steps = i32(floor(end.x)) + 2 + beyond() - first;
    let wide = 2 * reach() + 1;
    for (var number = at.x; number < steps * wide; number += 64) {
        let x = first + number / wide;
        let y = i32(floor(start.y + slope * (f32(x) - start.x) + 0.5)) + number % wide - reach();
        put(select(vec2i(x, y), vec2i(y, x), steep), cover(vec2f(f32(x), f32(y)), start, end, slope));
    }
}
"""
"""One group of threads a line. Pixel indices, as in OpenCV, whose centres are whole; lines are turned to run to the
right and not steeply. `reach` and `beyond` are how far the ink goes to the sides and past the ends."""
_LINE_ARRAYS: dict[str, Kind] = {"ends": "floats", "inks": "counters"}
_LINE_NUMBERS = ("columns", "rows", "layer", "unit")

_THIN = Shader(
    "thin line ink",
    """
    fn reach() -> i32 { return 1; }
    fn beyond() -> i32 { return 0; }
    fn cover(point: vec2f, start: vec2f, end: vec2f, slope: f32) -> f32 {
        let begun = clamp((point.x - start.x + 1.0) / 2.0, 0.0, 1.0);
        let ending = clamp((end.x + 1.0 - point.x) / 2.0, 0.0, 1.0);
        let across = point.y - start.y - slope * (point.x - start.x);
        return pen(across, slope, max(begun + ending - 1.0, 0.0));
    }
    """
    + _LINE_WGSL,
    arrays=_LINE_ARRAYS,
    numbers=_LINE_NUMBERS,
    group_wh=(_LANES, 1),
)
_THICK = Shader(
    "thick line ink",
    """
    fn reach() -> i32 { return i32(ceil(given.radius * 1.5)) + 2; }
    fn beyond() -> i32 { return i32(ceil(given.radius)) + 2; }
    fn cover(point: vec2f, start: vec2f, end: vec2f, slope: f32) -> f32 {
        let straight = normalize(vec2f(1.0, slope));
        let from_start = point - start;
        let along = dot(from_start, straight);
        let length = distance(start, end);
        let to_side = abs(from_start.x * straight.y - from_start.y * straight.x) - given.radius;
        let to_end = distance(from_start, straight * clamp(along, 0.0, length)) - given.cap;
        let outside = select(min(to_side, to_end), to_end, along < 0.0 || along > length);
        return select(pen(outside / straight.x, slope, 1.0), 1.0, outside <= 0.0);
    }
    """
    + _LINE_WGSL,
    arrays=_LINE_ARRAYS,
    numbers=(*_LINE_NUMBERS, "radius", "cap"),
    group_wh=(_LANES, 1),
)

_PAINT = Shader(
    "line paint",
    """
    fn each(at: vec2i) {
        let area = given.width * given.height;
        let index = (at.y - given.y0) * given.width + at.x - given.x0;
        var level = 0.0;
        var touched = false;
        for (var layer = 0; layer < i32(given.layers); layer++) {
            let ink = inks[layer * area + index];
            touched = touched || ink > 0u;
            let share = 1.0 - exp2(-f32(ink) / given.unit);
            level += (round(255.0 * f32(layer + 1) / given.layers) - level) * share;
        }
        if (touched) {
            let over = palette_at(vec2i(i32(round(level)), 0));
            put_picture(at, picture_at(at) * (1.0 - over.a) + over);
        }
    }
    """,
    arrays={"picture": "image rw", "inks": "words rw", "palette": "image"},
    numbers=("layers", "unit"),
)


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
        pick(canvas.device, cpu=_draw_lines_cpu, gpu=_draw_lines_gpu)(canvas, visible)


def _draw_lines_cpu(canvas: Canvas, layers: Sequence[Lines]) -> None:
    """All layers are drawn into one map of ink, whose levels stand for the layers' colours."""
    x0, y0, x1, y1 = _window(layers, canvas.image.size_wh)
    if x1 <= x0 or y1 <= y0:
        return
    ink: U8 = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for number, layer in enumerate(layers, start=1):
        pieces = cast(Sequence[NDArray[np.int32]], _fixed(layer, x0, y0))
        cv2.polylines(ink, pieces, False, (_level(number, len(layers)),), layer.width_px, cv2.LINE_AA, _SHIFT)
    over, left = _palette(tuple((layer.colour_bgr, layer.opacity) for layer in layers))
    under = cpu_pixels(canvas)[y0:y1, x0:x1]
    kept = cv2.multiply(under, _looked_up(left, ink), scale=1 / 255)
    cv2.add(kept, _looked_up(over, ink), dst=under)


def _draw_lines_gpu(canvas: Canvas, layers: Sequence[Lines]) -> None:
    """Each layer adds its ink to a map of its own; then the maps are painted over the picture in their order."""
    x0, y0, x1, y1 = _window(layers, canvas.image.size_wh)
    if x1 <= x0 or y1 <= y0:
        return
    device, image = gpu_image(canvas)
    width, height = x1 - x0, y1 - y0
    inks = device.scratch("line ink", (width, height * len(layers)), clear=True)
    for number, layer in enumerate(layers):
        numbers = {"columns": width, "rows": height, "layer": number, "unit": _INK_UNIT}
        if layer.width_px > 1:
            # OpenCV draws odd widths a little wider, but not their round ends.
            numbers |= {"radius": (layer.width_px + layer.width_px % 2) / 2, "cap": layer.width_px / 2}
        ends = _fixed(layer, x0, y0).astype(np.float32) / np.float32(1 << _SHIFT)
        device.run(_THICK if layer.width_px > 1 else _THIN, (0, 0, _LANES, len(ends)), numbers, ends=ends, inks=inks)
    over, _left = _palette(tuple((layer.colour_bgr, layer.opacity) for layer in layers))
    palette = over.view(np.uint8).reshape(1, 256, 4)
    numbers = {"layers": len(layers), "unit": _INK_UNIT}
    device.run(_PAINT, (x0, y0, width, height), numbers, picture=image, inks=inks, palette=palette)


def _fixed(layer: Lines, x0: int, y0: int) -> NDArray[np.int32]:
    """The ends in sixteenths of a pixel from the window's corner; OpenCV's pixel centres lie on whole numbers."""
    shift = np.array((x0, y0), np.float32) + np.float32(0.5)
    return np.rint((layer.ends_xy - shift) * np.float32(1 << _SHIFT)).astype(np.int32)


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

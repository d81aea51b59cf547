"""Compute shaders as data: what an operation writes in WGSL, and what is put around it so that it need write no more.

An operation's shader is a function `each(at: vec2i)` that is called once for every pixel (or cell, or number) of a
rectangle, together with the names of what it is given:

    _TINT = Shader(
        "tint",
        "fn each(at: vec2i) { put_picture(at, mix(picture_at(at), vec4f(given.blue, 0, 0, 1), given.share)); }",
        arrays={"picture": "image rw"},
        numbers=("blue", "share"),
    )
    device.run(_TINT, (0, 0, width, height), {"blue": 1.0, "share": 0.5}, picture=image)

Colours are `vec4f` of blue, green, red, alpha in 0..1, because a picture's bytes lie in this order. `given` holds the
numbers (f32), the rectangle as i32 (`given.x0`, `y0`, `width`, `height`), and `given.NAME_width`, `NAME_height` of
every image. Kinds of arrays, and what the shader can do with one called NAME:

    image     `NAME_at(vec2i)`, `NAME_sample(vec2f)` (bilinear; pixel centres lie at +0.5); outside, the edge repeats
    image rw  the same, and `put_NAME(vec2i, vec4f)`; other threads' pixels may already be new
    bytes     `NAME_byte(i32)`: 0..1
    floats    `NAME[i]`: f32
    words rw  `NAME[i]`: u32, and for images made on the device `unpack4x8unorm` and `pack4x8unorm`
    counters  `NAME[i]`: atomic<u32>
    texture   `textureLoad(NAME, vec2i, 0)`: what a render pass drew, of a format that holds floats
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["image", "image rw", "bytes", "floats", "words rw", "counters", "texture"]

MAX_GIVEN = 64
"""32-bit values in `given`."""

_ELEMENT: dict[Kind, str] = {
    "image": "u32",
    "image rw": "u32",
    "bytes": "u32",
    "floats": "f32",
    "words rw": "u32",
    "counters": "atomic<u32>",
}
_IMAGE = """
fn NAME_at(at: vec2i) -> vec4f {
    let inside = clamp(at, vec2i(0), vec2i(given.NAME_width, given.NAME_height) - 1);
    return unpack4x8unorm(NAME[inside.y * given.NAME_width + inside.x]);
}
fn NAME_sample(at: vec2f) -> vec4f {
    let corner = floor(at - 0.5);
    let share = at - 0.5 - corner;
    let first = vec2i(corner);
    let upper = mix(NAME_at(first), NAME_at(first + vec2i(1, 0)), share.x);
    let lower = mix(NAME_at(first + vec2i(0, 1)), NAME_at(first + vec2i(1, 1)), share.x);
    return mix(upper, lower, share.y);
}
"""
_PUT = """
fn put_NAME(at: vec2i, colour: vec4f) {
    NAME[at.y * given.NAME_width + at.x] = pack4x8unorm(colour);
}
"""
_BYTES = """
fn NAME_byte(index: i32) -> f32 {
    return f32((NAME[index >> 2] >> u32((index & 3) * 8)) & 255u) / 255.0;
}
"""
_MAIN = """
@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let step = vec2i(id.xy);
    if (step.x < given.width && step.y < given.height) {
        each(vec2i(given.x0, given.y0) + step);
    }
}
"""


@dataclass(frozen=True, eq=False)
class Shader:
    """One compute shader; compared by identity, so make each once, at the top of its operation's file.

    Attributes:
        name: for messages.
        code: WGSL with a function `each(at: vec2i)`.
        arrays: name and kind of what it reads and writes, at most four of which may be read-only.
        numbers: names of the single numbers it is given.
        group_wh: threads that run together; 8 x 8 suits pictures, 64 x 1 suits lists.
    """

    name: str
    code: str
    arrays: Mapping[str, Kind] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    group_wh: tuple[int, int] = (8, 8)

    def images(self) -> list[str]:
        """The names of its images."""
        return [name for name, kind in self.arrays.items() if kind.startswith("image")]

    def is_written(self, name: str) -> bool:
        """Whether it changes this array."""
        return self.arrays[name] in ("image rw", "words rw", "counters")

    def wgsl(self) -> str:
        """The whole module."""
        fields = [f"{name}: i32" for name in ("x0", "y0", "width", "height")]
        fields += [f"{name}_{side}: i32" for name in self.images() for side in ("width", "height")]
        fields += [f"{name}: f32" for name in self.numbers]
        parts = [f"struct Given {{ {', '.join(fields)} }}", "@group(0) @binding(0) var<uniform> given: Given;"]
        for binding, (name, kind) in enumerate(self.arrays.items(), start=1):
            if kind == "texture":
                parts.append(f"@group(0) @binding({binding}) var {name}: texture_2d<f32>;")
                continue
            access = "read_write" if self.is_written(name) else "read"
            parts.append(f"@group(0) @binding({binding}) var<storage, {access}> {name}: array<{_ELEMENT[kind]}>;")
            helpers = {"image": _IMAGE, "image rw": _IMAGE + _PUT, "bytes": _BYTES}.get(kind, "")
            parts.append(helpers.replace("NAME", name))
        group_x, group_y = (str(side) for side in self.group_wh)
        parts += [self.code, _MAIN.replace("GROUP_X", group_x).replace("GROUP_Y", group_y)]
        return "\n".join(parts)

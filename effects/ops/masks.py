"""Soft-edged areas of the picture, made on the CPU from a few numbers; what the other operations draw through.

A mask is a coarse map, stretched over its rectangle. The CPU enlarges it once it is asked for `alpha`; to the GPU only
the coarse map goes up, and whatever draws through the mask there stretches it (`MASK_WGSL`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, cos, floor, radians, sin

import cv2
import numpy as np

from effects.devices.gpu_shaders import Kind
from models.types import F32, U8

_STEP_PX = 4
"""Soft edges are computed on every fourth pixel and interpolated: the same look at a tenth of the cost."""


MASK_ARRAYS: Mapping[str, Kind] = {"mask": "bytes"}
MASK_NUMBERS = (
    "mask_corner_x", "mask_corner_y", "mask_cell_w", "mask_cell_h", "mask_columns", "mask_rows",
)  # fmt: skip
MASK_WGSL = """
fn mask_value(at: vec2i) -> f32 {
    let inside = clamp(at, vec2i(0), vec2i(i32(given.mask_columns), i32(given.mask_rows)) - 1);
    return mask_byte(inside.y * i32(given.mask_columns) + inside.x);
}
fn mask_alpha(at: vec2i) -> f32 {
    let corner = vec2f(given.mask_corner_x, given.mask_corner_y);
    let place = (vec2f(at) + 0.5 - corner) / vec2f(given.mask_cell_w, given.mask_cell_h) - 0.5;
    let first = vec2i(floor(place));
    let share = place - floor(place);
    let upper = mix(mask_value(first), mask_value(first + vec2i(1, 0)), share.x);
    let lower = mix(mask_value(first + vec2i(0, 1)), mask_value(first + vec2i(1, 1)), share.x);
    return round(mix(upper, lower, share.y) * 255.0) / 255.0;
}
"""
"""`mask_alpha(at)` of a pixel of the mask's rectangle, for shaders with MASK_ARRAYS and MASK_NUMBERS."""


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """A map to be stretched over a part of the picture, linearly between the middles of its cells.

    `values` (rows, columns) 0..255, `corner_xy` of its first cell and `cell_wh` in frame pixels.
    """

    values: U8
    corner_xy: tuple[float, float]
    cell_wh: tuple[float, float]


class Mask:
    """How much of each pixel is covered, over one rectangle of the picture and nothing outside it.

    Attributes:
        x0: left edge of the rectangle, which lies inside the picture.
        y0: its upper edge.
        size_wh: its width and height.
        coarse: what is stretched over it.
    """

    __slots__ = ("_alpha", "coarse", "size_wh", "x0", "y0")

    def __init__(self, x0: int, y0: int, alpha: U8) -> None:
        self.x0, self.y0 = x0, y0
        self.size_wh: tuple[int, int] = (alpha.shape[1], alpha.shape[0])
        self.coarse = Coarse(alpha, (float(x0), float(y0)), (1.0, 1.0))
        self._alpha: U8 | None = alpha

    @classmethod
    def stretched(cls, window: tuple[int, int, int, int], coarse: Coarse) -> "Mask":
        """The coarse map over the pixels x0, y0, x1, y1."""
        mask = cls.__new__(cls)
        mask.x0, mask.y0, x1, y1 = window
        mask.size_wh = (x1 - mask.x0, y1 - mask.y0)
        mask.coarse = coarse
        mask._alpha = None
        return mask

    @property
    def area(self) -> tuple[int, int, int, int]:
        """x0, y0, width, height."""
        return self.x0, self.y0, *self.size_wh

    @property
    def alpha(self) -> U8:
        """(h, w), 255 = replaced wholly, 0 = left bit by bit."""
        if self._alpha is None:
            self._alpha = self._enlarged()
        return self._alpha

    def numbers(self) -> dict[str, float]:
        """What MASK_NUMBERS name; MASK_ARRAYS names `coarse.values`."""
        rows, columns = self.coarse.values.shape
        return dict(zip(MASK_NUMBERS, (*self.coarse.corner_xy, *self.coarse.cell_wh, columns, rows), strict=True))

    def _enlarged(self) -> U8:
        values, (cell_w, cell_h) = self.coarse.values, self.coarse.cell_wh
        if (cell_w, cell_h) == (_STEP_PX, _STEP_PX) and self.coarse.corner_xy == (self.x0, self.y0):
            # The same as below, and faster.
            full_wh = (values.shape[1] * _STEP_PX, values.shape[0] * _STEP_PX)
            full = cv2.resize(values, full_wh, interpolation=cv2.INTER_LINEAR)
            return np.asarray(full[: self.size_wh[1], : self.size_wh[0]], np.uint8)
        across, down = (self.x0 + 0.5 - self.coarse.corner_xy[0]), (self.y0 + 0.5 - self.coarse.corner_xy[1])
        matrix = np.array([[1 / cell_w, 0, across / cell_w - 0.5], [0, 1 / cell_h, down / cell_h - 0.5]])
        full = cv2.warpAffine(
            values,
            matrix,
            self.size_wh,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(full, np.uint8)


@dataclass(frozen=True, slots=True)
class Oval:
    """An ellipse in frame pixels; `angle_deg` turns its axes clockwise as seen."""

    centre_xy: tuple[float, float]
    half_wh: tuple[float, float]
    angle_deg: float = 0.0

    def axes(self) -> F32:
        """(2, 2) unit vectors: the width's and the height's direction in the picture."""
        c, s = cos(radians(self.angle_deg)), sin(radians(self.angle_deg))
        return np.array([[c, s], [-s, c]], dtype=np.float32)

    def radius_at(self, points_xy: F32) -> F32:
        """(n,) radius of (n, 2) points in units of the ellipse: < 1 inside, 1 on the edge."""
        offsets = (np.asarray(points_xy, np.float32) - np.array(self.centre_xy, np.float32)) @ self.axes().T
        return np.asarray(np.hypot(offsets[:, 0] / self.half_wh[0], offsets[:, 1] / self.half_wh[1]), np.float32)

    def reach_xy(self) -> tuple[float, float]:
        """Half width and half height of the upright box around it."""
        axes = self.axes() * np.array(self.half_wh, np.float32)[:, None]
        across, down = np.hypot(axes[0], axes[1])
        return float(across), float(down)

    def grown(self, factor: float) -> "Oval":
        """The same ellipse, `factor` times as large."""
        return Oval(self.centre_xy, (self.half_wh[0] * factor, self.half_wh[1] * factor), self.angle_deg)


def oval_mask(oval: Oval, feather: float, size_wh: tuple[int, int]) -> Mask | None:
    """Solid inside the ellipse, fading to nothing outside over `feather` of its radius; None when off the picture."""
    feather = max(feather, 3 * _STEP_PX / max(min(oval.half_wh), 1.0))
    outer = oval.grown(1.0 + feather)
    window = _window(outer.centre_xy, outer.reach_xy(), size_wh)
    if window is None:
        return None
    x0, y0, x1, y1 = window
    across = np.arange(x0 + _STEP_PX / 2, x1 + _STEP_PX, _STEP_PX, dtype=np.float32) - np.float32(oval.centre_xy[0])
    down = np.arange(y0 + _STEP_PX / 2, y1 + _STEP_PX, _STEP_PX, dtype=np.float32) - np.float32(oval.centre_xy[1])
    axes = oval.axes() / np.array(oval.half_wh, np.float32)[:, None]
    along = axes[0, 0] * across[None, :] + (axes[0, 1] * down)[:, None]
    athwart = axes[1, 0] * across[None, :] + (axes[1, 1] * down)[:, None]
    radius = cv2.magnitude(along, athwart)
    # The fade starts one step outside the edge, so that interpolation never thins the solid part.
    slack = _STEP_PX * 1.5 / min(oval.half_wh)
    fade = _smoothstep((1.0 + feather - radius) / max(feather - slack, 1e-3))
    coarse = Coarse(_as_bytes(fade), (float(x0), float(y0)), (_STEP_PX, _STEP_PX))
    return Mask.stretched(window, coarse)


def without(mask: Mask, polygon_xy: F32) -> Mask:
    """The mask, with the inside of a polygon (n, 2) in frame pixels left out."""
    alpha = mask.alpha.copy()
    corners = np.rint(polygon_xy - np.array([mask.x0 + 0.5, mask.y0 + 0.5], np.float32)).astype(np.int32)
    cv2.fillPoly(alpha, [corners], (0,))
    return Mask(mask.x0, mask.y0, alpha)


def map_mask(values: F32, size_wh: tuple[int, int]) -> Mask | None:
    """A coarse map (h, w) of 0..1 stretched over the picture as a mask; None when it is empty."""
    height, width = values.shape
    rows, columns = np.flatnonzero(values.any(axis=1)), np.flatnonzero(values.any(axis=0))
    if rows.size == 0:
        return None
    scale_x, scale_y = size_wh[0] / width, size_wh[1] / height
    x0 = max(floor((columns[0] - 1) * scale_x), 0)
    y0 = max(floor((rows[0] - 1) * scale_y), 0)
    x1 = min(ceil((columns[-1] + 2) * scale_x), size_wh[0])
    y1 = min(ceil((rows[-1] + 2) * scale_y), size_wh[1])
    return Mask.stretched((x0, y0, x1, y1), Coarse(_as_bytes(values), (0.0, 0.0), (scale_x, scale_y)))


def _window(
    centre_xy: tuple[float, float], reach_xy: tuple[float, float], size_wh: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The pixels x0, y0, x1, y1 within reach that lie inside the picture; None when there are none."""
    x0, y0 = max(floor(centre_xy[0] - reach_xy[0]), 0), max(floor(centre_xy[1] - reach_xy[1]), 0)
    x1 = min(ceil(centre_xy[0] + reach_xy[0]), size_wh[0])
    y1 = min(ceil(centre_xy[1] + reach_xy[1]), size_wh[1])
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _smoothstep(values: F32) -> F32:
    clipped = np.clip(values, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), np.float32)


def _as_bytes(values: F32) -> U8:
    return np.asarray(values * 255.0 + 0.5, np.uint8)

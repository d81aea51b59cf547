"""Draw the face mesh over the faces: fine triangles, contours of eyes, brows, lips and oval, and the irises."""

from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from effects.base import EffectSpec, Scene, Stage, colour, number, rgb_to_bgr
from effects.canvas import Canvas
from models import topology
from models.types import F32, SharedModel, Wants

if TYPE_CHECKING:
    from effects.ops.lines import Lines

_FACE_PX_PER_LINE_PX = 340.0
"""Lines are one pixel wide on a face of this height and grow with it."""
_TRIANGLES_FADE_PX = (70.0, 200.0)
"""On faces of less height the triangles fade: they would run together to a coat of paint."""
_IRIS_SIDES = 32
_IRIS_POINTS = np.stack([topology.RIGHT_IRIS, topology.LEFT_IRIS])
_EYE_POINTS = np.stack([topology.RIGHT_EYE, topology.LEFT_EYE])
_WHITENED = 0.55
"""Contours are this far from the colour towards white, so that they stand out from the triangles."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """Parameters."""

    opacity: float = number(0.9, 0.0, 1.0, 0.05, "Opacity (0 is off)")
    tesselation: float = number(0.45, 0.0, 1.0, 0.05, "Triangles")
    width: float = number(1.0, 0.5, 4.0, 0.25, "Line width")
    colour: str = colour("#5B8CFF", "Colour")


class MeshEffect:
    """Nothing to prepare, nothing to remember."""

    def prepare(self, params: Mesh, model: SharedModel, cancel: Event) -> None:
        """There are no assets."""

    def initial(self) -> None:
        """There is no state."""

    def apply(self, canvas: Canvas, scene: Scene, params: Mesh, assets: None, state: None) -> tuple[Scene, None]:
        """Draw every face that has a mesh; the scene stays as it was."""
        from effects.ops.lines import draw_lines

        for face in scene.faces:
            strength = params.opacity * face.weight
            if face.mesh is not None and strength > 0.0:
                draw_lines(canvas, _layers(face.mesh, strength, params))
        return scene, None


def _layers(mesh: F32, strength: float, params: Mesh) -> "list[Lines]":
    """Triangles, then contours and irises over them."""
    from effects.ops.lines import Lines

    base = rgb_to_bgr(params.colour)
    blue, green, red = (round(level + (255 - level) * _WHITENED) for level in base)
    height_px = float(np.hypot(*(mesh[topology.FOREHEAD, :2] - mesh[topology.CHIN, :2])))
    low, high = _TRIANGLES_FADE_PX
    fine = strength * params.tesselation * min(max((height_px - low) / (high - low), 0.0), 1.0)
    line_px = max(1, round(params.width * height_px / _FACE_PX_PER_LINE_PX))
    features = np.concatenate([mesh[_wires().contours, :2], _irises(mesh[:, :2])])
    return [
        Lines(_triangle_edges(mesh), base, fine, line_px),
        Lines(features, (blue, green, red), strength, line_px),
    ]


def _triangle_edges(mesh: F32) -> F32:
    """(n, 2, 2) edges of the triangles that look towards the camera."""
    wires = _wires()
    points_xy = np.ascontiguousarray(mesh[:, :2])
    corners = points_xy[wires.triangles]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    towards = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) * wires.orientation > 0.0
    seen = towards[wires.sides[:, 0]] | towards[wires.sides[:, 1]]
    return points_xy[wires.edges[seen]]


def _irises(points_xy: F32) -> F32:
    """(n, 2, 2) sides of the ellipses through the irises' rims, as far as the lids leave them free; points (478, 2)."""
    rims = points_xy[_IRIS_POINTS]
    rings = rims[:, :1] + _turn() @ ((rims[:, 1:3] - rims[:, 3:5]) / 2)
    sides = np.stack([rings[:, :-1], rings[:, 1:]], axis=2)
    return np.asarray(sides[_inside(sides.mean(axis=2), points_xy[_EYE_POINTS])], np.float32)


def _inside(points_xy: F32, outlines_xy: F32) -> NDArray[np.bool_]:
    """(k, n) whether points (k, n, 2) lie inside their polygons (k, m, 2): `geometry.polygon_contains` for several."""
    start = outlines_xy[:, None]
    rise = np.roll(outlines_xy, -1, axis=1)[:, None] - start
    x, y = points_xy[:, :, None, 0], points_xy[:, :, None, 1]
    below = y - start[..., 1]
    spans = (below < 0.0) != (below < rise[..., 1])
    crossing = start[..., 0] + below * rise[..., 0] / np.where(spans, rise[..., 1], 1.0)
    return np.asarray((spans & (x < crossing)).sum(axis=2) % 2 == 1, np.bool_)


@lru_cache(maxsize=1)
def _turn() -> F32:
    """(n, 2) points of the unit circle."""
    angle = np.linspace(0.0, 2.0 * np.pi, _IRIS_SIDES + 1, dtype=np.float32)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Wires:
    """The fixed part of the drawing."""

    triangles: NDArray[np.intp]
    """(898, 3)"""
    orientation: float
    """Sign of a front triangle's area in the picture."""
    edges: NDArray[np.intp]
    """(n, 2) landmark indices."""
    sides: NDArray[np.intp]
    """(n, 2) the triangles on both sides of each edge; the same one twice on the rim."""
    contours: NDArray[np.intp]
    """(n, 2) landmark indices of the feature lines."""


@lru_cache(maxsize=1)
def _wires() -> _Wires:
    face = topology.canonical_face()
    corners = face.vertices_cm[face.triangles, :2] * np.array([1.0, -1.0], np.float32)
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    orientation = float(np.sign((first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum()))
    found: dict[tuple[int, int], list[int]] = {}
    for number_, triangle in enumerate(face.triangles.tolist()):
        for start, end in ((0, 1), (1, 2), (2, 0)):
            found.setdefault(tuple(sorted((triangle[start], triangle[end]))), []).append(number_)
    sides = np.array([(owners[0], owners[-1]) for owners in found.values()], np.intp)
    loops = (
        topology.FACE_OVAL, topology.RIGHT_EYE, topology.LEFT_EYE, topology.RIGHT_BROW, topology.LEFT_BROW,
        topology.LIPS_OUTER, topology.LIPS_INNER,
    )  # fmt: skip
    contours = np.concatenate([np.stack([loop, np.roll(loop, -1)], axis=1) for loop in loops])
    return _Wires(face.triangles, orientation, np.array(list(found), np.intp), sides, contours)


SPEC = EffectSpec(
    id="mesh",
    title_key="Face mesh",
    stage=Stage.BADGE,
    params=Mesh,
    wants=Wants(landmarks=True),
    shed=10,
    hides=False,
    make=MeshEffect,
)

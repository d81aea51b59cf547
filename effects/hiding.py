"""Cover faces so that nothing leaks: what *privacy* does, and what stands in for any effect that failed to hide one.

Never fades: `Face.weight` is ignored. Covered are all tracked faces (coasting ones with their growing box), heads whose
track has just been lost, the surroundings of a head behind which another one went, every person in the matte without a
tracked face, and whoever has just come in from the border.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from effects.base import Scene
from effects.canvas import Canvas
from effects.coarse import Region, softened
from effects.heads import Heads, follow_heads
from effects.newcomers import Scenery, find_newcomers
from effects.ops.blend import blend_colour
from effects.ops.masks import Mask, Oval, map_mask, oval_mask, without
from effects.ops.mosaic import Grid, grid_over_mask, grid_over_oval, mosaic
from effects.people import sort_people
from models.topology import FACE_OVAL
from models.types import F32, Face

Style = Literal["blur", "pixelate", "block"]

_CELLS_WEAKEST, _CELLS_STRONGEST = 9.0, 3.0
"""Cells across a head. Faces in mosaics finer than this have been recognised by machines (McPherson et al. 2016,
"Defeating Image Obfuscation with Deep Learning"), so no strength goes there."""
_SETTLED_S = 0.7
_CONFIRMED_S, _UNSETTLED_GROWTH = 0.1, 1.4
"""A face that has just come in, cut by the border, has a mesh that is a guess: after a few frames it stands for its
person, but its ellipse is larger by this factor until it has settled."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a cover looks.

    Attributes:
        strength: over 0 to 1, more is coarser.
        feather: soft edge outside the head, as a share of its radius.
        colour_bgr: of a block.
    """

    style: Style = "blur"
    strength: float = 0.7
    feather: float = 0.25
    colour_bgr: tuple[int, int, int] = (33, 26, 23)

    @property
    def cells_across(self) -> float:
        """Cells over the width of a head."""
        return _CELLS_WEAKEST + (_CELLS_STRONGEST - _CELLS_WEAKEST) * self.strength


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a cover remembers from frame to frame."""

    heads: Heads = field(default_factory=Heads)
    scenery: Scenery | None = None


def cover(canvas: Canvas, scene: Scene, look: Look, before: Hidden, keep: int = 0) -> Hidden:
    """Cover everyone, or everyone but the face with the track id `keep` (0 = none); returns what to remember.

    Who is not seen at the moment is behind the kept face rather than before it, so it is cut out of such covers.
    """
    heads = follow_heads(before.heads, scene.faces, scene.dt_s)
    settled = [face for face in scene.faces if _is_settled(face, heads, scene.size_wh)]
    confirmed = [face for face in scene.faces if face in settled or heads.by_id[face.track_id].age_s >= _CONFIRMED_S]
    strangers, scenery = _strangers(canvas, scene, heads, confirmed, before.scenery)
    kept = next((face for face in scene.faces if face.track_id == keep), None)
    spared = None if kept is None else _face_outline(kept)
    if strangers.any():
        _cover_region(canvas, softened(strangers), look)
    for strip in scenery.revealed():
        _cover_region(canvas, softened(strip, 2), look)
    for ring in heads.rings().values():
        _cover_oval(canvas, ring, look, spared)
    for track_id, head in heads.by_id.items():
        if kept is None or track_id != keep:
            _cover_oval(canvas, head.oval, look, spared if head.unseen else None)
    for face in scene.faces:
        if face not in settled and face is not kept:
            _cover_oval(canvas, heads.by_id[face.track_id].oval.grown(_UNSETTLED_GROWTH), look)
    return Hidden(heads, scenery)


def _face_outline(face: Face) -> F32:
    """(n, 2) the face alone, without the surroundings in which another one may show."""
    if face.mesh is not None:
        return face.mesh[FACE_OVAL, :2]
    x0, y0, x1, y1 = face.box_xyxy
    turn = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
    around = np.stack([(x0 + x1) / 2 + np.cos(turn) * (x1 - x0) / 2, (y0 + y1) / 2 + np.sin(turn) * (y1 - y0) / 2], 1)
    return np.asarray(around, np.float32)


def _strangers(
    canvas: Canvas, scene: Scene, heads: Heads, confirmed: list[Face], before: Scenery | None
) -> tuple[Region, Scenery]:
    """Coarse map of people without a tracked face, and the scene as it is known now."""
    people = None if scene.matte is None else sort_people(scene.matte, scene.faces, scene.size_wh)
    known = None if people is None else people.known
    ovals = [heads.by_id[face.track_id].oval for face in confirmed]
    scenery = find_newcomers(before, canvas.source.pixels, ovals, confirmed, known, scene.dt_s)
    return scenery.found if people is None else scenery.found | people.strangers, scenery


def _is_settled(face: Face, heads: Heads, size_wh: tuple[int, int]) -> bool:
    """False for a face that has just come in: cut by the border, its mesh may lie beside it."""
    x0, y0, x1, y1 = face.box_xyxy
    inside = x0 > 1 and y0 > 1 and x1 < size_wh[0] - 1 and y1 < size_wh[1] - 1
    return bool(inside) or heads.by_id[face.track_id].age_s >= _SETTLED_S


def _cover_region(canvas: Canvas, values: F32, look: Look) -> None:
    mask = map_mask(values, canvas.image.size_wh)
    if mask is not None:
        _draw(canvas, mask, grid_over_mask(mask, max(min(mask.size_wh) / look.cells_across, 8.0)), look)


def _cover_oval(canvas: Canvas, oval: Oval, look: Look, spared: F32 | None = None) -> None:
    mask = oval_mask(oval, look.feather, canvas.image.size_wh)
    if mask is not None:
        grid = grid_over_oval(oval, look.cells_across)
        _draw(canvas, mask if spared is None else without(mask, spared), grid, look)


def _draw(canvas: Canvas, mask: Mask, grid: Grid, look: Look) -> None:
    if look.style == "block":
        blend_colour(canvas, mask, look.colour_bgr)
    else:
        mosaic(canvas, mask, grid, smooth=look.style == "blur")

"""Cover faces so that nothing leaks: what *privacy* does, and what stands in for any effect that failed to hide one.

Never fades: `Face.weight` is ignored. Covered are all tracked faces (coasting ones with their growing box), heads whose
track has just been lost, and every person in the matte without a tracked face.
"""

from dataclasses import dataclass, field
from typing import Literal

from effects.base import Scene
from effects.canvas import Canvas
from effects.heads import Heads, follow_heads
from effects.ops.blend import blend_colour
from effects.ops.masks import Mask, Oval, map_mask, oval_mask
from effects.ops.mosaic import Grid, grid_over_mask, grid_over_oval, mosaic
from effects.people import people_without_face

Style = Literal["blur", "pixelate", "block"]

_CELLS_WEAKEST, _CELLS_STRONGEST = 9.0, 3.0
"""Cells across a head. Faces in mosaics finer than this have been recognised by machines (McPherson et al. 2016,
"Defeating Image Obfuscation with Deep Learning"), so no strength goes there."""


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

    heads: Heads = field(default_factory=dict)


def cover(canvas: Canvas, scene: Scene, look: Look, before: Hidden, keep: int = 0) -> Hidden:
    """Cover everyone, or everyone but the face with the track id `keep` (0 = none); returns what to remember."""
    heads = follow_heads(before.heads, scene.faces, scene.dt_s)
    if scene.matte is not None:
        strangers = people_without_face(scene.matte, scene.faces, scene.size_wh)
        mask = None if strangers is None else map_mask(strangers, scene.size_wh)
        if mask is not None:
            height, width = mask.alpha.shape
            _draw(canvas, mask, grid_over_mask(mask, max(min(width, height) / look.cells_across, 8.0)), look)
    kept_here = any(face.track_id == keep for face in scene.faces)
    for track_id, head in heads.items():
        if not (kept_here and track_id == keep):
            _cover_head(canvas, head.oval, look)
    return Hidden(heads)


def _cover_head(canvas: Canvas, oval: Oval, look: Look) -> None:
    mask = oval_mask(oval, look.feather, canvas.image.size_wh)
    if mask is not None:
        _draw(canvas, mask, grid_over_oval(oval, look.cells_across), look)


def _draw(canvas: Canvas, mask: Mask, grid: Grid, look: Look) -> None:
    if look.style == "block":
        blend_colour(canvas, mask, look.colour_bgr)
    else:
        mosaic(canvas, mask, grid, smooth=look.style == "blur")

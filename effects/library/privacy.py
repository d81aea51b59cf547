"""Hide faces: blur, pixelate or block every face, or everyone's but one.

Zero strength is off: the picture stays as it was. Any other strength hides at once, beyond recovery (see
`effects.ops.mosaic`); more of it is only coarser.
"""

from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from effects.base import EffectSpec, Scene, Stage, choice, colour, face, number, rgb_to_bgr
from effects.canvas import Canvas
from models.types import SharedModel, Wants

if TYPE_CHECKING:
    from effects.hiding import Hidden


@dataclass(frozen=True, slots=True)
class Privacy:
    """Parameters."""

    style: str = choice("blur", "Style", (("blur", "Blur"), ("pixelate", "Pixelate"), ("block", "Block")))
    strength: float = number(0.7, 0.0, 1.0, 0.05, "Strength (0 is off)")
    feather: float = number(0.25, 0.05, 0.6, 0.05, "Soft edge")
    keep: int = face("Leave this face visible")
    colour: str = colour("#171A21", "Colour of the block")


class PrivacyEffect:
    """Nothing to prepare; remembers where heads were."""

    def prepare(self, params: Privacy, model: SharedModel, cancel: Event) -> None:
        """There are no assets."""

    def initial(self) -> "Hidden":
        """Nobody seen yet."""
        from effects.hiding import Hidden

        return Hidden()

    def apply(
        self, canvas: Canvas, scene: Scene, params: Privacy, assets: None, state: "Hidden"
    ) -> tuple[Scene, "Hidden"]:
        """Cover the faces; the scene stays as it was."""
        from effects.hiding import Look, cover

        if params.strength <= 0.0:
            return scene, self.initial()
        look = Look(params.style, params.strength, params.feather, rgb_to_bgr(params.colour))  # type: ignore[arg-type]
        return scene, cover(canvas, scene, look, state, params.keep)


SPEC = EffectSpec(
    id="privacy",
    title_key="Privacy",
    stage=Stage.PRIVACY,
    params=Privacy,
    wants=Wants(matte=True, detect_every_frame=True),
    shed=None,
    hides=True,
    make=PrivacyEffect,
)

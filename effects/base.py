"""What an effect is: its parameters, its place in the order, its protocol. No pixel library is imported here.

Parameters are frozen dataclasses whose fields carry their range, unit and title; the panel, the command line,
presets and validation are all generated from that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from threading import Event
from typing import Any, Generic, Protocol, TypeVar

from effects.canvas import Canvas
from models.errors import FacetError
from models.types import F32, Face, SharedModel, Wants


class BadAsset(FacetError):
    """A file that an effect was given cannot be used; says which and why."""


class EffectFailed(FacetError):
    """An effect raised while drawing; it is switched off, the picture goes on."""


class Stage(IntEnum):
    """Order in which effects draw."""

    SWAP = 1
    RESHAPE = 2
    SKIN = 3
    MAKEUP = 4
    BACKGROUND = 5
    COLOUR = 6
    STICKER = 7
    PRIVACY = 8
    BADGE = 9


@dataclass(frozen=True, slots=True)
class Scene:
    """Geometry that agrees with the canvas as it is now; who moves pixels returns a moved Scene.

    `matte` (h, w) float32 0..1, to be stretched over the frame.
    """

    t_s: float
    dt_s: float
    size_wh: tuple[int, int]
    faces: tuple[Face, ...]
    matte: F32 | None


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter as data.

    `kind`: "float", "int", "bool", "choice", "colour" (#RRGGBB), "path", "face" (track id, 0 = none).
    """

    name: str
    kind: str
    title: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, title) pairs of a choice."""


def number(default: float, minimum: float, maximum: float, step: float, title: str, unit: str = "") -> Any:
    """A float parameter of a frozen dataclass."""
    return field(default=default, metadata={"facet": ("float", title, minimum, maximum, step, unit, ())})


def integer(default: int, minimum: int, maximum: int, title: str, unit: str = "") -> Any:
    """A whole-number parameter."""
    return field(default=default, metadata={"facet": ("int", title, minimum, maximum, 1, unit, ())})


def flag(default: bool, title: str) -> Any:
    """An on / off parameter."""
    return field(default=default, metadata={"facet": ("bool", title, None, None, None, "", ())})


def choice(default: str, title: str, choices: tuple[tuple[str, str], ...]) -> Any:
    """One of several named values; `choices` are (value, title) pairs."""
    return field(default=default, metadata={"facet": ("choice", title, None, None, None, "", choices)})


def colour(default: str, title: str) -> Any:
    """A colour as #RRGGBB."""
    return field(default=default, metadata={"facet": ("colour", title, None, None, None, "", ())})


def rgb_to_bgr(text: str) -> tuple[int, int, int]:
    """A colour parameter (#RRGGBB) in the order of the picture's channels."""
    red, green, blue = bytes.fromhex(text[1:])
    return blue, green, red


def face(title: str) -> Any:
    """The track id of a face in the picture, 0 = none chosen."""
    return field(default=0, metadata={"facet": ("face", title, 0, None, 1, "", ())})


P = TypeVar("P")
P_contra = TypeVar("P_contra", contravariant=True)
A = TypeVar("A")
S = TypeVar("S")


class Effect(Protocol[P_contra, A, S]):
    """One effect's code.

    Type parameters: the parameters (a frozen dataclass), A prepared assets (numpy, keys of `Device.keep`), S state
    (scalars and small numpy arrays keyed by track id; never a device's handle, so that it survives a switch).
    """

    def prepare(self, params: P_contra, model: SharedModel, cancel: Event) -> A:
        """Worker thread; opens files; raises BadAsset."""
        ...

    def initial(self) -> S:
        """The state before the first frame of a source."""
        ...

    def apply(self, canvas: Canvas, scene: Scene, params: P_contra, assets: A, state: S) -> tuple[Scene, S]:
        """Draw. No I/O, clock or network. Zero parameters leave every bit as it was."""
        ...


@dataclass(frozen=True, slots=True)
class EffectSpec(Generic[P]):
    """What the registry, the panel and the engine know of an effect.

    Attributes:
        title_key: the English title, which is also the key of its translations.
        wants: what it needs of the perception.
        shed: lower goes first under load, None never.
        hides: covers a face; never sheds, never fades to the bare face.
        make: builds the effect; imports its pixel code only then.
    """

    id: str
    title_key: str
    stage: Stage
    params: type[P]
    wants: Wants
    shed: int | None
    hides: bool
    make: Callable[[], Effect[P, Any, Any]]

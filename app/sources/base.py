"""What a source of frames is."""

from dataclasses import dataclass
from typing import Literal, Protocol

from app.sources.tuning import Control
from models.errors import FacetError
from models.types import Frame

Kind = Literal["demo", "camera", "video", "picture", "folder", "stream"]

STILL_KINDS: tuple[Kind, ...] = ("picture", "folder")


Reason = Literal["", "missing", "busy", "permission", "broken", "unreachable"]


class BadInput(FacetError):
    """The input cannot be opened or is damaged; the message says which, why and what to do.

    `reason` lets the window offer the fitting way out (try again, allow the camera, open another file);
    "" where none of the named ones applies.
    """

    def __init__(self, message: str, reason: Reason = "") -> None:
        super().__init__(message)
        self.reason: Reason = reason


class CameraLost(FacetError):
    """The camera went away; the source tries again by itself."""


class SourceStalled(FacetError):
    """No frame within the time-out."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source once it is open.

    Attributes:
        name: for people, e.g. the camera's name or the file's.
        size_wh: of the upright frames.
        fps: nominal frames a second (negotiated or announced), 0 where it has no meaning.
        measured_fps: what a camera really delivers, over the latest seconds; 0 = not measured (yet).
        live: frames come by themselves; the window mirrors live cameras.
        frame_count: announced frames, 0 = unknown or endless.
        pixel_format: as negotiated, e.g. "MJPG"; "" where it has no meaning.
        names: file names of a folder's pictures, in order.
        hints: plain sentences about what limits the source (long exposure, fallback format).
        controls: what a camera offers to be tuned (see `app.sources.tuning`).
    """

    kind: Kind
    name: str
    size_wh: tuple[int, int]
    fps: float
    live: bool
    frame_count: int = 0
    pixel_format: str = ""
    measured_fps: float = 0.0
    names: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    controls: frozenset[Control] = frozenset()


class Source(Protocol):
    """A source is opened by its constructor, which raises BadInput; one reader thread."""

    @property
    def info(self) -> SourceInfo:
        """May change between frames (measured facts, hints, a replugged camera)."""
        ...

    @property
    def decode_ms(self) -> float:
        """CPU time spent on decoding and converting the latest frame (waiting excluded)."""
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, None = end. Blocks <= timeout_s, then raises SourceStalled; CameraLost while unplugged."""
        ...

    def close(self) -> None:
        """Any thread; makes a blocked `read` return at once. Idempotent."""
        ...

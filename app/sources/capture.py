"""What a device or stream is to the helper process that reads it, and the messages between the two processes."""

from dataclasses import dataclass
from typing import Protocol

from app.sources.base import Reason
from app.sources.tuning import Control, Tuning
from models.types import U8


@dataclass(frozen=True, slots=True)
class Opened:
    """It is open and has given a picture.

    Attributes:
        size_wh: of every frame that follows.
        fps: negotiated or announced, 0 = unknown.
        finite: it has an end (a file behind a URL); `frame_count` is then announced or estimated.
        offers: what `tune` can do.
        hints: plain sentences about what limits it.
    """

    size_wh: tuple[int, int]
    fps: float
    pixel_format: str = ""
    finite: bool = False
    frame_count: int = 0
    offers: frozenset[Control] = frozenset()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """It could not be opened: the text and reason of a BadInput."""

    message: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame lies in the shared memory. `t_s` is media time from 0 where the stream has one."""

    grabbed_ns: int
    decode_ms: float
    t_s: float | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """No more frames: the end, or lost (unplugged, broken off, the process died)."""

    lost: bool


class Capture(Protocol):
    """Lives in the helper process, on its only thread. Opened by its maker, which raises BadInput."""

    opened: Opened

    def take(self, out: U8) -> Shot | Over:
        """Wait for the next frame and write it to `out` (H, W, 3) BGR; may block for as long as it likes."""
        ...

    def tune(self, tuning: Tuning) -> None:
        """Set the camera's controls."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...

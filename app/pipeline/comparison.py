"""What a comparison of two backends found out: plain values for the window's sheet, for files and for tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from models.types import U8, Frame

PERCEPTION, PICTURE, TOTAL = "perception", "picture", "total"
"""All networks; everything that is done to the picture; the whole frame (the sum of both)."""
HEADLINE = (TOTAL, PERCEPTION, PICTURE)
_ORDER = ("preprocess", "detect", "landmarks", "segment")


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Milliseconds of one stage over the frames on which it ran."""

    mean_ms: float
    p50_ms: float
    p95_ms: float
    frames: int


@dataclass(frozen=True, slots=True)
class BackendRun:
    """One backend's part.

    Attributes:
        asked: the backend that was to be measured.
        ran: the backend that really did the work.
        networks / canvas: the devices of its two parts.
        networks_hardware / canvas_hardware: what computed, in words: processor, or graphics card and driver.
        software: whether a part of it was a graphics card that the processor only plays.
        stages: "total", "perception", "picture" and their parts, by name.
        block_ms: means of the headline stages in each block, by name, in the order in which the blocks ran.
        frames: that were measured.
        notes: plain sentences about what was not as asked for.
    """

    asked: str
    ran: str
    networks: str
    canvas: str
    networks_hardware: str
    canvas_hardware: str
    software: bool
    stages: Mapping[str, StageFigures]
    block_ms: Mapping[str, tuple[float, ...]]
    frames: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PictureDifference:
    """How far the two backends' pictures of the same frames are apart, as CIEDE2000 (about 1 can just be seen).

    Attributes:
        mean / p99: over all pixels of the frames that were compared.
        frames: compared.
        frame_index: of the frame that differs most, which the pictures show.
        first / second: (H, W, 4) BGRA uint8, that frame by each backend.
        amplified: (H, W, 4) BGRA uint8, the absolute difference of both, times `factor`.
    """

    mean: float
    p99: float
    frames: int
    frame_index: int
    first: U8
    second: U8
    amplified: U8
    factor: int


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The outcome.

    Attributes:
        input_name: of the source, for people.
        size_wh: of the frames; (0, 0) where there was none.
        effects: ids of the effects that were on.
        asked: the two backends.
        runs: what was measured of each; empty where nothing was.
        difference: None where no frame was drawn by both.
        block_frames / settling_frames: frames of a block, and how many of them, at its start, are not counted.
        ended: why it ended before its time, in a plain sentence; "" where it did not.
        other_cores: processor cores that other programs kept busy meanwhile, on average.
        machine: facts of the computer (see `app.machine.machine`).
    """

    input_name: str
    size_wh: tuple[int, int]
    effects: tuple[str, ...]
    asked: tuple[str, str]
    runs: tuple[BackendRun, ...] = ()
    difference: PictureDifference | None = None
    block_frames: int = 0
    settling_frames: int = 0
    ended: str = ""
    other_cores: float = 0.0
    machine: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a comparison is. `share` 0..1 of the whole; `backend` is measured now, "" for none."""

    words: str
    share: float
    backend: str = ""


class RunningComparison(Protocol):
    """A comparison under way; every method returns at once (`join` within its time-out); any thread."""

    @property
    def progress(self) -> Progress:
        """Where it is."""
        ...

    @property
    def result(self) -> Comparison | None:
        """The outcome, None while it runs."""
        ...

    @property
    def wants_frames(self) -> bool:
        """Whether it waits for frames of the running picture: then that must run, else it should rest."""
        ...

    def lend(self, frame: Frame) -> bool:
        """A frame of the running picture; whether more are wanted now."""
        ...

    def stop(self) -> None:
        """End it soon; what was measured so far becomes the outcome."""
        ...

    def join(self, timeout_s: float) -> bool:
        """Wait for its thread; whether that ended."""
        ...


def stage_names(runs: tuple[BackendRun, ...]) -> list[str]:
    """Every stage that ran on any of them: the headline first, then networks, then effects in drawing order."""
    names = list(dict.fromkeys(name for run in runs for name in run.stages))
    return sorted(names, key=_rank)


def _rank(name: str) -> int:
    if name in HEADLINE:
        return HEADLINE.index(name)
    if name in _ORDER:
        return 10 + _ORDER.index(name)
    return {"composite": 90}.get(name, 50)

"""What the pipeline hands to the window and the sinks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.sources.base import Reason
from models.types import U8, Frame, Perception


@dataclass(frozen=True, slots=True)
class Fault:
    """An effect (or "monitor") that failed on a frame; shown, logged once, switched off."""

    where: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One finished frame.

    `bgra` (H, W, 4) uint8 belongs to the receiver; not mirrored. `shed`: effects left out for time. `canvas`: the
    device that drew it (the perception names the networks' one).
    """

    frame: Frame
    perception: Perception
    bgra: U8
    faults: tuple[Fault, ...] = ()
    shed: tuple[str, ...] = ()
    canvas: str = "cpu"


EventKind = Literal[
    "opening", "opened", "lost", "stalled", "ended", "failed", "effects_ready", "fault", "recovered",
    "backend", "backend_failed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunnerEvent:
    """Something the window tells its user; `message` is a plain sentence, `reason` the one of a BadInput.

    "backend": the state of the backends changed (see `BackendState`); "backend_failed": one cannot be used, `message`
    says which, why and what to do.
    """

    kind: EventKind
    message: str = ""
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class BackendState:
    """What runs, what was asked for, and what is on its way.

    Attributes:
        asked: the user's choice.
        running: the backend in use, by name.
        networks / canvas: the devices really used.
        hardware: what computes, in words.
        loading: the backend on its way, "" for none.
        step: what that is doing, in a few words.
        reasons: why backends could not be used when they were tried last, by name.
        remarks: what is not as was asked for, in plain sentences.
    """

    asked: str = "cpu"
    running: str = "cpu"
    networks: str = "cpu"
    canvas: str = "cpu"
    hardware: str = ""
    loading: str = ""
    step: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds over the rolling window."""

    p50: float
    p95: float
    p99: float
    mean: float


@dataclass(frozen=True, slots=True)
class LatencyStats:
    """What the overlay shows; all measured.

    Attributes:
        stages: per stage ("decode", "preprocess", "detect", "landmarks", "segment", "effect.<id>", "composite",
            "hand-over", "paint"), over the frames on which the stage ran.
        capture_to_paint: from `Frame.grabbed_ns` to the end of the paint.
        frame_age_ms: of the frame painted last, at its paint.
        camera_fps / shown_fps: (N - 1) / span of the grabs / of the paints.
        dropped: frames dropped, by where: "engine" (replaced in the slot before it), "window", "sink".
        recent_ms: capture-to-paint of the latest frames, oldest first, for the sparkline.
        networks / canvas: the devices really used.
    """

    stages: dict[str, Percentiles]
    capture_to_paint: Percentiles | None
    frame_age_ms: float
    camera_fps: float
    shown_fps: float
    dropped: dict[str, int]
    recent_ms: tuple[float, ...]
    networks: str
    canvas: str

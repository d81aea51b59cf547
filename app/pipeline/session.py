"""What the window sees of a running pipeline.

A protocol, so that the window reaches no pixel library and tests can fake it.
"""

from pathlib import Path
from typing import Protocol

from app.pipeline.types import BackendState, LatencyStats, Output, RunnerEvent
from app.settings import Settings
from app.sources.base import SourceInfo
from app.sources.tuning import Tuning
from models.types import Wants


class LiveSession(Protocol):
    """One source streaming through one engine. Every method returns at once (`stop` within its time-out); UI thread.

    A session is built with an `on_wake` callback. It is called from other threads, without arguments, when there is
    something new to fetch: an output (only when the slot was empty, so a slow window is never flooded) or an event.
    The callback must do no more than post itself to the UI thread, which then calls `take_output` and `take_events`.
    """

    def start(self, input_text: str) -> None:
        """Open `input_text` ("demo", "camera:0", a path, a URL) and stream it; a source already running is replaced.

        Never raises for a bad input: that arrives as a `RunnerEvent` of kind "failed".
        """
        ...

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End every thread; True when all ended in time. May be called twice, and `start` works again afterwards."""
        ...

    def adopt(self, settings: Settings) -> None:
        """Use these settings from the next frame on (and for the present picture while frozen or at its end)."""
        ...

    def use_backend(self, name: str) -> None:
        """Go over to this backend as soon as it is ready, also when it failed before; the picture goes on meanwhile.

        `adopt` does the same where the settings name another backend than before.
        """
        ...

    def backend(self) -> BackendState:
        """What runs and what is on its way; an event "backend" tells that it changed."""
        ...

    def watch(self, want: Wants) -> None:
        """What the window itself shows of the perception, on top of the needs of the effects, from the next frame on.

        The perception view asks for the mesh, the matte and the visibility; without a call nothing is added.
        """
        ...

    def freeze(self, frozen: bool) -> None:
        """Hold the present frame; new settings still apply to it. The camera is read on, so that nothing is stale."""
        ...

    def tune(self, tuning: Tuning) -> None:
        """Set the controls of the present camera; `SourceInfo.controls` says which it offers."""
        ...

    def take_output(self) -> Output | None:
        """The latest finished frame, once; None when there is nothing new."""
        ...

    def painted(self, output: Output, painted_ns: int, paint_ms: float, handover_ms: float) -> None:
        """Report a finished paint.

        Args:
            output: what was painted.
            painted_ns: `time.monotonic_ns()` at the end of the paint.
            paint_ms: the time that the paint itself took.
            handover_ms: from `take_output` to the start of the paint; the session adds the wait before that.
        """
        ...

    def stats(self) -> LatencyStats:
        """The rolling window of measured times; cheap enough for twice a second."""
        ...

    def source_info(self) -> SourceInfo | None:
        """Of the open source; None before it is open and after it failed. Facts may change between calls."""
        ...

    def take_events(self) -> list[RunnerEvent]:
        """What happened since the last call, oldest first."""
        ...

    def snapshot(self, path: Path) -> None:
        """Write the next finished picture to `path`; a failure arrives as an event of kind "fault"."""
        ...

    def record(self, path: Path | None) -> None:
        """Record what is shown to `path` (.mp4) from now on; None finishes the file."""
        ...

    @property
    def recording(self) -> Path | None:
        """Where the running recording goes."""
        ...

    @property
    def sinks_dropped(self) -> int:
        """Frames that a recording could not take in time."""
        ...

"""What the engine thread does: frame by frame, and again with the held frame when only the settings have changed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, monotonic_ns, perf_counter_ns

from app.pipeline.capture import Capture, Captured
from app.pipeline.engine import Engine
from app.pipeline.keeping import Keeping
from app.pipeline.slot import LatestSlot
from app.pipeline.switch import Switch
from app.pipeline.timing import Timing
from app.pipeline.types import Output, RunnerEvent
from app.settings import Settings
from models.types import Frame, Perception, Wants

_TICK_S = 0.1
_SILENCE_S = 0.5
"""Without a new frame for so long, the held one is drawn again when the settings change."""
_BUDGET_SHARE = 0.95
"""Of a frame's interval: what the engine may use before effects are left out."""


@dataclass(slots=True)
class Control:
    """What the window sets and the engine thread reads; each value is replaced as a whole."""

    settings: Settings
    extra_wants: Wants
    frozen: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """An output on its way to the window. `fresh`: of a new frame, not of the held one drawn again."""

    output: Output
    finished_ns: int
    fresh: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """The frame that was drawn last, and what it was drawn with."""

    frame: Frame
    perception: Perception
    wants: Wants
    settings: Settings
    output: Output


class EngineLoop:
    """One life of the engine thread.

    Attributes:
        dropped_before: frames lost before the present source's first one was processed (while networks loaded).
    """

    def __init__(
        self,
        engine: Engine,
        control: Control,
        frames: LatestSlot[Captured],
        outputs: LatestSlot[Finished],
        timing: Timing,
        keeping: Keeping,
        switch: Switch,
        tell: Callable[[RunnerEvent], None],
        wake: Callable[[], None],
    ) -> None:
        self.dropped_before = 0
        self._engine = engine
        self._control = control
        self._frames = frames
        self._outputs = outputs
        self._timing = timing
        self._keeping = keeping
        self._switch = switch
        self._tell = tell
        self._wake = wake
        self._capture: Capture | None = None
        self._held: _Held | None = None
        self._latest_s = 0.0
        self._pending = False

    def run(self, stopping: threading.Event) -> None:
        """Until `stopping` is set."""
        while not stopping.is_set():
            item = self._frames.take(_TICK_S)
            if item is None:
                self._without_frame()
            elif not item.capture.stopped:
                self._with_frame(item)

    def _with_frame(self, item: Captured) -> None:
        if item.capture is not self._capture:
            self._begin(item.capture)
        frame, settings = item.frame, self._control.settings
        if self._held is not None:
            self._switch.between_frames(self._engine, settings, frame.size_wh)
        self._engine.extra_wants = self._control.extra_wants
        deadline_ns = self._deadline_ns()
        perception = self._engine.perceive(frame, settings)
        output = self._engine.compose(frame, perception, settings, deadline_ns)
        times = {**self._engine.take_times().ms, "decode": item.decode_ms}
        self._timing.processed(times, perception.runtime, output.canvas)
        self._latest_s = monotonic()
        self._publish(_Held(frame, perception, self._engine.wants(settings), settings, output), fresh=True)

    def _without_frame(self) -> None:
        """Draw the held frame again when it would look different, and serve a waiting snapshot."""
        held, capture, control = self._held, self._capture, self._control
        if held is None or capture is None or capture.stopped:
            return
        if not (control.frozen or capture.ended or monotonic() - self._latest_s > _SILENCE_S):
            return
        settings = control.settings
        changed = self._switch.between_frames(self._engine, settings, held.frame.size_wh)
        self._engine.extra_wants = control.extra_wants
        wants = self._engine.wants(settings)
        if wants == held.wants and settings is held.settings and not self._pending and not changed:
            self._keeping.put(held.output, fresh=False, fps=0.0)
            return
        perception = held.perception if wants == held.wants else self._engine.perceive(held.frame, settings)
        output = self._engine.compose(held.frame, perception, settings)
        self._engine.take_times()
        self._publish(_Held(held.frame, perception, wants, settings, output), fresh=False)

    def _begin(self, capture: Capture) -> None:
        """The first frame of another source."""
        if self._capture is not None:
            self._keeping.finish_recording()
            self._engine.restart()
        self._capture = capture
        self._held = None
        self.dropped_before = self._frames.dropped

    def _publish(self, held: _Held, fresh: bool) -> None:
        self._held = held
        info = self._capture.info() if self._capture is not None else None
        self._keeping.put(held.output, fresh, info.fps if info is not None else 0.0)
        was_pending, self._pending = self._pending, not self._engine.ready(held.settings)
        if was_pending and not self._pending:
            self._tell(RunnerEvent("effects_ready"))
        if self._capture is not None and self._capture.stopped:
            return
        if self._outputs.put(Finished(held.output, monotonic_ns(), fresh)):
            self._wake()

    def _deadline_ns(self) -> int | None:
        info = self._capture.info() if self._capture is not None else None
        if info is None or info.fps <= 0.0:
            return None
        return perf_counter_ns() + int(_BUDGET_SHARE * 1e9 / info.fps)

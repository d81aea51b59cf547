"""The live pipeline: capture thread -> slot -> engine thread -> slot -> window. Latest wins, nothing queues.

The engine thread makes the engine, is the only one to touch it, and lives from the first `start` to `stop`; sources
come and go beside it, so that changing the source does not load the networks again.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic, monotonic_ns

from app.pipeline.capture import Capture, Captured, OpenSource
from app.pipeline.engine import Engine
from app.pipeline.keeping import Keeping, MakeRecorder, MakeStill
from app.pipeline.loop import Control, EngineLoop, Finished
from app.pipeline.slot import LatestSlot
from app.pipeline.switch import Build, Switch
from app.pipeline.timing import Timing
from app.pipeline.types import BackendState, LatencyStats, Output, RunnerEvent
from app.settings import Settings
from app.sources.base import SourceInfo
from app.sources.tuning import Tuning
from models.errors import FacetError
from models.types import Wants

_WARM_SIZE_WH = (1280, 720)

_log = logging.getLogger(__name__)


class _Life:
    """What one life of the engine thread uses: from the first `start` to `stop`."""

    def __init__(self, keeping: Keeping, switch: Switch) -> None:
        self.keeping = keeping
        self.switch = switch
        self.stopping = threading.Event()
        self.frames: LatestSlot[Captured] = LatestSlot()
        self.outputs: LatestSlot[Finished] = LatestSlot()
        self.loop: EngineLoop | None = None
        self.thread: threading.Thread | None = None


class Runner:
    """A `LiveSession` (see there for its methods).

    Args:
        open_source: opens an input, in the capture thread.
        make_engine: loads networks and canvas, in the engine thread.
        make_recorder: opens a recording.
        make_still: opens a snapshot.
        settings: to begin with.
        on_wake: called from other threads when there is something to fetch; may be set later.
        build: makes other backends than the engine's own; None = there are none.
    """

    def __init__(
        self,
        open_source: OpenSource,
        make_engine: Callable[[], Engine],
        make_recorder: MakeRecorder,
        make_still: MakeStill,
        settings: Settings,
        on_wake: Callable[[], None] = lambda: None,
        build: Build | None = None,
    ) -> None:
        self._open_source = open_source
        self._make_engine = make_engine
        self._make_recorder = make_recorder
        self._make_still = make_still
        self._build = build
        self._control = Control(settings, Wants(landmarks=False))
        self.on_wake = on_wake
        self._events: deque[RunnerEvent] = deque()
        self._timing = Timing()
        self._taken: tuple[Output, float] | None = None
        self._capture: Capture | None = None
        self._old_captures: list[Capture] = []
        self._life = self._new_life()

    def start(self, input_text: str) -> None:
        """See LiveSession."""
        if self._capture is not None:
            self._capture.stop()
            self._old_captures = [old for old in (*self._old_captures, self._capture) if not old.ended]
        if self._life.thread is not None and (self._life.stopping.is_set() or not self._life.thread.is_alive()):
            self._life = self._new_life()
        life = self._life
        life.frames.clear()
        life.outputs.clear()
        self._timing.clear()
        self._capture = Capture(input_text, self._open_source, life.frames, self._tell, self._timing.grabbed)
        self._capture.hold = self._control.frozen
        self.prepare()

    def prepare(self) -> None:
        """Begin to load networks and canvas, before there is a source."""
        life = self._life
        if life.thread is None:
            life.thread = threading.Thread(target=self._run, args=(life,), name="facet-engine", daemon=True)
            life.thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """See LiveSession."""
        until_s = monotonic() + timeout_s
        self._life.stopping.set()
        captures = [*self._old_captures, *([self._capture] if self._capture is not None else [])]
        for capture in captures:
            capture.stop()
        self._life.frames.close()
        self._life.outputs.close()
        ended = [capture.join(max(0.0, until_s - monotonic())) for capture in captures]
        if self._life.thread is not None:
            self._life.thread.join(max(0.0, until_s - monotonic()))
            ended.append(not self._life.thread.is_alive())
        self._capture, self._old_captures = None, []
        return all(ended)

    def adopt(self, settings: Settings) -> None:
        """See LiveSession."""
        if settings.backend != self._control.settings.backend:
            self._life.switch.ask(settings.backend)
        self._control.settings = settings
        self._life.frames.wake()

    def use_backend(self, name: str) -> None:
        """See LiveSession."""
        self._life.switch.ask(name)
        self._life.frames.wake()

    def backend(self) -> BackendState:
        """See LiveSession."""
        return self._life.switch.state()

    def watch(self, want: Wants) -> None:
        """See LiveSession."""
        self._control.extra_wants = want
        self._life.frames.wake()

    def freeze(self, frozen: bool) -> None:
        """See LiveSession."""
        self._control.frozen = frozen
        if self._capture is not None:
            self._capture.hold = frozen
        if frozen:
            self._life.frames.clear()

    def tune(self, tuning: Tuning) -> None:
        """See LiveSession."""
        if self._capture is not None:
            self._capture.tune(tuning)

    def take_output(self) -> Output | None:
        """See LiveSession."""
        finished = self._life.outputs.take()
        if finished is None:
            return None
        waited_ms = (monotonic_ns() - finished.finished_ns) / 1e6
        self._taken = (finished.output, waited_ms) if finished.fresh else None
        return finished.output

    def painted(self, output: Output, painted_ns: int, paint_ms: float, handover_ms: float) -> None:
        """See LiveSession; a second paint of the same output does not count."""
        taken = self._taken
        if taken is not None and taken[0] is output:
            self._taken = None
            self._timing.painted(output.frame.grabbed_ns, painted_ns, paint_ms, handover_ms + taken[1])

    def stats(self) -> LatencyStats:
        """See LiveSession."""
        life = self._life
        before = life.loop.dropped_before if life.loop is not None else life.frames.dropped
        dropped = {
            "engine": life.frames.dropped - before,
            "window": life.outputs.dropped,
            "sink": life.keeping.dropped,
        }
        return self._timing.stats(monotonic_ns(), dropped)

    def source_info(self) -> SourceInfo | None:
        """See LiveSession."""
        return self._capture.info() if self._capture is not None else None

    def take_events(self) -> list[RunnerEvent]:
        """See LiveSession."""
        events: list[RunnerEvent] = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def snapshot(self, path: Path) -> None:
        """See LiveSession."""
        self._life.keeping.snapshot(path)
        self._life.frames.wake()

    def record(self, path: Path | None) -> None:
        """See LiveSession."""
        self._life.keeping.record(path)
        self._life.frames.wake()

    @property
    def recording(self) -> Path | None:
        """See LiveSession."""
        return self._life.keeping.recording

    @property
    def sinks_dropped(self) -> int:
        """See LiveSession."""
        return self._life.keeping.dropped

    def _new_life(self) -> _Life:
        keeping = Keeping(self._make_recorder, self._make_still, self._tell)
        return _Life(keeping, Switch(self._build, self._control.settings.backend, self._tell))

    def _tell(self, event: RunnerEvent) -> None:
        self._events.append(event)
        self.on_wake()

    def _run(self, life: _Life) -> None:
        """The engine thread."""
        engine: Engine | None = None
        try:
            engine = self._make_engine()
            life.switch.attach(engine)
            if life.frames.empty:
                engine.warm(_WARM_SIZE_WH, self._control.settings)
            life.loop = EngineLoop(
                engine,
                self._control,
                life.frames,
                life.outputs,
                self._timing,
                life.keeping,
                life.switch,
                self._tell,
                lambda: self.on_wake(),
            )
            life.loop.run(life.stopping)
        except FacetError as error:
            self._tell(RunnerEvent("failed", str(error)))
        except Exception as error:  # noqa: BLE001 - the top of a thread
            _log.exception("the engine stopped")
            self._tell(RunnerEvent("failed", f"The engine stopped: {type(error).__name__}: {error}."))
        finally:
            life.switch.close()
            life.keeping.close()
            if engine is not None:
                engine.close()

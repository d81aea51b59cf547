"""Snapshots and recordings of the live picture: fed by the engine's thread, opened and finished beside it."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from app.pipeline.prepare import WorkerPreparer
from app.pipeline.types import Output, RunnerEvent
from app.sinks.base import Sink
from models.errors import FacetError

MakeRecorder = Callable[[Path, tuple[int, int], float], Sink]
"""Path, size of the pictures and nominal frames a second to a sink that never blocks."""
MakeStill = Callable[[Path], Sink]


class Keeping:
    """`snapshot`, `record` and the properties from any thread; `put` and `close` from the engine's.

    Args:
        make_recorder: opens a recording.
        make_still: opens a snapshot.
        tell: takes an event when something cannot be written.
    """

    def __init__(self, make_recorder: MakeRecorder, make_still: MakeStill, tell: Callable[[RunnerEvent], None]) -> None:
        self._make_recorder = make_recorder
        self._make_still = make_still
        self._tell = tell
        self._worker = WorkerPreparer("facet-keep")
        self._snapshots: deque[Path] = deque()
        self._wanted: Path | None = None
        self._path: Path | None = None
        self._sink: Sink | None = None
        self._dropped_before = 0

    @property
    def recording(self) -> Path | None:
        """Where the recording goes."""
        return self._wanted

    @property
    def dropped(self) -> int:
        """Frames that recordings could not take in time."""
        sink = self._sink
        return self._dropped_before + (sink.dropped if sink is not None else 0)

    def snapshot(self, path: Path) -> None:
        """Write the next picture to `path`."""
        self._snapshots.append(path)

    def record(self, path: Path | None) -> None:
        """Record to `path` from the next picture on; None finishes."""
        self._wanted = path

    def put(self, output: Output, fresh: bool, fps: float) -> None:
        """Take what is shown.

        Args:
            output: the present picture.
            fresh: whether it is a new frame, not the frozen one again.
            fps: nominal rate of the source.
        """
        while self._snapshots:
            self._write_still(self._snapshots.popleft(), output)
        if self._wanted != self._path:
            self._change(output, fps)
        if self._sink is not None and fresh:
            try:
                self._sink.put(output)
            except FacetError as error:
                self._fail(error)

    def finish_recording(self) -> None:
        """End the recording, if any: the source changes."""
        self._wanted = None
        self._finish()

    def close(self) -> None:
        """Finish the recording and wait for what is being written."""
        self.finish_recording()
        done = self._worker.submit(lambda _cancel: None)
        done.wait(1.5)
        self._worker.close(0.2)

    def _change(self, output: Output, fps: float) -> None:
        self._finish()
        self._path = path = self._wanted
        if path is None:
            return
        height, width = output.bgra.shape[:2]
        try:
            self._sink = self._make_recorder(path, (width, height), fps)
        except FacetError as error:
            self._fail(error)

    def _finish(self) -> None:
        sink, self._sink, self._path = self._sink, None, None
        if sink is not None:
            self._dropped_before += sink.dropped
            self._aside(lambda: sink.finish(ok=True))

    def _fail(self, error: FacetError) -> None:
        sink, self._sink = self._sink, None
        self._wanted = self._path = None
        if sink is not None:
            self._aside(lambda: sink.finish(ok=False))
        self._tell(RunnerEvent("fault", str(error)))

    def _write_still(self, path: Path, output: Output) -> None:
        def write() -> None:
            sink = self._make_still(path)
            sink.put(output)
            sink.finish(ok=True)

        self._aside(write)

    def _aside(self, work: Callable[[], None]) -> None:
        """Do slow work in the worker; a failure is told."""

        def guarded(_cancel: threading.Event) -> None:
            try:
                work()
            except FacetError as error:
                self._tell(RunnerEvent("fault", str(error)))

        self._worker.submit(guarded)

"""`facet drowsiness` on a camera or stream: goes on until it is stopped, whatever camera, disk or log do."""

import argparse
import secrets
import time
from contextlib import ExitStack
from pathlib import Path

from app.cli.drowsiness import utc_now
from app.interrupts import check_stopped
from app.sinks.target import Target
from app.sources.base import CameraLost, Source, SourceStalled
from app.streams import complain
from effects.monitor.calibration import Calibration
from effects.monitor.log import LineLog
from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.reading import Reading
from effects.monitor.rows import SECOND_KEYS
from effects.monitor.session_log import SessionLog, Writer
from models.errors import FacetError
from models.types import Frame, SharedModel, Wants

_TICK_S = 0.1
_MAX_FACES = 3


class _Written:
    """The log files of a live session: written line by line under their own names, so that a kill leaves them whole."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._files = [LineLog(arguments.log)]
        if arguments.csv is not None:
            self._files.append(LineLog(arguments.csv, header=",".join(SECOND_KEYS)))
        self._problem: str | None = None
        seconds = self._writer(1) if arguments.csv is not None else None
        self.log = SessionLog(secrets.token_hex(6), utc_now, self._writer(0), seconds)

    def write(self, reading: Reading) -> None:
        """Write what a reading brings; says once when that cannot be done."""
        self.log.write(reading)
        problem = next((file.problem for file in self._files if file.problem), None)
        if problem and problem != self._problem:
            complain(problem)
        self._problem = problem

    def close(self) -> None:
        """Flush."""
        for file in self._files:
            file.close()

    def _writer(self, index: int) -> Writer:
        def write(line: str, urgent: bool) -> None:
            self._files[index].write(line, time.monotonic(), flush=urgent)

        return write


def watch_live(source: Source, arguments: argparse.Namespace, calibration: Calibration, stack: ExitStack) -> int:
    """Watch until `--frames`, the end of the stream, or a signal (the log stays: it is what was watched)."""
    from app import bootstrap

    for path in filter(None, (arguments.log, arguments.csv)):
        _make_way(path)
    model = bootstrap.make_model(arguments.backend)
    stack.callback(model.close)
    written = _Written(arguments)
    stack.callback(written.close)
    monitor = DrowsinessMonitor(calibration)
    stack.callback(lambda: written.write(monitor.finish()))
    watch = _Watch(monitor, model, written)
    count = 0
    while arguments.frames is None or count < arguments.frames:
        check_stopped()
        try:
            frame = source.read(_TICK_S)
        except (SourceStalled, CameraLost):
            watch.tick()
            continue
        if frame is None:
            break
        watch.frame(frame)
        count += 1
    return 0


def _make_way(path: Path) -> None:
    """Raise unless a log can begin at `path`; an older file gives way."""
    if path.exists() and not path.is_file() and not path.is_dir():
        return
    Target(path, None).discard()
    path.unlink(missing_ok=True)


class _Watch:
    """Frames and ticks of a live input on one media time: seconds since the watch began."""

    def __init__(self, monitor: DrowsinessMonitor, model: SharedModel, written: _Written) -> None:
        self._monitor, self._model, self._written = monitor, model, written
        self._zero_ns = time.monotonic_ns()
        self._ticked_s = 0.0
        self._failure = ""

    def frame(self, frame: Frame) -> None:
        """Perceive a frame; a failing network is announced, and the monitor sees that nothing comes."""
        try:
            perception = self._model.track(frame, Wants(landmarks=True), max_faces=_MAX_FACES)
        except FacetError as error:
            if str(error) != self._failure:
                complain(str(error))
            self._failure = str(error)
            self.tick()
            return
        self._failure = ""
        t_s = (frame.grabbed_ns - self._zero_ns) / 1e9
        self._written.write(self._monitor.see(t_s, self._wall_s(t_s), perception))
        if t_s - self._ticked_s >= _TICK_S:
            self.tick()

    def tick(self) -> None:
        """Time passes."""
        now_s = (time.monotonic_ns() - self._zero_ns) / 1e9
        self._ticked_s = now_s
        self._written.write(self._monitor.tick(now_s, time.time()))

    def _wall_s(self, t_s: float) -> float:
        """The wall time of a moment in the recent past."""
        return time.time() - ((time.monotonic_ns() - self._zero_ns) / 1e9 - t_s)

"""`facet drowsiness` on a camera or stream: goes on until it is stopped, whatever camera, disk or log do."""

import argparse
import secrets
import time
from contextlib import ExitStack

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
from models.types import Frame, Wants

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
        Target(path, None).discard()
    model = bootstrap.make_model(arguments.backend)
    stack.callback(model.close)
    written = _Written(arguments)
    stack.callback(written.close)
    monitor = DrowsinessMonitor(calibration)
    stack.callback(lambda: written.write(monitor.finish()))
    media = _MediaClock()
    ticked_s, count = 0.0, 0
    while arguments.frames is None or count < arguments.frames:
        check_stopped()
        try:
            frame = source.read(_TICK_S)
        except (SourceStalled, CameraLost):
            frame = None
        else:
            if frame is None:
                break
            media.set(frame)
            perception = model.track(frame, Wants(landmarks=True), max_faces=_MAX_FACES)
            written.write(monitor.see(frame.t_s, time.time(), perception))
            count += 1
        now_s = media.now_s()
        if now_s - ticked_s >= _TICK_S:
            ticked_s = now_s
            written.write(monitor.tick(now_s, time.time()))
    return 0


class _MediaClock:
    """Media time at this moment, also while no frame comes."""

    def __init__(self) -> None:
        self._zero_ns = time.monotonic_ns()

    def set(self, frame: Frame) -> None:
        """A frame came: its grab is its media time."""
        self._zero_ns = frame.grabbed_ns - round(frame.t_s * 1e9)

    def now_s(self) -> float:
        """Seconds of media time."""
        return (time.monotonic_ns() - self._zero_ns) / 1e9

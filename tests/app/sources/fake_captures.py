"""Cameras and streams for the helper process to open, one for each thing that can go wrong."""

import os
import time
from pathlib import Path

from app.sources.base import BadInput
from app.sources.capture import Opened, Over, Shot
from app.sources.tuning import Tuning
from models.types import U8

SIZE_WH = (16, 12)


class FakeCapture:
    """Gives frames of one grey level, 1, 2, 3 ...; at frame `at` it does `what`. Each tuning is written to `log`."""

    def __init__(self, what: str = "", at: int = 0, finite: bool = False, log: Path | None = None) -> None:
        self.opened = Opened(
            SIZE_WH, 30.0, "MJPG", finite=finite, frame_count=9 if finite else 0, offers=frozenset({"exposure"})
        )
        self._what, self._at, self._log = what, at, log
        self._count = 0

    def take(self, out: U8) -> Shot | Over:
        self._count += 1
        if self._count == self._at:
            if self._what == "hang":
                time.sleep(3600)
            if self._what == "crash":
                os._exit(139)
            if self._what in ("lose", "end"):
                return Over(lost=self._what == "lose")
        out[:] = self._count
        return Shot(time.monotonic_ns(), 0.5, (self._count - 1) / 30)

    def tune(self, tuning: Tuning) -> None:
        if self._log is not None:
            with self._log.open("a") as log:
                log.write(f"{os.getpid()} {tuning.lock_exposure} {tuning.mains_hz}\n")

    def close(self) -> None:
        pass


def steady(*_arguments: object) -> FakeCapture:
    return FakeCapture()


def hangs(*_arguments: object) -> FakeCapture:
    return FakeCapture("hang", at=3)


def hangs_while_opening(*_arguments: object) -> FakeCapture:
    time.sleep(3600)
    return FakeCapture()


def crashes(*_arguments: object) -> FakeCapture:
    return FakeCapture("crash", at=3)


def is_unplugged(*_arguments: object) -> FakeCapture:
    return FakeCapture("lose", at=3)


def ends(*_arguments: object) -> FakeCapture:
    return FakeCapture("end", at=3, finite=True)


def breaks_off(*_arguments: object) -> FakeCapture:
    return FakeCapture("lose", at=3, finite=True)


def is_busy(*_arguments: object) -> FakeCapture:
    raise BadInput("Camera 0 is in use by another program.", "busy")


def fails(*_arguments: object) -> FakeCapture:
    raise RuntimeError("a bug in a driver")


def logs(log: str, *_arguments: object) -> FakeCapture:
    return FakeCapture("lose", at=3, log=Path(log))

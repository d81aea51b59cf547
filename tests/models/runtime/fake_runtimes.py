"""Runtimes to be hosted in a child process, one for each thing that can go wrong. They read no files."""

import os
import signal
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.errors import BackendFailed, ModelUnavailable
from models.types import F32

MODULE = __name__


class FakeNet:
    """Gives x + 1 and [how often it ran, how many networks there are]; `what` happens in its third run."""

    def __init__(self, runtime: "Fake", what: str) -> None:
        self._runtime, self._what, self._runs = runtime, what, 0

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        self._runs += 1
        if self._runs == 3:
            happen(self._what)
        return [inputs[0] + 1, np.array([self._runs, len(self._runtime.nets)], np.float32)]


class FakeBatchNet(FakeNet):
    """The same for several samples."""

    def many(self, *inputs: F32) -> Sequence[F32]:
        return [inputs[0] + 2]


class Fake:
    """A runtime. `at` is where `what` happens: "start", "load" or "run"."""

    name = "fake"

    def __init__(self, what: str = "", at: str = "run") -> None:
        self._what, self._at = what, at
        self.nets: weakref.WeakSet[FakeNet] = weakref.WeakSet()
        self.device_name = "a fake device"
        self.remarks = ["it is slow"]
        if at == "start":
            happen(what)

    def load(self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None) -> FakeNet:
        if self._at == "load":
            happen(self._what)
        if graph.name == "wanted":
            raise BackendFailed(f"asked for {list(outputs)} {input_shape}")
        net = (FakeBatchNet if graph.name == "batch" else FakeNet)(self, self._what if self._at == "run" else "")
        self.nets.add(net)
        return net

    def close(self) -> None:
        """A process that hangs while it closes is ended as well."""
        if self._at == "close":
            happen(self._what)


def happen(what: str) -> None:
    if what == "refuse":
        raise ModelUnavailable("no such device: buy one")
    if what == "fail":
        raise BackendFailed("the device fell off the bus")
    if what == "raise":
        raise ZeroDivisionError("by nothing")
    if what == "exit":
        os._exit(3)
    if what == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "chatter":
        os.write(1, b"chatter")
        os.write(2, b"chatter")
    while what == "hang":
        time.sleep(60)

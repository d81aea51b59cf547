"""Reads a camera or stream in a process of its own, because a driver or a server that hangs cannot be interrupted.

A blocked call into a camera driver or libav holds its thread for as long as it likes (V4L2's default is 10 s, some
drivers never return); a thread cannot be ended, a process can. The helper also keeps what drivers write to stderr away
from the user, survives a crash in them, and runs on its own main thread, where macOS asks for camera permission.

One request, one answer: the frame lies in shared memory until the next request, so nothing queues.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

from app.sources.base import BadInput
from app.sources.capture import Capture, Opened, Over, Refused, Shot
from app.sources.tuning import Tuning
from models.types import U8

Opener = Callable[..., Capture]

_SLICE_S = 0.02
"""How long a wait goes on after it was cancelled."""


class HelperProcess:
    """The parent's end. One thread at a time.

    Args:
        opener: a picklable function that opens the device in the helper; called with `arguments`.
        arguments: picklable.
    """

    def __init__(self, opener: Opener, arguments: tuple[Any, ...]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, opener, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._memory: SharedMemory | None = None
        self._canvas: U8 = np.empty((0, 0, 3), np.uint8)
        self._asked = False

    def wait_open(self, timeout_s: float, cancelled: Callable[[], bool]) -> Opened | None:
        """What it opened; None when it needs longer or the wait was cancelled. Raises BadInput when it was refused."""
        answer = self._answer(timeout_s, cancelled)
        if isinstance(answer, Refused):
            raise BadInput(answer.message, answer.reason)
        if isinstance(answer, Over):
            raise BadInput("The process that reads the camera or stream broke down. Try again.", "broken")
        if not isinstance(answer, Opened):
            return None
        width, height = answer.size_wh
        self._memory = SharedMemory(create=True, size=height * width * 3)
        self._canvas = np.ndarray((height, width, 3), np.uint8, self._memory.buf)
        self._send(self._memory.name)
        return answer

    def tune(self, tuning: Tuning) -> None:
        """Set the camera's controls as soon as the helper is free."""
        self._send(tuning)

    def take(self, timeout_s: float, cancelled: Callable[[], bool]) -> tuple[Shot, U8] | Over | None:
        """The next frame as a new, write-protected array; None when it needs longer or the wait was cancelled."""
        if not self._asked:
            self._send(None)
            self._asked = True
        answer = self._answer(timeout_s, cancelled)
        if answer is None:
            return None
        self._asked = False
        if not isinstance(answer, Shot):
            return Over(lost=not isinstance(answer, Over) or answer.lost)
        pixels = self._canvas.copy()
        pixels.flags.writeable = False
        return answer, pixels

    def stop(self, grace_s: float) -> None:
        """End the process: it gets `grace_s` to let go of the device, then it is killed. Over within grace + 0.8 s."""
        self._pipe.close()
        self._process.join(grace_s)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(0.3)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(0.5)
        if self._memory is not None:
            self._canvas = np.empty((0, 0, 3), np.uint8)
            self._memory.close()
            self._memory.unlink()
            self._memory = None

    def _send(self, message: object) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(message)

    def _answer(self, timeout_s: float, cancelled: Callable[[], bool]) -> object:
        """The helper's next message, None when there is none in time, Over when it died."""
        deadline_s = time.monotonic() + timeout_s
        try:
            while not self._pipe.poll(max(0.0, min(_SLICE_S, deadline_s - time.monotonic()))):
                if cancelled() or time.monotonic() >= deadline_s:
                    return None
            answer: object = self._pipe.recv()
        except (EOFError, OSError):
            return Over(lost=True)
        return answer


def _serve(pipe: "Connection[Any, Any]", opener: Opener, arguments: tuple[Any, ...]) -> None:
    """The helper's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not os.environ.get("FACET_DEBUG"):
        _silence()
    with contextlib.suppress(EOFError, OSError):
        try:
            capture = opener(*arguments)
        except BadInput as error:
            pipe.send(Refused(str(error), error.reason))
            return
        pipe.send(capture.opened)
        try:
            answer_requests(pipe, capture)
        finally:
            capture.close()


def answer_requests(pipe: "Connection[Any, Any]", capture: Capture) -> None:
    """Receive the name of the shared memory, then tune or answer with a frame, until the pipe closes or `Over`."""
    memory = SharedMemory(name=pipe.recv())
    width, height = capture.opened.size_wh
    canvas: U8 = np.ndarray((height, width, 3), np.uint8, memory.buf)
    try:
        while True:
            request = pipe.recv()
            if isinstance(request, Tuning):
                capture.tune(request)
                continue
            answer = capture.take(canvas)
            pipe.send(answer)
            if isinstance(answer, Over):
                return
    finally:
        del canvas
        memory.close()


def _silence() -> None:
    """Send what C libraries write to stderr (and a traceback, should there be one) nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if sys.stderr is not None:
        sys.stderr.flush()
    os.dup2(nowhere, 2)
    os.close(nowhere)

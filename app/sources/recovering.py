"""Frames from a helper process that is started again whenever what it reads goes away or falls silent."""

import threading
import time
from collections.abc import Callable

from app.sources.base import BadInput, SourceStalled
from app.sources.capture import Opened, Over, Shot
from app.sources.helper_process import HelperProcess
from app.sources.tuning import Tuning
from models.types import U8

_OPEN_S = 10.0
_SILENT_S = 5.0
_RETRY_S = 1.0
_GRACE_S = 0.5
"""For a driver to let go of the camera when all is well."""


class Lost(Exception):  # noqa: N818 - named like the project's other errors
    """What was read went away and is being sought."""


class Recovering:
    """One reader thread; `close` from any thread. What is finite is not begun again: its loss is told at once.

    Args:
        start: starts a helper; called again after each loss; may raise BadInput.
        name: for messages, e.g. "camera 0 (HD Webcam)".
        cancel: set by the caller to give up opening.
        retry_s: pause between attempts.
        silent_s: without a frame for so long the helper is taken for hung and replaced.
        open_s: how long opening may take.

    Attributes:
        opened: facts of the present helper.
        attempts: grows each time a helper opened; a reader sees by it that times and settings begin anew.
    """

    def __init__(
        self,
        start: Callable[[], HelperProcess],
        name: str,
        cancel: threading.Event | None,
        *,
        retry_s: float = _RETRY_S,
        silent_s: float = _SILENT_S,
        open_s: float = _OPEN_S,
    ) -> None:
        self._start = start
        self._name = name
        self._cancel = cancel or threading.Event()
        self._retry_s = retry_s
        self._silent_s = silent_s
        self._open_s = open_s
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._helper: HelperProcess | None = None
        self._is_open = False
        self._since_s = time.monotonic()
        self.attempts = 0
        self.opened = self._first()

    def read(self, timeout_s: float, tuning: Tuning | None) -> tuple[Shot, U8] | None:
        """The next frame, after setting the controls; None at the end or when closed. Raises SourceStalled and Lost."""
        try:
            return self._read(timeout_s, tuning)
        finally:
            if self._closed.is_set():
                self.close()

    def close(self) -> None:
        """Any thread. A waiting `read` returns None at once and ends the helper; without one it is ended here.

        Over within 2 s, also while the helper hangs.
        """
        self._closed.set()
        if self._lock.acquire(blocking=False):
            try:
                self._drop_helper(_GRACE_S)
            finally:
                self._lock.release()

    def _read(self, timeout_s: float, tuning: Tuning | None) -> tuple[Shot, U8] | None:
        with self._lock:
            deadline_s = time.monotonic() + timeout_s
            while not self._stopping():
                left_s = max(0.0, deadline_s - time.monotonic())
                helper = self._open_helper(left_s)
                if tuning is not None:
                    helper.tune(tuning)
                taken = helper.take(max(0.0, deadline_s - time.monotonic()), self._stopping)
                if isinstance(taken, tuple):
                    self._since_s = time.monotonic()
                    return taken
                if isinstance(taken, Over) and not taken.lost:
                    self._closed.set()
                    break
                if taken is None and self._stopping():
                    break
                if taken is None and time.monotonic() - self._since_s <= self._silent_s:
                    raise SourceStalled(f"No picture from {self._name} for {timeout_s:.1f} s.")
                self._drop_helper()
                if self.opened.finite:
                    raise Lost
            return None

    def _stopping(self) -> bool:
        return self._closed.is_set() or (self._cancel.is_set() and not self.attempts)

    def _first(self) -> Opened:
        """Start and await the first helper; the constructor's part."""
        opened: Opened | None = None
        self._helper = self._start()
        try:
            opened = self._helper.wait_open(self._open_s, self._stopping)
        finally:
            if opened is None:
                self._drop_helper()
        if opened is None and self._stopping():
            raise SourceStalled(f"Opening {self._name} was given up.")
        if opened is None:
            raise BadInput(
                f"No answer from {self._name} for {self._open_s:.0f} s. Check how it is connected, or try another.",
                "unreachable",
            )
        self._mark_open()
        return opened

    def _open_helper(self, timeout_s: float) -> HelperProcess:
        """The helper, open; starts and awaits one after a loss. Raises Lost when that needs longer than `timeout_s`."""
        if self._helper is not None and self._is_open:
            return self._helper
        try:
            if self._helper is None:
                self._closed.wait(min(timeout_s, max(0.0, self._since_s + self._retry_s - time.monotonic())))
                if time.monotonic() < self._since_s + self._retry_s or self._stopping():
                    raise Lost
                self._helper = self._start()
                self._since_s = time.monotonic()
            opened = self._helper.wait_open(timeout_s, self._stopping)
        except BadInput:
            self._drop_helper()
            raise Lost from None
        if opened is None:
            if time.monotonic() - self._since_s > self._open_s:
                self._drop_helper()
            raise Lost
        self.opened = opened
        self._mark_open()
        return self._helper

    def _mark_open(self) -> None:
        self._is_open = True
        self.attempts += 1
        self._since_s = time.monotonic()

    def _drop_helper(self, grace_s: float = 0.0) -> None:
        if self._helper is not None:
            self._helper.stop(grace_s)
        self._helper = None
        self._is_open = False
        self._since_s = time.monotonic()

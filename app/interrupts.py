"""Ctrl-C, TERM and a closed terminal as an exception: context managers clean up, nothing partial stays behind."""

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType


class Stopped(BaseException):
    """The user or the system asked the program to end."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


def stopping_signals() -> tuple[signal.Signals, ...]:
    """What ends the program; a hang-up does not where it was asked to go on without a terminal (nohup)."""
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
        return (signal.SIGINT, signal.SIGTERM)
    return (signal.SIGINT, signal.SIGTERM, hang_up)


class _Signals:
    """The first signal counts; those that follow while things are cleaned up do not disturb that."""

    def __init__(self) -> None:
        self._held = 0
        self._arrived = 0

    def reset(self) -> None:
        """No signal has arrived."""
        self._arrived = 0

    def arrive(self, signal_number: int, _frame: FrameType | None) -> None:
        """The handler; raises Stopped at once unless held, or stopping already."""
        if self._arrived:
            return
        self._arrived = signal_number
        if not self._held:
            raise Stopped(signal_number)

    def check(self) -> None:
        """Raise Stopped if a signal has arrived, also one whose exception was lost in a destructor or callback."""
        if self._arrived:
            raise Stopped(self._arrived)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Signals wait until the end of the block."""
        before = self._arrived
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._arrived and not before:
            raise Stopped(self._arrived)


_signals = _Signals()


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Within the block the stopping signals raise `Stopped` in the main thread; then the old handlers are back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _signals.reset()
    before = {number: signal.signal(number, _signals.arrive) for number in stopping_signals()}
    try:
        yield
        _signals.check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def uninterrupted() -> AbstractContextManager[None]:
    """A block of a moment that is done whole: a signal meanwhile raises `Stopped` at its end."""
    return _signals.held()


def check_stopped() -> None:
    """Raise `Stopped` if a signal has arrived: Python swallows an exception that strikes in a destructor."""
    _signals.check()

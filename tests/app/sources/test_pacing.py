import threading
import time

import pytest

from app.sources.base import SourceStalled
from app.sources.pacing import Pacer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that moves only when the pacer waits."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


class _Waits(threading.Event):
    """Stands in for the closed event: moves the clock instead of waiting."""

    def __init__(self, now: list[float]) -> None:
        super().__init__()
        self.now = now

    def wait(self, timeout: float | None = None) -> bool:
        self.now[0] += timeout or 0.0
        return self.is_set()


def test_each_frame_comes_at_its_time(clock: list[float]) -> None:
    pacer = Pacer(_Waits(clock))
    came = []
    for t_s in (0.0, 0.04, 0.08, 0.5):
        pacer.wait(t_s, 1.0)
        came.append(clock[0] - 100.0)
    assert came == pytest.approx([0.0, 0.04, 0.08, 0.5])


def test_a_small_lag_is_caught_up(clock: list[float]) -> None:
    pacer = Pacer(_Waits(clock))
    pacer.wait(0.0, 1.0)
    clock[0] += 0.2
    pacer.wait(0.1, 1.0)
    assert clock[0] == pytest.approx(100.2)
    pacer.wait(0.3, 1.0)
    assert clock[0] == pytest.approx(100.3)


def test_after_a_pause_it_goes_on_without_hurry(clock: list[float]) -> None:
    pacer = Pacer(_Waits(clock))
    pacer.wait(0.0, 1.0)
    clock[0] += 60.0
    pacer.wait(0.04, 1.0)
    pacer.wait(0.08, 1.0)
    assert clock[0] == pytest.approx(160.04)


def test_a_frame_not_due_in_time_stalls_and_is_still_due_later(clock: list[float]) -> None:
    pacer = Pacer(_Waits(clock))
    pacer.wait(0.0, 1.0)
    with pytest.raises(SourceStalled):
        pacer.wait(1.0, 0.25)
    pacer.wait(1.0, 1.0)
    assert clock[0] == pytest.approx(101.0)


def test_returns_when_closed(clock: list[float]) -> None:
    closed = _Waits(clock)
    closed.set()
    Pacer(closed).wait(0.0, 1.0)
    pacer = Pacer(closed)
    pacer.wait(0.0, 1.0)
    pacer.wait(9.0, 0.1)

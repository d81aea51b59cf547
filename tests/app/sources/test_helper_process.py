import multiprocessing
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from app.sources.base import BadInput
from app.sources.capture import Opened, Over, Shot
from app.sources.helper_process import HelperProcess, Opener, answer_requests
from app.sources.tuning import Tuning
from tests.app.sources import fake_captures as fakes

Start = Callable[[Opener], HelperProcess]
_LONG_S = 30.0


def _never() -> bool:
    return False


@pytest.fixture
def start() -> Iterator[Start]:
    helpers: list[HelperProcess] = []

    def begin(opener: Opener) -> HelperProcess:
        helpers.append(HelperProcess(opener, ()))
        return helpers[-1]

    yield begin
    for helper in helpers:
        helper.stop(0.0)
    assert multiprocessing.active_children() == []


def test_frames_arrive_whole_and_are_the_receivers_own(start: Start) -> None:
    helper = start(fakes.steady)
    assert helper.wait_open(_LONG_S, _never) == fakes.steady().opened
    taken = [helper.take(_LONG_S, _never) for _ in range(3)]
    for number, item in enumerate(taken, start=1):
        assert isinstance(item, tuple)
        shot, pixels = item
        assert isinstance(shot, Shot)
        assert shot.grabbed_ns <= time.monotonic_ns()
        assert pixels.shape == (12, 16, 3)
        assert not pixels.flags.writeable
        np.testing.assert_array_equal(pixels, number)


@pytest.mark.parametrize(("opener", "lost"), [(fakes.is_unplugged, True), (fakes.ends, False), (fakes.crashes, True)])
def test_says_how_it_ended(start: Start, opener: Opener, lost: bool) -> None:
    helper = start(opener)
    assert isinstance(helper.wait_open(_LONG_S, _never), Opened)
    assert all(isinstance(helper.take(_LONG_S, _never), tuple) for _ in range(2))
    assert helper.take(_LONG_S, _never) == Over(lost)


def test_a_refusal_keeps_its_words_and_reason(start: Start) -> None:
    with pytest.raises(BadInput, match="in use by another program") as caught:
        start(fakes.is_busy).wait_open(_LONG_S, _never)
    assert caught.value.reason == "busy"


def test_an_error_while_opening_is_bad_input_and_silent(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="broke down"):
        start(fakes.fails).wait_open(_LONG_S, _never)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("opener", [fakes.hangs, fakes.hangs_while_opening])
def test_a_hanging_helper_is_ended_within_two_seconds(start: Start, opener: Opener) -> None:
    helper = start(opener)
    if opener is fakes.hangs:
        assert isinstance(helper.wait_open(_LONG_S, _never), Opened)
        assert all(isinstance(helper.take(_LONG_S, _never), tuple) for _ in range(2))
        assert helper.take(0.05, _never) is None
    else:
        assert helper.wait_open(0.05, _never) is None
    began_s = time.monotonic()
    helper.stop(0.5)
    assert time.monotonic() - began_s < 2.0
    assert multiprocessing.active_children() == []


def test_an_answer_that_came_late_is_not_lost(start: Start) -> None:
    helper = start(fakes.steady)
    assert isinstance(helper.wait_open(_LONG_S, _never), Opened)
    late = helper.take(0.0, _never)
    while late is None:
        late = helper.take(0.05, _never)
    assert isinstance(late, tuple)
    np.testing.assert_array_equal(late[1], 1)


def test_a_cancelled_wait_returns_at_once(start: Start) -> None:
    helper = start(fakes.hangs_while_opening)
    began_s = time.monotonic()
    assert helper.wait_open(_LONG_S, lambda: True) is None
    assert time.monotonic() - began_s < 1.0


def test_stop_may_come_at_any_time_and_twice(start: Start) -> None:
    helper = start(fakes.steady)
    helper.stop(0.0)
    helper.stop(0.0)
    assert helper.take(1.0, _never) == Over(lost=True)


def test_the_helper_answers_requests_and_tunes_in_order() -> None:
    """The helper's loop in this process, with a pipe whose far end is already filled and closed."""
    from multiprocessing.shared_memory import SharedMemory

    class Recorder(fakes.FakeCapture):
        seen: list[Tuning] = []

        def tune(self, tuning: Tuning) -> None:
            self.seen.append(tuning)

    memory = SharedMemory(create=True, size=16 * 12 * 3)
    ours, theirs = multiprocessing.Pipe()
    try:
        for message in (memory.name, None, Tuning(lock_exposure=True), None, None):
            ours.send(message)
        answer_requests(theirs, Recorder("lose", at=3))
        answers = [ours.recv() for _ in range(3)]
        assert [type(answer) for answer in answers] == [Shot, Shot, Over]
        assert Recorder.seen == [Tuning(lock_exposure=True)]
        assert memory.buf[0] == 2
    finally:
        ours.close()
        theirs.close()
        memory.close()
        memory.unlink()

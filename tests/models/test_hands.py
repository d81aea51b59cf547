"""Every job runs once, on whichever hand, and the helper ends."""

import threading
import time

import pytest

from models.hands import Hands


@pytest.mark.parametrize("helper", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_job_runs_once(helper: bool, count: int) -> None:
    hands = Hands(helper=helper)
    done: list[int] = []
    hands.run([lambda _, n=n: done.append(n) for n in range(count)])
    hands.close()
    assert sorted(done) == list(range(count))


def test_two_jobs_run_at_the_same_time() -> None:
    hands = Hands(helper=True)
    meeting = threading.Barrier(2, timeout=5)
    seen: set[int] = set()

    def job(hand: int) -> None:
        meeting.wait()
        seen.add(hand)

    hands.run([job, job])
    hands.close()
    assert seen == {0, 1}


def test_a_long_job_does_not_hold_up_the_others() -> None:
    hands = Hands(helper=True)
    by_hand: list[int] = []
    hands.run([lambda _: time.sleep(0.2), *[by_hand.append] * 5])
    hands.close()
    assert by_hand == [0] * 5


@pytest.mark.parametrize("failing", [0, 1])
def test_a_failure_is_raised_when_all_are_done(failing: int) -> None:
    hands = Hands(helper=True)
    ended: list[int] = []

    def fail(_: int) -> None:
        raise RuntimeError("broken")

    def work(_: int) -> None:
        time.sleep(0.05)
        ended.append(1)

    with pytest.raises(RuntimeError, match="broken"):
        hands.run([fail, work] if failing == 0 else [work, fail])
    hands.close()
    assert ended == [1]


def test_close_ends_the_thread() -> None:
    before = threading.active_count()
    hands = Hands(helper=True)
    hands.run([lambda _: None] * 2)
    hands.close()
    assert threading.active_count() == before

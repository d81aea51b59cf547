"""The latest-wins slot."""

import threading
import time

from app.pipeline.slot import LatestSlot


def test_empty_gives_nothing() -> None:
    slot: LatestSlot[int] = LatestSlot()
    assert slot.empty
    assert slot.take() is None
    assert slot.dropped == 0


def test_the_latest_wins_and_the_lost_are_counted() -> None:
    slot: LatestSlot[int] = LatestSlot()
    assert slot.put(1)
    assert not slot.put(2)
    assert not slot.put(3)
    assert slot.take() == 3
    assert slot.take() is None
    assert slot.dropped == 2
    assert slot.put(4)


def test_what_is_cleared_does_not_count_as_dropped() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.clear()
    assert slot.empty
    assert slot.put(2)
    assert slot.dropped == 0


def test_a_waiter_gets_what_comes() -> None:
    slot: LatestSlot[int] = LatestSlot()
    got: list[int | None] = []
    taker = threading.Thread(target=lambda: got.append(slot.take(5.0)))
    taker.start()
    slot.put(7)
    taker.join(5.0)
    assert got == [7]


def test_waiting_ends_with_the_time_out() -> None:
    slot: LatestSlot[int] = LatestSlot()
    started_s = time.monotonic()
    assert slot.take(0.02) is None
    assert time.monotonic() - started_s >= 0.015


def test_wake_and_close_end_the_waiting() -> None:
    for end in ("wake", "close"):
        slot: LatestSlot[int] = LatestSlot()
        got: list[int | None] = []
        waiting = threading.Event()

        def take(slot: LatestSlot[int] = slot, got: list[int | None] = got, waiting: threading.Event = waiting) -> None:
            waiting.set()
            got.append(slot.take(30.0))

        taker = threading.Thread(target=take)
        taker.start()
        waiting.wait(5.0)
        while taker.is_alive():
            getattr(slot, end)()
            taker.join(0.01)
        assert got == [None]


def test_after_close_nothing_is_stored() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    slot.close()
    assert slot.closed
    assert slot.take(1.0) is None
    assert not slot.put(2)
    assert slot.take() is None


def test_many_threads_lose_nothing_unaccounted() -> None:
    slot: LatestSlot[int] = LatestSlot()
    taken: list[int] = []
    done = threading.Event()

    def take() -> None:
        while not (done.is_set() and slot.empty):
            item = slot.take(0.01)
            if item is not None:
                taken.append(item)

    taker = threading.Thread(target=take)
    taker.start()
    putters = [
        threading.Thread(target=lambda base=base: [slot.put(base + n) for n in range(500)]) for base in (0, 1000)
    ]
    for thread in putters:
        thread.start()
    for thread in putters:
        thread.join()
    done.set()
    taker.join(5.0)
    assert len(taken) + slot.dropped == 1000

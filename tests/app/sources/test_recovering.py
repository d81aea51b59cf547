import multiprocessing
import threading

import pytest

from app.sources.base import BadInput
from app.sources.helper_process import HelperProcess, Opener
from app.sources.recovering import Lost, Recovering
from tests.app.sources import fake_captures as fakes


def _start(*openers: Opener) -> tuple[list[int], "Recovering"]:
    """A source whose first helper runs the first opener, and so on; the last one again and again."""
    starts: list[int] = []

    def start() -> HelperProcess:
        starts.append(len(starts))
        return HelperProcess(openers[min(len(starts), len(openers)) - 1], ())

    return starts, Recovering(start, "it", None, retry_s=0.01, silent_s=0.2, open_s=30.0)


def test_gives_up_on_one_that_never_opens() -> None:
    with pytest.raises(BadInput, match="No answer from it") as caught:
        Recovering(lambda: HelperProcess(fakes.hangs_while_opening, ()), "it", None, open_s=0.2)
    assert caught.value.reason == "unreachable"
    assert multiprocessing.active_children() == []


def test_tries_again_when_coming_back_is_refused() -> None:
    starts, source = _start(fakes.is_unplugged, fakes.is_busy, fakes.is_busy, fakes.steady)
    try:
        assert source.read(30.0, None) is not None
        assert source.read(30.0, None) is not None
        for _ in range(2):
            with pytest.raises(Lost):
                source.read(30.0, None)
        assert source.read(30.0, None) is not None
        assert len(starts) == 4
        assert source.attempts == 2
    finally:
        source.close()


def test_the_end_is_the_end() -> None:
    starts, source = _start(fakes.ends)
    try:
        assert [source.read(30.0, None) is None for _ in range(5)] == [False, False, True, True, True]
    finally:
        source.close()
    assert source.read(1.0, None) is None
    assert starts == [0]


def test_close_from_many_threads_at_once() -> None:
    _, source = _start(fakes.steady)

    def read_all() -> None:
        while source.read(1.0, None) is not None:
            pass

    threads = [threading.Thread(target=read_all)] + [threading.Thread(target=source.close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert not any(thread.is_alive() for thread in threads)
    assert multiprocessing.active_children() == []

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from app.interrupts import Stopped, check_stopped, stop_on_signals, uninterrupted
from tests.app.cli.processes import GIVE_UP_S, start

_LONG_WORK = {
    "render": ["render", "demo", "-o", "out.mp4", "--set", "privacy.on=1"],
    "perceive": ["perceive", "demo", "-o", "out.jsonl", "--mattes", "mattes"],
    "bench": ["bench", "demo", "--json", "out.json", "--frames", "100000"],
}


def _temporary_files(folder):
    return [name for name in os.listdir(folder) if name.startswith(".facet-")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("work", sorted(_LONG_WORK))
def test_long_work_ends_at_once_and_leaves_nothing(work, number, tmp_path):
    with start(_LONG_WORK[work], tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        begun = time.monotonic()
        while not _temporary_files(tmp_path) and process.poll() is None:
            assert time.monotonic() - begun < GIVE_UP_S
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(number)
        process.send_signal(number)
        error = process.communicate(timeout=GIVE_UP_S)[1]
    assert process.returncode == 128 + number
    assert error == b""
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_arrive_as_an_exception_and_the_old_handlers_return(number):
    before = signal.getsignal(number)
    with pytest.raises(Stopped) as caught, stop_on_signals():
        signal.raise_signal(number)
    assert caught.value.signal_number == number
    assert signal.getsignal(number) is before


def test_a_command_that_shall_outlive_its_terminal_does():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def _swallowed(number):
    """Raise a signal where Python swallows its exception, as in a destructor."""
    with suppress(Stopped):
        signal.raise_signal(number)


def _work(*steps):
    """Run the steps as a command does."""
    with stop_on_signals():
        for step in steps:
            step()


def test_a_second_signal_does_not_disturb_the_cleaning_up():
    cleaned = []

    def work():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            cleaned.append(True)

    with pytest.raises(Stopped):
        _work(work)
    assert cleaned == [True]


def test_a_signal_waits_for_what_must_be_done_whole():
    done = []

    def work():
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
            done.append("whole")
        done.append("too far")

    with pytest.raises(Stopped) as caught:
        _work(work)
    assert done == ["whole"]
    assert caught.value.signal_number == signal.SIGTERM


def test_a_signal_whose_exception_was_swallowed_still_ends_the_work():
    done = []
    with pytest.raises(Stopped):
        _work(lambda: _swallowed(signal.SIGINT), check_stopped, lambda: done.append("too far"))
    with pytest.raises(Stopped):
        _work(lambda: _swallowed(signal.SIGINT))
    assert done == []


def test_the_next_command_begins_afresh():
    with pytest.raises(Stopped), stop_on_signals():
        signal.raise_signal(signal.SIGINT)
    with stop_on_signals():
        check_stopped()


def test_another_thread_may_run_a_command():
    ran = []

    def work():
        with stop_on_signals():
            ran.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [True]

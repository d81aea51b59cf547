"""A monitor that cannot see says so."""

import numpy as np
import pytest

from effects.monitor.calibration import Calibration
from effects.monitor.events import Event
from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.signal_csv import SignalRow
from tests.effects.monitor.synthetic import (
    CALIBRATED,
    Course,
    Shut,
    closed_eye_alarms,
    events,
    frame_times,
    only,
    readings,
)

RATES = (10, 15, 30, 60)


def of(kind: str, course: Course, fps: float = 30, seconds: float = 60.0) -> list[Event]:
    return only(events(course.render(frame_times(seconds, fps))), kind)


@pytest.mark.parametrize("fps", RATES)
def test_a_lost_face_is_searched_and_found_again(fps: float) -> None:
    search, back = of("face", Course(unseen=[(20.0, 30.0)]), fps)

    assert (search.state_from, search.state_to) == ("TRACKED", "SEARCH")
    assert search.onset_s == pytest.approx(20.0, abs=1.1 / fps)
    assert search.t_s == pytest.approx(20.5, abs=1.1 / fps)
    assert (back.state_to, back.t_s) == ("TRACKED", pytest.approx(30.3, abs=1.1 / fps))


def test_a_flickering_face_is_not_lost() -> None:
    assert of("face", Course(unseen=[(t, t + 0.3) for t in np.arange(10.0, 50.0, 1.0).tolist()])) == []


@pytest.mark.parametrize("fps", RATES)
def test_a_face_lost_with_closed_eyes_is_suspected(fps: float) -> None:
    found = events(Course([Shut(20.0, 30.0)], unseen=[(20.9, 28.0)]).render(frame_times(40, fps)))

    suspected = [event for event in found if event.state_to == "SUSPECTED"]
    assert [event.t_s for event in suspected] == pytest.approx([22.0], abs=0.15)
    assert [event.onset_s for event in suspected] == pytest.approx([20.0], abs=0.1)


@pytest.mark.parametrize("lost_s", [20.2, 20.35])
def test_a_face_lost_in_a_blink_is_not(lost_s: float) -> None:
    found = events(Course([Shut(20.0, 30.0)], unseen=[(lost_s, 60.0)]).render(frame_times(60, 30)))

    assert closed_eye_alarms(found) == []


def test_suspected_time_never_counts() -> None:
    course = Course([Shut(100.0, 130.0)], unseen=[(100.9, 128.0)])
    last = readings(course.render(frame_times(128, 30)))[-1]

    assert last.p60 is None or last.p60 < 0.03


def test_unreadable_eyes_leave_the_head() -> None:
    head_only, back = of("face", Course(unreadable=[(20.0, 45.0)]))

    assert (head_only.state_to, head_only.cause) == ("HEAD_ONLY", "eyes_unreadable")
    assert head_only.t_s == pytest.approx(30.0, abs=0.1)
    assert back.state_to == "TRACKED"


def test_no_frames_is_stalled_within_a_second_and_recovers() -> None:
    rows = [row for row in Course().render(frame_times(40, 30)) if not 20.0 <= row.t_s < 26.0]

    stalled, back = only(events(rows), "sensor")

    assert (stalled.state_to, stalled.cause) == ("STALLED", "no_frame")
    assert stalled.t_s == pytest.approx(21.0, abs=0.1)
    assert (back.state_to, back.t_s) == ("OK", pytest.approx(28.0, abs=0.15))


@pytest.mark.parametrize(("fps", "slow"), [(30, False), (10, False), (8, True), (5, True)])
def test_a_low_rate_is_named(fps: float, slow: bool) -> None:
    found = of("sensor", Course(), fps)

    assert [event.state_to for event in found] == (["LOW_RATE"] if slow else [])
    assert all(event.t_s == pytest.approx(3.0, abs=0.3) for event in found)


def test_a_low_rate_recovers() -> None:
    times = np.concatenate([np.arange(0, 10, 1 / 30), np.arange(10, 20, 0.2), np.arange(20, 30, 1 / 30)])

    low, back = only(events(Course().render(times)), "sensor")

    assert (low.state_to, low.t_s) == ("LOW_RATE", pytest.approx(13.0, abs=2.5))
    assert (back.state_to, back.t_s) == ("OK", pytest.approx(22.0, abs=0.5))


@pytest.mark.parametrize(
    ("luma", "cause"),
    [
        ((3.0, 0.9, 2.0), "dark"),
        ((250.0, 0.9, 2.0), "saturated"),
        ((200.0, 0.95, 2.0), "saturated"),
        ((110.0, 0.0, 0.0), "frozen"),
    ],
)
def test_a_useless_picture_is_named_within_three_seconds_and_recovers(
    luma: tuple[float, float, float], cause: str
) -> None:
    good = (110.0, 0.01, 1.5)
    rows = [
        SignalRow(row.t_s, row.signals, luma if 20.0 <= row.t_s < 30.0 else good, None)
        for row in Course().render(frame_times(40, 30))
    ]

    fault, back = only(events(rows), "sensor")

    assert (fault.state_to, fault.cause) == ("FAULT", cause)
    assert fault.t_s == pytest.approx(23.0, abs=0.1)
    assert (back.state_to, back.t_s) == ("OK", pytest.approx(32.0, abs=0.1))


def test_what_a_frozen_picture_shows_is_not_believed() -> None:
    rows = [
        SignalRow(row.t_s, row.signals, (110.0, 0.0, 0.0 if row.t_s >= 20.0 else 1.0), None)
        for row in Course([Shut(10.0, 10.2)]).render(frame_times(90, 30))
    ]

    last = readings(rows)[-1]

    assert last.face == "SEARCH"
    assert last.valid60 < 0.99


def test_a_suspend_restarts_everything_and_says_so() -> None:
    monitor = DrowsinessMonitor(CALIBRATED)
    wall_s = 1_000_000.0
    for row in Course([Shut(9.0, 12.0)]).render(frame_times(10, 30)):
        monitor.update(row.t_s, wall_s + row.t_s, row.signals)
    assert monitor.regions.closure.closed

    reading = monitor.tick(10.1, wall_s + 20.1)

    (event, calibration) = reading.events
    assert (event.kind, event.cause) == ("sensor", "suspend")
    assert calibration.kind == "calibration"
    assert not monitor.regions.closure.closed
    assert [warned.cause for warned in reading.warnings] == ["restarted_after_suspend"]
    assert reading.calibration.id == "test"


@pytest.mark.parametrize("drift_s", [0.0, 1.9, -30.0])
def test_small_drifts_and_clocks_set_back_are_no_suspend(drift_s: float) -> None:
    monitor = DrowsinessMonitor()
    monitor.tick(0.0, 100.0)

    reading = monitor.tick(1.0, 101.0 + drift_s)

    assert [event for event in reading.events if event.cause == "suspend"] == []


@pytest.mark.parametrize("times", [[1.0, 1.0], [1.0, 0.5], [1.0, float("nan")], [1.0, float("inf")]])
def test_a_time_that_is_not_later_is_rejected(times: list[float]) -> None:
    monitor = DrowsinessMonitor(Calibration())
    signals = Course().render(np.array([0.0]))[0].signals

    for t_s in times:
        reading = monitor.update(t_s, None, signals)

    assert monitor.rejected == 1
    assert reading.t_s == 1.0
    assert monitor.update(1.1, None, signals).t_s == 1.1


def test_a_clock_that_jumps_ahead_is_a_stall() -> None:
    rows = Course().render(np.concatenate([np.arange(0, 10, 1 / 30), np.arange(5000, 5010, 1 / 30)]))

    found = only(events(rows), "sensor")

    assert [event.state_to for event in found] == ["STALLED", "OK"]

"""Learning what is normal, and what must never become normal."""

from dataclasses import replace

import numpy as np
import pytest

from effects.monitor.calibration import Calibration, Learner, closed_from
from effects.monitor.quick import QuickCalibration
from effects.monitor.reading import Reading
from effects.monitor.signal_csv import SignalRow
from tests.effects.monitor.synthetic import CALIBRATED, Course, Shut, events, frame_times, only, readings


def last(course: Course, seconds: float, calibration: Calibration | None = None, noise: float = 0.005) -> Reading:
    kept: list[Reading] = []
    rows = course.render(frame_times(seconds, 30), np.random.default_rng(1), noise)
    readings(rows, calibration or Calibration(), kept.append)
    return kept[-1]


BLINKS = [Shut(t, t + 0.25) for t in np.arange(3.0, 100.0, 3.0).tolist()]


@pytest.mark.parametrize("open_ear", [0.18, 0.24, 0.36])
def test_it_calibrates_itself(open_ear: float) -> None:
    course = Course(BLINKS, [(0.0, open_ear)], 0.15 * open_ear, yaw=[(0.0, 8.0)], pitch=[(0.0, -11.0)])

    early, learning, frozen = (last(course, seconds).calibration for seconds in (8, 30, 90))

    assert (early.source, early.open_ear) == ("prior", 0.28)
    assert learning.source == "self"
    assert learning.frozen_open is None
    assert learning.open_ear == pytest.approx(open_ear, rel=0.03)
    assert frozen.frozen_open == pytest.approx(open_ear, rel=0.03)
    assert frozen.closed_ear == pytest.approx(0.15 * open_ear, abs=0.02)
    assert frozen.neutral_deg[:2] == pytest.approx((8.0, -11.0), abs=0.5)


def test_each_step_is_logged() -> None:
    found = only(events(Course(BLINKS).render(frame_times(90, 30)), Calibration()), "calibration")

    assert [(event.state_from, event.state_to) for event in found] == [
        (None, "PRIOR"),
        ("PRIOR", "LEARNING"),
        ("LEARNING", "FROZEN"),
    ]
    assert found[1].t_s == pytest.approx(11.0, abs=1.0)


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_who_starts_with_closed_or_lowered_eyes_does_not_become_the_norm(share: float) -> None:
    low = 0.05 + share * 0.23
    course = Course(open_ear=[(0.0, low), (100.0, low), (100.3, 0.28)], closed_ear=min(low, 0.05))

    before, after = last(course, 99), last(course, 200)

    assert before.calibration.source == "prior"
    assert before.needs_calibration
    assert after.calibration.open_ear == pytest.approx(0.28, abs=0.01)
    assert not after.needs_calibration


@pytest.mark.parametrize(("later", "learnt"), [(0.35, 0.35), (0.27, 0.27), (0.20, 0.252)])
def test_after_the_freeze_it_may_rise_freely_and_fall_a_tenth(later: float, learnt: float) -> None:
    course = Course(open_ear=[(0.0, 0.28), (80.0, 0.28), (81.0, later)])

    assert last(course, 300).calibration.open_ear == pytest.approx(learnt, abs=0.003)


@pytest.mark.parametrize(
    ("bottoms", "closed"),
    [
        ([], 0.051),
        ([0.03] * 4, 0.051),
        ([0.03, 0.04, 0.05, 0.06, 0.07], 0.046),
        ([0.001] * 5, 0.024),
        ([0.2] * 5, 0.105),
    ],
)
def test_the_shut_eye_from_the_bottoms_of_blinks(bottoms: list[float], closed: float) -> None:
    assert closed_from(0.30, bottoms) == pytest.approx(closed)


def test_short_and_turned_blinks_do_not_teach() -> None:
    learner = Learner(replace(CALIBRATED, source="self", frozen_open=None))
    for _ in range(10):
        learner.dip(0.08, 0.09, (0.0, 0.0))
        learner.dip(0.2, 0.09, (9.0, 0.0))

    assert learner.calibration.closed_ear == CALIBRATED.closed_ear


def test_own_blinks_are_learnt_and_slow_ones_are_not_the_norm() -> None:
    usual = last(Course([Shut(t, t + 0.2) for t in range(3, 90, 3)]), 90).calibration.blink_s
    slow = last(Course([Shut(t, t + 0.45) for t in range(3, 90, 3)]), 90).calibration.blink_s

    assert usual == pytest.approx(0.2, abs=0.02)
    assert slow == pytest.approx(0.35)


def quick(course: Course, seconds: float = 40.0) -> QuickCalibration:
    calibration = QuickCalibration()
    for row in course.render(frame_times(seconds, 30), np.random.default_rng(2), 0.004):
        calibration.step(row.t_s, row.signals, (0.4, 0.5, 0.3))
    return calibration


def test_the_quick_calibration() -> None:
    course = Course([Shut(4, 4.2), Shut(12.0, 14.5)], [(0.0, 0.31)], 0.06, yaw=[(0.0, 5.0)], pitch=[(0.0, -7.0)])

    done = quick(course)

    assert done.phase == "done"
    assert done.result is not None
    assert done.result.open_ear == pytest.approx(0.31, abs=0.005)
    assert done.result.closed_ear == pytest.approx(0.06, abs=0.01)
    assert done.result.neutral_deg[:2] == pytest.approx((5.0, -7.0), abs=0.2)
    assert done.result.seat == (0.4, 0.5, 0.3)
    assert done.result.perclos_acts


def test_its_progress_is_visible() -> None:
    calibration, seen = QuickCalibration(), []
    for row in Course([Shut(12.0, 14.5)]).render(frame_times(15, 30)):
        calibration.step(row.t_s, row.signals, None)
        seen.append((calibration.phase, calibration.progress))

    ahead = [progress for phase, progress in seen if phase == "ahead"]
    assert ahead == sorted(ahead)
    assert ahead[150] == pytest.approx(0.5, abs=0.02)
    assert seen[-1][0] == "done"


@pytest.mark.parametrize(
    ("course", "words"),
    [
        (Course(), "not seen to close"),
        (Course(unseen=[(0.0, 60.0)]), "could not be read"),
        (Course(yaw=[(0.0, -30.0), (5.0, 30.0), (10.0, -30.0)]), "turned too much"),
        (Course([Shut(12.0, 20.0)], closed_ear=0.15), "too much alike"),
    ],
)
def test_it_says_why_it_fails(course: Course, words: str) -> None:
    failed = QuickCalibration()
    rows = [*course.render(frame_times(60, 30))]
    if failed.phase == "ahead" and all(row.signals is None for row in rows):
        rows = [SignalRow(row.t_s, None, None, None) for row in rows]
    for row in rows:
        failed.step(row.t_s, row.signals, None)

    assert failed.phase == "failed"
    assert words in failed.reason

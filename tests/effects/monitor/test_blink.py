"""Blinks: found without calibration, dated, told apart from drift, squints and noise."""

import numpy as np
import pytest

from effects.monitor.blink import BlinkDetector, Dip
from effects.monitor.calibration import Calibration
from tests.effects.monitor.synthetic import Course, Keys, Shut, events, frame_times, only


def dips(course: Course, fps: float, seconds: float = 60.0, noise: float = 0.0) -> list[Dip]:
    detector, found = BlinkDetector(), []
    for row in course.render(frame_times(seconds, fps), np.random.default_rng(1), noise):
        assert row.signals is not None
        found += detector.step(row.t_s, (row.signals.ear_left + row.signals.ear_right) / 2)
    return found + detector.flush()


def blinks(rate_per_minute: float, seconds: float, rng: np.random.Generator) -> list[Shut]:
    shuts, t = [], 3.0
    while t < seconds - 2:
        shuts.append(Shut(t, t + float(np.clip(0.18 * np.exp(0.25 * rng.standard_normal()), 0.1, 0.35))))
        t += 0.9 + float(rng.exponential(60 / rate_per_minute - 0.9))
    return shuts


def matched(found: list[tuple[float, float]], truth: list[Shut]) -> int:
    return sum(any(onset < shut.end_s + 0.1 and end > shut.onset_s - 0.1 for onset, end in found) for shut in truth)


@pytest.mark.parametrize(("fps", "score"), [(10, 0.93), (15, 0.95), (25, 0.98), (30, 0.98), (60, 0.98)])
@pytest.mark.parametrize("open_ear", [0.18, 0.27, 0.36])
def test_blinks_are_found(open_ear: float, fps: float, score: float) -> None:
    rng = np.random.default_rng([int(fps), int(100 * open_ear)])
    truth = blinks(20, 240, rng)
    rows = Course(truth, open_ear=[(0.0, open_ear)]).render(frame_times(240, fps, rng, jitter=0.2), rng, noise=0.01)
    found = [(e.onset_s, e.end_s) for e in only(events(rows, Calibration()), "blink", "long_blink")]

    hits = matched([(onset or 0.0, end or 0.0) for onset, end in found], truth)
    assert 2 * hits / (len(found) + len(truth)) >= score


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_edges_are_right_without_calibration(fps: float) -> None:
    truth = [Shut(t, t + 0.2) for t in (5.0, 8.03, 12.01, 20.02)]

    found = dips(Course(truth), fps)

    assert [dip.onset_s for dip in found] == pytest.approx([shut.onset_s for shut in truth], abs=1 / fps)
    assert [dip.end_s for dip in found] == pytest.approx([shut.end_s for shut in truth], abs=1 / fps)


@pytest.mark.parametrize(
    "course",
    [
        Course(),
        Course(open_ear=[(0.0, 0.34), (60.0, 0.2)]),
        Course(open_ear=[(0.0, 0.3), (20.0, 0.3), (20.2, 0.18), (60.0, 0.18)]),
        Course(open_ear=[(0.0, 0.3), (20.0, 0.3), (20.3, 0.2), (25.0, 0.2), (25.4, 0.3)]),
    ],
    ids=["still", "drift", "step", "squint"],
)
def test_what_is_no_blink(course: Course) -> None:
    assert dips(course, 30, noise=0.008) == []


def test_a_blink_into_a_down_look() -> None:
    lowered: Keys = [(0.0, 0.3), (10.1, 0.3), (10.15, 0.16), (20.0, 0.16)]

    (dip,) = dips(Course([Shut(10.0, 10.2)], open_ear=lowered), 30, 20.0)

    assert dip.onset_s == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("lasts_s", [0.8, 1.5, 3.0])
def test_long_closures_are_found_by_their_length(lasts_s: float) -> None:
    found = dips(Course([Shut(20.0, 20.0 + lasts_s)]), 30)

    long = [dip for dip in found if dip.long]
    assert [dip.duration_s for dip in long] == pytest.approx([lasts_s], abs=0.1)


def test_nothing_from_nothing() -> None:
    assert BlinkDetector().flush() == []


def test_statistics_need_ten_blinks() -> None:
    from tests.effects.monitor.synthetic import readings

    few = readings(Course([Shut(t, t + 0.2) for t in range(5, 40, 5)]).render(frame_times(60, 30)))[-1].blinks
    many = readings(Course([Shut(t, t + 0.2) for t in range(5, 60, 4)]).render(frame_times(60, 30)))[-1].blinks

    assert few.mean_s is None
    assert many.mean_s == pytest.approx(0.2, abs=0.02)
    assert many.sd_s is not None
    assert many.per_minute == pytest.approx(14, abs=1)

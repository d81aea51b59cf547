"""What looks like sleep and is none, and sleep that looks like something else."""

import math
from dataclasses import replace

import numpy as np
import pytest

from effects.monitor.calibration import Calibration
from effects.monitor.events import Event
from effects.monitor.signal_csv import SignalRow
from tests.effects.monitor.synthetic import Course, Keys, Shut, closed_eye_alarms, events, frame_times, only

RATES = (10, 15, 30, 60)
START_S = 70.0
BLINKS = [Shut(t, t + 0.2) for t in np.arange(2.0, 68.0, 3.0).tolist()]


def run(course: Course, fps: float = 30, seconds: float = 140.0) -> list[Event]:
    rng = np.random.default_rng(5)
    rows = course.render(frame_times(seconds, fps, rng, jitter=0.2), rng, noise=0.008, pose_noise=0.4)
    return events(rows, Calibration())


def ramp(to: float, seconds: float, start_s: float = START_S, over_s: float = 0.3, rest: float = 0.0) -> Keys:
    return (
        (start_s, rest),
        (start_s + over_s, to),
        (start_s + over_s + seconds, to),
        (start_s + 2 * over_s + seconds, rest),
    )


def lowered(share: float, seconds: float, over_s: float = 0.3) -> Keys:
    return ramp(0.28 * share, seconds, over_s=over_s, rest=0.28)


NUISANCE = {
    "down 25 degrees, lids follow": Course(BLINKS, pitch=ramp(-25, 4), open_ear=lowered(0.45, 4)),
    "down 40 degrees, lids shut to the eye": Course(BLINKS, pitch=ramp(-40, 6), open_ear=lowered(0.25, 6)),
    "down 30 degrees for long": Course(BLINKS, pitch=ramp(-30, 20), open_ear=lowered(0.3, 20)),
    "smile of 5 s": Course(BLINKS, open_ear=lowered(0.5, 5)),
    "strong smile with blinks": Course([*BLINKS, Shut(72, 72.2), Shut(73.5, 73.7)], open_ear=lowered(0.45, 5)),
    "squint of 20 s": Course([*BLINKS, Shut(75, 75.2), Shut(80, 80.2)], open_ear=lowered(0.5, 20)),
    "talking": Course(BLINKS, mar=[(70 + i * 0.15, 0.45 * (i % 2)) for i in range(200)]),
    "yaw 60": Course(BLINKS, yaw=ramp(60, 20), open_ear=lowered(0.2, 20)),
    "occluded": Course(BLINKS, unseen=[(70, 72), (75, 90)]),
    "eyes lost for a minute": Course(BLINKS, unreadable=[(70, 130)]),
    "face lost for a minute": Course(BLINKS, unseen=[(70, 130)]),
    "one blink, then lost": Course([*BLINKS, Shut(70, 70.2)], unseen=[(70.1, 90)]),
}


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("name", NUISANCE)
def test_nuisance_raises_no_closed_eye_alarm(name: str, fps: float) -> None:
    found = run(NUISANCE[name], fps)

    assert closed_eye_alarms(found) == []
    assert [event for event in only(found, "level") if event.cause != "recovered"] == []


@pytest.mark.parametrize("fps", RATES)
def test_a_long_look_down_warns_as_a_look_away_and_is_suspected(fps: float) -> None:
    gaze = only(run(NUISANCE["down 30 degrees for long"], fps), "gaze")

    assert [event.state_to for event in gaze] == ["OFF_ROAD_L1", "OFF_ROAD_L2", "OFF_ROAD_L3", "ON_ROAD"]
    assert [event.cause for event in gaze[:2]] == ["down", "suspected"]
    assert gaze[0].t_s == pytest.approx(START_S + 0.2 + 3, abs=0.3)


@pytest.mark.parametrize("fps", RATES)
def test_closed_eyes_under_a_lowered_head_are_suspected_at_five_seconds(fps: float) -> None:
    course = Course([*BLINKS, Shut(START_S, START_S + 8)], pitch=ramp(-9, 8.5, START_S - 0.3))
    found = run(course, fps)

    assert closed_eye_alarms(found) == []
    gaze = only(found, "gaze")
    assert [(event.state_to, event.cause) for event in gaze[:2]] == [
        ("OFF_ROAD_L1", "down"),
        ("OFF_ROAD_L2", "suspected"),
    ]
    assert [event.t_s - START_S for event in gaze[:2]] == pytest.approx([3.0, 5.0], abs=0.25)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("falls_after_s", [0.5, 0.8, 1.2])
def test_nodding_off_is_a_microsleep_at_a_second_and_a_half(falls_after_s: float, fps: float) -> None:
    fall_s = START_S + falls_after_s
    pitch = [(fall_s, 0.0), (fall_s + 0.6, -30.0), (START_S + 2.6, -30.0), (START_S + 2.9, 0.0)]
    found = run(Course([*BLINKS, Shut(START_S, START_S + 2.5)], pitch=pitch), fps)

    (microsleep,) = only(found, "microsleep")
    assert microsleep.t_s == pytest.approx(START_S + 1.5, abs=max(0.15, 1.5 / fps))
    assert len(only(found, "nod")) == 1


@pytest.mark.parametrize("slouch_deg", [-6.0, -9.0, -12.0])
@pytest.mark.parametrize("fps", RATES)
def test_every_microsleep_of_a_slouched_driver_is_found(slouch_deg: float, fps: float) -> None:
    onsets = np.arange(100.0, 220.0, 8.0).tolist()
    course = Course([*BLINKS, *(Shut(t, t + 1.8) for t in onsets)], pitch=[(80.0, 0.0), (95.0, slouch_deg)])
    found = only(run(course, fps, 230.0), "microsleep")

    assert [event.onset_s for event in found] == pytest.approx(onsets, abs=max(0.1, 1.5 / fps))


@pytest.mark.parametrize("missing", ["left", "right"])
def test_one_eye_is_enough_and_a_missing_eye_is_not_a_closed_one(missing: str) -> None:
    rows = Course([*BLINKS, Shut(80, 82)]).render(frame_times(100, 30))
    one_eyed = [_without(row, missing) for row in rows]

    found = events(one_eyed, Calibration())

    (microsleep,) = only(found, "microsleep")
    assert microsleep.onset_s == pytest.approx(80.0, abs=0.05)
    assert microsleep.t_s == pytest.approx(81.5, abs=0.1)


def test_a_wink_is_neither_a_blink_nor_an_alarm() -> None:
    rows = Course().render(frame_times(100, 30))
    shut = Course([Shut(80, 80.4)]).render(frame_times(100, 30))
    winked = [_with_left(row, other) for row, other in zip(rows, shut, strict=True)]

    assert only(events(winked), "blink", "long_blink", "prolonged") == []


def _without(row: SignalRow, eye: str) -> SignalRow:
    assert row.signals is not None
    return replace(row, signals=replace(row.signals, **{f"ear_{eye}": math.nan}))


def _with_left(row: SignalRow, other: SignalRow) -> SignalRow:
    assert row.signals is not None
    assert other.signals is not None
    return replace(row, signals=replace(row.signals, ear_left=other.signals.ear_left))

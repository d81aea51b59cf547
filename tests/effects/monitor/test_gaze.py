"""How long the driver looks away, and what that leads to."""

import numpy as np
import pytest

from effects.monitor.events import Event
from effects.monitor.signal_csv import SignalRow
from tests.effects.monitor.synthetic import CALIBRATED, Course, Keys, Shut, events, frame_times, only

RATES = (10, 15, 30, 60)


def aside(angle: float, *stretches: tuple[float, float]) -> Keys:
    keys: list[tuple[float, float]] = [(0.0, 0.0)]
    for start_s, lasts_s in stretches:
        keys += [
            (start_s, 0.0),
            (start_s + 0.1, angle),
            (start_s + 0.1 + lasts_s, angle),
            (start_s + 0.2 + lasts_s, 0.0),
        ]
    return keys


def gaze(course: Course, fps: float = 30, seconds: float = 60.0) -> list[Event]:
    rng = np.random.default_rng(3)
    return only(events(course.render(frame_times(seconds, fps), rng, pose_noise=0.5)), "gaze")


def raised(found: list[Event]) -> list[tuple[str, float]]:
    return [(event.state_to or "", event.t_s) for event in found if event.state_to != "ON_ROAD"]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("angle", [-28.0, 28.0, 75.0])
def test_three_five_eleven_seconds(angle: float, fps: float) -> None:
    found = raised(gaze(Course(yaw=aside(angle, (20.0, 14.0))), fps))

    assert [state for state, _ in found] == ["OFF_ROAD_L1", "OFF_ROAD_L2", "OFF_ROAD_L3"]
    assert [t for _, t in found] == pytest.approx([23.1, 25.1, 31.1], abs=0.3)


@pytest.mark.parametrize("fps", RATES)
def test_a_short_look_is_none(fps: float) -> None:
    assert gaze(Course(yaw=aside(30.0, (20.0, 2.6))), fps) == []


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        (Course(pitch=aside(-22.0, (20.0, 4.0))), "down"),
        (Course(gaze_yaw=aside(27.0, (20.0, 4.0))), "iris"),
        (Course(yaw=aside(24.0, (20.0, 4.0))), "aside"),
    ],
    ids=["head down", "irises aside", "head aside"],
)
def test_what_counts_as_away(what: Course, cause: str) -> None:
    first, back = gaze(what)

    assert (first.state_to, first.cause) == ("OFF_ROAD_L1", cause)
    assert (back.state_to, back.cause) == ("ON_ROAD", "back")
    assert first.onset_s == pytest.approx(20.1, abs=0.2)
    assert back.end_s == pytest.approx(24.1, abs=0.3)


@pytest.mark.parametrize(
    "what",
    [
        Course(yaw=aside(17.0, (20.0, 10.0))),
        Course(pitch=aside(-15.0, (20.0, 10.0))),
        Course(pitch=aside(30.0, (20.0, 10.0))),
        Course(gaze_yaw=aside(20.0, (20.0, 10.0))),
        Course(yaw=[(0.0, 0.0)], shuts=[Shut(20.0, 20.3)]),
    ],
    ids=["head a little aside", "a little down", "up", "irises a little aside", "a blink"],
)
def test_what_does_not(what: Course) -> None:
    assert gaze(what) == []


def test_irises_need_both_eyes() -> None:
    rows = Course(gaze_yaw=aside(27.0, (20.0, 6.0)), yaw=[(0.0, 0.0)]).render(frame_times(40, 30))
    one_eyed = [SignalRow(row.t_s, _one_eye(row), None, None) for row in rows]

    assert only(events(one_eyed), "gaze") == []


def test_blinks_while_looking_aside_with_the_eyes_are_no_look_back() -> None:
    rows = Course([Shut(22.0, 22.2)], gaze_yaw=aside(27.0, (20.0, 4.0))).render(frame_times(40, 30))
    blinking = [
        SignalRow(row.t_s, _without_gaze(row) if 21.9 < row.t_s < 22.4 else row.signals, None, None) for row in rows
    ]

    first, _ = only(events(blinking), "gaze")

    assert first.t_s == pytest.approx(23.1, abs=0.25)


@pytest.mark.parametrize("fps", RATES)
def test_mirrors_have_a_free_second(fps: float) -> None:
    assert gaze(Course(yaw=aside(48.0, (20.0, 3.6))), fps) == []
    ((state, t_s),) = raised(gaze(Course(yaw=aside(48.0, (20.0, 4.5))), fps))
    assert state == "OFF_ROAD_L1"
    assert t_s == pytest.approx(24.1, abs=0.3)


def test_a_short_look_back_holds_the_count_and_a_long_one_resets_it() -> None:
    held = raised(gaze(Course(yaw=aside(30.0, (20.0, 2.0), (23.5, 2.0)))))
    reset = raised(gaze(Course(yaw=aside(30.0, (20.0, 2.0), (25.0, 2.0)))))

    assert [state for state, _ in held] == ["OFF_ROAD_L1"]
    assert held[0][1] == pytest.approx(24.6, abs=0.3)
    assert reset == []


def test_many_looks_in_half_a_minute_count_as_five_seconds() -> None:
    stretches = [(20.0 + 5.0 * index, 2.6) for index in range(5)]

    ((state, t_s),) = raised(gaze(Course(yaw=aside(30.0, *stretches))))

    assert state == "OFF_ROAD_L2"
    assert t_s == pytest.approx(37.3, abs=0.5)


def test_it_is_against_the_learnt_neutral() -> None:
    from dataclasses import replace

    rows = Course(yaw=[(0.0, 25.0)], pitch=[(0.0, -12.0)]).render(frame_times(40, 30))
    seated = replace(CALIBRATED, neutral_deg=(25.0, -12.0, 0.0), gaze_yaw_deg=25.0)

    assert only(events(rows, seated), "gaze") == []
    assert only(events(rows), "gaze") != []


def test_without_a_face_nobody_looks_away() -> None:
    found = gaze(Course(yaw=aside(30.0, (20.0, 20.0)), unseen=[(21.0, 45.0)]))

    assert found == []


def _one_eye(row: SignalRow):
    from dataclasses import replace

    assert row.signals is not None
    return replace(row.signals, ear_left=float("nan"))


def _without_gaze(row: SignalRow):
    from dataclasses import replace

    assert row.signals is not None
    return replace(row.signals, gaze_deg=(float("nan"), float("nan")))

"""What is shown and sounds, latches and is acknowledged."""

import pytest

from effects.monitor.conditions import Standing
from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.playback import Playback
from effects.monitor.reading import Reading
from effects.monitor.warning import Condition, Sound, Warned, WarningState
from tests.effects.monitor.synthetic import CALIBRATED, Course, Shut, frame_times


def sounds(
    state: WarningState, conditions: list[Condition], start_s: float, seconds: float
) -> list[tuple[float, Sound]]:
    found = []
    for tenth in range(round(seconds * 10)):
        t_s = round(start_s + tenth / 10, 3)
        found += [(t_s, each.sound) for each in state.step(t_s, conditions) if each.sound]
    return found


def test_nothing_warns_of_nothing() -> None:
    assert WarningState().step(0.0, []) == ()
    assert WarningState().step(0.0, [], ack=True) == ()


def test_l1_sounds_once() -> None:
    assert sounds(WarningState(), [Condition("gaze", "L1", "aside", 1.0)], 1.0, 30.0) == [(1.0, "chime")]


def test_l2_repeats_every_two_seconds_until_it_is_acknowledged() -> None:
    state, on = WarningState(), [Condition("closure", "L2", "microsleep", 1.0)]

    assert sounds(state, on, 1.0, 5.0) == [(1.0, "two_tone"), (3.0, "two_tone"), (5.0, "two_tone")]
    state.step(6.0, on, ack=True)
    assert sounds(state, on, 6.1, 10.0) == []


def test_an_acknowledgement_never_silences_a_new_microsleep() -> None:
    state = WarningState()
    state.step(1.0, [Condition("closure", "L2", "microsleep", 1.0)])
    state.step(1.1, [Condition("closure", "L2", "microsleep", 1.0)], ack=True)

    (warned,) = state.step(1.2, [Condition("closure", "L2", "microsleep", 9.0)])

    assert warned.sound == "two_tone"
    assert not warned.acknowledged


def test_an_acknowledgement_never_silences_what_gets_worse() -> None:
    state = WarningState()
    state.step(1.0, [Condition("closure", "L2", "microsleep", 1.0)], ack=True)

    (warned,) = state.step(2.5, [Condition("closure", "L3", "sleep", 1.0)])

    assert (warned.sound, warned.acknowledged) == ("alarm", False)


@pytest.mark.parametrize(
    ("acknowledged_s", "gone_s", "over_s"),
    [(5.0, 8.0, 9.0), (12.0, 8.0, 12.0), (None, 8.0, None)],
    ids=["acknowledged while closed", "acknowledged later", "never"],
)
def test_l3_is_latched(acknowledged_s: float | None, gone_s: float, over_s: float | None) -> None:
    state, on = WarningState(), [Condition("closure", "L3", "sleep", 1.0)]
    ended_s = None
    for tenth in range(10, 200):
        t_s = tenth / 10
        warned = state.step(t_s, on if t_s < gone_s else [], ack=t_s == acknowledged_s)
        if warned:
            assert warned[0].sound == "alarm"
            assert warned[0].latched == (t_s >= gone_s)
        elif ended_s is None:
            ended_s = t_s

    assert ended_s == (None if over_s is None else pytest.approx(over_s, abs=0.11))


def test_a_new_closure_keeps_an_unacknowledged_l3() -> None:
    state = WarningState()
    state.step(1.0, [Condition("closure", "L3", "sleep", 1.0)])
    state.step(2.0, [])

    (warned,) = state.step(2.5, [Condition("closure", "L1", "soft", 2.0)])

    assert warned.rank == "L3"


def test_the_most_urgent_comes_first() -> None:
    conditions = [Condition("face", "NOTE", "face_lost", 0.0), Condition("closure", "L3", "sleep", 0.0)]

    assert [each.rank for each in WarningState().step(0.0, conditions)] == ["L3", "NOTE"]


def watched(course: Course, seconds: float, parked: bool = False) -> list[Reading]:
    playback = Playback(DrowsinessMonitor(CALIBRATED, parked=parked))
    return [
        reading
        for row in course.render(frame_times(seconds, 30))
        for reading in playback.frame(row.t_s, lambda row=row: playback.monitor.update_row(row))
    ]


def of(readings: list[Reading], key: str) -> list[tuple[Reading, Warned]]:
    return [(reading, warned) for reading in readings for warned in reading.warnings if warned.key == key]


def test_a_sleeping_driver_is_warned_harder_and_harder() -> None:
    ranks: list[tuple[str, float]] = []
    for reading, warned in of(watched(Course([Shut(20.0, 25.0)]), 40.0), "closure"):
        if not ranks or ranks[-1][0] != warned.rank:
            ranks.append((warned.rank, reading.t_s - 20.0))

    assert [rank for rank, _ in ranks] == ["L1", "L2", "L3"]
    assert [t for _, t in ranks] == pytest.approx([1.0, 1.5, 3.0], abs=0.1)


def test_a_lost_face_is_seen_at_two_seconds_and_heard_at_three_and_ten() -> None:
    readings = watched(Course(unseen=[(20.0, 40.0)]), 40.0)

    assert of(readings, "face")[0][0].t_s == pytest.approx(22.0, abs=0.1)
    chimes = [reading.t_s for reading in readings for each in reading.warnings if each.sound == "chime"]
    assert chimes == pytest.approx([23.0, 30.0], abs=0.1)


def test_a_stall_is_announced_every_ten_seconds() -> None:
    monitor = DrowsinessMonitor(CALIBRATED)
    tones = []
    for tenth in range(300):
        reading = monitor.tick(tenth / 10, None)
        tones += [reading.t_s for each in reading.warnings if each.sound == "tone"]

    assert tones == pytest.approx([1.0, 11.0, 21.0], abs=0.11)


def test_parked_is_calm_and_keeps_sleep_as_a_chime() -> None:
    readings = watched(Course([Shut(20.0, 22.0), Shut(30.0, 35.0)], yaw=[(40.0, 0), (40.2, 40), (60, 40)]), 60, True)

    heard = [(warned.key, warned.sound) for reading in readings for warned in reading.warnings if warned.sound]
    assert heard == [("closure", "chime")]
    assert all(reading.parked for reading in readings)
    assert any(event.kind == "microsleep" for reading in readings for event in reading.events)


@pytest.mark.parametrize(
    ("speeds", "still"), [([None] * 50, False), ([0.0] * 50, True), ([0.0] * 20, False), ([0.0] * 50 + [12.0], False)]
)
def test_a_known_speed_of_zero_is_parked(speeds: list[float | None], still: bool) -> None:
    standing = Standing()
    for tenth, speed in enumerate(speeds):
        standing.step(tenth / 10, speed)

    assert standing.still == still

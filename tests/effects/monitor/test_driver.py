"""Only the driver is watched."""

import math
from dataclasses import replace

import numpy as np
import pytest

from effects.monitor.calibration import Calibration
from effects.monitor.driver import DriverState
from effects.monitor.monitor import DrowsinessMonitor
from models.types import Face, Perception, Signals

SIZE_WH = (1280, 720)
OPEN = Signals(0.28, 0.28, 0.05, 0.5, 0.0, (0.0, 0.0, 0.0), (0.0, 0.0))
SHUT = replace(OPEN, ear_left=0.05, ear_right=0.05)


def face(
    track_id: int, x: float, height: float = 300.0, signals: Signals | None = OPEN, coasting: bool = False
) -> Face:
    half = height * 0.4
    box = np.array([x - half, 360 - height / 2, x + half, 360 + height / 2], np.float32)
    return Face(track_id, coasting, 0.9, 1.0, box, None, None, signals, None)


def test_nobody() -> None:
    assert DriverState().choose(0.0, [], SIZE_WH) is None


def test_the_largest_face_first_then_the_same_track() -> None:
    state = DriverState()

    assert state.choose(0.0, [face(1, 900, 200), face(2, 400, 300)], SIZE_WH).track_id == 2
    assert state.choose(0.1, [face(1, 900, 400), face(2, 400, 250)], SIZE_WH).track_id == 2


def test_before_the_seat_is_learnt_a_clearly_larger_face_takes_over() -> None:
    state = DriverState()
    both = [face(1, 900, 200), face(2, 400, 300)]
    alone = [state.choose(tenth / 10, both[:1], SIZE_WH) for tenth in range(20)]
    chosen = [state.choose(2 + tenth / 10, both, SIZE_WH) for tenth in range(20)]

    assert {each.track_id for each in alone if each} == {1}
    assert [each.track_id for each in chosen if each] == [1] * 10 + [2] * 10


def test_after_it_is_learnt_nobody_does() -> None:
    state = DriverState()
    for tenth in range(120):
        state.choose(tenth / 10, [face(1, 900, 200)], SIZE_WH)

    both = [face(1, 900, 200), face(2, 400, 400)]
    assert {state.choose(12 + tenth / 10, both, SIZE_WH).track_id for tenth in range(60)} == {1}


@pytest.mark.parametrize("seat_x", [0.3, 0.7])
def test_the_learnt_seat_decides_on_either_side(seat_x: float) -> None:
    state = DriverState(seat=(seat_x, 0.5, 0.3))

    driver = state.choose(0.0, [face(1, 384, 240), face(2, 896, 240), face(3, 640, 500)], SIZE_WH)

    assert driver is not None
    assert driver.track_id == (1 if seat_x < 0.5 else 2)


def test_a_passenger_never_takes_over_from_another_place() -> None:
    state = DriverState()
    for tenth in range(120):
        state.choose(tenth / 10, [face(1, 400), face(2, 900, 250)], SIZE_WH)

    assert all(state.choose(12 + tenth / 10, [face(2, 900, 250)], SIZE_WH) is None for tenth in range(200))


def test_a_new_track_in_the_drivers_place_takes_over_after_two_seconds() -> None:
    state = DriverState()
    for tenth in range(120):
        state.choose(tenth / 10, [face(1, 400)], SIZE_WH)

    taken = [state.choose(12 + tenth / 10, [face(7, 420)], SIZE_WH) for tenth in range(40)]

    first = next(index for index, each in enumerate(taken) if each is not None)
    assert first / 10 == pytest.approx(1.9, abs=0.15)


@pytest.mark.parametrize("unfit", [face(1, 400, coasting=True), face(1, 400, signals=None)])
def test_a_face_that_is_not_really_seen_is_none(unfit: Face) -> None:
    assert DriverState().choose(0.0, [unfit], SIZE_WH) is None


def perception(t_s: float, faces: tuple[Face, ...]) -> Perception:
    return Perception(round(t_s * 30), t_s, SIZE_WH, faces, None, 0, (110.0, 0.0, 1.0), "cpu")


def test_a_sleeping_passenger_is_no_alarm_and_a_sleeping_driver_is() -> None:
    def alarms(driver: Signals, passenger: Signals) -> int:
        monitor = DrowsinessMonitor(Calibration(source="quick", seat=(0.3, 0.5, 0.42)))
        count = 0
        for index in range(300):
            t_s = index / 30
            asleep = t_s > 3
            both = (
                face(1, 384, signals=driver if asleep else OPEN),
                face(2, 900, signals=passenger if asleep else OPEN),
            )
            found = monitor.see(t_s, None, perception(t_s, both)).events
            count += sum(event.kind == "microsleep" for event in found)
        return count

    assert alarms(OPEN, SHUT) == 0
    assert alarms(SHUT, OPEN) == 1


def test_another_driver_is_learnt_anew() -> None:
    monitor = DrowsinessMonitor()
    for index in range(30 * 20):
        monitor.see(index / 30, None, perception(index / 30, (face(1, 400),)))
    assert monitor.regions.learner.calibration.source == "self"

    for index in range(30 * 20, 30 * 24):
        monitor.see(index / 30, None, perception(index / 30, (face(9, 400),)))

    assert monitor.regions.learner.calibration.source == "prior"
    assert not math.isnan(monitor.regions.openness)

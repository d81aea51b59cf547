"""Yawns and nods: what they are and what they are not."""

import numpy as np
import pytest

from effects.monitor.mouth import MouthState
from tests.effects.monitor.synthetic import Course, Shut, events, frame_times, only

RATES = (10, 30, 60)


def wide(lasts_s: float, mar: float = 0.8) -> list[tuple[float, float]]:
    return [(10.0, 0.05), (10.5, mar), (10.5 + lasts_s, mar), (11.0 + lasts_s, 0.05)]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize(("lasts_s", "count"), [(0.7, 0), (2.0, 1), (6.0, 1), (14.0, 0)])
def test_a_yawn_lasts(lasts_s: float, count: int, fps: float) -> None:
    yawns = only(events(Course(mar=wide(lasts_s)).render(frame_times(40, fps))), "yawn")

    assert len(yawns) == count
    for yawn in yawns:
        assert yawn.onset_s == pytest.approx(10.4, abs=0.25)
        assert yawn.end_s == pytest.approx(10.7 + lasts_s, abs=0.3)


@pytest.mark.parametrize(
    "mar", [wide(3.0, 0.55), [(10 + index * 0.2, 0.5 * (index % 2)) for index in range(100)]], ids=["half", "talking"]
)
def test_what_is_no_yawn(mar: list[tuple[float, float]]) -> None:
    assert only(events(Course(mar=mar).render(frame_times(40, 30))), "yawn") == []


def test_a_mouth_that_is_lost_is_not_believed() -> None:
    state = MouthState()
    found = [state.step(index / 10, 0.9) for index in range(30)]
    state.lost()

    assert [*found, *(state.step(3 + index / 10, 0.05) for index in range(10))] == [None] * 40


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize(
    ("shut", "fall_deg", "back_s", "count"),
    [
        (Shut(10, 11.5), -20.0, 1.0, 1),
        (Shut(10, 10.2), -20.0, 1.0, 0),
        (Shut(10, 11.5), -10.0, 1.0, 0),
        (Shut(10, 11.5), -20.0, 5.0, 0),
    ],
    ids=["nod", "a blink only", "not deep", "does not come up again"],
)
def test_a_nod(shut: Shut, fall_deg: float, back_s: float, count: int, fps: float) -> None:
    pitch = [(10.6, 0.0), (11.0, fall_deg), (11.0 + back_s, fall_deg), (11.4 + back_s, 0.0)]
    found = events(Course([shut], pitch=pitch).render(frame_times(30, fps), np.random.default_rng(1), pose_noise=0.3))

    assert len(only(found, "nod")) == count

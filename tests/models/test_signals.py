"""Signals of the canonical face in known poses, with known lids, mouth and irises."""

import math

import numpy as np
import pytest

from models import signals
from models.geometry import head_pose
from models.signals import GazeState
from models.types import F32, Signals
from tests.posed_face import posed_mesh

FPS = 30.0


def read(mesh: F32, t_s: float = 0.0, state: GazeState | None = None) -> tuple[Signals, GazeState]:
    return signals.read(mesh, head_pose(mesh), t_s, state)


def looking_ahead(seconds: float, start_s: float = 0.0, state: GazeState | None = None) -> GazeState:
    """The state after watching a face that looks straight ahead."""
    for index in range(round(seconds * FPS)):
        _, state = read(posed_mesh(), start_s + index / FPS, state)
    assert state is not None
    return state


def test_an_open_eye_reads_as_open_and_a_shut_one_as_shut() -> None:
    opened, right_shut = signals.read_still(posed_mesh()), signals.read_still(posed_mesh(lids=(0.95, 0)))
    assert 0.2 < opened.ear_right == pytest.approx(opened.ear_left, abs=0.01)
    assert right_shut.ear_right < 0.05
    assert right_shut.ear_left == pytest.approx(opened.ear_left, abs=1e-3)
    left_open, right_open = signals.eye_open(right_shut)
    assert right_open < 0.3 < 0.7 < left_open


@pytest.mark.parametrize("angles", [(0, -25, 0), (0, 20, 0), (20, 0, 0), (-20, -10, 0), (0, 0, 40), (25, -20, -30)])
def test_turning_the_head_does_not_close_an_eye(angles: tuple[float, float, float]) -> None:
    straight, turned = signals.read_still(posed_mesh()), signals.read_still(posed_mesh(angles))
    for ahead, aside in ((straight.ear_right, turned.ear_right), (straight.ear_left, turned.ear_left)):
        assert math.isnan(aside) or aside == pytest.approx(ahead, rel=0.02)
    assert turned.mar == pytest.approx(straight.mar, abs=0.01)
    assert turned.mouth_width == pytest.approx(straight.mouth_width, rel=0.02)
    assert turned.brow == pytest.approx(straight.brow, rel=0.02)
    np.testing.assert_allclose(turned.pose_deg, angles, atol=0.3)


@pytest.mark.parametrize(("yaw", "near"), [(45, "right"), (-45, "left")])
def test_the_far_eye_is_not_read(yaw: float, near: str) -> None:
    turned = signals.read_still(posed_mesh((yaw, 0, 0)))
    readable = {"right": turned.ear_right, "left": turned.ear_left}
    assert math.isfinite(readable.pop(near))
    assert math.isnan(readable.popitem()[1])
    left_open, right_open = signals.eye_open(turned)
    assert left_open == right_open > 0.3


def test_nothing_readable_is_not_shut() -> None:
    blind = Signals(math.nan, math.nan, 0, 1, 0.2, (0, 0, 0), (math.nan, math.nan))
    assert all(math.isnan(value) for value in signals.eye_open(blind))


def test_size_and_place_do_not_matter() -> None:
    one, other = signals.read_still(posed_mesh()), signals.read_still(posed_mesh(centre_xy=(90, 500), px_per_cm=3.5))
    for name in ("ear_right", "ear_left", "mar", "mouth_width", "brow"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-3, abs=1e-4)


def test_an_opening_mouth_raises_the_ratio() -> None:
    ratios = [signals.read_still(posed_mesh(mouth_cm=gap)).mar for gap in (0, 1, 2, 3)]
    assert ratios == sorted(ratios)
    assert ratios[3] - ratios[0] == pytest.approx(3 / (2 * 2.153), rel=0.05)
    assert signals.mouth_open(signals.read_still(posed_mesh(mouth_cm=3))) > 0.8
    assert 0 <= signals.mouth_open(signals.read_still(posed_mesh())) < 0.3


@pytest.mark.parametrize(
    ("iris_cm", "yaw", "pitch"), [((0.3, 0), 20.9, 0), ((-0.3, 0), -20.9, 0), ((0, -0.2), 0, -22.6)]
)
def test_gaze_is_measured_from_the_learnt_neutral(iris_cm: tuple[float, float], yaw: float, pitch: float) -> None:
    state = looking_ahead(2.5)
    aside, _ = read(posed_mesh(iris_cm=iris_cm), 2.6, state)
    np.testing.assert_allclose(aside.gaze_deg, (yaw, pitch), atol=2.0)


def test_a_personal_offset_of_the_irises_is_learnt_away() -> None:
    state: GazeState | None = None
    offset = (0.15, -0.1)
    first, _ = read(posed_mesh(iris_cm=offset))
    assert first.gaze_deg[0] > 8
    for index in range(90):
        _, state = read(posed_mesh(iris_cm=offset), index / FPS, state)
    ahead, _ = read(posed_mesh(iris_cm=offset), 3.1, state)
    np.testing.assert_allclose(ahead.gaze_deg, (0, 0), atol=1.0)


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_learning_takes_the_same_time_at_any_frame_rate(fps: int) -> None:
    state: GazeState | None = None
    learnt: list[float] = []
    for index in range(5 * fps):
        _, state = read(posed_mesh(iris_cm=(0.15, 0)), index / fps, state)
        learnt.append(state.learnt_s)
    assert learnt[round(1.5 * fps)] == pytest.approx(1.5, abs=0.15)
    assert learnt[-1] == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize(
    ("mesh", "why"),
    [
        (posed_mesh((0, -35, 0)), "head too far down"),
        (posed_mesh(lids=(0.6, 0.6)), "eyes nearly shut"),
        (posed_mesh(lids=(0.9, 0)), "one eye shut"),
    ],
)
def test_gaze_is_not_read_when_it_cannot_be(mesh: F32, why: str) -> None:
    seen, _ = read(mesh, 2.6, looking_ahead(2.5))
    assert all(math.isnan(angle) for angle in seen.gaze_deg), why


def test_gaze_stays_unreadable_for_a_moment_after_a_blink() -> None:
    state = looking_ahead(2.5)
    _, state = read(posed_mesh(lids=(1, 1)), 2.6, state)
    just_open, state = read(posed_mesh(), 2.65, state)
    later, _ = read(posed_mesh(), 2.8, state)
    assert math.isnan(just_open.gaze_deg[0])
    assert math.isfinite(later.gaze_deg[0])


def test_the_near_eye_is_enough_when_the_head_is_far_aside() -> None:
    seen, _ = read(posed_mesh((45, 0, 0)), 2.6, looking_ahead(2.5))
    assert math.isfinite(seen.gaze_deg[0])


def test_eyes_that_disagree_are_not_believed() -> None:
    crossed = posed_mesh(iris_cm=(0.3, 0))
    crossed[468:473] = posed_mesh(iris_cm=(-0.1, 0))[468:473]
    seen, _ = read(crossed, 2.6, looking_ahead(2.5))
    assert math.isnan(seen.gaze_deg[0])


def test_reading_changes_neither_mesh_nor_state() -> None:
    mesh, state = posed_mesh(), looking_ahead(1.0)
    before = mesh.copy()
    first, _ = read(mesh, 1.1, state)
    again, _ = read(mesh, 1.1, state)
    assert first == again
    np.testing.assert_array_equal(mesh, before)

"""The crop on posed canonical faces: where it lies, how it rests, how it runs ahead, when it asks to look again."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from models import croplock
from models.croplock import CropState
from models.geometry import head_pose
from models.landmarks import Region, region_from_mesh
from models.types import F32
from tests.posed_face import posed_mesh

FRAME_RATES = [15, 30, 60]


def off(region: Region, truth: Region) -> float:
    """Distance of two regions' middles, in sides."""
    away = np.subtract(region.center_xy, truth.center_xy)
    return float(np.hypot(*away)) / truth.side_px


def run(truth: Callable[[float], F32], times: np.ndarray, noise_px: float = 0.0) -> list[tuple[Region, F32]]:
    """The regions aimed at, and the face that was really there, from the second frame on."""
    rng, state, out = np.random.default_rng(5), None, []
    for t_s in times:
        mesh = truth(float(t_s))
        seen = mesh + rng.normal(0, noise_px, mesh.shape).astype(np.float32)
        pose = head_pose(seen)
        if state is None:
            state = croplock.start(seen, pose, float(t_s))
            continue
        region = croplock.aim(state, float(t_s))
        out.append((region, mesh))
        state = croplock.follow(state, region, seen, pose, float(t_s))
    return out


def locked(mesh: F32) -> Region:
    return croplock.aim(croplock.start(mesh, head_pose(mesh), 0.0), 0.0)


def test_a_frontal_face_gets_the_box_that_mediapipe_would_give_it() -> None:
    mesh = posed_mesh()
    ours, theirs = locked(mesh), region_from_mesh(mesh[:468])
    assert off(ours, theirs) < 0.02
    assert ours.side_px == pytest.approx(theirs.side_px, rel=0.02)
    assert ours.angle_rad == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("roll", [-150, -30, 45, 179])
def test_the_crop_turns_with_the_head(roll: float) -> None:
    assert locked(posed_mesh((0, 0, roll))).angle_rad == pytest.approx(math.radians(roll), abs=0.01)


def test_an_open_mouth_does_not_move_the_crop() -> None:
    closed, opened = locked(posed_mesh()), locked(posed_mesh(mouth_cm=3))
    assert off(opened, closed) < 1e-6
    assert opened.side_px == pytest.approx(closed.side_px)


def test_from_the_lock_to_the_box_of_a_profile_there_is_no_jump() -> None:
    regions = [locked(posed_mesh((yaw, 0, 0))) for yaw in np.arange(25, 46, 0.25)]
    steps = [off(one, other) for one, other in zip(regions, regions[1:], strict=False)]
    assert max(steps) < 0.01
    profile = posed_mesh((45, 0, 0))
    assert off(locked(profile), region_from_mesh(profile)) < 1e-6


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_resting_crop_hardly_trembles(fps: int) -> None:
    regions = [region for region, _ in run(lambda _: posed_mesh(), np.arange(4 * fps) / fps, noise_px=0.25)]
    middles = np.array([region.center_xy for region in regions[fps:]])
    assert np.abs(middles - locked(posed_mesh()).center_xy).max() < 0.15
    assert np.linalg.norm(np.diff(middles, axis=0), axis=1).max() < 0.03


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_moving_face_is_met_where_it_is(fps: int) -> None:
    def panning(t_s: float) -> F32:
        return posed_mesh(centre_xy=(300 + 200 * t_s, 360))

    for region, mesh in run(panning, np.arange(2 * fps) / fps)[3:]:
        assert off(region, locked(mesh)) < 0.003


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_growth_and_roll_are_predicted_too(fps: int) -> None:
    def coming(t_s: float) -> F32:
        return posed_mesh((0, 0, 40 * t_s), px_per_cm=8 * math.exp(0.4 * t_s))

    for region, mesh in run(coming, np.arange(2 * fps) / fps)[3:]:
        truth = locked(mesh)
        assert region.side_px == pytest.approx(truth.side_px, rel=0.003)
        assert region.angle_rad == pytest.approx(truth.angle_rad, abs=0.005)


def test_a_face_that_rolls_over_is_not_lost_at_the_seam() -> None:
    for region, mesh in run(lambda t_s: posed_mesh((0, 0, 120 * t_s)), np.arange(120) / 30)[3:]:
        away = math.remainder(region.angle_rad - locked(mesh).angle_rad, math.tau)
        assert abs(away) < 0.01


def test_nothing_is_predicted_across_a_long_gap() -> None:
    state = croplock.start(posed_mesh(), head_pose(posed_mesh()), 0.0)
    for index in range(1, 10):
        mesh = posed_mesh(centre_xy=(640 + 10 * index, 360))
        state = croplock.follow(state, croplock.aim(state, index / 30), mesh, head_pose(mesh), index / 30)
    soon, late = croplock.aim(state, 0.4), croplock.aim(state, 30.0)
    assert late.center_xy[0] - soon.center_xy[0] < 30


def test_frames_at_the_same_time_are_safe() -> None:
    mesh = posed_mesh()
    state = croplock.start(mesh, head_pose(mesh), 1.0)
    state = croplock.follow(state, croplock.aim(state, 1.0), mesh, head_pose(mesh), 1.0)
    assert all(math.isfinite(each) for each in state.velocity)


class TestSecondLook:
    @pytest.fixture
    def state(self) -> CropState:
        return croplock.start(posed_mesh(), head_pose(posed_mesh()), 0.0)

    def test_a_good_crop_is_enough(self, state: CropState) -> None:
        mesh = posed_mesh(centre_xy=(641, 360))
        assert croplock.second_look(state, croplock.aim(state, 0.033), mesh, head_pose(mesh), 0.033) is None

    def test_a_missed_face_is_looked_at_where_it_is(self, state: CropState) -> None:
        mesh = posed_mesh(centre_xy=(660, 350))
        again = croplock.second_look(state, croplock.aim(state, 0.033), mesh, head_pose(mesh), 0.033)
        assert again is not None
        assert off(again, locked(mesh)) < 1e-6

    def test_slow_frames_leave_time_for_smaller_misses(self, state: CropState) -> None:
        mesh = posed_mesh(centre_xy=(643.4, 360))
        used = croplock.aim(state, 0.0)
        assert croplock.second_look(state, used, mesh, head_pose(mesh), 1 / 30) is None
        assert croplock.second_look(state, used, mesh, head_pose(mesh), 1 / 15) is not None

"""One track through time: fading, coasting, its growing box, what it expects and what it knows."""

import math

import numpy as np
import pytest

from models.appearance import LOOK_SHAPE
from models.tracks import COAST_S, Track, apart, face_size_px, overlap
from models.types import F32
from tests.posed_face import posed_mesh

FRAME_RATES = [10, 30, 60]
KEYPOINTS = np.array([[40, 40], [80, 40], [60, 65], [45, 85], [75, 85]], np.float32)


def box(x: float, y: float, side: float = 100.0) -> F32:
    return np.array([x, y, x + side, y + side], np.float32)


def new_track(t_s: float = 0.0) -> Track:
    return Track(1, t_s, box(0, 0), KEYPOINTS, box(0, 0), 0.9)


def walk(track: Track, px_per_s: float, fps: int, seconds: float) -> float:
    """Let it be seen walking to the right; the time of the last frame."""
    for index in range(1, round(seconds * fps) + 1):
        shift = px_per_s * index / fps
        track.see(box(shift, 0), KEYPOINTS + np.float32([shift, 0]), 0.9, index / fps)
    return index / fps


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_it_fades_in_and_out_within_a_fifth_of_a_second(fps: int) -> None:
    track = new_track()
    weights = [track.weight]
    for _ in range(math.ceil(0.2 * fps)):
        track.ease(1 / fps)
        weights.append(track.weight)
    assert weights[0] == 0
    assert weights[-1] == pytest.approx(1)
    assert weights == sorted(weights)
    track.coasting = True
    for _ in range(math.ceil(0.2 * fps)):
        track.ease(1 / fps)
    assert track.weight == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_it_expects_a_walker_to_go_on(fps: int) -> None:
    track = new_track()
    last_s = walk(track, 200, fps, 1.0)
    expected, keypoints = track.expect(last_s + 0.1)
    assert expected[0] == pytest.approx(200 + 20, abs=3)
    np.testing.assert_allclose(keypoints - KEYPOINTS, [[expected[0], 0]] * 5, atol=1)


def test_it_does_not_expect_a_walker_to_go_on_for_ever() -> None:
    track = new_track()
    last_s = walk(track, 200, 30, 1.0)
    assert track.expect(last_s + 60)[0][0] < 200 + 200


def test_a_neighbour_that_drags_the_mesh_along_hardly_changes_the_course() -> None:
    track = new_track()
    last_s = walk(track, 200, 30, 1.0)
    track.see(box(200 - 10, 0), KEYPOINTS, 0.9, last_s + 1 / 30, crowded=True)
    assert track.velocity[0] > 180


def test_the_coasting_box_grows_and_covers_where_it_was_and_where_it_may_be() -> None:
    track = new_track()
    last_s = walk(track, 300, 30, 1.0)
    areas = []
    before_s = last_s
    for index in range(1, 16):
        t_s = last_s + index / 30
        track.coast(t_s, before_s)
        before_s = t_s
        inner = [track.held_xyxy, track.expect(t_s)[0]]
        assert all((track.box_xyxy[:2] <= b[:2]).all() and (track.box_xyxy[2:] >= b[2:]).all() for b in inner)
        areas.append(float(np.prod(track.box_xyxy[2:] - track.box_xyxy[:2])))
    assert areas == sorted(areas)
    assert areas[-1] > 3 * 100 * 100
    assert track.coasting


def test_the_held_mesh_drifts_along_and_raw_values_are_gone() -> None:
    track = new_track()
    last_s = walk(track, 300, 30, 1.0)
    track.mesh = track.mesh_raw = posed_mesh(centre_xy=(350, 50), px_per_cm=6)
    kept = track.mesh.copy()
    track.coast(last_s + 1 / 30, last_s)
    track.coast(last_s + 2 / 30, last_s + 1 / 30)
    assert track.mesh is not None
    drift = track.mesh[:, 0] - kept[:, 0]
    np.testing.assert_allclose(drift, 300 * 2 / 30, atol=2)
    assert track.mesh_raw is None
    assert track.signals is None


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_it_coasts_for_half_a_second(fps: int) -> None:
    track = new_track()
    track.coast(COAST_S - 1e-6, 0)
    assert not track.has_gone(COAST_S - 1e-6)
    assert track.has_gone(COAST_S + 1 / fps)


def test_a_doubt_holds_it_longer_but_not_for_ever() -> None:
    track = new_track()
    track.coast(0.4, 0)
    track.doubt_s = 0.4
    assert not track.has_gone(0.8)
    assert track.has_gone(0.95)
    track.doubt_s = 20.0
    assert track.has_gone(20.1)


def test_being_seen_ends_coasting_and_doubt() -> None:
    track = new_track()
    track.coast(0.1, 0)
    track.doubt_s = 0.1
    track.see(box(5, 5), KEYPOINTS, 0.8, 0.2)
    assert not track.coasting
    assert math.isnan(track.doubt_s)
    np.testing.assert_array_equal(track.box_xyxy, box(5, 5))


def test_looks_are_kept_by_view() -> None:
    track, look = new_track(), np.ones(LOOK_SHAPE, np.float32)
    assert math.isnan(track.unlike(look, KEYPOINTS))
    track.learn(look, KEYPOINTS, 0.0)
    assert track.unlike(look, KEYPOINTS) == 0
    aside = KEYPOINTS + np.float32([[0, 0], [0, 0], [20, 0], [0, 0], [0, 0]])
    assert math.isnan(track.unlike(look, aside))


def test_learning_leaves_an_exported_copy_alone() -> None:
    track = new_track()
    track.learn(np.ones(LOOK_SHAPE, np.float32), KEYPOINTS, 0.0)
    kept = track.looks
    copy = kept.copy()
    track.learn(np.zeros(LOOK_SHAPE, np.float32), KEYPOINTS, 1.0)
    np.testing.assert_array_equal(kept, copy)


def test_measures() -> None:
    assert face_size_px(np.array([0, 0, 30, 50], np.float32)) == 50
    assert face_size_px(np.zeros(4, np.float32)) == 1
    assert apart(KEYPOINTS, KEYPOINTS + 3) == pytest.approx(3 * math.sqrt(2))
    assert overlap(box(0, 0), box(50, 0)) == pytest.approx(1 / 3)

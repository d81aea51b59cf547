"""The filter on meshes whose truth is known: steady, without lag, quick with lids, the same at any frame rate."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from models.smoothing import SmoothingState, smooth
from models.topology import LEFT_UPPER_LID, OUTER_EYE_CORNERS, RIGHT_LOWER_LID, RIGHT_UPPER_LID
from models.types import F32
from tests.posed_face import posed_mesh

NOISE_PX = 0.25
FRAME_RATES = [15, 30, 60]


def run(truth: Callable[[float], F32], times: np.ndarray, noise_px: float = NOISE_PX) -> tuple[np.ndarray, np.ndarray]:
    """Truth and smoothed landmarks, (n, 478, 3) each, of a noisy measurement."""
    rng, state = np.random.default_rng(3), None
    real, smoothed = [], []
    for t_s in times:
        mesh = truth(float(t_s))
        noisy = mesh + rng.normal(0, noise_px, mesh.shape).astype(np.float32)
        result, state = smooth(noisy, float(t_s), state)
        real.append(mesh)
        smoothed.append(result)
    return np.array(real), np.array(smoothed)


def panning(t_s: float) -> F32:
    """A face width a second to and fro, rolling and growing."""
    x = 640 + 70 * math.sin(math.tau * 0.45 * t_s)
    return posed_mesh((0, 0, 12 * math.sin(math.tau * 0.4 * t_s)), (x, 360), 12 * math.exp(0.15 * math.sin(2 * t_s)))


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_noise_on_a_still_face_is_damped(fps: int) -> None:
    real, smoothed = run(lambda _: posed_mesh(), np.arange(4 * fps) / fps)
    rms_px = np.sqrt(((smoothed - real)[fps:, :, :2] ** 2).sum(axis=2).mean())
    assert rms_px < 0.7 * NOISE_PX * math.sqrt(2)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_moving_face_is_followed_without_lag(fps: int) -> None:
    times = np.arange(5 * fps) / fps
    real, smoothed = run(panning, times)
    error = (smoothed - real)[fps:, :, :2]
    between = np.linalg.norm(real[fps:, OUTER_EYE_CORNERS[0], :2] - real[fps:, OUTER_EYE_CORNERS[1], :2], axis=1)
    assert np.percentile(np.linalg.norm(error, axis=2) / between[:, None], 95) < 0.008
    speed = np.gradient(real[..., :2], times, axis=0)[fps:]
    assert abs(-(error * speed).sum() / (speed**2).sum()) < 1e-3


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_lids_are_late_by_less_than_half_a_frame(fps: int) -> None:
    def blinking(t_s: float) -> F32:
        closure = float(np.interp(t_s % 1.1, [0.4, 0.48, 0.56, 0.7], [0, 1, 1, 0]))
        return posed_mesh(lids=(closure, closure))

    times = np.arange(16 * fps) / fps + 0.3 / fps
    real, smoothed = run(blinking, times, noise_px=0.1)
    middle = len(RIGHT_UPPER_LID) // 2
    pair = [RIGHT_UPPER_LID[middle], RIGHT_LOWER_LID[middle]]
    opening = [np.linalg.norm(mesh[:, pair[0], :2] - mesh[:, pair[1], :2], axis=1) for mesh in (real, smoothed)]
    half = opening[0].max() / 2
    late = []
    for rising in (False, True):
        true_s, seen_s = (_crossings(times, signal, half, rising) for signal in opening)
        late += [float(seen_s[np.abs(seen_s - t_s).argmin()] - t_s) * fps for t_s in true_s]
    assert len(late) >= 25
    assert np.percentile(late, 95) <= 0.5


def _crossings(times: np.ndarray, signal: np.ndarray, level: float, rising: bool) -> np.ndarray:
    above = signal > level
    at = np.flatnonzero((above[1:] != above[:-1]) & (above[1:] == rising))
    share = (level - signal[at]) / (signal[at + 1] - signal[at])
    return times[at] + share * (times[at + 1] - times[at])


def test_one_eye_does_not_move_the_other() -> None:
    def winking(t_s: float) -> F32:
        return posed_mesh(lids=(float(0.5 <= t_s < 0.8), 0))

    real, smoothed = run(winking, np.arange(60) / 30, noise_px=0)
    np.testing.assert_allclose(smoothed[:, LEFT_UPPER_LID], real[:, LEFT_UPPER_LID], atol=0.05)


def test_uneven_frame_times_are_followed_as_well_as_even_ones() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.choice([1 / 60, 1 / 30, 1 / 15], 200))
    real, smoothed = run(panning, times)
    assert np.percentile(np.linalg.norm((smoothed - real)[20:, :, :2], axis=2), 95) < 1.0


def test_a_full_turn_of_the_head_has_no_seam() -> None:
    def rolling(t_s: float) -> F32:
        return posed_mesh((0, 0, 90 * t_s))

    real, smoothed = run(rolling, np.arange(150) / 30, noise_px=0)
    assert np.abs(smoothed - real)[30:].max() < 1.5


@pytest.mark.parametrize("gap_s", [0.6, 5.0, -1.0])
def test_after_a_gap_or_a_step_back_it_starts_anew(gap_s: float) -> None:
    state: SmoothingState | None = None
    for index in range(30):
        _, state = smooth(posed_mesh(), 10 + index / 30, state)
    elsewhere = posed_mesh(centre_xy=(200, 200))
    result, _ = smooth(elsewhere, 10 + 29 / 30 + gap_s, state)
    np.testing.assert_array_equal(result, elsewhere)


def test_the_first_frame_and_a_repeated_time_are_safe() -> None:
    mesh = posed_mesh()
    first, state = smooth(mesh, 1.0, None)
    np.testing.assert_array_equal(first, mesh)
    again, _ = smooth(mesh, 1.0, state)
    np.testing.assert_allclose(again, mesh, atol=1e-2)


def test_inputs_are_left_as_they_were() -> None:
    mesh = posed_mesh()
    _, state = smooth(mesh, 0.0, None)
    kept = state.shape.copy()
    moved = posed_mesh(centre_xy=(650, 360))
    before = moved.copy()
    one, _ = smooth(moved, 0.03, state)
    other, _ = smooth(moved, 0.03, state)
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(state.shape, kept)
    np.testing.assert_array_equal(moved, before)
    assert one.dtype == np.float32
    assert one.flags.c_contiguous

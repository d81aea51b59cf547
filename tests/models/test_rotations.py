"""The nearest rotation against LAPACK's decomposition, from the empty matrix up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.rotations import angles_deg_to_rotation, nearest_rotation, rotation_to_angles_deg

matrices = arrays(np.float64, (3, 3), elements=st.floats(-1e4, 1e4, allow_subnormal=False))


@given(st.floats(-80, 80), st.floats(-80, 80), st.floats(-170, 170))
def test_angles_round_trip(yaw: float, pitch: float, roll: float) -> None:
    rotation = angles_deg_to_rotation(yaw, pitch, roll)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rotation_to_angles_deg(rotation), (yaw, pitch, roll), atol=1e-6)


def _strongest(matrix: np.ndarray) -> float:
    left, singular, right = np.linalg.svd(matrix)
    return float(singular[0] + singular[1] + singular[2] * np.sign(np.linalg.det(left @ right)))


@given(matrices)
def test_any_matrix_gives_a_proper_rotation_of_the_largest_trace(matrix: np.ndarray) -> None:
    rotation, trace = nearest_rotation(matrix)
    size = max(float(np.linalg.norm(matrix)), 1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-5)
    assert np.trace(rotation.T @ matrix) == pytest.approx(_strongest(matrix), abs=1e-5 * size)
    assert trace == pytest.approx(_strongest(matrix), abs=1e-5 * size)


@pytest.mark.parametrize("angles", [(0, 0, 0), (0, 0, 180), (170, 0, 0), (-80, 60, 120)])
@pytest.mark.parametrize("stretch", [(1, 1, 1), (9, 4, 1), (9, 4, 0), (9, 4, 1e-9), (1e-6, 1e-6, 1e-7)])
def test_a_stretched_rotation_is_found_again(
    angles: tuple[float, float, float], stretch: tuple[float, float, float]
) -> None:
    truth = angles_deg_to_rotation(*angles)
    rotation, trace = nearest_rotation(truth @ np.diag(stretch))
    np.testing.assert_allclose(rotation, truth, atol=1e-7)
    assert trace == pytest.approx(sum(stretch))


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 3)), np.diag([1.0, 0, 0]), np.diag([1.0, -1, 0]), np.diag([1.0, 1, -1]), -np.eye(3)]
)
def test_what_does_not_tell_rotations_apart_still_gives_one(matrix: np.ndarray) -> None:
    rotation, _ = nearest_rotation(matrix)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)

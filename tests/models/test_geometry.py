"""Fits, pose, boxes and polygons against exact truths."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models import geometry
from models.geometry import Similarity
from models.rotations import angles_deg_to_rotation
from models.topology import RIGID, canonical_face

coordinate = st.floats(-2000, 2000, allow_subnormal=False)
points = st.integers(3, 40).flatmap(lambda n: arrays(np.float64, (n, 2), elements=coordinate))
similarity = st.builds(
    lambda scale, angle, x, y: Similarity(scale * complex(math.cos(angle), math.sin(angle)), complex(x, y)),
    st.floats(0.05, 20),
    st.floats(-3.1, 3.1),
    coordinate,
    coordinate,
)


def _spread(xy: np.ndarray) -> float:
    return float(np.abs(xy - xy.mean(axis=0)).max())


@given(points, similarity)
def test_similarity_is_recovered(xy: np.ndarray, truth: Similarity) -> None:
    if _spread(xy) < 1:
        return
    fit = geometry.fit_similarity(xy, truth.apply(xy))
    assert abs(fit.a - truth.a) < 1e-6 * truth.scale * max(1, 2000 / _spread(xy))
    np.testing.assert_allclose(fit.apply(xy), truth.apply(xy), atol=1e-4)


@given(points, similarity, st.integers(0, 2**31))
def test_weighted_fit_ignores_weightless_points(xy: np.ndarray, truth: Similarity, seed: int) -> None:
    if _spread(xy) < 1:
        return
    moved = truth.apply(xy)
    wild = np.random.default_rng(seed).uniform(-2000, 2000, (5, 2))
    weights = np.concatenate([np.ones(len(xy)), np.zeros(5)])
    fit = geometry.fit_similarity(np.concatenate([xy, wild]), np.concatenate([moved, wild[::-1]]), weights)
    np.testing.assert_allclose(fit.apply(xy), moved, atol=1e-4)


@given(similarity, similarity, points)
def test_similarities_compose_and_invert(first: Similarity, second: Similarity, xy: np.ndarray) -> None:
    scale = 1 + np.abs(second.apply(first.apply(xy))).max()
    np.testing.assert_allclose(second.after(first).apply(xy), second.apply(first.apply(xy)), atol=1e-9 * scale)
    np.testing.assert_allclose(first.inverse().apply(first.apply(xy)), xy, atol=1e-6)


def test_robust_fit_survives_a_third_of_wrong_points() -> None:
    rng = np.random.default_rng(7)
    xy = rng.uniform(0, 200, (60, 2))
    truth = Similarity(1.2 + 0.3j, 10 - 5j)
    target = truth.apply(xy) + rng.normal(0, 0.2, xy.shape)
    target[:20] += np.array([40.0, -25.0])
    robust, plain = geometry.fit_similarity_robust(xy, target), geometry.fit_similarity(xy, target)
    assert np.abs(robust.apply(xy) - truth.apply(xy)).max() < 0.5
    assert np.abs(plain.apply(xy) - truth.apply(xy)).max() > 5


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2)), Similarity()),
        (np.array([[3.0, 4.0]]), np.array([[5.0, 4.0]]), Similarity(1, 2 + 0j)),
        (np.array([[3.0, 4.0]] * 4), np.array([[5.0, 4.0]] * 4), Similarity(1, 2 + 0j)),
    ],
)
def test_degenerate_fits_do_not_fail(source: np.ndarray, target: np.ndarray, expected: Similarity) -> None:
    for fit in (geometry.fit_similarity, geometry.fit_similarity_robust):
        assert fit(source, target) == expected
    assert geometry.fit_similarity(source, target, np.zeros(len(source))) == Similarity()


def _posed(yaw: float, pitch: float, roll: float, scale: float = 12.0) -> np.ndarray:
    """The canonical face as a mesh in frame pixels (y down, z away from the camera)."""
    turned = canonical_face().vertices_cm @ angles_deg_to_rotation(yaw, pitch, roll).T * scale
    return (turned * [1, -1, -1] + [640, 360, 0]).astype(np.float32)


@given(st.floats(-60, 60), st.floats(-40, 40), st.floats(-90, 90), st.floats(1, 60))
def test_head_pose_recovers_a_posed_canonical_face(yaw: float, pitch: float, roll: float, scale: float) -> None:
    mesh = _posed(yaw, pitch, roll, scale)
    pose = geometry.head_pose(mesh)
    np.testing.assert_allclose(pose.angles_deg, (yaw, pitch, roll), atol=0.02)
    assert pose.scale_px_per_cm == pytest.approx(scale, rel=1e-4)
    np.testing.assert_allclose(pose.to_head(mesh), canonical_face().vertices_cm, atol=2e-3)
    np.testing.assert_allclose(pose.to_picture(canonical_face().vertices_cm), mesh, atol=2e-3)


@pytest.mark.parametrize(
    ("angles", "landmark", "axis", "sign"),
    [
        ((30, 0, 0), 1, 0, 1),  # own left is the picture's right: the nose moves right
        ((0, -30, 0), 1, 1, 1),  # downward: the nose moves down
        ((0, 0, 30), 10, 0, 1),  # clockwise as seen: the forehead moves right
    ],
)
def test_signs_of_the_pose(angles: tuple[float, float, float], landmark: int, axis: int, sign: int) -> None:
    still, turned = _posed(0, 0, 0), _posed(*angles)
    assert sign * (turned[landmark, axis] - still[landmark, axis]) > 5


def test_head_pose_never_mirrors_a_face() -> None:
    mirrored = _posed(10, 0, 0) * np.array([-1, 1, 1], np.float32)
    rotation = geometry.head_pose(mirrored, RIGID).rotation
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize(
    ("first", "second", "iou"),
    [
        ([[0, 0, 2, 2]], [[0, 0, 2, 2]], 1.0),
        ([[0, 0, 2, 2]], [[1, 0, 3, 2]], 1 / 3),
        ([[0, 0, 2, 2]], [[2, 2, 3, 3]], 0.0),
        ([[0, 0, 2, 2]], [[1, 1, 1, 1]], 0.0),
        ([[3, 3, 1, 1]], [[3, 3, 1, 1]], 0.0),
    ],
)
def test_box_iou(first: list[list[float]], second: list[list[float]], iou: float) -> None:
    assert geometry.box_iou(np.array(first), np.array(second))[0, 0] == pytest.approx(iou)


def test_box_iou_of_nothing_is_empty() -> None:
    assert geometry.box_iou(np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)


@given(st.floats(0.2, 5), arrays(np.float64, 4, elements=st.floats(0, 500)))
def test_growing_keeps_the_centre_and_scales_the_sides(factor: float, raw: np.ndarray) -> None:
    box = np.array([raw[0], raw[1], raw[0] + raw[2] + 1, raw[1] + raw[3] + 1])
    grown = geometry.grow_box(box, factor)
    np.testing.assert_allclose(grown[:2] + grown[2:], box[:2] + box[2:], rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(grown[2:] - grown[:2], (box[2:] - box[:2]) * factor, rtol=1e-4, atol=1e-2)


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(1, 300), st.floats(1, 300))
def test_polygon_area_and_containment_of_a_rectangle(x: float, y: float, width: float, height: float) -> None:
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    assert geometry.polygon_area(corners) == pytest.approx(width * height, rel=1e-6)
    assert geometry.polygon_area(corners[::-1]) == pytest.approx(-width * height, rel=1e-6)
    probes = np.array([[x + width / 3, y + height / 3], [x - 1, y + height / 2], [x + width / 2, y + height + 1]])
    np.testing.assert_array_equal(geometry.polygon_contains(probes, corners), [True, False, False])


@pytest.mark.parametrize("corners", [np.zeros((0, 2)), np.ones((1, 2)), np.array([[0.0, 0.0], [9.0, 9.0]])])
def test_polygons_without_area(corners: np.ndarray) -> None:
    assert geometry.polygon_area(corners) == 0
    assert not geometry.polygon_contains(np.array([[1.0, 1.0]]), corners).any()


def test_box_around_and_inter_ocular() -> None:
    mesh = _posed(0, 0, 0)
    box = geometry.box_around(mesh)
    assert box.dtype == np.float32
    assert (mesh[:, :2] >= box[:2] - 1e-3).all()
    assert (mesh[:, :2] <= box[2:] + 1e-3).all()
    assert geometry.inter_ocular_px(mesh) == pytest.approx(2 * 4.445859 * 12, rel=1e-4)


@given(st.integers(1, 9).flatmap(lambda n: arrays(np.float64, (n, 3), elements=coordinate)))
def test_median_is_numpys(values: np.ndarray) -> None:
    assert geometry.median(values) == pytest.approx(np.median(values, axis=0))

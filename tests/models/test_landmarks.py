"""The attention mesh against MediaPipe's own on the same crop, and the geometry of the crop."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from models.detector import Detector
from models.landmarks import CROP_PX, FaceMesh, Region, crop, region_from_keypoints, region_from_mesh
from models.runtime.litert_cpu import LiteRtCpu
from models.types import F32, U8
from tests.models.attention_reference import ReferenceMesh
from tests.models.mediapipe_reference import mediapipe_mesh


@pytest.fixture(scope="module")
def portrait() -> U8:
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh(LiteRtCpu(1))


@pytest.fixture(scope="module")
def region(portrait: U8) -> Region:
    found = Detector(LiteRtCpu(1)).detect(portrait, "far")
    return region_from_keypoints(found.boxes_xyxy[0], found.keypoints_xy[0])


def turned(pixels: U8, center_xy: tuple[float, float], angle_deg: float, scale: float) -> U8:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(center_xy, angle_deg, scale)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height)), np.uint8)


def in_crop_px(difference: F32, side_px: float) -> F32:
    return np.linalg.norm(difference[:, :2], axis=1) * (CROP_PX / side_px)


@pytest.mark.parametrize("angle_deg", [0, 25, -40])
def test_same_crop_gives_mediapipes_landmarks(portrait: U8, mesh: FaceMesh, region: Region, angle_deg: float) -> None:
    """A region of exactly 192 px on whole pixels is copied, not interpolated, so both networks see the same bytes."""
    center_xy = (round(region.center_xy[0]), round(region.center_xy[1]))
    pixels = turned(portrait, center_xy, angle_deg, CROP_PX / region.side_px)
    exact = Region(center_xy, CROP_PX, 0.0)
    ours, theirs = mesh(pixels, [exact])[0].mesh, mediapipe_mesh(pixels, exact)
    assert in_crop_px(ours - theirs, CROP_PX).max() <= 0.05
    assert np.abs(ours - theirs)[:, 2].max() <= 0.05


def test_one_graph_gives_what_its_parts_give(portrait: U8, mesh: FaceMesh, region: Region) -> None:
    """Faces in the middle, turned, and so far at the edge of the crop that a head looks beyond the feature map."""
    reference = ReferenceMesh(LiteRtCpu(1))
    x, y = region.center_xy
    for shift, angle_rad in ((0, 0.0), (0, 0.7), (70, 0.0), (-70, -0.4), (500, 0.0)):
        face = crop(portrait, Region((x + shift, y + shift / 2), region.side_px, angle_rad))
        points, presence, features = mesh.in_crop(face)
        truth, true_presence, true_features = reference.in_crop(face)
        assert np.abs(points - truth).max() <= 0.001
        assert presence == pytest.approx(true_presence, abs=1e-5)
        assert np.abs(features - true_features).max() <= 1e-4


def test_any_region_stays_near_mediapipes(portrait: U8, mesh: FaceMesh, region: Region) -> None:
    """With interpolation in between (each side rounds its own way) the mean still holds the limit."""
    assert region.side_px < 320
    for _ in range(2):
        found = mesh(portrait, [region])[0]
        difference = in_crop_px(found.mesh - mediapipe_mesh(portrait, region), region.side_px)
        assert difference.mean() <= 0.05
        assert difference.max() <= 0.15
        region = region_from_mesh(found.mesh)


def test_a_large_face_is_averaged_not_moved(portrait: U8, mesh: FaceMesh, region: Region) -> None:
    pixels = np.asarray(cv2.resize(portrait, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC), np.uint8)
    large = Region((region.center_xy[0] * 4, region.center_xy[1] * 4), region.side_px * 4, region.angle_rad)
    difference = (mesh(pixels, [large])[0].mesh - mediapipe_mesh(pixels, large)) * (CROP_PX / large.side_px)
    assert np.abs(difference[:, :2].mean(axis=0)).max() <= 0.1
    assert np.linalg.norm(difference[:, :2], axis=1).mean() <= 0.5


def test_presence_tells_a_face_from_a_wall(portrait: U8, mesh: FaceMesh, region: Region) -> None:
    assert mesh(portrait, [region])[0].presence > 0.9
    wall = np.full((200, 200, 3), 128, np.uint8)
    assert mesh(wall, [Region((100.0, 100.0), 150.0, 0.0)])[0].presence < 0.5


def test_points_lie_where_they_should(portrait: U8, mesh: FaceMesh, region: Region) -> None:
    found = mesh(portrait, [region])[0]
    assert found.mesh.shape == (478, 3)
    assert found.mesh.dtype == np.float32
    assert found.features.shape == (48, 48, 32)
    right_iris, left_iris, nose, chin = (found.mesh[i] for i in (468, 473, 1, 152))
    assert right_iris[0] < nose[0] < left_iris[0]
    assert right_iris[1] < nose[1] < chin[1]
    for iris, corners in ((468, (33, 133)), (473, (362, 263))):
        low, high = sorted(found.mesh[corner, 0] for corner in corners)
        assert low < found.mesh[iris, 0] < high


def test_no_regions_no_faces(portrait: U8, mesh: FaceMesh) -> None:
    assert mesh(portrait, []) == []


def test_several_regions_are_independent(portrait: U8, mesh: FaceMesh, region: Region) -> None:
    moved = Region((region.center_xy[0] + 5, region.center_xy[1]), region.side_px, region.angle_rad)
    both = mesh(portrait, [region, moved])
    assert np.array_equal(both[0].mesh, mesh(portrait, [region])[0].mesh)
    assert not np.array_equal(both[0].mesh, both[1].mesh)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-3, 3),
    st.floats(40, 800),
    st.tuples(st.floats(-500, 1500), st.floats(-500, 1500)),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
def test_any_region_of_any_picture_can_be_cut(
    angle_rad: float, side_px: float, center_xy: tuple[float, float], size_wh: tuple[int, int]
) -> None:
    pixels = np.full((size_wh[1], size_wh[0], 3), 77, np.uint8)
    cut = crop(pixels, Region(center_xy, side_px, angle_rad))
    assert cut.shape == (CROP_PX, CROP_PX, 3)
    assert (cut == 77).all()


@pytest.mark.parametrize("side_px", [150.0, 319.0, 321.0, 639.0, 641.0, 1500.0])
@pytest.mark.parametrize("angle_deg", [0.0, 30.0])
def test_halving_moves_nothing(side_px: float, angle_deg: float) -> None:
    """A soft spot lands where the region's geometry says, however often the picture was halved first."""
    radius = side_px / 20
    spot_xy, center_xy = (431.3, 377.8), (400.0, 390.0)
    y, x = np.mgrid[:800, :800]
    glow = np.exp(-((x - spot_xy[0]) ** 2 + (y - spot_xy[1]) ** 2) / (2 * radius**2))
    pixels = np.repeat((glow * 250).astype(np.uint8)[..., None], 3, axis=2)
    angle_rad = math.radians(angle_deg)
    weight = crop(pixels, Region(center_xy, side_px, angle_rad))[..., 1].astype(float)
    rows, columns = np.mgrid[:CROP_PX, :CROP_PX]
    found = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    away = np.array(spot_xy) - center_xy
    turn = np.array([[math.cos(angle_rad), math.sin(angle_rad)], [-math.sin(angle_rad), math.cos(angle_rad)]])
    expected = turn @ away * (CROP_PX / side_px) + CROP_PX / 2
    assert np.abs(found - expected).max() <= 0.05


def test_region_from_keypoints_levels_the_eyes_and_moves_along_the_face() -> None:
    keypoints = np.array([[10, 10], [30, 30], [20, 30], [15, 40], [25, 40]], np.float32)
    region = region_from_keypoints(np.array([0, 10, 40, 70], np.float32), keypoints)
    assert math.isclose(region.angle_rad, math.pi / 4)
    assert region.side_px > 60
    away = np.array(region.center_xy) - [20, 40]
    assert away[0] < 0 < away[1]
    assert math.isclose(-away[0], away[1])

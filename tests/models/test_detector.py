"""YuNet against OpenCV's own reader of the same network, at every reach, size and shape of picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from models.detector import NOTHING, Detections, Detector, suppress
from models.networks import network_path
from models.runtime.litert_cpu import LiteRtCpu
from models.types import F32, U8, Reach


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(LiteRtCpu(1))


@pytest.fixture(scope="module")
def portrait() -> U8:
    """Face of about 100 px at (170..275, 60..195) in 512x512."""
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


@pytest.fixture(scope="module")
def face(portrait: U8) -> U8:
    return portrait[20:260, 110:350]


def detections(boxes: list[list[float]], scores: list[float]) -> Detections:
    n = len(scores)
    return Detections(
        np.array(boxes, np.float32).reshape(n, 4), np.array(scores, np.float32), np.zeros((n, 5, 2), np.float32)
    )


def opencv_faces(pixels: U8) -> F32:
    height, width = pixels.shape[:2]
    reader = cv2.FaceDetectorYN.create(str(network_path("reference/yunet.onnx")), "", (width, height), 0.7, 0.3, 5000)
    _, rows = reader.detect(pixels)
    return np.asarray(rows[np.argsort(-rows[:, 14])], np.float32)


def assert_like_opencv(pixels: U8, found: Detections) -> None:
    rows = opencv_faces(pixels)
    assert len(rows) == len(found)
    boxes_xyxy = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
    assert np.abs(found.boxes_xyxy - boxes_xyxy).max() <= 0.1
    assert np.abs(found.keypoints_xy - rows[:, 4:14].reshape(-1, 5, 2)).max() <= 0.1
    assert np.abs(found.scores - rows[:, 14]).max() <= 1e-4


def test_same_faces_as_opencv(detector: Detector, portrait: U8, face: U8) -> None:
    small = np.asarray(cv2.resize(portrait, (160, 160)), np.uint8)
    assert_like_opencv(small, detector.detect(small, "near"))
    assert_like_opencv(face, detector.detect(face, "far"))


def test_six_faces_and_no_false_ones(detector: Detector, testdata: Path) -> None:
    pixels = np.asarray(cv2.imread(str(testdata / "image" / "six_faces.jpg")), np.uint8)
    for reach in ("near", "far", "crowd"):
        assert len(detector.detect(pixels, reach)) == 6
    rows = opencv_faces(pixels)
    found = detector.detect(pixels, "crowd")
    centres = (found.boxes_xyxy[:, :2] + found.boxes_xyxy[:, 2:]) / 2
    for row in rows:
        assert np.linalg.norm(centres - (row[:2] + row[2:4] / 2), axis=1).min() <= 5


@pytest.mark.parametrize("reach", ["near", "far", "crowd"])
@pytest.mark.parametrize("size_wh", [(1280, 720), (720, 1280), (640, 480), (500, 500), (1920, 1080), (1000, 401)])
def test_box_is_in_frame_pixels(detector: Detector, face: U8, reach: Reach, size_wh: tuple[int, int]) -> None:
    canvas = np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)
    x, y = size_wh[0] - 260, size_wh[1] - 250
    canvas[y : y + 240, x : x + 240] = face
    found = detector.detect(canvas, reach)
    assert len(found) == 1
    expected = opencv_faces(face)[0]
    box_xyxy = np.concatenate([expected[:2], expected[:2] + expected[2:4]]) + [x, y, x, y]
    assert np.abs(found.boxes_xyxy[0] - box_xyxy).max() <= 14
    right_eye, left_eye, nose, right_mouth, left_mouth = found.keypoints_xy[0]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert right_eye[1] < nose[1] < right_mouth[1]


def test_a_crowd_larger_than_a_tile(detector: Detector, face: U8) -> None:
    """Small faces on the seams of the tiles once each, and one face larger than a tile's overlap can show."""
    canvas = np.full((2300, 3100, 3), 100, np.uint8)
    small = np.asarray(cv2.resize(face, (72, 72), interpolation=cv2.INTER_AREA), np.uint8)
    corners = [(740, 500), (940, 735), (2030, 1110), (2040, 1500), (3020, 20), (20, 2220), (1500, 2000)]
    for x, y in corners:
        canvas[y : y + 72, x : x + 72] = small
    canvas[200:1400, 1030:2030] = cv2.resize(face, (1000, 1200), interpolation=cv2.INTER_CUBIC)
    found = detector.detect(canvas, "crowd")
    centres = (found.boxes_xyxy[:, :2] + found.boxes_xyxy[:, 2:]) / 2
    assert len(found) == len(corners) + 1
    for x, y in corners:
        assert np.linalg.norm(centres - [x + 36, y + 36], axis=1).min() <= 12
    widths = found.boxes_xyxy[:, 2] - found.boxes_xyxy[:, 0]
    assert np.sort(widths)[-1] > 300 > np.sort(widths)[-2]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(["near", "far", "crowd"]))
def test_empty_pictures_of_any_size_have_no_faces(width: int, height: int, reach: Reach) -> None:
    found = Detector(LiteRtCpu(1)).detect(np.full((height, width, 3), 128, np.uint8), reach)
    assert len(found) == 0
    assert found.keypoints_xy.shape == (0, 5, 2)


@pytest.mark.parametrize("size_wh", [(5000, 2), (2, 5000)])
def test_needles(detector: Detector, size_wh: tuple[int, int]) -> None:
    for reach in ("near", "far", "crowd"):
        assert len(detector.detect(np.zeros((size_wh[1], size_wh[0], 3), np.uint8), reach)) == 0


@pytest.mark.parametrize(
    ("boxes", "scores", "kept"),
    [
        ([], [], []),
        ([[0, 0, 10, 10]], [0.8], [0]),
        ([[0, 0, 10, 10], [1, 0, 11, 10]], [0.8, 0.9], [1]),
        ([[0, 0, 10, 10], [20, 0, 30, 10]], [0.8, 0.9], [1, 0]),
        ([[0, 0, 10, 10], [9, 0, 19, 10]], [0.9, 0.8], [0, 1]),
        ([[0, 0, 100, 100], [10, 10, 30, 30]], [0.9, 0.8], [0]),
        ([[0, 0, 100, 100], [10, 10, 30, 30]], [0.8, 0.9], [1, 0]),
        ([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], [0.9, 0.8, 0.7], [0, 2]),
    ],
)
def test_suppress(boxes: list[list[float]], scores: list[float], kept: list[int]) -> None:
    found = suppress(detections(boxes, scores))
    assert found.scores.tolist() == pytest.approx([scores[i] for i in kept])
    assert found.boxes_xyxy.tolist() == [boxes[i] for i in kept]


def test_nothing_is_shared_safely() -> None:
    assert len(NOTHING) == 0
    assert len(suppress(NOTHING)) == 0

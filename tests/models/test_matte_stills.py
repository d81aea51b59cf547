"""The person matte of single pictures."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from models.matte_net import PersonNet
from models.matte_stills import StillMatte, face_boxes, found_box, lit
from models.runtime.litert_cpu import LiteRtCpu
from models.types import F32, U8

NOBODY = np.empty((0, 4), np.float32)
FACE = np.array([[176, 62, 246, 168]], np.float32)


@pytest.fixture(scope="module")
def stills() -> StillMatte:
    return StillMatte(LiteRtCpu(1))


@pytest.fixture(scope="module")
def portrait() -> U8:
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


def person_and_rest(alpha: F32, shape: tuple[int, ...]) -> tuple[float, float]:
    """Mean alpha of the head and breast, and of the wall with the shuttle."""
    whole = cv2.resize(alpha, (shape[1], shape[0]))
    return float(whole[80:330, 180:250].mean()), float(whole[:220, 340:].mean())


@pytest.mark.parametrize("faces", [NOBODY, FACE], ids=["no face", "face"])
def test_the_portrait(stills: StillMatte, portrait: U8, faces: F32) -> None:
    person, rest = person_and_rest(stills(portrait, faces), portrait.shape)
    assert person > 0.95
    assert rest < 0.1


def test_a_dim_portrait(stills: StillMatte, portrait: U8) -> None:
    dim = np.asarray(portrait * 0.15, np.uint8)
    person, rest = person_and_rest(stills(dim, FACE), dim.shape)
    assert person > 0.9
    assert rest < 0.15


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 200), (200, 3), (1500, 40), (1000, 1800)])
@pytest.mark.parametrize("count", [0, 2])
def test_every_size_of_picture(stills: StillMatte, width: int, height: int, count: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    faces = np.array([[0.2, 0.2, 0.4, 0.4], [0.6, 0.1, 0.9, 0.7]], np.float32)[:count]
    alpha = stills(pixels, faces * np.array([width, height] * 2, np.float32))
    assert alpha.dtype == np.float32
    assert alpha.shape[0] <= min(height, 768)
    assert alpha.shape[1] <= min(width, 768)
    assert 0 <= alpha.min() <= alpha.max() <= 1


def test_small_people_beside_clutter_are_found_by_their_faces(stills: StillMatte, portrait: U8) -> None:
    wall = np.full((720, 1280, 3), 120, np.uint8)
    small = cv2.resize(portrait[:340, 10:370], (180, 170), interpolation=cv2.INTER_AREA)
    faces = []
    for x in (100, 620, 1000):
        wall[550:, x : x + 180] = small
        faces.append([x + 83, 581, x + 118, 634])
    alpha = cv2.resize(stills(wall, np.array(faces, np.float32)), (1280, 720))
    for x0, y0, x1, y1 in faces:
        assert alpha[y0:y1, x0:x1].mean() > 0.95
    assert alpha[:400].mean() < 0.02


def test_the_mirrored_look_is_put_back(portrait: U8) -> None:
    net = PersonNet(LiteRtCpu(1), "selfie_landscape")
    straight, mirrored = net(portrait), net(portrait, mirrored=True)
    assert straight.shape == mirrored.shape == (144, 256)
    np.testing.assert_allclose(net(np.ascontiguousarray(portrait[:, ::-1]))[:, ::-1], mirrored, atol=0.02)
    assert np.abs(straight - mirrored).mean() < 0.1


def test_fair_light_is_left_alone_and_dim_and_bright_are_not() -> None:
    fair = np.full((90, 160, 3), 110, np.uint8)
    assert lit(fair) is fair
    for value in (0, 20, 240, 255):
        level = float(lit(np.full((90, 160, 3), value, np.uint8)).mean())
        assert (level > value) if 0 < value < 110 else level <= value
    assert abs(float(lit(np.full((90, 160, 3), 40, np.uint8)).mean()) - 0.45 * 255) < 3


@given(st.lists(st.tuples(*[st.floats(-3000, 3000, width=32)] * 4), max_size=5), st.floats(0.1, 1))
def test_face_boxes_lie_in_the_picture(faces: list[tuple[float, float, float, float]], scale: float) -> None:
    for y0, y1, x0, x1 in face_boxes(np.array(faces, np.float32).reshape(-1, 4), scale, (320, 200)):
        assert 0 <= y0 < y1 <= 200
        assert 0 <= x0 < x1 <= 320


def test_the_found_box() -> None:
    alpha = np.zeros((100, 200), np.float32)
    assert found_box(alpha) is None
    alpha[40:80, 50:90] = 1
    assert found_box(alpha) == (31, 89, 41, 99)
    alpha[:] = 1
    assert found_box(alpha) is None

"""The drawn mesh."""

from threading import Event

import numpy as np
import pytest

from effects.base import Scene
from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.library.mesh import SPEC, Mesh
from models.topology import FACE_OVAL, LEFT_EYE, LIPS_OUTER, RIGHT_IRIS
from models.types import U8, Face, Frame
from tests.pipeline_fakes import FakeModel, make_face

GREY = 100


def drawn(face: Face, params: Mesh | None = None) -> U8:
    frame, device, effect = Frame(0, 0.0, 0, np.full((360, 640, 3), GREY, np.uint8)), CpuDevice(), SPEC.make()
    chosen = params or Mesh()
    assets = effect.prepare(chosen, FakeModel(), Event())
    canvas = Canvas(device.upload(frame), frame, device)
    effect.apply(canvas, Scene(0.0, 0.0, (640, 360), (face,), None), chosen, assets, effect.initial())
    return device.download(canvas.image)[..., :3]


def strongest_near(picture: U8, point_xy: np.ndarray) -> int:
    x, y = point_xy.astype(int)
    return int(np.abs(picture[y - 1 : y + 2, x - 1 : x + 2].astype(int) - GREY).max())


@pytest.mark.parametrize(
    "group", [FACE_OVAL, LEFT_EYE, LIPS_OUTER, RIGHT_IRIS[1:]], ids=["oval", "eye", "lips", "iris"]
)
def test_lines_lie_on_the_landmarks(group: np.ndarray) -> None:
    face = make_face(1, (320, 180), 250.0)
    assert face.mesh is not None
    picture = drawn(face)
    assert min(strongest_near(picture, point) for point in face.mesh[group, :2]) > 40


def test_the_cheek_between_the_lines_stays() -> None:
    picture = drawn(make_face(1, (320, 180), 250.0))
    face_part = picture[80:280, 240:400]
    assert 0.05 < (np.abs(face_part.astype(int) - GREY).max(axis=2) > 8).mean() < 0.6


def test_triangles_can_be_left_out() -> None:
    face = make_face(1, (320, 180), 250.0)
    with_them, without = drawn(face), drawn(face, Mesh(tesselation=0.0))
    assert (without != GREY).any(axis=2).sum() < 0.5 * (with_them != GREY).any(axis=2).sum()


def test_small_faces_lose_their_triangles() -> None:
    face = make_face(1, (320, 180), 60.0)
    assert np.array_equal(drawn(face), drawn(face, Mesh(tesselation=0.0)))


def test_it_fades_with_the_face() -> None:
    change = [np.abs(drawn(make_face(1, (320, 180), 250.0, weight=w)).astype(int) - GREY).sum() for w in (0, 0.5, 1)]
    assert change[0] == 0
    assert 0.3 < change[1] / change[2] < 0.7


def test_colour_and_width_are_used() -> None:
    face = make_face(1, (320, 180), 250.0)
    red = drawn(face, Mesh(colour="#FF0000")).astype(int)
    assert (red[..., 2] - red[..., 0]).max() > 100
    assert (drawn(face, Mesh(width=4.0)) != GREY).sum() > (drawn(face) != GREY).sum()


def test_a_closed_eye_shows_no_iris() -> None:
    face = make_face(1, (320, 180), 250.0)
    assert face.mesh is not None
    face.mesh[LEFT_EYE, 1] = face.mesh[LEFT_EYE, 1].mean()
    shut = drawn(face, Mesh(tesselation=0.0))
    middle = face.mesh[473, :2].astype(int)
    below = shut[middle[1] + 4 : middle[1] + 8, middle[0] - 3 : middle[0] + 4]
    assert (below == GREY).all()


def test_a_turned_face_hides_the_far_triangles() -> None:
    turned = make_face(1, (320, 180), 250.0, (60.0, 0.0, 0.0))
    frontal = make_face(1, (320, 180), 250.0)
    assert (drawn(turned) != GREY).sum() < (drawn(frontal) != GREY).sum()

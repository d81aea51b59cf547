"""Hands in front of faces in photos: found, drawn where they are, and nothing else taken for one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.sources.demo import DemoSource
from models.hand_visibility import HandVisibility
from models.runtime.litert_cpu import LiteRtCpu
from models.shared import create_cpu_model
from models.types import F32, U8, SharedModel, Wants
from models.uv import sample, uv_table
from tests.models.test_occlusion import frames_of
from tests.models.test_uv import flat_mesh
from tests.occluders import cup, hand, place, skin_colour


@pytest.fixture(scope="module")
def hands() -> HandVisibility:
    return HandVisibility(LiteRtCpu())


@pytest.fixture(scope="module")
def model() -> Iterator[SharedModel]:
    made = create_cpu_model()
    yield made
    made.close()


def largest_mesh(model: SharedModel, pixels: U8) -> F32:
    faces = [face for face in model.still(pixels, Wants()).faces if face.mesh is not None]
    mesh = max(faces, key=lambda face: float(np.ptp(face.box_xyxy))).mesh
    assert mesh is not None
    return mesh


def hidden(visible: F32) -> np.ndarray:
    return np.asarray((visible < 0.5) & uv_table().inside)


@pytest.mark.parametrize(
    ("offset", "angle_deg"), [((0.45, 0.45), -45.0), ((-0.45, 0.5), 40.0), ((0.0, 0.6), 0.0)], ids=str
)
def test_a_hand_over_the_demo_actor_is_hidden_where_it_is(
    hands: HandVisibility, model: SharedModel, offset: tuple[float, float], angle_deg: float
) -> None:
    pixels = frames_of("demo", 1)[0].pixels
    mesh = largest_mesh(model, pixels)
    width = float(np.ptp(mesh[:468, 0]))
    x, y = mesh[:468, :2].mean(axis=0) + np.array(offset) * width
    covered, mask = place(pixels, hand(skin_colour(pixels, mesh)), (float(x), float(y)), 1.3 * width, angle_deg)
    found, truth = hidden(hands(covered, mesh)), hidden(1 - sample(mask, mesh, uv_table())[0])
    assert truth.any()
    assert (found & truth).sum() >= 0.6 * truth.sum()
    assert (found & truth).sum() >= 0.5 * (found | truth).sum()
    assert all(points.shape == (21, 2) for points in hands.find(covered, mesh))


def test_no_hand_no_mask(hands: HandVisibility, model: SharedModel) -> None:
    pixels = frames_of("demo", 1)[0].pixels
    mesh = largest_mesh(model, pixels)
    assert (hands(pixels, mesh) == 1).all()
    x, y = mesh[:468, :2].mean(axis=0)
    width = float(np.ptp(mesh[:468, 0]))
    covered, _ = place(pixels, cup(), (float(x), float(y) + 0.4 * width), 0.7 * width)
    assert not hidden(hands(covered, mesh)).any(), "a cup is no hand"


def test_a_hand_on_the_cheek(testdata: Path, hands: HandVisibility, model: SharedModel) -> None:
    pixels = np.asarray(cv2.imread(str(testdata / "image" / "hand_on_cheek.jpg")), np.uint8)
    mesh = largest_mesh(model, pixels)
    share = hidden(hands(pixels, mesh))[uv_table().inside].mean()
    assert 0.03 < share < 0.25
    assert len(hands.find(pixels, mesh)) == 1


@pytest.mark.parametrize(("name", "covered_faces"), [("mouth_open.jpg", 0), ("six_faces.jpg", 1)])
def test_only_the_man_with_his_hand_on_his_cheek_is_covered(
    testdata: Path, hands: HandVisibility, model: SharedModel, name: str, covered_faces: int
) -> None:
    pixels = np.asarray(cv2.imread(str(testdata / "image" / name)), np.uint8)
    meshes = [face.mesh for face in model.still(pixels, Wants()).faces if face.mesh is not None]
    assert sum(bool(hidden(hands(pixels, mesh)).any()) for mesh in meshes) == covered_faces


@pytest.mark.parametrize("size_wh", [(1, 1), (37, 23), (320, 240)])
@pytest.mark.parametrize("centre_xy", [(160.0, 120.0), (-500.0, 2000.0)])
def test_odd_pictures_are_survived(
    hands: HandVisibility, size_wh: tuple[int, int], centre_xy: tuple[float, float]
) -> None:
    visible = hands(np.full((size_wh[1], size_wh[0], 3), 90, np.uint8), flat_mesh(150, centre_xy))
    assert visible.shape == (64, 64)
    assert (visible == 1).all()


class ManyHands:
    """A runtime whose palm detector and hand network see a hand everywhere."""

    name = "fake"

    def load(
        self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None
    ) -> "ManyHands":
        return ManyHands() if "palm" in graph.name else _AnyHand()

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        values = np.zeros((1, 2016, 18), np.float32)
        values[..., 2:4] = 20
        values[..., 8:10] = (0, -10)
        return [values, np.full((1, 2016, 1), 5, np.float32)]

    def close(self) -> None: ...


class _AnyHand(ManyHands):
    def __call__(self, *inputs: F32) -> Sequence[F32]:
        points = np.random.default_rng(0).uniform(60, 160, (1, 63)).astype(np.float32)
        return [points, np.ones((1, 1), np.float32), np.ones((1, 1), np.float32)]


def test_a_picture_full_of_hands_costs_no_more_than_a_few() -> None:
    found = HandVisibility(ManyHands()).find(np.zeros((240, 320, 3), np.uint8), flat_mesh(100, (160, 120)))
    assert 1 <= len(found) <= 4


def test_a_still_has_it_where_it_was_asked_for(testdata: Path, model: SharedModel) -> None:
    pixels = np.asarray(cv2.imread(str(testdata / "image" / "six_faces.jpg")), np.uint8)
    asked = model.still(pixels, Wants(visibility=True)).faces
    assert len(asked) == 6
    covered = [face for face in asked if face.visibility is not None and hidden(face.visibility).any()]
    assert len(covered) == 1
    assert all(face.visibility is None for face in model.still(pixels, Wants()).faces)
    assert all(face.visibility is None for face in model.still(pixels, Wants(landmarks=False, visibility=True)).faces)


def test_a_still_of_the_demo_with_a_hand(model: SharedModel) -> None:
    """The demo's own hand passes at 24 s."""
    source = DemoSource((1280, 720), 30.0, paced=False)
    source._index = 725
    frame = source.read(1.0)
    assert frame is not None
    face = model.still(frame.pixels, Wants(visibility=True), reach="near").faces[0]
    assert face.visibility is not None
    assert 0.2 < hidden(face.visibility)[uv_table().inside].mean() < 0.5
    assert "visibility" in model.times().ms


@pytest.mark.parametrize("name", ["portrait_720p_30fps", "glasses_480", "head_eyes_480", "expressions_512"])
def test_no_hand_on_faces_without_one(testdata: Path, model: SharedModel, name: str) -> None:
    for frame in frames_of(str(testdata / "video" / f"{name}.mp4"), 121)[::30]:
        for face in model.still(frame.pixels, Wants(visibility=True), reach="near").faces:
            assert face.visibility is not None
            assert (face.visibility == 1).all()

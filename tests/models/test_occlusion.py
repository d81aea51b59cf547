"""What is in front of a face: the map's behaviour on a painted face, and its figures on the demo and on real clips."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from app.sources.open import open_source
from models.occlusion import Visibility
from models.shared import create_cpu_model
from models.types import F32, U8, Frame, SharedModel
from models.uv import sample, uv_table
from tests.models.test_uv import flat_mesh
from tests.occluder_scenes import HANDS, MOVES, Score, bare_run, covered_run, random_hand
from tests.occluders import Occluder, cup, hand, microphone, place

FRONTAL = (0.0, 0.0, 0.0)
MESH = flat_mesh(150, (160, 120))
SKIN_BGR = (140, 165, 210)
SHADED_BGR = (112, 132, 168)


@lru_cache(maxsize=1)
def _bare_paint() -> F32:
    patches = np.kron(np.random.default_rng(3).normal(0, 5, (12, 16)), np.ones((20, 20)))
    picture = np.array(SKIN_BGR, np.float32) + patches[..., None].astype(np.float32)
    for landmark, size in ((159, 7), (386, 7), (66, 6), (296, 6), (13, 9), (0, 6)):
        x, y = MESH[landmark, :2].astype(int)
        picture[y - 3 : y + 3, x - size : x + size] *= 0.4
    return np.asarray(picture, np.float32)


def painted_face(seed: int, light: F32 | None = None) -> U8:
    """A patchy skin-coloured picture with eyes, brows and mouth where `MESH` is; `seed` is that of the noise."""
    picture = _bare_paint() if light is None else _bare_paint() * light
    noisy = picture + np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def covered_face(seed: int, occluder: Occluder, x: float = 160, y: float = 165) -> tuple[U8, F32]:
    return place(painted_face(seed), occluder, (x, y), 120)


def after_bare_frames(count: int = 45, fps: float = 30.0) -> tuple[Visibility, float]:
    """A map that knows the bare face, and the time of the next frame."""
    visibility = Visibility()
    for index in range(count):
        visibility.update(1, painted_face(index), MESH, FRONTAL, index / fps)
    return visibility, count / fps


def hidden_share(visible: F32) -> float:
    inside = uv_table().inside
    return float((visible[inside] < 0.5).mean())


def test_at_first_sight_all_is_visible() -> None:
    visible = Visibility().update(1, painted_face(0), MESH, FRONTAL, 0.0)
    assert visible.shape == (64, 64)
    assert visible.dtype == np.float32
    assert (visible == 1).all()


def test_a_calm_noisy_face_stays_visible() -> None:
    visibility = Visibility()
    for index in range(90):
        assert hidden_share(visibility.update(1, painted_face(index), MESH, FRONTAL, index / 30)) == 0


@pytest.mark.parametrize("occluder", [cup(), microphone(), hand(SHADED_BGR)], ids=lambda o: o.name)
@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_an_occluder_is_hidden_while_it_is_there(occluder: Occluder, fps: float) -> None:
    visibility, t_s = after_bare_frames(round(1.5 * fps), fps)
    for index in range(round(0.3 * fps)):
        pixels, mask = covered_face(500 + index, occluder)
        visible = visibility.update(1, pixels, MESH, FRONTAL, t_s + index / fps)
    truth = sample(mask, MESH, uv_table())[0] > 0.5
    hidden = (visible < 0.5) & uv_table().inside
    assert (hidden & truth).sum() >= 0.7 * truth.sum()
    assert (hidden & truth).sum() >= 0.5 * (hidden | truth).sum()
    for index in range(round(0.3 * fps)):
        visible = visibility.update(1, painted_face(700 + index), MESH, FRONTAL, t_s + 0.3 + index / fps)
    assert hidden_share(visible) == 0


def test_a_face_is_learnt_before_it_is_judged() -> None:
    """The first meshes may be off: what they show must leave no ghost."""
    visibility = Visibility()
    for index in range(60):
        mesh = MESH + np.array([0, 12 if index < 3 else 0, 0], np.float32)
        assert hidden_share(visibility.update(1, painted_face(index), mesh, FRONTAL, index / 30)) == 0


def test_values_stay_between_hidden_and_visible() -> None:
    visibility, t_s = after_bare_frames()
    for index in range(40):
        pixels = covered_face(index, cup())[0] if index < 20 else painted_face(index)
        visible = visibility.update(1, pixels, MESH, FRONTAL, t_s + index / 30)
        assert visible.min() >= 0
        assert visible.max() <= 1


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_the_ghost_of_what_was_there_at_first_is_gone_in_four_seconds(fps: float) -> None:
    visibility, mug = Visibility(), cup()
    for index in range(round(fps)):
        visibility.update(1, covered_face(index, mug)[0], MESH, FRONTAL, index / fps)
    shares = [
        hidden_share(visibility.update(1, painted_face(index), MESH, FRONTAL, 1 + index / fps))
        for index in range(round(4 * fps) + 1)
    ]
    assert max(shares) > 0.05, "there is a ghost to begin with"
    assert shares[-1] == 0


def test_what_rested_on_the_face_for_long_leaves_no_ghost() -> None:
    visibility, t_s = after_bare_frames()
    mug = cup()
    for index in range(90):
        visible = visibility.update(1, covered_face(index, mug)[0], MESH, FRONTAL, t_s + index / 15)
    assert hidden_share(visible) < 0.02, "released"
    for index in range(5):
        visible = visibility.update(1, painted_face(900 + index), MESH, FRONTAL, t_s + 6 + index / 15)
    assert hidden_share(visible) == 0


@pytest.mark.parametrize(
    "light",
    [
        np.full((240, 320, 3), 0.6, np.float32),
        np.full((240, 320, 3), (0.85, 1.0, 1.15), np.float32),
        np.repeat(np.linspace(0.6, 1.3, 320, dtype=np.float32)[None, :, None], 240, axis=0),
    ],
    ids=["darker", "warmer", "from one side"],
)
def test_a_lamp_is_nothing_in_front_of_the_face(light: F32) -> None:
    visibility, t_s = after_bare_frames()
    for index in range(20):
        visible = visibility.update(1, painted_face(index, light), MESH, FRONTAL, t_s + index / 30)
        assert hidden_share(visible) < 0.01


def test_faces_do_not_know_of_one_another() -> None:
    visibility, t_s = after_bare_frames()
    for index in range(5):
        pixels = covered_face(index, cup())[0]
        known = visibility.update(1, pixels, MESH, FRONTAL, t_s + index / 30)
        newcomer = visibility.update(2, pixels, MESH, FRONTAL, t_s + index / 30)
    assert hidden_share(known) > 0.05
    assert hidden_share(newcomer) == 0


@pytest.mark.parametrize("drop", ["forget", "clear"])
def test_a_dropped_face_is_new_again(drop: str) -> None:
    visibility, t_s = after_bare_frames()
    if drop == "forget":
        visibility.forget(1)
        visibility.forget(99)
    else:
        visibility.clear()
    visible = visibility.update(1, covered_face(0, cup())[0], MESH, FRONTAL, t_s)
    assert (visible == 1).all()
    assert list(visibility.export_state()) == [1]


def test_exported_state_continues_alike_and_shares_nothing() -> None:
    first, t_s = after_bare_frames()
    state = first.export_state()
    for memory in state.values():
        assert all(isinstance(value, np.ndarray | float) for value in memory.values())
    second = Visibility()
    second.import_state(state)
    for index in range(10):
        pixels = covered_face(index, cup())[0]
        ours = first.update(1, pixels, MESH, FRONTAL, t_s + index / 30)
        theirs = second.update(1, pixels, MESH, FRONTAL, t_s + index / 30)
        assert (ours == theirs).all()
    third = Visibility()
    third.import_state(state)
    assert hidden_share(third.update(1, painted_face(1), MESH, FRONTAL, t_s)) == 0


def test_the_map_belongs_to_the_caller() -> None:
    visibility, t_s = after_bare_frames()
    visibility.update(1, painted_face(1), MESH, FRONTAL, t_s)[:] = 0
    assert hidden_share(visibility.update(1, painted_face(2), MESH, FRONTAL, t_s + 1 / 30)) == 0


@pytest.mark.parametrize(
    ("mesh", "pose_deg"),
    [
        (flat_mesh(150, (300, 120)), FRONTAL),
        (flat_mesh(150, (900, 900)), FRONTAL),
        (flat_mesh(3, (160, 120)), FRONTAL),
        (flat_mesh(900, (160, 120)), FRONTAL),
        (MESH, (85.0, -60.0, 170.0)),
        (MESH, (float("nan"),) * 3),
    ],
    ids=["half outside", "outside", "tiny", "huge", "turned away", "pose unknown"],
)
def test_odd_faces_are_survived(mesh: F32, pose_deg: tuple[float, float, float]) -> None:
    visibility = Visibility()
    for index, t_s in enumerate((0.0, 0.03, 0.03, 0.02, 9.0)):
        visible = visibility.update(1, painted_face(index), mesh, pose_deg, t_s)
        assert np.isfinite(visible).all()


@pytest.fixture(scope="module")
def model() -> Iterator[SharedModel]:
    made = create_cpu_model()
    yield made
    made.close()


def frames_of(clip: str, count: int) -> list[Frame]:
    source = open_source(clip, live=False)
    try:
        read = (source.read(10.0) for _ in range(count))
        return [frame for frame in read if frame is not None]
    finally:
        source.close()


def assert_finds(name: str, score: Score) -> None:
    recall, iou = (0.60, 0.50) if name in HANDS else (0.85, 0.65)
    assert score.recall >= recall, f"{name}: recall {score.recall:.2f}"
    assert score.iou >= iou, f"{name}: IoU {score.iou:.2f}"


def test_the_demo_under_cup_microphone_and_hands(model: SharedModel) -> None:
    frames = frames_of("demo", 130)
    meshes, bare = bare_run(model, frames)
    assert bare.false_percent <= 0.2
    for name in ("cup", "microphone", *HANDS):
        assert_finds(name, covered_run(model, frames, meshes, MOVES[name]))


def test_hands_from_anywhere_over_the_calm_demo(model: SharedModel) -> None:
    """Found on the whole: a hand may come from any side, its fingertips to any place near the middle of the face."""
    frames = frames_of("demo", 110)
    meshes, _ = bare_run(model, frames)
    rng = np.random.default_rng(2024)
    total = Score()
    for _ in range(6):
        score = covered_run(model, frames, meshes, random_hand(rng))
        total.found, total.missed = total.found + score.found, total.missed + score.missed
        total.extra += score.extra
    assert_finds(HANDS[0], total)


@pytest.mark.parametrize(
    ("clip", "false_percent", "gated"),
    [
        ("portrait_720p_30fps", 0.2, ("cup", "microphone", "hand on cheek")),
        ("glasses_480", 0.2, ("cup", "microphone", *HANDS)),
        ("outdoor_hands_720x1364", 0.2, ()),
        ("head_eyes_480", 1.0, ("cup", "microphone")),
        ("expressions_512", 1.0, ("cup", "microphone")),
        ("driver_head_motion_540x960", 5.0, ()),
        ("driver_head_turn_540x960", 5.0, ("cup",)),
    ],
)
def test_clips(testdata: Path, model: SharedModel, clip: str, false_percent: float, gated: tuple[str, ...]) -> None:
    frames = frames_of(str(testdata / "video" / f"{clip}.mp4"), 130)
    meshes, bare = bare_run(model, frames)
    assert bare.false_percent <= false_percent
    for name in gated:
        assert_finds(name, covered_run(model, frames, meshes, MOVES[name]))

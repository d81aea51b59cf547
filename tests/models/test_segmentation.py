"""The live person matte: its clock, its memory, its regions; and, with the real network, its aim."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from models.runtime.base import Net
from models.runtime.litert_cpu import LiteRtCpu
from models.segmentation import PersonMatte
from models.types import F32, U8

NOBODY = np.empty((0, 4), np.float32)


class RedIsPerson:
    """A network for which red pixels are people; counts its runs."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        self.runs += 1
        red, blue = inputs[0][..., :1], inputs[0][..., 2:]
        return [np.asarray((red > 0.5) & (blue < 0.3), np.float32)]


class FakeRuntime:
    name = "fake"

    def __init__(self) -> None:
        self.net = RedIsPerson()

    def load(self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None) -> Net:
        return self.net

    def close(self) -> None: ...


def scene(x: int, *, size_wh: tuple[int, int] = (320, 180), background: int = 90) -> U8:
    """A textured red figure from the middle of the frame to its lower edge, over a textured grey wall."""
    width, height = size_wh
    rng = np.random.default_rng(5)
    wall = cv2.GaussianBlur(rng.integers(0, 80, (height, width)).astype(np.float32), (0, 0), 2) + background
    picture = np.repeat(wall[..., None], 3, axis=2).astype(np.uint8)
    figure = rng.integers(170, 255, (height - height // 3, width // 5)).astype(np.float32)
    figure = cv2.GaussianBlur(figure, (0, 0), 2)
    left = max(x - figure.shape[1] // 2, 0)
    part = picture[height // 3 :, left : x + figure.shape[1] // 2]
    part[..., 2] = figure[:, : part.shape[1]]
    part[..., :2] = 30
    return picture


def face_of(x: int, size_wh: tuple[int, int] = (320, 180)) -> F32:
    side = size_wh[1] // 5
    top = size_wh[1] // 3 + 2
    return np.array([[x - side / 2, top, x + side / 2, top + side]], np.float32)


def mean_position(matte: F32) -> float:
    """Middle column of the matte, 0..1."""
    columns = (np.arange(matte.shape[1]) + 0.5) / matte.shape[1]
    return float((matte.sum(axis=0) * columns).sum() / matte.sum())


@pytest.fixture
def fake() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def matte(fake: FakeRuntime) -> PersonMatte:
    return PersonMatte(fake)


@pytest.fixture(scope="module")
def real() -> PersonMatte:
    return PersonMatte(LiteRtCpu(1))


@pytest.mark.parametrize(
    ("size_wh", "matte_wh"),
    [
        ((1280, 720), (256, 144)),
        ((3840, 2160), (256, 144)),
        ((720, 1364), (136, 256)),
        ((637, 481), (256, 194)),
        ((32, 32), (256, 256)),
        ((1, 1), (256, 256)),
        ((2000, 10), (256, 16)),
        ((10, 2000), (16, 256)),
    ],
)
@pytest.mark.parametrize("faces", [0, 1, 5])
def test_every_size_of_frame(
    matte: PersonMatte, size_wh: tuple[int, int], matte_wh: tuple[int, int], faces: int
) -> None:
    width, height = size_wh
    rng = np.random.default_rng(0)
    box = np.array([0.4, 0.3, 0.5, 0.5], np.float32) * np.array([width, height] * 2, np.float32)
    for index in range(3):
        pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        shifts = np.linspace(-0.4, 0.4, faces, dtype=np.float32)[:, None] * np.array([width, 0] * 2, np.float32)
        alpha, _, _ = matte.track(pixels, index / 30, index, box + shifts)
        assert alpha.shape == matte_wh[::-1]
        assert alpha.dtype == np.float32
        assert 0 <= alpha.min() <= alpha.max() <= 1


def test_the_figure_is_found_with_and_without_its_face(matte: PersonMatte) -> None:
    for faces in (NOBODY, face_of(160)):
        matte.reset()
        alpha, index, ran = matte.track(scene(160), 0.0, 7, faces)
        assert (index, ran) == (7, True)
        assert abs(mean_position(alpha) - 0.5) < 0.01
        assert 0.10 < alpha.mean() < 0.16


def test_neither_frame_nor_result_is_written(matte: PersonMatte) -> None:
    pixels = scene(160)
    pixels.setflags(write=False)
    alpha, _, _ = matte.track(pixels, 0.0, 0, face_of(160))
    kept = alpha.copy()
    matte.track(scene(190), 1 / 30, 1, face_of(190))
    matte.track(scene(220), 2 / 30, 2, face_of(220))
    np.testing.assert_array_equal(alpha, kept)
    assert not alpha.flags.writeable


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_while_still_it_looks_some_eight_times_a_second(matte: PersonMatte, fake: FakeRuntime, fps: int) -> None:
    for index in range(4 * fps):
        matte.track(scene(160), index / fps, index, face_of(160))
    assert 7 <= fake.net.runs / 4 <= 8


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize(("people", "at_most"), [(1, 15), (2, 20)])
def test_in_motion_the_looks_are_rationed(
    matte: PersonMatte, fake: FakeRuntime, fps: int, people: int, at_most: int
) -> None:
    size_wh = (640, 180)
    for index in range(2 * fps):
        x = 120 + round(60 * np.sin(6 * index / fps))
        faces = np.concatenate([face_of(x), face_of(x + 380)])[:people]
        matte.track(scene(x, size_wh=size_wh), index / fps, index, faces)
    assert 0.6 * at_most < fake.net.runs / 2 <= at_most + 3


def test_best_quality_looks_on_every_moving_frame(fake: FakeRuntime) -> None:
    best = PersonMatte(fake, quality="best")
    ran = [best.track(scene(100 + 5 * i), i / 30, i, face_of(100 + 5 * i))[2] for i in range(20)]
    assert all(ran)


def test_the_matte_keeps_up_between_looks(matte: PersonMatte) -> None:
    behind = []
    for index in range(24):
        x = 80 + 6 * index
        alpha, looked_at, ran = matte.track(scene(x), index / 30, index, face_of(x))
        assert ran == (looked_at == index)
        if index >= 8:
            behind.append(x / 320 - mean_position(alpha))
    assert max(np.abs(behind)) * 320 < 3


def test_flicker_of_the_network_is_averaged_away() -> None:
    class Flickering(RedIsPerson):
        def __call__(self, *inputs: F32) -> Sequence[F32]:
            (alpha,) = super().__call__(*inputs)
            return [np.clip(alpha + (0.2 if self.runs % 2 else -0.2), 0, 1).astype(np.float32)]

    fake = FakeRuntime()
    fake.net = Flickering()
    matte = PersonMatte(fake)
    mattes = [matte.track(scene(160), index / 30, index, face_of(160))[0] for index in range(60)]
    steps = [np.abs(b - a).mean() * 255 for a, b in zip(mattes[30:], mattes[31:], strict=False)]
    assert float(np.mean(steps)) < 0.5


def test_a_cut_is_answered_in_its_own_frame(matte: PersonMatte) -> None:
    for index in range(6):
        matte.track(scene(80), index / 30, index, face_of(80))
    alpha, looked_at, ran = matte.track(scene(250, background=10), 6 / 30, 6, face_of(250))
    assert (looked_at, ran) == (6, True)
    assert abs(mean_position(alpha) - 250 / 320) < 0.02


def test_a_face_enters_and_leaves(matte: PersonMatte) -> None:
    empty = scene(160)
    empty[..., 1:] = empty[..., :1] = 90
    for index in range(5):
        alpha, _, _ = matte.track(empty, index / 30, index, NOBODY)
    assert alpha.max() == 0
    for index in range(5, 10):
        alpha, _, _ = matte.track(scene(160), index / 30, index, face_of(160))
    assert alpha.mean() > 0.1
    for index in range(10, 30):
        alpha, _, _ = matte.track(empty, index / 30, index, NOBODY)
    assert alpha.max() == 0


def test_two_people_are_looked_at_in_turns_and_both_found(matte: PersonMatte) -> None:
    def frame(index: int) -> tuple[U8, F32]:
        left, right = scene(100 + 2 * index, size_wh=(640, 180)), scene(540 - 2 * index, size_wh=(640, 180))
        both = left.copy()
        both[:, 320:] = right[:, 320:]
        return both, np.concatenate([face_of(100 + 2 * index), face_of(540 - 2 * index)])

    for index in range(30):
        pixels, faces = frame(index)
        alpha, _, _ = matte.track(pixels, index / 30, index, faces)
    half = alpha.shape[1] // 2
    assert abs(mean_position(alpha[:, :half]) / 2 - 158 / 640) < 0.02
    assert abs(mean_position(alpha[:, half:]) / 2 + 0.5 - 482 / 640) < 0.02


@pytest.mark.parametrize("t_s", [0.1, 60.0], ids=["back in time", "after a long gap"])
def test_a_jump_in_time_begins_anew(matte: PersonMatte, t_s: float) -> None:
    for index in range(6):
        matte.track(scene(80), 1 + index / 30, index, face_of(80))
    alpha, looked_at, ran = matte.track(scene(84), t_s, 99, face_of(84))
    assert (looked_at, ran) == (99, True)
    assert abs(mean_position(alpha) - 84 / 320) < 0.01


def test_a_change_of_size_begins_anew(matte: PersonMatte) -> None:
    matte.track(scene(80), 0.0, 0, face_of(80))
    alpha, _, ran = matte.track(np.ascontiguousarray(scene(80)[:, :100]), 1 / 30, 1, NOBODY)
    assert ran
    assert alpha.shape == (256, 142)


def test_reset_forgets(matte: PersonMatte) -> None:
    matte.track(scene(80), 0.0, 0, face_of(80))
    matte.reset()
    assert matte.export_state() == {}
    assert matte.track(scene(80), 0.0, 1, face_of(80))[1:] == (1, True)


def test_two_runs_are_identical(fake: FakeRuntime) -> None:
    def run() -> list[F32]:
        matte = PersonMatte(fake)
        return [matte.track(scene(80 + 5 * i), i / 30, i, face_of(80 + 5 * i))[0] for i in range(20)]

    for one, other in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_instance_goes_on_where_one_stopped(matte: PersonMatte, fake: FakeRuntime) -> None:
    other = PersonMatte(fake)
    other.import_state(matte.export_state())
    for index in range(11):
        matte.track(scene(80 + 5 * index), index / 30, index, face_of(80 + 5 * index))
    state = matte.export_state()
    assert all(isinstance(value, np.ndarray | float | int) for value in state.values())
    other.import_state(state)
    for index in range(11, 20):
        args = (scene(80 + 5 * index), index / 30, index, face_of(80 + 5 * index))
        mine, theirs = matte.track(*args), other.track(*args)
        np.testing.assert_array_equal(mine[0], theirs[0])
        assert mine[1:] == theirs[1:]


@pytest.mark.parametrize("background", ["plain", "bricks"])
def test_a_real_person_walks(real: PersonMatte, background: str) -> None:
    person = np.ascontiguousarray(data.astronaut()[:340, 20:380, ::-1])
    mask = np.zeros(person.shape[:2], np.uint8)
    outline = "155,10 230,10 285,60 285,170 290,260 345,275 345,340 0,340 30,260 85,230 80,160 120,140 130,60"
    corners = np.array([[int(v) for v in corner.split(",")] for corner in outline.split()], np.int32)
    cv2.fillPoly(mask, [corners], (255,))
    wall = np.full((360, 640, 3), 160, np.uint8)
    if background == "bricks":
        wall = np.repeat(cv2.resize(data.brick(), (640, 360))[..., None], 3, axis=2)
    real.reset()
    overlaps = []
    for index in range(24):
        x = 40 + 8 * index
        frame, truth = wall.copy(), np.zeros((360, 640), np.bool_)
        frame[20:, x : x + 360][mask > 0] = person[mask > 0]
        truth[20:, x : x + 360] = mask > 0
        face = np.array([[x + 155, 85, x + 225, 190]], np.float32)
        alpha, _, _ = real.track(frame, index / 30, index, face)
        found = cv2.resize(alpha, (640, 360)) > 0.5
        if index >= 6:
            overlaps.append(np.count_nonzero(found & truth) / np.count_nonzero(found | truth))
    # The outline leaves some wall around her: a perfect matte would score about 0.9.
    assert float(np.mean(overlaps)) > 0.85

"""Who comes in from the border."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from effects.heads import face_oval
from effects.newcomers import Scenery, find_newcomers
from models.types import U8, Face
from tests.pipeline_fakes import make_face

SIZE_WH = (640, 360)
DT_S = 1 / 30
FACE = make_face(1, (320, 130), 90.0)


def room(seed: int = 0) -> U8:
    """A quiet room: soft colours with a little camera noise."""
    rng = np.random.default_rng(5)
    soft = cv2.resize(rng.integers(60, 200, (6, 10, 3)).astype(np.uint8), SIZE_WH, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, 3, soft.shape)
    return np.clip(soft + noise, 0, 255).astype(np.uint8)


def with_box(pixels: U8, box_xyxy: tuple[int, int, int, int], colour: tuple[int, int, int] = (20, 30, 220)) -> U8:
    changed = pixels.copy()
    x0, y0, x1, y1 = box_xyxy
    changed[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = colour
    return changed


def play(frames: Sequence[U8], faces: tuple[Face, ...] = (), dt_s: float = DT_S) -> Scenery:
    scenery: Scenery | None = None
    for pixels in frames:
        scenery = find_newcomers(scenery, pixels, [face_oval(face) for face in faces], faces, None, dt_s)
    assert scenery is not None
    return scenery


def share(scenery: Scenery, box_xyxy: tuple[int, int, int, int]) -> float:
    x0, y0, x1, y1 = (round(value * 96 / 640) for value in box_xyxy)
    return float(scenery.found[y0:y1, x0:x1].mean())


QUIET = [room(n) for n in range(35)]


def test_a_quiet_room_has_no_newcomers() -> None:
    assert not play(QUIET).found.any()


def test_the_first_frame_has_nothing_to_compare_with() -> None:
    assert not play([room()]).found.any()


@pytest.mark.parametrize(
    "box", [(600, 60, 640, 200), (0, 60, 40, 200), (280, 320, 360, 360)], ids=["right", "left", "below"]
)
def test_whoever_comes_in_is_found_whole(box: tuple[int, int, int, int]) -> None:
    scenery = play([*QUIET, with_box(room(), box)])
    assert share(scenery, box) > 0.95
    assert share(scenery, (200, 120, 440, 240)) == 0.0


def test_hair_and_shoulder_give_the_face_between_them() -> None:
    parts = with_box(with_box(room(), (600, 60, 640, 90)), (560, 200, 640, 360))
    assert share(play([*QUIET, parts]), (615, 90, 640, 200)) > 0.95


def test_whoever_appears_inside_is_found() -> None:
    """From behind a desk, a door, a sheet of paper."""
    box = (300, 60, 380, 130)
    assert share(play([*QUIET, with_box(room(), box)]), box) > 0.95


def test_what_is_small_and_inside_is_nobody() -> None:
    assert not play([*QUIET, with_box(room(), (300, 100, 322, 122))]).found.any()


def test_in_the_dark_less_is_new() -> None:
    frames = [(room(n) // 6).astype(np.uint8) for n in range(35)]
    box = (600, 60, 640, 200)
    assert share(play([*frames, with_box(frames[0], box, (44, 48, 52))]), box) > 0.5


def view(left: int, seed: int) -> U8:
    """A camera turned to a part of a wide room."""
    rng = np.random.default_rng(6)
    soft = cv2.resize(rng.integers(60, 200, (6, 16, 3)).astype(np.uint8), (1024, 360), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, 3, (360, 640, 3))
    return np.clip(soft[:, left : left + 640] + noise, 0, 255).astype(np.uint8)


def test_what_a_turn_of_the_camera_brings_in_is_not_trusted_near_the_border() -> None:
    scenery = play([*[view(0, n) for n in range(35)], *[view(6 * n, n) for n in range(1, 30)]])
    assert not scenery.found.any()
    (strip,) = scenery.revealed()
    assert strip[:, -5:].all()
    assert not strip[:, :-12].any()


def test_whoever_comes_in_while_the_camera_turns_is_found() -> None:
    frames = [view(0, n) for n in range(35)]
    frames += [with_box(view(4 * n, n), (16 * n - 60, 60, 16 * n, 200)) for n in range(1, 12)]
    assert share(play(frames), (120, 70, 170, 190)) > 0.9


def test_a_sway_of_the_camera_brings_nothing_in() -> None:
    scenery = play([view(40 + round(5 * np.sin(n / 2)), n) for n in range(60)])
    assert scenery.revealed() == []
    assert not scenery.found.any()


def test_a_newcomer_is_followed_inwards() -> None:
    frames = [with_box(room(n), (640 - 20 * n, 60, 720 - 20 * n, 200)) for n in range(1, 12)]
    scenery = play([*QUIET, *frames])
    assert share(scenery, (420, 60, 500, 200)) > 0.9


def test_a_newcomer_whose_face_is_tracked_is_one_no_more_after_a_moment() -> None:
    box = (520, 60, 640, 360)
    face = make_face(2, (580, 120), 90.0)
    scenery = play([*QUIET, with_box(room(), box)])
    assert scenery.found.any()
    for n in range(15):
        scenery = find_newcomers(scenery, with_box(room(n), box), [face_oval(face)], [face], None, DT_S)
    assert not scenery.found.any()


def test_a_newcomer_lost_for_a_moment_stays_covered() -> None:
    box = (600, 60, 640, 200)
    before = play([*QUIET, with_box(room(), box)])
    after = find_newcomers(before, room(1), [], [], None, DT_S)
    assert share(after, box) > 0.95


def test_a_tracked_person_may_move_and_go() -> None:
    frames = [with_box(room(n), (260 - 6 * n, 60, 380 - 6 * n, 360)) for n in range(30)]
    scenery = None
    for n, pixels in enumerate(frames):
        face = make_face(1, (320 - 6 * n, 120), 90.0)
        scenery = find_newcomers(scenery, pixels, [face_oval(face)], [face], None, DT_S)
        assert not scenery.found.any()
    for n in range(60):
        scenery = find_newcomers(scenery, room(n), [], [], None, DT_S)
        assert not scenery.found.any()


@pytest.mark.parametrize("change", ["exposure", "cut", "pan"])
def test_a_moving_camera_and_changing_light_find_nobody(change: str) -> None:
    later = {
        "exposure": [np.clip(room(n).astype(int) + 30, 0, 255).astype(np.uint8) for n in range(3)],
        "cut": [room(n)[:, ::-1].copy() for n in range(3)],
        "pan": [np.roll(room(n), 60 * n, axis=1) for n in range(1, 4)],
    }[change]
    assert not play([*QUIET, *later]).found.any()


def test_what_stays_becomes_part_of_the_scene() -> None:
    box = (600, 60, 640, 200)
    scenery = play([*QUIET, *[with_box(room(n), box) for n in range(60)]], dt_s=1.0)
    assert not scenery.found.any()


def test_a_cell_that_always_changes_is_not_new() -> None:
    """A window with traffic, a screen."""
    rng = np.random.default_rng(1)
    frames = [with_box(room(n), (560, 0, 640, 120), tuple(rng.integers(0, 255, 3).tolist())) for n in range(150)]
    assert not play(frames, dt_s=0.2).found.any()


def test_time_that_stands_still_teaches_nothing() -> None:
    before = play([*QUIET, with_box(room(), (600, 60, 640, 200))])
    after = find_newcomers(before, with_box(room(), (600, 60, 640, 200)), [], [], None, 0.0)
    assert np.array_equal(after.mean, before.mean)
    assert np.array_equal(after.found, before.found)


@pytest.mark.parametrize("size_wh", [(1, 1), (5, 3), (33, 17), (360, 640), (641, 359)])
def test_odd_sizes(size_wh: tuple[int, int]) -> None:
    pixels = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    face = make_face(1, (size_wh[0] / 2, size_wh[1] / 2), 10.0)
    scenery = None
    for _ in range(3):
        scenery = find_newcomers(scenery, pixels, [face_oval(face)], [face], None, DT_S)
    assert scenery is not None
    assert not scenery.found.any()

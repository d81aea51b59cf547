"""Where the matte's network looks: a region a face, held, grown, shared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.matte_regions import WHOLE, Box, Region, after_run, follow_faces, inside, say, to_pixels, wanted_boxes
from models.types import F32

FRAME_WH = (1280, 720)
boxes01 = st.tuples(*[st.floats(0, 1)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


def faces(*boxes: tuple[float, float, float, float]) -> F32:
    return np.array(boxes, np.float32).reshape(-1, 4)


def area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


@pytest.mark.parametrize(
    ("boxes", "count"),
    [
        ([], 1),
        ([(600, 300, 620, 325)], 1),
        ([(600, 200, 700, 330)], 1),
        ([(100, 300, 180, 400), (1000, 300, 1080, 400)], 2),
        ([(600, 300, 680, 400), (610, 300, 690, 400)], 1),
        ([(x, 500, x + 60, 580) for x in range(0, 1200, 200)], 4),
    ],
    ids=["none", "too small", "one", "two apart", "two in one place", "six"],
)
def test_number_of_boxes(boxes: list[tuple[float, float, float, float]], count: int) -> None:
    assert len(wanted_boxes(faces(*boxes), FRAME_WH)) == count


def test_without_a_face_the_whole_frame_is_wanted() -> None:
    assert wanted_boxes(faces(), FRAME_WH) == [WHOLE]
    assert wanted_boxes(faces((-500, 100, -300, 300)), FRAME_WH) == [WHOLE]
    assert wanted_boxes(faces((100, 900, 300, 1200)), FRAME_WH) == [WHOLE]


def test_a_box_hangs_on_its_face_and_reaches_the_lower_edge() -> None:
    (box,) = wanted_boxes(faces((600, 300, 680, 400)), FRAME_WH)
    assert box[0] * 1280 < 500 < 780 < box[2] * 1280
    assert box[1] * 720 < 230
    assert box[3] == 1.0


@given(st.lists(st.tuples(*[st.floats(-2000, 4000, width=32)] * 4), max_size=8))
def test_boxes_stay_inside_the_frame(boxes: list[tuple[float, float, float, float]]) -> None:
    wanted = wanted_boxes(faces(*boxes), FRAME_WH)
    assert 1 <= len(wanted) <= 4
    for x0, y0, x1, y1 in wanted:
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1


def test_a_box_that_is_nearly_the_frame_is_the_frame() -> None:
    assert Region((0.02, 0.05, 1.0, 1.0)).box == WHOLE
    assert area(Region((0.2, 0.2, 0.8, 1.0)).box) < 0.5


def test_regions_hold_still_under_small_moves_and_follow_large_ones() -> None:
    first = follow_faces((), faces((600, 300, 680, 400)), FRAME_WH)
    looked = (after_run(first[0], np.ones((144, 256), np.float32), 1.0),)
    held = follow_faces(looked, faces((606, 302, 686, 402)), FRAME_WH)
    assert held == looked
    moved = follow_faces(looked, faces((640, 300, 720, 400)), FRAME_WH)
    assert moved[0].anchor != looked[0].anchor
    assert moved[0].growth == looked[0].growth
    assert moved[0].updated_s == 1.0


def test_a_face_that_jumps_or_enters_gets_a_new_region() -> None:
    first = follow_faces((), faces((100, 300, 180, 400)), FRAME_WH)
    looked = (after_run(first[0], np.zeros((144, 256), np.float32), 1.0),)
    assert follow_faces(looked, faces((1000, 300, 1080, 400)), FRAME_WH)[0].updated_s is None
    both = follow_faces(looked, faces((1000, 300, 1080, 400), (100, 300, 180, 400)), FRAME_WH)
    assert sorted(region.updated_s is None for region in both) == [False, True]
    assert follow_faces(both, faces(), FRAME_WH) == (Region(WHOLE),)


def test_a_side_grows_while_the_person_goes_on_there_and_creeps_back() -> None:
    region = Region((0.3, 0.3, 0.7, 1.0))
    person = np.zeros((144, 256), np.float32)
    person[:, :20] = 1
    grown = after_run(region, person, 1.0)
    assert grown.growth[0] > 0
    assert grown.growth[1:] == (grown.growth[1], 0.0)
    assert grown.box[0] < region.box[0]
    assert grown.box[2] == region.box[2]
    back = grown
    for _ in range(100):
        back = after_run(back, np.zeros_like(person), 2.0)
    assert back.growth == (0.0, 0.0, 0.0)


def test_a_side_at_the_frames_edge_does_not_grow() -> None:
    region = Region((0.0, 0.0, 0.5, 1.0))
    grown = after_run(region, np.ones((144, 256), np.float32), 1.0)
    assert grown.growth[:2] == (0.0, 0.0)
    assert grown.growth[2] > 0


@given(boxes01, st.integers(16, 256), st.integers(16, 256))
def test_pixels_of_a_box_are_never_empty_and_never_outside(box: Box, width: int, height: int) -> None:
    y0, y1, x0, x1 = to_pixels(box, (width, height))
    assert 0 <= y0 < y1 <= height
    assert 0 <= x0 < x1 <= width
    assert x0 <= box[0] * width
    assert x1 >= min(box[2] * width, width)


def test_one_part_decides_alone() -> None:
    share, first = say([(10, 144, 20, 120)], 0)
    assert share.shape == first.shape == (134, 100)
    assert share.min() == 1.0
    assert first.all()


@given(st.lists(boxes01, min_size=2, max_size=4))
def test_shares_add_up_to_one_and_someone_comes_first(boxes: list[Box]) -> None:
    size_wh = (64, 36)
    parts = [to_pixels((x0, y0, x1, 1.0), size_wh) for x0, y0, x1, _ in boxes]
    total = np.zeros((36, 64), np.float32)
    firsts = np.zeros((36, 64), np.int64)
    for index, (y0, y1, x0, x1) in enumerate(parts):
        share, first = say(parts, index)
        total[y0:y1, x0:x1] += share
        firsts[y0:y1, x0:x1] += first
    covered = inside(parts, size_wh)
    np.testing.assert_allclose(total[covered], 1.0, atol=1e-5)
    assert (firsts[covered] >= 1).all()
    assert total[~covered].sum() == 0

"""Persons whose face nobody sees."""

import numpy as np
import pytest

from effects.coarse import Region
from effects.people import sort_people
from tests.pipeline_fakes import make_face, person_matte

SIZE_WH = (640, 360)
LEFT = (60.0, 60.0, 220.0, 360.0)
RIGHT = (420.0, 60.0, 580.0, 360.0)


def share(found: Region, box_xyxy: tuple[float, float, float, float]) -> float:
    """How much of a box, in frame pixels, is in the map."""
    scale_x, scale_y = found.shape[1] / SIZE_WH[0], found.shape[0] / SIZE_WH[1]
    x0, y0, x1, y1 = box_xyxy
    part = found[round(y0 * scale_y) : round(y1 * scale_y), round(x0 * scale_x) : round(x1 * scale_x)]
    return float(part.mean())


def test_an_empty_matte_has_nobody() -> None:
    people = sort_people(np.zeros((144, 256), np.float32), (), SIZE_WH)
    assert not people.known.any()
    assert not people.strangers.any()


def test_a_person_without_any_face_is_found_whole() -> None:
    found = sort_people(person_matte(SIZE_WH, LEFT), (), SIZE_WH).strangers
    assert share(found, LEFT) > 0.97
    assert share(found, (300, 0, 640, 360)) == 0.0


def test_a_person_with_a_face_is_nobody_to_hide() -> None:
    face = make_face(1, (140, 120), 90.0)
    assert not sort_people(person_matte(SIZE_WH, LEFT), (face,), SIZE_WH).strangers.any()


def test_a_person_with_a_face_is_known() -> None:
    known = sort_people(person_matte(SIZE_WH, LEFT, RIGHT), (make_face(1, (140, 120), 90.0),), SIZE_WH).known
    assert share(known, LEFT) > 0.97
    assert share(known, RIGHT) == 0.0


def test_the_neighbour_is_found() -> None:
    face = make_face(1, (140, 120), 90.0)
    found = sort_people(person_matte(SIZE_WH, LEFT, RIGHT), (face,), SIZE_WH).strangers
    assert share(found, RIGHT) > 0.97
    assert share(found, (60, 60, 200, 360)) == 0.0


def test_a_neighbour_who_touches_is_found() -> None:
    wide = (60.0, 60.0, 580.0, 360.0)
    face = make_face(1, (140, 120), 90.0)
    found = sort_people(person_matte(SIZE_WH, wide), (face,), SIZE_WH).strangers
    assert share(found, (400, 60, 580, 360)) > 0.97
    assert share(found, (100, 60, 180, 360)) == 0.0


def test_an_arm_is_left_alone() -> None:
    face = make_face(1, (140, 120), 90.0)
    arm = (200.0, 180.0, 380.0, 205.0)
    assert not sort_people(person_matte(SIZE_WH, LEFT, arm), (face,), SIZE_WH).strangers.any()


def test_a_coasting_face_still_counts() -> None:
    face = make_face(1, (140, 120), 90.0, coasting=True)
    assert not sort_people(person_matte(SIZE_WH, LEFT), (face,), SIZE_WH).strangers.any()


def test_noise_is_nobody() -> None:
    matte = person_matte(SIZE_WH, (300.0, 200.0, 320.0, 210.0))
    assert not sort_people(matte, (), SIZE_WH).strangers.any()


@pytest.mark.parametrize("centre", [(-30.0, 120.0), (660.0, 120.0), (300.0, 390.0)])
def test_faces_at_and_beyond_the_border(centre: tuple[float, float]) -> None:
    found = sort_people(person_matte(SIZE_WH, (200, 40, 420, 360)), (make_face(1, centre, 90.0),), SIZE_WH).strangers
    assert found.shape == (54, 96)

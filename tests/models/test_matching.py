"""Which detection is which face, on made-up tracks and detections."""

import math

import cv2
import numpy as np
import pytest

from models.appearance import LOOK_SHAPE
from models.detector import Detections
from models.matching import match, places_of, touching, unlike
from models.tracks import Track
from models.types import F32

FACE = np.array([[-20, -15], [20, -15], [0, 5], [-15, 25], [15, 25]], np.float32)
NOW = 1.0
FRAME = 1 / 30


def look(person: int) -> F32:
    """A look that differs from every other person's: smooth, as faces are at that size."""
    coarse = np.random.default_rng(person).normal(0, 0.4, (4, 4, 3)).astype(np.float32)
    fine = cv2.resize(coarse, LOOK_SHAPE[1:], interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(np.moveaxis(fine, 2, 0))


def box_at(x: float, y: float = 300, size: float = 1.0) -> F32:
    return np.array([x - 50 * size, y - 50 * size, x + 50 * size, y + 50 * size], np.float32)


def track_at(x: float, person: int, seen_s: float = NOW - FRAME, speed: float = 0.0) -> Track:
    keypoints = FACE + np.float32([x, 300])
    track = Track(person, seen_s, box_at(x), keypoints, box_at(x), 0.9)
    track.velocity = (speed, 0.0, 0.0)
    track.learn(look(person), keypoints, seen_s)
    return track


def detections(*places: tuple[float, float]) -> Detections:
    """(x, size) of each face."""
    if not places:
        return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))
    return Detections(
        np.stack([box_at(x, size=size) for x, size in places]),
        np.full(len(places), 0.9, np.float32),
        np.stack([FACE * np.float32(size) + np.float32([x, 300]) for x, size in places]),
    )


def matched(
    tracks: list[Track], found: Detections, people: list[int], *, crowded: bool = True, listed: bool = True
) -> dict[int, int]:
    """Detection by track id."""
    looks = {k: look(person) for k, person in enumerate(people)}
    pairs = match(tracks, [listed] * len(tracks), [crowded] * len(tracks), found, looks, NOW)
    return {track.track_id: k for track, k in pairs}


def test_everybody_is_found_where_expected() -> None:
    tracks = [track_at(100, 1), track_at(300, 2), track_at(500, 3)]
    assert matched(tracks, detections((505, 1), (102, 1), (297, 1)), [3, 1, 2]) == {1: 1, 2: 2, 3: 0}


def test_two_who_stand_close_are_told_apart_by_their_looks() -> None:
    tracks = [track_at(300, 1, NOW - 0.3), track_at(320, 2, NOW - 0.3)]
    assert matched(tracks, detections((312, 1), (308, 1)), [1, 2]) == {1: 0, 2: 1}


def test_a_walker_is_looked_for_further_on() -> None:
    walker = track_at(300, 1, NOW - 0.4, speed=250)
    assert matched([walker], detections((380, 1)), [1]) == {1: 0}
    assert matched([track_at(300, 1, NOW - 0.4)], detections((400, 1)), [9]) == {}


@pytest.mark.parametrize(("crowded", "expected"), [(True, {}), (False, {})])
def test_a_stranger_in_the_place_of_a_lost_face_is_not_taken_for_it(crowded: bool, expected: dict[int, int]) -> None:
    lost = track_at(300, 1, NOW - 0.3)
    assert matched([lost], detections((302, 1)), [7], crowded=crowded) == expected


def test_alone_a_rather_different_look_will_do() -> None:
    lost = track_at(300, 1, NOW - 0.2)
    half = {0: look(1) + np.float32(0.6) * look(5)}
    different = unlike(lost, half[0], lost.keypoints_xy)
    assert 0.06 < different < 0.2
    found = detections((302, 1))
    assert match([lost], [True], [False], found, half, NOW) == [(lost, 0)]
    assert match([lost], [True], [True], found, half, NOW) == []


@pytest.mark.parametrize("size", [0.3, 3.0])
def test_another_size_is_another_face(size: float) -> None:
    assert matched([track_at(300, 1)], detections((300, size)), [1], crowded=False) == {}


def test_far_away_only_the_same_look_will_do() -> None:
    lost = track_at(300, 1, NOW - 0.45)
    assert matched([lost], detections((420, 1)), [1], crowded=False) == {1: 0}
    slightly = {0: look(1) + np.float32(0.5) * look(5)}
    assert match([lost], [True], [False], detections((420, 1)), slightly, NOW) == []


def test_nobody_takes_anothers_face_only_to_have_one() -> None:
    # The second track's face is hidden; the first one's own is the only detection near both.
    tracks = [track_at(300, 1), track_at(330, 2)]
    assert matched(tracks, detections((301, 1)), [1]) == {1: 0}


def test_a_listed_face_goes_before_a_remembered_one() -> None:
    twins = [track_at(300, 1, NOW - 0.2), track_at(300, 2, NOW - 0.2)]
    twins[1].looks = twins[0].looks
    found, looks = detections((300, 1)), {0: look(1)}
    assert match(twins, [True, False], [True, True], found, looks, NOW) == [(twins[0], 0)]
    assert match(twins, [False, True], [True, True], found, looks, NOW) == [(twins[1], 0)]


@pytest.mark.parametrize(("tracks", "places"), [([], [(1.0, 1.0)]), ([track_at(300, 1)], []), ([], [])])
def test_nothing_to_match(tracks: list[Track], places: list[tuple[float, float]]) -> None:
    assert matched(tracks, detections(*places), [1] * len(places)) == {}


def test_places_have_one_row_a_track_and_one_column_a_detection() -> None:
    places = places_of([track_at(100, 1), track_at(300, 2)], detections((100, 1), (300, 1), (900, 1)), NOW)
    assert places.far.shape == places.growth.shape == places.iou.shape == places.possible.shape == (2, 3)
    np.testing.assert_allclose(np.diag(places.far), 0, atol=1e-3)
    np.testing.assert_array_equal(places.possible, np.eye(2, 3, dtype=bool))


def test_an_unknown_view_is_neither_alike_nor_different() -> None:
    stranger = track_at(300, 1)
    stranger.looks = np.full_like(stranger.looks, math.nan)
    assert 0 < unlike(stranger, look(1), FACE) < 0.06


def test_touching_faces() -> None:
    everybody = [track_at(100, 1), track_at(220, 2), track_at(500, 3)]
    assert touching(everybody, everybody, NOW) == [True, True, False]
    assert touching(everybody[:1], everybody, NOW) == [True]
    assert touching(everybody[:1], everybody[:1], NOW) == [False]
    assert touching([], everybody, NOW) == []

"""Looks of drawn faces: the same through light, size and noise, another through another face."""

import math

import cv2
import numpy as np
import pytest

from models.appearance import LOOK_SHAPE, difference, keypoints_of, look_at, view_of
from models.types import F32, U8
from tests.posed_face import posed_mesh

SAME, OTHER = 0.02, 0.04


def drawn(
    mesh: F32, skin: tuple[int, int, int], hair: tuple[int, int, int], size_wh: tuple[int, int] = (640, 480)
) -> U8:
    """A cartoon of a face: hair, skin, brows, eyes, mouth."""
    pixels = np.full((size_wh[1], size_wh[0], 3), 120, np.uint8)
    middle = mesh[:468, :2].mean(axis=0)
    height = float(np.ptp(mesh[:, 1]))
    for colour, axes, shift in ((hair, (0.52, 0.66), -0.08), (skin, (0.40, 0.52), 0.02)):
        centre = (round(float(middle[0])), round(float(middle[1] + shift * height)))
        cv2.ellipse(pixels, centre, (round(axes[0] * height), round(axes[1] * height)), 0, 0, 360, colour, -1)
    for group, colour in (
        ((46, 53, 52, 65, 55), hair),
        ((276, 283, 282, 295, 285), hair),
        ((61, 0, 291, 17), (60, 60, 170)),
    ):
        cv2.polylines(
            pixels, [np.round(mesh[list(group), :2]).astype(np.int32)], False, colour, max(round(height / 25), 1)
        )
    return cv2.GaussianBlur(pixels, (0, 0), 1.5)


@pytest.fixture
def mesh() -> F32:
    return posed_mesh(centre_xy=(320, 240), px_per_cm=11)


@pytest.fixture
def own(mesh: F32) -> F32:
    return look_at(drawn(mesh, (150, 175, 215), (40, 50, 70)), keypoints_of(mesh))


def test_a_look_is_small_and_equal_to_itself(own: F32) -> None:
    assert own.shape == LOOK_SHAPE
    assert own.dtype == np.float32
    assert difference(own, own) == 0


@pytest.mark.parametrize("brightness", [0.6, 1.15])
def test_another_light_is_no_other_face(mesh: F32, own: F32, brightness: float) -> None:
    pixels = np.clip(drawn(mesh, (150, 175, 215), (40, 50, 70)) * brightness, 0, 255).astype(np.uint8)
    assert difference(look_at(pixels, keypoints_of(mesh)), own) < SAME


def test_another_size_place_and_angle_is_no_other_face(own: F32) -> None:
    moved = posed_mesh((0, 0, 5), (250, 260), 5)
    pixels = drawn(moved, (150, 175, 215), (40, 50, 70))
    assert difference(look_at(pixels, keypoints_of(moved)), own) < SAME


def test_noise_and_inexact_points_are_no_other_face(mesh: F32, own: F32) -> None:
    rng = np.random.default_rng(0)
    pixels = drawn(mesh, (150, 175, 215), (40, 50, 70)).astype(np.int16) + rng.integers(-8, 9, (480, 640, 3))
    keypoints = keypoints_of(mesh) + rng.normal(0, 3, (5, 2)).astype(np.float32)
    assert difference(look_at(np.clip(pixels, 0, 255).astype(np.uint8), keypoints), own) < SAME


def test_something_in_front_of_a_quarter_of_the_face_is_forgiven(mesh: F32, own: F32) -> None:
    pixels = drawn(mesh, (150, 175, 215), (40, 50, 70))
    pixels[:, 372:] = (30, 160, 30)
    assert difference(look_at(pixels, keypoints_of(mesh)), own) < SAME


@pytest.mark.parametrize(
    ("skin", "hair"),
    [((60, 85, 130), (20, 20, 25)), ((110, 135, 190), (200, 215, 230)), ((235, 235, 235), (90, 90, 90))],
)
def test_another_skin_or_hair_is_another_face(
    mesh: F32, own: F32, skin: tuple[int, int, int], hair: tuple[int, int, int]
) -> None:
    assert difference(look_at(drawn(mesh, skin, hair), keypoints_of(mesh)), own) > OTHER


def test_an_unknown_look_differs_by_nan(own: F32) -> None:
    unknown = np.full(LOOK_SHAPE, np.nan, np.float32)
    assert math.isnan(difference(own, unknown))
    assert math.isnan(difference(unknown, own))


@pytest.mark.parametrize(("yaw", "view"), [(-40, 0), (0, 1), (40, 2)])
def test_views(yaw: float, view: int) -> None:
    assert view_of(keypoints_of(posed_mesh((yaw, 0, 20)))) == view


def test_degenerate_points_are_safe() -> None:
    same = np.full((5, 2), 50, np.float32)
    assert view_of(same) == 1
    assert np.isfinite(look_at(np.zeros((100, 100, 3), np.uint8), same)).all()

"""Coarse maps: how far the camera has turned, and maps that follow it."""

import cv2
import numpy as np
import pytest

from effects.coarse import camera_shift, moved_map
from models.types import U8

NOBODY = np.zeros((54, 96), np.bool_)


def scenery() -> U8:
    rng = np.random.default_rng(2)
    return np.asarray(
        cv2.resize(rng.integers(30, 220, (9, 16, 3)).astype(np.uint8), (96, 54), interpolation=cv2.INTER_CUBIC)
    )


def turned(pixels: U8, across: float, down: float) -> U8:
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(pixels, matrix, (96, 54), borderMode=cv2.BORDER_REPLICATE), np.uint8)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -0.3), (-1.5, 1.0), (2.0, 0.5)])
def test_a_turn_is_measured(shift: tuple[float, float]) -> None:
    assert camera_shift(scenery(), turned(scenery(), *shift), NOBODY, (0.0, 0.0)) == pytest.approx(shift, abs=0.25)


def test_somebody_who_moves_is_not_the_camera() -> None:
    now = turned(scenery(), 1.0, 0.0)
    now[20:, 10:35] = 255
    assert camera_shift(scenery(), now, NOBODY, (0.0, 0.0)) == pytest.approx((1.0, 0.0), abs=0.3)


def test_brighter_is_not_turned() -> None:
    brighter = np.clip(scenery().astype(np.int16) + 20, 0, 255).astype(np.uint8)
    assert camera_shift(scenery(), brighter, NOBODY, (0.0, 0.0)) == pytest.approx((0, 0), abs=0.2)


def test_a_bare_wall_says_nothing() -> None:
    wall = np.full((54, 96, 3), 120, np.uint8)
    assert camera_shift(wall, wall, NOBODY, (0.5, 0.0)) == (0.5, 0.0)


def test_another_scene_cannot_be_told() -> None:
    assert camera_shift(scenery(), 255 - scenery(), NOBODY, (0.0, 0.0)) is None


@pytest.mark.parametrize("cells", [(0, 0), (2, -1), (-3, 2), (99, 0), (0, -99)])
def test_a_map_moves_by_whole_cells(cells: tuple[int, int]) -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    moved = moved_map(values, cells, -1.0)
    for y in range(3):
        for x in range(4):
            u, v = x - cells[0], y - cells[1]
            assert moved[y, x] == (values[v, u] if 0 <= u < 4 and 0 <= v < 3 else -1.0)

"""Ovals and masks."""

from math import hypot

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effects.devices.gpu import GpuDevice
from effects.ops.blend import blend_colour
from effects.ops.masks import Mask, Oval, map_mask, oval_mask, without
from models.types import F32, Frame
from tests.effects.both_devices import draw_on_both

SIZE_WH = (320, 180)


def centres(x0: int, y0: int, shape: tuple[int, ...]) -> F32:
    down, across = np.mgrid[y0 : y0 + shape[0], x0 : x0 + shape[1]].astype(np.float32) + 0.5
    return np.stack([across.ravel(), down.ravel()], axis=1)


@given(
    st.floats(-80, 400),
    st.floats(-80, 260),
    st.floats(2, 150),
    st.floats(2, 150),
    st.floats(-180, 180),
    st.floats(0.05, 0.6),
)
def test_solid_inside_nothing_beyond_the_feather(
    x: float, y: float, half_w: float, half_h: float, angle: float, feather: float
) -> None:
    oval = Oval((x, y), (half_w, half_h), angle)
    mask = oval_mask(oval, feather, SIZE_WH)
    everywhere = centres(0, 0, (SIZE_WH[1], SIZE_WH[0]))
    alpha = np.zeros((SIZE_WH[1], SIZE_WH[0]), np.uint8)
    if mask is not None:
        height, width = mask.alpha.shape
        assert mask.x0 >= 0
        assert mask.y0 >= 0
        assert mask.x0 + width <= SIZE_WH[0]
        assert mask.y0 + height <= SIZE_WH[1]
        alpha[mask.y0 : mask.y0 + height, mask.x0 : mask.x0 + width] = mask.alpha
    radius = oval.radius_at(everywhere).reshape(alpha.shape)
    assert (alpha[radius <= 1.0] == 255).all()
    real_feather = max(feather, 12 / max(min(half_w, half_h), 1.0))
    beyond_px = (radius - 1 - real_feather) * min(half_w, half_h)
    assert (alpha[beyond_px > 8.0] == 0).all()


@pytest.mark.parametrize("centre", [(-500.0, 90.0), (160.0, -500.0), (900.0, 90.0), (160.0, 900.0)])
def test_off_the_picture_is_no_mask(centre: tuple[float, float]) -> None:
    assert oval_mask(Oval(centre, (40, 60)), 0.2, SIZE_WH) is None


def test_angle_turns_clockwise_as_seen() -> None:
    oval = Oval((100.0, 100.0), (50.0, 10.0), 30.0)
    along = np.array([[100 + 49 * 0.866, 100 + 49 * 0.5]], np.float32)
    assert oval.radius_at(along)[0] < 1.0
    assert oval.radius_at(np.array([[100 + 49 * 0.866, 100 - 49 * 0.5]], np.float32))[0] > 1.0


@given(st.floats(1, 99), st.floats(1, 99), st.floats(-180, 180))
def test_reach_is_the_upright_box(half_w: float, half_h: float, angle: float) -> None:
    oval = Oval((0.0, 0.0), (half_w, half_h), angle)
    turns = np.linspace(0, 2 * np.pi, 721)
    points = np.stack([np.cos(turns) * half_w, np.sin(turns) * half_h], axis=1) @ oval.axes()
    across, down = oval.reach_xy()
    tolerance = 1e-3 * hypot(half_w, half_h)
    assert abs(np.abs(points[:, 0]).max() - across) < tolerance
    assert abs(np.abs(points[:, 1]).max() - down) < tolerance


def test_a_map_keeps_its_place_and_edges() -> None:
    values = np.zeros((18, 32), np.float32)
    values[6:12, 10:20] = 1.0
    mask = map_mask(values, SIZE_WH)
    assert mask is not None
    full = np.zeros((180, 320), np.uint8)
    full[mask.y0 : mask.y0 + mask.alpha.shape[0], mask.x0 : mask.x0 + mask.alpha.shape[1]] = mask.alpha
    assert (full[65:115, 105:195] == 255).all()
    assert full[:50].max() == 0
    assert full[:, 215:].max() == 0
    assert full[60:120, 96:104].mean() == pytest.approx(127, abs=20)


def test_a_map_reaches_the_borders_of_the_picture() -> None:
    mask = map_mask(np.ones((9, 16), np.float32), (321, 179))
    assert mask is not None
    assert mask.alpha.shape == (179, 321)
    assert mask.alpha.min() == 255


def test_an_empty_map_is_no_mask() -> None:
    assert map_mask(np.zeros((9, 16), np.float32), SIZE_WH) is None


def test_alpha_is_made_once_and_from_the_coarse_map() -> None:
    mask = oval_mask(Oval((160.0, 90.0), (50.0, 70.0), 20.0), 0.2, SIZE_WH)
    assert mask is not None
    assert mask.alpha is mask.alpha
    assert mask.alpha.shape == mask.size_wh[::-1]
    assert mask.coarse.values.size < mask.alpha.size / 10
    assert mask.area == (mask.x0, mask.y0, *mask.size_wh)


@pytest.mark.parametrize("kind", ["oval", "map", "dense", "with a hole"])
def test_the_gpu_stretches_masks_alike(gpu: GpuDevice, kind: str) -> None:
    oval = oval_mask(Oval((150.3, 80.7), (50.0, 70.0), 20.0), 0.3, SIZE_WH)
    values = cv2.blur(np.pad(np.ones((9, 17), np.float32), 5), (5, 5))
    stretched = map_mask(values, SIZE_WH)
    assert oval is not None
    assert stretched is not None
    corners = np.array([[120, 40], [190, 60], [150, 120]], np.float32)
    mask = {
        "oval": oval,
        "map": stretched,
        "dense": Mask(11, 7, np.random.default_rng(0).integers(0, 256, (33, 51)).astype(np.uint8)),
        "with a hole": without(oval, corners),
    }[kind]
    black = Frame(0, 0.0, 0, np.zeros((180, 320, 3), np.uint8))
    pictures = draw_on_both(gpu, black, lambda canvas: blend_colour(canvas, mask, (255, 255, 255)))
    drawn = pictures.gpu[mask.y0 :, mask.x0 :, 0][: mask.size_wh[1], : mask.size_wh[0]]
    assert mask.alpha.max() == 255
    assert np.abs(drawn.astype(int) - mask.alpha).max() <= 1
    assert pictures.gpu[..., :3].sum() == 3 * drawn.sum(dtype=int)

"""Brightness figures of pictures whose figures are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.luma import LumaMeter
from models.types import U8


def flat(value: int, height: int = 120, width: int = 200) -> U8:
    return np.full((height, width, 3), value, np.uint8)


def scene(seed: int) -> U8:
    coarse = np.random.default_rng(seed).integers(10, 200, (9, 16, 1), np.uint8)
    return np.repeat(np.repeat(np.repeat(coarse, 40, 0), 40, 1), 3, 2)


@pytest.mark.parametrize(("value", "clipped"), [(0, 1.0), (128, 0.0), (255, 1.0)])
def test_flat_pictures(value: int, clipped: float) -> None:
    assert LumaMeter().measure(flat(value)) == pytest.approx((value, clipped, 0.0))


def test_half_clipped() -> None:
    pixels = flat(100, 96, 96)
    pixels[:, 48:] = 255
    mean, clipped, _ = LumaMeter().measure(pixels)
    assert mean == pytest.approx(177.5)
    assert clipped == pytest.approx(0.5)


def test_change_is_since_the_frame_before() -> None:
    meter = LumaMeter()
    changes = [meter.measure(flat(value))[2] for value in (100, 110, 110, 90)]
    assert changes == pytest.approx([0, 10, 0, 20])


def test_a_cut_is_another_scene_not_another_light() -> None:
    meter = LumaMeter()
    cuts = []
    for pixels in (scene(1), scene(1), scene(1) // 2, scene(1), scene(2), scene(2)):
        meter.measure(pixels)
        cuts.append(meter.cut)
    assert cuts == [False, False, False, False, True, False]


def test_a_new_size_or_source_is_no_change() -> None:
    meter = LumaMeter()
    meter.measure(scene(1))
    assert meter.measure(flat(0))[2] == 0
    meter.reset()
    assert meter.measure(scene(2))[2] == 0
    assert not meter.cut


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 500), st.integers(1, 500), st.integers(0, 255))
def test_any_size(width: int, height: int, value: int) -> None:
    assert LumaMeter().measure(flat(value, height, width))[0] == pytest.approx(value)

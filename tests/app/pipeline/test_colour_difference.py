"""CIEDE2000 against the paper's own pairs and scikit-image; the tally and the amplified picture."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from app.pipeline.colour_difference import DifferenceTally, _ciede2000, amplify, delta_e
from models.types import U8

_SHARMA = (
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)
"""From table 1 of Sharma, Wu, Dalal 2005: two colours in Lab, and their difference."""


def _picture(seed: int, shape: tuple[int, int] = (90, 160)) -> U8:
    pixels: U8 = np.random.default_rng(seed).integers(0, 256, (*shape, 4)).astype(np.uint8)
    return pixels


def _near(picture: U8, most: int, seed: int = 9) -> U8:
    noise = np.random.default_rng(seed).integers(-most, most + 1, picture.shape)
    return np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("one", "other", "expected"), _SHARMA)
def test_the_papers_pairs(one: tuple[float, float, float], other: tuple[float, float, float], expected: float) -> None:
    first, second = np.array([one], np.float32), np.array([other], np.float32)
    assert _ciede2000(first, second)[0] == pytest.approx(expected, abs=2e-4)
    assert _ciede2000(second, first)[0] == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("most", [1, 3, 12])
def test_pictures_like_scikit_image(most: int) -> None:
    first = _picture(1)
    second = _near(first, most)
    expected = deltaE_ciede2000(rgb2lab(first[..., 2::-1]), rgb2lab(second[..., 2::-1]))
    np.testing.assert_allclose(delta_e(first, second), expected, atol=0.005)


def test_equal_pixels_are_no_way_apart_and_alpha_does_not_count() -> None:
    first = _picture(2)
    second = first.copy()
    second[..., 3] ^= 255
    assert not delta_e(first, second).any()
    second[5, 6, 0] ^= 255
    assert np.count_nonzero(delta_e(first, second)) == 1


def test_black_and_white_are_a_hundred_apart() -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    np.testing.assert_allclose(delta_e(black, white), 100.0, atol=0.01)


def test_the_tally_pools_all_pixels_and_keeps_the_worst_frame() -> None:
    tally, first = DifferenceTally(), _picture(3)
    pairs = [(4, first.copy()), (7, _near(first, 5)), (9, _near(first, 1))]
    for index, second in pairs:
        tally.add(index, first, second)
    found = tally.result()
    assert found is not None
    every = np.stack([delta_e(first, second) for _index, second in pairs])
    assert found.mean == pytest.approx(float(every.mean()), rel=1e-4)
    assert found.p99 == pytest.approx(float(np.percentile(every, 99)), abs=0.01)
    assert (found.frames, found.frame_index) == (3, 7)
    np.testing.assert_array_equal(found.second, pairs[1][1])


def test_a_tally_of_nothing_has_no_result() -> None:
    assert DifferenceTally().result() is None


@pytest.mark.parametrize(("apart", "factor"), [(1, 64), (3, 64), (4, 32), (20, 8), (100, 2), (200, 1)])
def test_the_difference_is_amplified_as_far_as_it_does_not_clip(apart: int, factor: int) -> None:
    first = np.full((20, 20, 4), 30, np.uint8)
    second = first.copy()
    second[:10, :, 1] += np.uint8(apart)
    bright, used = amplify(first, second)
    assert used == factor
    assert set(np.unique(bright[..., 1])) == {0, apart * factor}
    assert (bright[..., 3] == 255).all()
    assert not bright[..., 0].any()

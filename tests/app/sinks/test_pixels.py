import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sinks.pixels import even, fitted, is_opaque, over_white


def test_opaque_pictures_lose_only_their_alpha() -> None:
    bgra = np.random.default_rng(0).integers(0, 256, (5, 6, 4), dtype=np.uint8)
    bgra[..., 3] = 255
    assert is_opaque(bgra)
    np.testing.assert_array_equal(over_white(bgra), bgra[..., :3])
    bgra[2, 3, 3] = 254
    assert not is_opaque(bgra)


@given(st.integers(0, 255), st.integers(0, 255))
def test_transparency_lies_over_white(value: int, alpha: int) -> None:
    shown = over_white(np.uint8([[[value, value, value, alpha], [value, value, value, 0]]]))
    assert shown[0, 0, 0] == pytest.approx((value * alpha + 255 * (255 - alpha)) / 255, abs=0.51)
    assert shown[0, 1].tolist() == [255, 255, 255]


@given(st.integers(1, 9), st.integers(1, 9))
def test_odd_sides_repeat_their_edge(width: int, height: int) -> None:
    picture = np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3)
    grown = even(picture)
    assert grown.shape == (height + height % 2, width + width % 2, 3)
    np.testing.assert_array_equal(grown[:height, :width], picture)
    np.testing.assert_array_equal(grown[-1, :width], picture[-1])
    np.testing.assert_array_equal(grown[:height, -1], picture[:, -1])


@pytest.mark.parametrize(
    ("size_wh", "bars"),
    [((40, 20), False), ((20, 10), False), ((80, 40), False), ((40, 40), True), ((10, 40), True), ((1, 1), False)],
)
def test_other_sizes_are_fitted_with_bars(size_wh: tuple[int, int], bars: bool) -> None:
    framed = fitted(np.full((20, 40, 3), 200, np.uint8), size_wh)
    assert framed.shape == (size_wh[1], size_wh[0], 3)
    assert framed[size_wh[1] // 2, size_wh[0] // 2].tolist() == [200, 200, 200]
    assert bool((framed == 0).any()) == bars

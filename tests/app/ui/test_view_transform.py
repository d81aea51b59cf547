"""Where the picture lies, and that clicks find their way back into the frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.view_transform import fit

sizes = st.tuples(st.integers(1, 4000), st.integers(1, 4000))
areas = st.tuples(st.integers(40, 4000), st.integers(40, 4000))
ratios = st.sampled_from([1.0, 1.25, 1.5, 2.0])


@given(frame_wh=sizes, area_wh=areas, ratio=ratios, mirrored=st.booleans())
def test_the_picture_stays_inside_with_its_proportions(
    frame_wh: tuple[int, int], area_wh: tuple[int, int], ratio: float, mirrored: bool
) -> None:
    view = fit(frame_wh, area_wh, 8, ratio, mirrored)
    assert view.x >= 0
    assert view.y >= 0
    assert view.x + view.width <= area_wh[0] + 1e-6
    assert view.y + view.height <= area_wh[1] + 1e-6
    assert abs(view.width / frame_wh[0] - view.height / frame_wh[1]) <= 1.0 / ratio / min(frame_wh) + 1e-9


@given(
    frame_wh=st.tuples(st.integers(64, 4000), st.integers(64, 4000)),
    area_wh=st.tuples(st.integers(200, 4000), st.integers(200, 4000)),
    mirrored=st.booleans(),
    across=st.floats(0.01, 0.99),
    down=st.floats(0.01, 0.99),
)
def test_to_frame_undoes_to_view(
    frame_wh: tuple[int, int], area_wh: tuple[int, int], mirrored: bool, across: float, down: float
) -> None:
    view = fit(frame_wh, area_wh, 8, 1.0, mirrored)
    point = np.array([[across * frame_wh[0], down * frame_wh[1]]], np.float32)
    x, y = view.to_view(point)[0].tolist()
    back = view.to_frame(x, y)
    assert back is not None
    assert back == pytest.approx(point[0].tolist(), abs=0.01 / view.scale + 0.01)


@given(split=st.floats(0.0, 1.0), mirrored=st.booleans())
def test_the_split_line_goes_through_the_inverse(split: float, mirrored: bool) -> None:
    view = fit((640, 360), (800, 600), 8, 1.0, mirrored)
    assert view.split_to_frame(view.split_to_view(split)) == pytest.approx(split, abs=1e-9)


@pytest.mark.parametrize(
    ("area_wh", "scale"),
    [((1296, 900), 1.0), ((1400, 1000), 1.0), ((976, 616), 0.75), ((2576, 1456), 2.0)],
    ids=["exact", "a little larger: still 1:1", "smaller", "much larger"],
)
def test_scale(area_wh: tuple[int, int], scale: float) -> None:
    assert fit((1280, 720), area_wh, 8, 1.0, False).scale == pytest.approx(scale)


def test_mirrored_left_is_right() -> None:
    view = fit((100, 50), (116, 66), 8, 1.0, True)
    assert view.to_frame(8.0, 8.0) == pytest.approx((100.0, 0.0))
    assert view.to_frame(107.5, 57.5) == pytest.approx((0.5, 49.5))


@pytest.mark.parametrize("spot", [(0, 0), (7.9, 30), (108, 30), (30, 58)])
def test_beside_the_picture_is_nowhere(spot: tuple[float, float]) -> None:
    assert fit((100, 50), (116, 66), 8, 1.0, False).to_frame(*spot) is None

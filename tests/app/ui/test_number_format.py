"""Numbers as people see and type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.number_format import number_format
from effects.base import Field


def _float(low: float, high: float, step: float, unit: str = "") -> Field:
    return Field("x", "float", "X", low, low, high, step, unit)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (_float(0, 1, 0.05), 0.7, "70"),
        (_float(0, 1, 0.005), 0.705, "70.5"),
        (_float(-1, 1, 0.1), -0.3, "-30"),
        (_float(-1, 1, 0.1), -0.0, "0"),
        (_float(0.05, 0.6, 0.05), 0.25, "25"),
        (_float(0.5, 4, 0.5, "px"), 1.0, "1.0 px"),
        (_float(-30, 30, 1, "°"), -12.0, "-12°"),
        (Field("n", "int", "N", 5, 1, 20, 1, "faces"), 5, "5 faces"),
        (Field("n", "int", "N", 5, 0, 1, 1), 1, "1"),
    ],
)
def test_text(field: Field, value: float, text: str) -> None:
    assert number_format(field).text(value) == text


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        (_float(0, 1, 0.05), "70", 0.7),
        (_float(0, 1, 0.05), " 70,5 ", 0.705),
        (_float(0, 1, 0.05), "250", 1.0),
        (_float(0, 1, 0.05), "-3", 0.0),
        (_float(-1, 1, 0.1), "\u221230", -0.3),
        (_float(0.5, 4, 0.5, "px"), "2.5 px", 2.5),
        (_float(-30, 30, 1, "°"), "7°", 7.0),
        (Field("n", "int", "N", 5, 1, 20, 1, "faces"), "7.6", 8),
        (_float(0, 1, 0.05), "", None),
        (_float(0, 1, 0.05), "much", None),
        (_float(0, 1, 0.05), "nan", None),
        (_float(0, 1, 0.05), "inf", None),
    ],
)
def test_parse(field: Field, typed: str, value: float | None) -> None:
    assert number_format(field).parse(typed) == value


@given(st.integers(0, 40), st.sampled_from([(0.0, 1.0, 0.05), (-1.0, 1.0, 0.1), (0.05, 0.6, 0.05), (1.0, 20.0, 1.0)]))
def test_slider_positions_come_back(position: int, shape: tuple[float, float, float]) -> None:
    form = number_format(_float(*shape))
    position = form.first_step + min(position, form.steps)
    value = form.from_step(position)
    assert shape[0] <= value <= shape[1]
    assert form.to_step(value) == position


def test_zero_is_position_zero_where_the_range_crosses_it() -> None:
    assert number_format(_float(-1, 1, 0.1)).to_step(0.0) == 0

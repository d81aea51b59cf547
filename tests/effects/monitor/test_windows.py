"""Sliding windows against the slow and obvious way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effects.monitor.windows import MedianFilter, QuantileWindow, ValidTime, middle, quantile

VALUES = st.lists(st.floats(-5, 5), min_size=1, max_size=40)
STEPS = st.lists(st.tuples(st.floats(0.01, 0.4), st.floats(-5, 5)), min_size=1, max_size=60)


@given(VALUES, st.floats(0, 1))
def test_quantile(values: list[float], share: float) -> None:
    assert quantile(sorted(values), share) == pytest.approx(np.quantile(values, share), abs=1e-9)
    assert middle(values) == pytest.approx(np.median(values), abs=1e-9)


@given(STEPS, st.floats(0, 1))
def test_a_window_holds_what_is_young_enough(steps: list[tuple[float, float]], share: float) -> None:
    window, times, t = QuantileWindow(1.0), [], 0.0
    for step, value in steps:
        t += step
        times.append((t, value))
        window.add(t, value)
        young = [each for when, each in times if when >= t - 1.0 - 1e-6]
        assert window.ordered == sorted(young)
        assert window.quantile(share) == pytest.approx(np.quantile(young, share), abs=1e-9)


@given(STEPS)
def test_the_median_filter(steps: list[tuple[float, float]]) -> None:
    smooth, times, t = MedianFilter(0.15), [], 0.0
    for step, value in steps:
        t += step
        times.append((t, value))
        young = [each for when, each in times if when >= t - 0.15 - 1e-6]
        assert smooth.step(t, value) == pytest.approx(np.median(young), abs=1e-9)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 3)), max_size=150), st.floats(0, 30), st.floats(0, 30))
def test_valid_time(pieces: list[tuple[float, float]], first: float, second: float) -> None:
    seen, spans, t = ValidTime(1e9), [], 0.0
    for gap, lasts in pieces:
        t += gap
        spans.append((t, t + lasts))
        seen.add(t, t + lasts)
        t += lasts
    low, high = sorted((first, second))

    truth = sum(max(0.0, min(end, high) - max(start, low)) for start, end in spans)

    assert seen.until(high) - seen.until(low) == pytest.approx(truth, abs=1e-6)


def test_old_pieces_are_forgotten_without_changing_what_is_young() -> None:
    seen = ValidTime(10.0)
    for second in range(1000):
        seen.add(float(second), second + 0.5)

    assert seen.until(1000.0) - seen.until(990.0) == pytest.approx(5.0)
    assert len(seen._starts) < 200


def test_nothing_seen() -> None:
    assert ValidTime(1.0).until(5.0) == 0.0

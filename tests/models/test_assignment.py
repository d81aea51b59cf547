"""The assignment against every possibility tried out."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.assignment import assign

cost = st.one_of(st.just(math.inf), st.floats(0, 100))
matrices = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(cost, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    ).map(np.array)
)


def tried_out(costs: np.ndarray) -> tuple[int, float]:
    """Most pairs, then least total, over all ways to pair."""
    if costs.shape[0] > costs.shape[1]:
        return tried_out(costs.T)
    rows, columns = costs.shape
    best = (0, 0.0)
    for chosen in itertools.permutations(range(columns), rows):
        finite = [costs[row, column] for row, column in enumerate(chosen) if math.isfinite(costs[row, column])]
        if (-len(finite), sum(finite)) < (-best[0], best[1]):
            best = (len(finite), sum(finite))
    return best


@given(matrices)
def test_no_other_assignment_is_better(costs: np.ndarray) -> None:
    pairs = assign(costs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(math.isfinite(costs[pair]) for pair in pairs)
    most, least = tried_out(costs)
    assert len(pairs) == most
    assert sum(costs[pair] for pair in pairs) == pytest.approx(least, abs=1e-6)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_pair(shape: tuple[int, int]) -> None:
    assert assign(np.zeros(shape)) == []


@pytest.mark.parametrize("costs", [np.full((2, 3), np.inf), np.full((3, 2), np.nan)])
def test_nothing_allowed(costs: np.ndarray) -> None:
    assert assign(costs) == []


def test_the_greedy_choice_is_not_taken_where_it_costs_more() -> None:
    assert assign(np.array([[1.0, 2.0], [1.5, 9.0]])) == [(0, 1), (1, 0)]

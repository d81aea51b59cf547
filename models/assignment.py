"""Optimal one-to-one matching of a few rows to a few columns, without scipy (a second of import for five faces)."""

import numpy as np

from models.geometry import F64

_FORBIDDEN = 1e9


def assign(costs: F64) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost; infinite or NaN entries are never paired.

    As many pairs as possible are made first, then their total is least. The Hungarian method in its shortest-path form
    (Jonker & Volgenant 1987), O(n^3).

    Args:
        costs: (n, m) finite costs of the allowed pairs; n or m may be 0.
    """
    rows, columns = costs.shape
    if rows == 0 or columns == 0:
        return []
    if rows > columns:
        return sorted((row, column) for column, row in assign(costs.T))
    allowed = np.isfinite(costs)
    finite = np.where(allowed, costs, _FORBIDDEN)
    row_of = _shortest_paths(finite)
    pairs = [(int(row), column) for column, row in enumerate(row_of) if row >= 0 and allowed[row, column]]
    return sorted(pairs)


def _shortest_paths(costs: F64) -> list[int]:
    """The row of each column, -1 for none; rows <= columns."""
    rows, columns = costs.shape
    # Column 0 stands for "no column": each row starts there and is moved along a cheapest alternating path.
    row_price, column_price = np.zeros(rows), np.zeros(columns + 1)
    row_of = np.full(columns + 1, -1)
    for new_row in range(rows):
        row_of[0] = new_row
        column = 0
        reach = np.full(columns + 1, np.inf)
        before = np.zeros(columns + 1, np.intp)
        done = np.zeros(columns + 1, np.bool_)
        while row_of[column] >= 0:
            done[column] = True
            row = row_of[column]
            slack = np.full(columns + 1, np.inf)
            slack[1:] = costs[row] - row_price[row] - column_price[1:]
            better = ~done & (slack < reach)
            reach[better] = slack[better]
            before[better] = column
            nearest = int(np.where(done, np.inf, reach).argmin())
            step = reach[nearest]
            row_price[row_of[done]] += step
            column_price[done] -= step
            reach[~done] -= step
            column = nearest
        while column:
            row_of[column] = row_of[before[column]]
            column = int(before[column])
    return [int(row) for row in row_of[1:]]

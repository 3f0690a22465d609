"""What a table hides stays hidden, whatever anybody subtracts: checked by a linear program that knows everything shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from outreach.evidence.small_cells import SMALLEST, Hidden, hide

_SIZES = st.one_of(st.integers(0, 12), st.integers(0, 400))
_TABLES = st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(_SIZES, min_size=width, max_size=width), min_size=1, max_size=5))


def _range(shown: Hidden, row: int, column: int) -> tuple[float, float]:
    """The least and the most that a hidden cell can be for somebody who knows all that is shown, and that no cell is negative."""
    height, width = len(shown.cells), len(shown.cells[0])
    known: list[tuple[np.ndarray, int]] = []
    for r in range(height):
        for c in range(width):
            if (value := shown.cells[r][c]) is not None:
                one = np.zeros((height, width))
                one[r, c] = 1
                known.append((one, value))
    for r, value in enumerate(shown.rows):
        if value is not None:
            known.append((np.eye(height)[r][:, None] * np.ones(width), value))
    for c, value in enumerate(shown.columns):
        if value is not None:
            known.append((np.ones(height)[:, None] * np.eye(width)[c], value))
    if shown.total is not None:
        known.append((np.ones((height, width)), shown.total))
    aim = np.zeros((height, width))
    aim[row, column] = 1
    equal = {"A_eq": np.array([one.ravel() for one, _ in known]), "b_eq": np.array([value for _, value in known])} if known else {}
    ends = []
    for sign in (1, -1):
        found = linprog(sign * aim.ravel(), **equal, bounds=(0, None), method="highs")
        ends.append(sign * found.fun if found.status == 0 else np.inf)
    return ends[0], ends[1]


@settings(max_examples=40, deadline=None)
@example([[3, 50, 60], [40, 70, 80], [90, 20, 30]])
@example([[0, 100], [100, 0]])
@example([[1, 2, 300], [400, 500, 600]])
@example([[9]])
@given(_TABLES)
def test_no_hidden_number_can_be_worked_out(table: list[list[int]]) -> None:
    shown = hide(table)
    for row, cells in enumerate(shown.cells):
        for column, cell in enumerate(cells):
            if cell is None:
                least, most = _range(shown, row, column)
                assert most - least > 0.5, f"the cell at {row}, {column} must be {table[row][column]}: {shown}"
            else:
                assert cell == table[row][column] >= SMALLEST


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        ([[50, 60], [70, 80]], [[50, 60], [70, 80]]),
        ([[3, 50, 60]], [[None, None, 60]]),
        ([[3, 50], [60, 70]], [[None, None], [None, None]]),
    ],
)
def test_nothing_is_hidden_without_need(table: list[list[int]], cells: list[list[int | None]]) -> None:
    assert hide(table).cells == cells

"""Which numbers a table must not show, so that nobody can find out about a few children, even by subtraction.

A cell below ten is hidden. Where its row or column would give it away again, because all else in it and the sum are shown, the next
smallest there is hidden too, until no row or column has a single hidden cell. Last, a linear program that knows everything shown looks
whether several lines together fix a hidden cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from outreach.evidence.estimating import Numbers

SMALLEST = 10
"""Children; the usual floor for public tables of attendance."""

_APART = 0.5
"""Counts are whole: two that differ by less are one."""

Table = Sequence[Sequence[int]]
Shown = list[list[int | None]]


@dataclass
class Hidden:
    """A table as it may be shown; None is what may not."""

    cells: Shown
    rows: list[int | None]
    """The sum of each row."""
    columns: list[int | None]
    total: int | None


def hide(table: Table) -> Hidden:
    """The table and its sums, with None for everything that may not be shown."""
    hidden = [[cell < SMALLEST for cell in row] for row in table]
    while _hide_next(table, hidden):
        pass
    row_sums, column_sums = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    found = Hidden(_shown(table, hidden), _line(row_sums), _line(column_sums), _line([sum(row_sums)])[0])
    while _gives_something_away(found):
        _hide_smallest(found)
    return found


def _gives_something_away(found: Hidden) -> bool:
    """Whether the lines together fix a hidden cell although no single line does."""
    facts = _facts(found)
    width = len(found.cells[0])
    gone = [row * width + column for row, cells in enumerate(found.cells) for column, cell in enumerate(cells) if cell is None]
    return any(_is_fixed(facts, place, len(found.cells) * width) for place in gone)


def _facts(found: Hidden) -> list[tuple[Numbers, int]]:
    """What a reader knows: places of the flattened table that sum to a number."""
    height, width = len(found.cells), len(found.cells[0])
    places = np.arange(height * width).reshape(height, width)
    told = [(places[row, column], cell) for row, cells in enumerate(found.cells) for column, cell in enumerate(cells)]
    told += [(places[row], value) for row, value in enumerate(found.rows)]
    told += [(places[:, column], value) for column, value in enumerate(found.columns)]
    told.append((places.ravel(), found.total))
    facts = []
    for where, value in told:
        if value is not None:
            line = np.zeros(height * width)
            line[where] = 1
            facts.append((line, value))
    return facts


def _is_fixed(facts: Sequence[tuple[Numbers, int]], place: int, size: int) -> bool:
    """Whether the cell at *place* can have one value only, no cell being negative."""
    if not facts:
        return False
    aim = np.zeros(size)
    aim[place] = 1
    lines, values = np.array([line for line, _ in facts]), np.array([value for _, value in facts])
    least, most = (linprog(sign * aim, A_eq=lines, b_eq=values, bounds=(0, None), method="highs") for sign in (1, -1))
    return bool(least.status == 0 and most.status == 0 and -most.fun - least.fun < _APART)


def _hide_smallest(found: Hidden) -> None:
    """Hide the smallest number that is still shown: a cell, else a sum."""
    cells = [(cell, row, column) for row, line in enumerate(found.cells) for column, cell in enumerate(line) if cell is not None]
    if cells:
        _, row, column = min(cells)
        found.cells[row][column] = None
        return
    for sums in (found.rows, found.columns):
        if shown := [(value, place) for place, value in enumerate(sums) if value is not None]:
            sums[min(shown)[1]] = None
            return
    found.total = None


def _line(sums: Sequence[int]) -> list[int | None]:
    """Sums beside their own sum."""
    hidden = [[value < SMALLEST for value in sums]]
    while len(sums) > 1 and _hide_next([sums], hidden):
        pass
    return _shown([sums], hidden)[0]


def _shown(table: Table, hidden: Sequence[Sequence[bool]]) -> Shown:
    return [[None if gone else cell for cell, gone in zip(row, marks, strict=True)] for row, marks in zip(table, hidden, strict=True)]


def _hide_next(table: Table, hidden: list[list[bool]]) -> bool:
    """Hide one more cell where a line gives away what it hides; say whether there was such a line."""
    width = len(table[0]) if table else 0
    rows = [[(row, column) for column in range(width)] for row in range(len(table))]
    columns = [[(row, column) for row in range(len(table))] for column in range(width)] if len(table) > 1 else []
    for line in (*rows, *columns):
        gone = [place for place in line if hidden[place[0]][place[1]]]
        left = [place for place in line if not hidden[place[0]][place[1]]]
        # hidden cells that sum to less than ten together are one small group for whoever subtracts
        if gone and left and (len(gone) == 1 or sum(table[row][column] for row, column in gone) < SMALLEST):
            row, column = min(left, key=lambda place: (table[place[0]][place[1]], place))
            hidden[row][column] = True
            return True
    return False

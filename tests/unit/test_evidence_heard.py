"""No answer of a few people can be worked out from what a survey shows, even by whoever puts all its tables together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from outreach.cases.surveys import Choice
from outreach.evidence.heard import Figures, figures

_FEW = 10
_CHOICES = list(Choice)
_GRADE = st.integers(0, 60).flatmap(lambda size: st.tuples(st.just(size), st.lists(st.integers(0, size), min_size=8, max_size=8)))


def _known(found: Figures, place: int) -> tuple[list[list[int]], list[int]]:
    """What a reader knows of one choice: equations over how many chose it, and did not, in each grade."""
    grades = len(found.grades)
    line = next(line for line in found.lines if line.choice == _CHOICES[place])
    lines, values = [], []

    def note(where: list[int], value: int | None) -> None:
        if value is not None:
            lines.append([1 if n in where else 0 for n in range(2 * grades)])
            values.append(value)

    for grade in range(grades):
        note([grade], line.by_grade[grade])
        note([grade, grades + grade], found.by_grade[grade])
    note(list(range(grades)), line.chosen)
    note(list(range(2 * grades)), found.answers)
    return lines, values


def _range(lines: list[list[int]], values: list[int], aim: list[int]) -> tuple[float, float]:
    known = {"A_eq": np.array(lines), "b_eq": np.array(values)} if lines else {}
    ends = []
    for sign in (1, -1):
        result = linprog([sign * one for one in aim], **known, bounds=(0, None), method="highs")
        ends.append(sign * result.fun if result.status == 0 else np.inf)
    return ends[0], ends[1]


@settings(max_examples=15, deadline=None)
@example([(30, [30, 28, 2, 15, 0, 12, 20, 10]), (4, [4, 0, 0, 0, 0, 0, 0, 0]), (40, [20, 20, 20, 20, 20, 20, 20, 20])])
@example([(12, [12] * 8)])
@given(st.lists(_GRADE, min_size=1, max_size=3))
def test_neither_few_who_chose_nor_few_who_did_not_can_be_worked_out(grades: list[tuple[int, list[int]]]) -> None:
    ticks: list[Mapping[str, int]] = [dict(zip(_CHOICES, chosen, strict=True)) for _, chosen in grades]
    found = figures([str(n) for n in range(len(grades))], ticks, [size for size, _ in grades])
    for place in range(8):
        lines, values = _known(found, place)
        for grade, (size, chosen) in enumerate(grades):
            for number, offset in ((chosen[place], 0), (size - chosen[place], len(grades))):
                aim = [1 if n == grade + offset else 0 for n in range(2 * len(grades))]
                least, most = _range(lines, values, aim)
                assert least - 1e-6 <= number <= most + 1e-6, "what is shown is true"
                assert number >= _FEW or most - least > 0.5, f"{number} of grade {grade} must be {least}: {found}"


def test_large_numbers_are_shown_the_most_chosen_first() -> None:
    ticks: list[Mapping[str, int]] = [{choice: 33 if choice is Choice.SAFE else 20 for choice in Choice}, dict.fromkeys(Choice, 25)]
    found = figures(["K", "5"], ticks, [50, 60])
    assert (found.answers, found.by_grade) == (110, (50, 60))
    assert [(line.choice, line.chosen, line.by_grade) for line in found.lines][:2] == [
        (Choice.SAFE, 58, (33, 25)),
        (Choice.RIDE, 45, (20, 25)),
    ]

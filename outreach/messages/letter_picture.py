"""The picture of a letter: a child's missed days month by month, in figures that can be read aloud, and bars above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from outreach.messages.compose import Child, child_values
from outreach.messages.phrases import figure_phrase, month_phrase

_FULL_BAR = 5
"""Days of the tallest bar at least, so that one day never looks like many: a week of school."""


@dataclass(frozen=True)
class PictureRow:
    """One child: its name, the days missed in each month in digits, and how high each bar stands (0 to 1)."""

    name: str
    figures: tuple[str, ...]
    heights: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """A table with a head of months and a row a child. The figures are its words; the bars say nothing more."""

    caption: str
    """Empty until the letter is framed with approved words."""
    months: tuple[str, ...]
    rows: tuple[PictureRow, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Picture:
        """Read back what ``asdict`` wrote."""
        rows = (PictureRow(row["name"], tuple(row["figures"]), tuple(row["heights"])) for row in data["rows"])
        return cls(data["caption"], tuple(data["months"]), tuple(rows))


def picture_of(children: Sequence[Child], locale: str) -> Picture | None:
    """Draw the months of *children*; None where those of one are not known, for a gap would look like a month without absences.

    A child who came later than a sibling has no figure for the months before.
    """
    if not children or not all(child.months for child in children):
        return None
    months = sorted({month for child in children for month, _days in child.months})
    top = max([Fraction(_FULL_BAR), *(days for child in children for _month, days in child.months)])
    return Picture(
        "",
        tuple(month_phrase(month, locale) for month in months),
        tuple(_row(c, months, top, locale) for c in children),
    )


def _row(child: Child, months: Sequence[date], top: Fraction, locale: str) -> PictureRow:
    missed = dict(child.months)
    return PictureRow(
        child_values(child, locale, year=True)["child"],
        tuple(figure_phrase(missed[month], locale) if month in missed else "–" for month in months),
        tuple(float(missed.get(month, Fraction(0)) / top) for month in months),
    )

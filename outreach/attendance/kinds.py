"""Kinds of marks and kinds of days: each is understood once, however many children have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from outreach.attendance.profiles import Profile
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.told import FIELD_END
from outreach.attendance.verdicts import DayMark, decide

_CHILD = ["student_id", "school_id"]
_DAY = [*_CHILD, "date"]
_ANY_DAY = date.min
"""A kind has no date of its own."""
_AND = ","


class _Kind(NamedTuple):
    """Whatever decides about a mark, but its date."""

    school_id: str
    mark: DayMark


class Kinds:
    """The kinds of marks met so far, by number, and what days of them come to."""

    def __init__(self, year: SchoolYear, profile_at: Callable[[str], Profile]) -> None:
        """Understand codes as *year* does, and decide days by the profile of their school."""
        self._year = year
        self._profile_at = profile_at
        self._numbers: dict[str, int] = {}
        self._kinds: list[_Kind] = []
        self._decided: dict[tuple[str, int | None], tuple[str, int | None]] = {}

    def number(self, marks: pl.DataFrame) -> pl.DataFrame:
        """*marks* (student_id, date, kind as text) with the number of each kind and its school_id."""
        for text in marks["kind"].unique():
            if text not in self._numbers:
                self._numbers[text] = len(self._kinds)
                self._kinds.append(self._read(text))
        known = pl.DataFrame(
            {"kind": list(self._numbers), "number": range(len(self._kinds)), "school_id": [kind.school_id for kind in self._kinds]},
            schema={"kind": pl.String, "number": pl.UInt32, "school_id": pl.String},
        )
        return marks.join(known, on="kind").select("student_id", "school_id", "date", "number")

    def _read(self, text: str) -> _Kind:
        school_id, source, code, *more = text.split(FIELD_END)
        section_id, portion, minutes = more or ("", "", "")
        meaning = self._year.source_at(source, school_id).codes.get(code)
        mark = DayMark(_ANY_DAY, school_id, code, meaning, portion, int(minutes) if minutes else None, section_id=section_id)
        return _Kind(school_id, mark)

    def holding(self, marks: pl.DataFrame) -> pl.DataFrame:
        """For each child and school with a mark that holds messages the first such code, as ``held_code``."""
        codes = {n: kind.mark.code for n, kind in enumerate(self._kinds) if kind.mark.meaning and kind.mark.meaning.hold}
        held = pl.DataFrame(
            {"number": list(codes), "held_code": list(codes.values())}, schema={"number": pl.UInt32, "held_code": pl.String}
        )
        return marks.join(held, on="number").group_by(_CHILD).agg(pl.col("held_code").min())

    def decide(self, marks: pl.DataFrame) -> pl.DataFrame:
        """One row per child, school and date: its verdict and the ``halves`` missed, null where that is no number of half days.

        *marks* have number, day_minutes and what their calendar says of the day (unsure, doubted), which the days keep.
        """
        several = pl.struct(_DAY).is_duplicated()
        own = ["day_minutes", "unsure", "doubted"]
        number = pl.col("number").cast(pl.String)
        one = marks.filter(~several).select(*_DAY, *own, number.alias("numbers"))
        more = marks.filter(several).group_by(_DAY).agg(pl.col(own).first(), number.sort().str.join(_AND).alias("numbers"))
        days = pl.concat([one, more.select(one.columns)])
        kinds = days.select("numbers", "day_minutes").unique()
        found = [self._decide(numbers, minutes) for numbers, minutes in kinds.rows()]
        verdicts = pl.DataFrame(found, schema={"verdict": pl.String, "halves": pl.Int64}, orient="row")
        return days.join(kinds.hstack(verdicts), on=["numbers", "day_minutes"], nulls_equal=True)

    def _decide(self, numbers: str, minutes: int | None) -> tuple[str, int | None]:
        if (numbers, minutes) not in self._decided:
            self._decided[numbers, minutes] = self._weigh([self._kinds[int(number)] for number in numbers.split(_AND)], minutes)
        return self._decided[numbers, minutes]

    def _weigh(self, kinds: Sequence[_Kind], minutes: int | None) -> tuple[str, int | None]:
        found = decide([kind.mark for kind in kinds], minutes, self._profile_at(kinds[0].school_id))
        halves = 2 * found.missed
        own = self._year.has_schedules and any(kind.mark.asks_schedule(minutes) for kind in kinds)
        fits = halves == int(halves) and not own
        return found.verdict.value, int(halves) if fits else None

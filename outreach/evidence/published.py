"""What everybody may see of the district: shares by school and by grade on the last Sunday, and its goals; no small number.

Two tables of the same children stand side by side, so each is hidden on its own and both have to show the same sums: otherwise one
would give away what the other hides. Whatever that would not hold for is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.evidence import dashboard, goals
from outreach.evidence.dashboard import Group
from outreach.evidence.goals import Progress
from outreach.evidence.small_cells import SMALLEST, Hidden, hide
from outreach.evidence.snapshot_tables import WHOLE, Snapshot

_TABLES = 16
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Line:
    """One school or grade; None is what may not be shown."""

    name: str
    children: int | None
    chronic: int | None
    attendance: Fraction | None

    @property
    def rate(self) -> Fraction | None:
        """The share of children who miss a tenth of their days or more."""
        return None if self.chronic is None or not self.children else Fraction(self.chronic, self.children)


@dataclass(frozen=True)
class Published:
    """The page's figures."""

    as_of: date
    whole: Line
    schools: Sequence[Line]
    grades: Sequence[Line]
    goals: Sequence[Progress]
    """Of the district and of schools whose line is whole."""
    weeks: Sequence[tuple[date, Fraction]]
    """The district's share week by week."""


def published(session: Session, today: date, since: date) -> Published | None:
    """The figures of the last week that is over, so that nobody sees a number change from day to day; None before there are any."""
    kept = session.scalars(select(Snapshot).where(Snapshot.as_of <= _last_sunday(today)).order_by(Snapshot.as_of.desc())).first()
    if kept is None or kept.as_of < since:
        return None
    by_school = dashboard.groups(session, kept, "school", school_id=WHOLE, schools=None)
    by_grade = dashboard.groups(session, kept, "grade", school_id=WHOLE, schools=None)
    schools, grades = _hidden(_table(by_school)), _hidden(_table(by_grade))
    agree = (schools.columns, schools.total) == (grades.columns, grades.total)
    lines = _lines(by_school, schools)
    open_ids = {group.school_id for group, line in zip(by_school, lines, strict=True) if line.chronic is not None}
    whole = _whole(dashboard.whole(session, kept, WHOLE), schools)
    return Published(
        as_of=kept.as_of,
        whole=whole,
        schools=lines,
        grades=_lines(by_grade, grades) if agree else (),
        goals=[one for one in goals.standing(session, kept, None) if _may_be_told(one, open_ids, whole)],
        weeks=[
            (week.as_of, week.group.rate)
            for week in dashboard.weeks(session, kept.as_of, since, WHOLE)
            if whole.chronic is not None and week.group.rate is not None and _is_large(week.group)
        ],
    )


def _last_sunday(today: date) -> date:
    """The last day of the week before this one."""
    return today - timedelta(days=today.isoweekday() % 7 or _A_WEEK.days)


def _table(groups: Sequence[Group]) -> tuple[tuple[int, int], ...]:
    return tuple((group.chronic, group.counted - group.chronic) for group in groups)


@lru_cache(maxsize=_TABLES)
def _hidden(table: tuple[tuple[int, int], ...]) -> Hidden:
    """What may be shown of a table. Kept, because anybody may ask for the page and the looking takes a second for many schools. Pure."""
    return hide(table)


def _lines(groups: Sequence[Group], hidden: Hidden) -> list[Line]:
    found = []
    for group, cells, row in zip(groups, hidden.cells, hidden.rows, strict=True):
        is_whole = None not in cells and row is not None
        found.append(Line(group.value, row, cells[0] if is_whole else None, group.attendance if is_whole else None))
    return found


def _whole(group: Group | None, hidden: Hidden) -> Line:
    if group is None or None in hidden.columns or hidden.total is None:
        return Line("", hidden.total, None, None)
    return Line("", hidden.total, hidden.columns[0], group.attendance)


def _may_be_told(one: Progress, schools: set[str], whole: Line) -> bool:
    """A goal for a group within a school or the district is not: its share would be one more table of the same children."""
    goal = one.goal
    if goal.dimension != goals.EVERYBODY or one.now is None:
        return False
    return goal.school_id in schools if goal.school_id else whole.chronic is not None


def _is_large(group: Group) -> bool:
    return min(group.chronic, group.counted - group.chronic) >= SMALLEST

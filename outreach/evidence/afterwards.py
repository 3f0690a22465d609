"""What attendance did around each step that was taken for a child. It proves nothing: see ``study_report`` for what does.

Who is at the worst point of a year usually gets better, whatever anybody does (regression to the mean): every page that shows these
figures says so beside them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.counting import SchoolRecord
from outreach.attendance.gates import last_day, up_to
from outreach.attendance.last_days import LastDays
from outreach.attendance.queries import records
from outreach.attendance.school_year import SchoolYear
from outreach.cases.help_states import StepState
from outreach.cases.help_tables import Step
from outreach.cases.tables import Case
from outreach.clock import local_date

SPAN = 20
"""School days on either side, as the trend of the rules has it."""
_HUNDREDTHS = 100


@dataclass(frozen=True)
class Around:
    """The days of one kind of step at one school, added up."""

    steps: int
    before: int
    """Hundredths of days missed in the school days before them."""
    after: int
    """The same from the day of the step on."""


def around(session: Session, days: LastDays, zone: str) -> Mapping[tuple[str, str], Around]:
    """(school of the case, kind of step) → its days; only steps of this school year with a whole span on either side."""
    year = SchoolYear.of(session, days.as_of)
    taken = defaultdict[str, list[tuple[str, str, date]]](list)
    rows = select(Case.student_id, Case.school_id, Step.kind, Step.done_at).join(Step, Step.case_id == Case.id)
    for student_id, school_id, kind, done_at in session.execute(rows.where(Step.state == StepState.DONE, Step.done_at.is_not(None))):
        day = local_date(done_at, zone) if done_at else date.max
        if student_id and year.marks_from <= day <= days.as_of:
            taken[student_id].append((school_id, kind, day))
    found: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for mine in records(session, year, list(taken), None):
        last = last_day(mine, days.today, days.told)
        told = [up_to(record, last) for record in mine]
        for school_id, kind, day in taken[mine[0].student_id]:
            if (both := spans(told, day)) is not None:
                found[school_id, kind].append(both)
    return {key: Around(len(some), sum(one for one, _ in some), sum(two for _, two in some)) for key, some in found.items()}


def spans(mine: Sequence[SchoolRecord], day: date) -> tuple[int, int] | None:
    """Hundredths of days missed in the ``SPAN`` school days before *day* and in those from it on; None where either is not whole. Pure."""
    if any(not record.calendar_known for record in mine):
        return None
    dates = sorted({one for record in mine for one in record.membership})
    here = bisect_left(dates, day)
    before, after = dates[max(0, here - SPAN) : here], dates[here : here + SPAN]
    if len(before) < SPAN or len(after) < SPAN:
        return None
    missed = {one.date: one.missed for record in mine for one in record.days if one.verdict.absent}
    first, second = (round(_HUNDREDTHS * sum(missed.get(one, 0) for one in some)) for some in (before, after))
    return first, second

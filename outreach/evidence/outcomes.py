"""What children missed between two days, on marks as they stand and on marks as they first came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from outreach.attendance.counting import Count, SchoolRecord, count_across
from outreach.attendance.first_reports import FirstReports
from outreach.attendance.queries import profile_at, records
from outreach.attendance.school_year import SchoolYear


def missed(session: Session, students: Collection[str], first: date, last: date) -> Mapping[str, Count]:
    """Child → its days between *first* and *last*, both included and of one school year, counted as everywhere else.

    Children without a day of membership between them are left out.
    """
    return _between(session, SchoolYear.of(session, last), students, first, last)


def first_missed(session: Session, students: Collection[str], first: date, last: date) -> Mapping[str, Count]:
    """The same on marks as they first came, without what people settled since."""
    year = SchoolYear.of(session, last)
    return _between(session, year, students, first, last, FirstReports.read(session, year.marks_from, last))


def _between(
    session: Session, year: SchoolYear, students: Collection[str], first: date, last: date, reports: FirstReports | None = None
) -> dict[str, Count]:
    found = {}
    for mine in records(session, year, students, None, as_marked=reports is not None, first=reports):
        cut = [_cut(record, first, last) for record in mine]
        if any(record.membership for record in cut):
            found[mine[0].student_id] = count_across(cut, profile_at(year, mine[0].school_id, None))[0]
    return found


def _cut(record: SchoolRecord, first: date, last: date) -> SchoolRecord:
    days = tuple(day for day in record.days if first <= day.date <= last)
    return replace(record, membership=tuple(day for day in record.membership if first <= day <= last), days=days)

"""Reads how far attendance is in, school by school, in each school's own zone."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from outreach.attendance.gates import Today, past
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.stays import enrolments, whole_stay
from outreach.attendance.tables import Mark
from outreach.clock import local_date
from outreach.district.tables import Enrolment, School


class LastDays:
    """The last day that counts at each school, at one moment; what it reads it keeps, so make a new one for new facts."""

    def __init__(self, session: Session, now: datetime, zone: str) -> None:
        """Know the schools' zones; *zone* (IANA) is that of schools which name none."""
        self._session = session
        self._now = now
        self._zone = zone
        self._zones = {row.school_id: row.timezone or zone for row in session.execute(select(School.school_id, School.timezone))}
        self._found: dict[str, date] = {}
        self.dates = frozenset(self.today(school_id) for school_id in self._zones) | {local_date(now, zone)}
        """The dates that it is in the district: one, or around midnight two."""
        self.as_of = max(self.dates)
        """The latest of them."""

    def today(self, school_id: str) -> date:
        """The date that it is at a school."""
        return local_date(self._now, self._zones.get(school_id, self._zone))

    def told(self, school_id: str) -> date:
        """The last day of a school whose attendance is in: its today, or the day before."""
        if school_id not in self._found:
            self._found[school_id] = self._today(school_id).last_day
        return self._found[school_id]

    def hours(self) -> dict[str, tuple[date, bool]]:
        """Each school's date, and whether its cut-off has passed: all of the gates that the clock alone decides."""
        return {school_id: (self.today(school_id), self._past_cut_off(school_id)) for school_id in self._zones}

    def _past_cut_off(self, school_id: str) -> bool:
        return past(self._year(school_id).settings(school_id).cut_off, self._now, self._zones.get(school_id, self._zone))

    def _year(self, school_id: str) -> SchoolYear:
        return SchoolYear.of(self._session, self.today(school_id))

    def _today(self, school_id: str) -> Today:
        year, day = self._year(school_id), self.today(school_id)
        settings = year.settings(school_id)
        affirmative = settings.reporting == "affirmative"
        expected, reported = self._marks(year, school_id, day) if affirmative else (0, 0)
        return Today(
            day=day,
            affirmative=affirmative,
            expected_percent=settings.expected_percent,
            past_cut_off=self._past_cut_off(school_id),
            expected=expected,
            reported=reported,
            said=year.said(school_id).get(day, ()),
        )

    def _marks(self, year: SchoolYear, school_id: str, day: date) -> tuple[int, int]:
        """How many children have school at an affirmative school on *day*, and how many of them have a mark there."""
        marked = exists().where(Mark.student_id == Enrolment.student_id, Mark.date == day, Mark.school_id == Enrolment.school_id)
        expected, reported = set(), set()
        for row in self._session.execute(enrolments(year).where(Enrolment.school_id == school_id).add_columns(marked.label("marked"))):
            stay, child = whole_stay(year, row), year.merged.of(row.student_id)
            here = stay is not None and stay.first <= day <= stay.last
            if here and day in year.calendar(school_id, row.track, row.grade).all_days:
                expected.add(child)
            if row.marked:
                reported.add(child)
        return len(expected), len(expected & reported)

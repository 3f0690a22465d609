"""Reads of what is known about attendance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from outreach.attendance.counting import Count, SchoolRecord, Stay, count_across, record
from outreach.attendance.first_reports import FirstReports
from outreach.attendance.profiles import Profile, profile
from outreach.attendance.schedules import Meeting
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.stays import ENROLMENT, enrolments, stay_in, whole_stay
from outreach.attendance.tables import FeedImport, FeedSource, Mark
from outreach.attendance.verdicts import Day, DayMark
from outreach.attendance.versions import known_after, of_children, tables_of
from outreach.database import Json
from outreach.district import overlays
from outreach.district.queries import slices
from outreach.district.tables import Enrolment, SectionPlace


@dataclass(frozen=True)
class StudentSum:
    """A child's year over all its schools."""

    student_id: str
    count: Count
    schools: tuple[str, ...]
    """Schools attended this year, by id."""
    held_code: str
    """A code of this year that holds messages (bereavement, hospital), or empty."""


@dataclass(frozen=True)
class StudentCount(StudentSum):
    """A child's year over all its schools, with the dates behind the number."""

    days: tuple[Day, ...]
    """Absent, conflict and unknown days in order."""
    first_day: date | None = None
    """The first day of this year on which the child belonged to a school."""

    @classmethod
    def of(cls, records: Sequence[SchoolRecord], rules: Profile) -> StudentCount:
        """The count of one child from its records at its schools."""
        total, days = count_across(records, rules)
        held = min((record.held_code for record in records if record.held_code), default="")
        first = min((record.membership[0] for record in records if record.membership), default=None)
        return cls(records[0].student_id, total, tuple(record.school_id for record in records), held, days, first)

    @property
    def absent_dates(self) -> tuple[date, ...]:
        """The dates missed."""
        return tuple(day.date for day in self.days if day.verdict.absent)


def newest_import(session: Session) -> int:
    """The id of the newest applied import; 0 before the first."""
    return session.scalar(select(func.max(FeedImport.id))) or 0


class Version(NamedTuple):
    """What is known about attendance: whatever changes a count makes another version."""

    import_id: int
    overlay_id: int


def newest_version(session: Session) -> Version:
    """The newest import and the newest word of a person; read it before the counts that shall rest on it."""
    return Version(newest_import(session), overlays.version(session))


def last_attendance_at(session: Session, students: Collection[str] = ()) -> datetime | None:
    """When attendance was last delivered; None before the first time.

    Of *students*, by the one that has not come for longest among the sources that hold marks of theirs.
    """
    came = {row.name: row.last_delivered_at for row in session.scalars(select(FeedSource)) if "attendance" in row.files}
    if students and len(came) > 1:
        telling = {name for some in slices(overlays.merged(session).ids(students)) for name in session.scalars(_sources_of(some))}
        return min((came[name] for name in telling & came.keys()), default=None)
    return max(came.values(), default=None)


def _sources_of(students: Collection[str]) -> Select[str]:
    return select(Mark.source).where(Mark.student_id.in_(students)).distinct()


def trusted_sources(session: Session, enrolled: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Child → the sources whose registered numbers count as verified and consented to (``trust_registration_phones``).

    *enrolled* are the schools that each child attends: every one of them must trust the source.
    """
    sources = {row.name: row.settings for row in session.scalars(select(FeedSource))}
    found = {}
    for student_id, schools in enrolled.items():
        found[student_id] = frozenset(name for name, said in sources.items() if all(_trusts(said, at) for at in schools or [""]))
    return found


def _trusts(settings: Json, school_id: str) -> bool:
    own = settings.get("schools", {}).get(school_id, {}).get("trust_registration_phones")
    return bool(settings.get("trust_registration_phones") if own is None else own)


def student_counts(
    session: Session,
    as_of: date,
    *,
    students: Collection[str] | None = None,
    profile_name: str | None = None,
    known_at: int | None = None,
) -> dict[str, StudentCount]:
    """The district-wide count of every student enrolled by *as_of* in its school year (or of the named ones), by id.

    *known_at* counts the marks as they were known after that import; see ``history``.
    """
    year = SchoolYear.of(session, as_of) if known_at is None else SchoolYear(session, as_of, known_at=known_at)
    found = {}
    for mine in records(session, year, students, profile_name):
        found[mine[0].student_id] = StudentCount.of(mine, profile_at(year, mine[0].school_id, profile_name))
    return found


def explain(session: Session, student_id: str, as_of: date, *, known_at: int | None = None) -> list[Day]:
    """The absent, conflict and unknown days of one child, by date and school, with the marks behind each.

    *known_at* tells them as they were known after that import; see ``history``.
    """
    year = SchoolYear.of(session, as_of) if known_at is None else SchoolYear(session, as_of, known_at=known_at)
    days = [day for mine in records(session, year, {student_id}, None) for item in mine for day in item.days]
    return sorted(days, key=lambda day: (day.date, day.school_id))


def enrolled_at(session: Session, student_ids: Collection[str], day: date) -> dict[str, list[str]]:
    """The schools at which each child is enrolled on *day*, the primary one first; children enrolled nowhere are left out."""
    year = SchoolYear.of(session, day)
    found: defaultdict[str, list[tuple[bool, date, str]]] = defaultdict(list)
    every = select(*ENROLMENT, Enrolment.primary).where(Enrolment.entry_date <= day)
    for some in slices(year.merged.ids(student_ids)):
        for row in session.execute(every.where(Enrolment.student_id.in_(some))):
            covered, student_id = whole_stay(year, row), year.merged.of(row.student_id)
            if covered is not None and covered.first <= day <= covered.last and student_id in student_ids:
                found[student_id].append((not row.primary, row.entry_date, row.school_id))
    return {student: list(dict.fromkeys(school for _, _, school in sorted(stays))) for student, stays in found.items()}


def profile_at(year: SchoolYear, school_id: str, name: str | None) -> Profile:
    """The profile called *name*, else that of the school's source. Raises UnknownProfileError."""
    return profile(name or year.settings(school_id).profile)


def records(
    session: Session,
    year: SchoolYear,
    students: Collection[str] | None,
    profile_name: str | None,
    *,
    as_marked: bool = False,
    first: FirstReports | None = None,
) -> Iterator[list[SchoolRecord]]:
    """For each child the records of its schools, by school id; children without an enrolment this year are left out.

    *as_marked* tells what marks alone say of the days that people settled; *first* takes the marks as they first came.
    """
    if students is None:
        everybody = session.scalars(select(Enrolment.student_id).where(Enrolment.entry_date <= year.as_of).distinct())
        students = {year.merged.of(student_id) for student_id in everybody}
    for piece in slices([student_id for student_id in students if student_id not in year.merged.kept]):
        stays = _stays(session, year, piece)
        marks = _marks(session, year, piece, first)
        meetings = _meetings(session, year, marks)
        for student_id in sorted(stays):
            yield [
                record(
                    student_id,
                    school_id,
                    [(stay, year.calendar(school_id, track, grade)) for stay, track, grade in mine],
                    marks.get((student_id, school_id), ()),
                    profile_at(year, school_id, profile_name),
                    meetings.get((student_id, school_id), ()),
                    {} if as_marked else year.settled(student_id, school_id),
                )
                for school_id, mine in sorted(stays[student_id].items())
            ]


_Stays = list[tuple[Stay, str, str]]
"""Stays of one child at one school, each with its track and grade."""


def _stays(session: Session, year: SchoolYear, students: Collection[str]) -> dict[str, dict[str, _Stays]]:
    """What each child's enrolments cover of the year up to its date."""
    found: defaultdict[str, dict[str, _Stays]] = defaultdict(dict)
    for row in session.execute(enrolments(year).where(Enrolment.student_id.in_(year.merged.ids(students)))):
        if (covered := stay_in(year, row)) is not None:
            found[year.merged.of(row.student_id)].setdefault(row.school_id, []).append((covered, row.track, row.grade))
    return found


def _marks(
    session: Session, year: SchoolYear, students: Collection[str], first: FirstReports | None = None
) -> dict[tuple[str, str], list[DayMark]]:
    ids, since = year.merged.ids(students), year.marks_from
    found: defaultdict[tuple[str, str], list[DayMark]] = defaultdict(list)
    codes = {}
    told_of = first.marks(session, ids, since, year.as_of) if first else _known(session, ids, since, year)
    for student_id, school_id, day, code, source, *told in told_of:
        place = (source, school_id)
        if place not in codes:
            codes[place] = year.source_at(source, school_id).codes
        found[year.merged.of(student_id), school_id].append(DayMark(day, school_id, code, codes[place].get(code), *told))
    return found


def _known(session: Session, students: Collection[str], since: date, year: SchoolYear) -> Iterator[tuple[Any, ...]]:
    for table in tables_of(year.known_at):
        yield from session.execute(of_children(table, students, since, year.as_of).where(*known_after(table, year.known_at)))


def _meetings(session: Session, year: SchoolYear, marks: Mapping[tuple[str, str], list[DayMark]]) -> dict[tuple[str, str], list[Meeting]]:
    """The places in sections of the children with a mark that is weighed by them; nobody else's schedule matters."""
    concerned = {student_id for (student_id, _), theirs in marks.items() if any(mark.asks_schedule() for mark in theirs)}
    found: defaultdict[tuple[str, str], list[Meeting]] = defaultdict(list)
    for some in slices(year.merged.ids(concerned)):
        for row in session.execute(_PLACES.where(SectionPlace.student_id.in_(some))):
            meeting = Meeting(row.section_id, row.begin_date, row.end_date, row.cycle_days, row.weekdays, row.minutes)
            found[year.merged.of(row.student_id), row.school_id].append(meeting)
    return found


_PLACES = select(
    SectionPlace.student_id,
    SectionPlace.school_id,
    SectionPlace.section_id,
    SectionPlace.begin_date,
    SectionPlace.end_date,
    SectionPlace.cycle_days,
    SectionPlace.weekdays,
    SectionPlace.minutes,
)

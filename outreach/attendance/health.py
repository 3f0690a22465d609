"""What keeps counts unknown or in conflict, school by school: each thing once, with the children and dates that it touches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.calendars import NOT_REPORTED, NOT_SUBMITTED, SILENT_RUN, UNLISTED_EVENT, meaning_of
from outreach.attendance.queries import records
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.sums import SchoolSum, school_sums
from outreach.attendance.tables import FeedImport, FeedSource, ImportProblem
from outreach.attendance.verdicts import Day, Verdict
from outreach.district.overlays import Kind, holding
from outreach.district.tables import Enrolment


class Trouble(StrEnum):
    """One kind of thing that somebody has to put right."""

    NO_CALENDAR = "no_calendar"
    CODE = "code"
    """A code (name) of a source without a meaning."""
    NOT_REPORTED = "not_reported"
    """Days without a single mark at a school that marks every child."""
    MARKS_MISSING = "marks_missing"
    """Days on which some children of such a school have no mark."""
    SILENT_RUN = "silent_run"
    NOT_SUBMITTED = "not_submitted"
    EVENT = "event"
    """A calendar event (name) without a meaning, alone on its date."""
    UNWEIGHED = "unweighed"
    """Parts of days that cannot be weighed; the name says why."""


@dataclass(frozen=True)
class Finding:
    """One thing to put right at one school; *days* says for each date how many children it touches."""

    trouble: Trouble
    school_id: str
    name: str
    source: str
    students: frozenset[str]
    marks: int
    days: Mapping[date, int]


@dataclass(frozen=True)
class StudentDay:
    """A day of a child that a person has to settle: its marks are in conflict, or gainsay what a person settled (overlay, verdict)."""

    student_id: str
    school_id: str
    date: date
    codes: tuple[str, ...]
    marked: Verdict
    overlay_id: int = 0
    settled: Verdict | None = None


@dataclass(frozen=True)
class Health:
    """All that is to be put right."""

    findings: tuple[Finding, ...]
    student_days: tuple[StudentDay, ...]


@dataclass(frozen=True)
class LeftOut:
    """Rows of a source's newest import that were left out for the same reason; *lines* are the first of them."""

    source: str
    at: datetime
    file: str
    field: str
    problem: str
    action: str
    rows: int
    lines: tuple[int, ...]


@dataclass
class _Growing:
    """A finding while days are being gathered."""

    students: set[str] = field(default_factory=set)
    marks: int = 0
    days: Counter[date] = field(default_factory=Counter)


_Key = tuple[Trouble, str, str, str]
"""Trouble, school, name and source."""


def look(session: Session, as_of: date, schools: Collection[str] | None = None) -> Health:
    """Everything that makes a day up to *as_of* unknown or in conflict at some schools (None: at all), in no order."""
    year = SchoolYear.of(session, as_of)
    within = None if schools is None else _children_of(session, year, schools)
    sums = [each for each in school_sums(session, as_of, students=within) if schools is None or each.school_id in schools]
    found: defaultdict[_Key, _Growing] = defaultdict(_Growing)
    for each in sums:
        if not each.count.calendar_known:
            found[Trouble.NO_CALENDAR, each.school_id, "", ""].students.add(each.student_id)
    sources = {row.id: row.source for row in session.execute(select(FeedImport.id, FeedImport.source))}
    conflicts = []
    for student_id, day in _days(session, year, {each.student_id for each in sums if _troubled(each)}, schools):
        if day.verdict == Verdict.UNKNOWN:
            _gather(found, year, student_id, day, sources)
        elif day.verdict == Verdict.CONFLICT:
            conflicts.append(StudentDay(student_id, day.school_id, day.date, _codes(day), day.verdict))
    findings = tuple(
        Finding(*key, frozenset(grown.students), grown.marks, dict(sorted(grown.days.items()))) for key, grown in found.items()
    )
    return Health(findings, (*conflicts, *_gainsaid(session, year, schools)))


def _children_of(session: Session, year: SchoolYear, schools: Collection[str]) -> set[str]:
    found = session.scalars(select(Enrolment.student_id).where(Enrolment.school_id.in_(schools)).distinct())
    return {year.merged.of(student_id) for student_id in found}


def _troubled(each: SchoolSum) -> bool:
    return bool(each.count.unknown or each.count.conflict)


def _days(
    session: Session, year: SchoolYear, students: Collection[str], schools: Collection[str] | None, *, as_marked: bool = False
) -> Iterable[tuple[str, Day]]:
    """The days of children that are not simply present, at the schools that are looked at."""
    for mine in records(session, year, students, None, as_marked=as_marked):
        for record in mine:
            if schools is None or record.school_id in schools:
                yield from ((record.student_id, day) for day in record.days)


def _gather(found: Mapping[_Key, _Growing], year: SchoolYear, student_id: str, day: Day, sources: Mapping[int, str]) -> None:
    for trouble, name, source in sorted(_why(year, day, sources)):
        grown = found[trouble, day.school_id, name, source]
        grown.students.add(student_id)
        grown.days[day.date] += 1
        grown.marks += sum(mark.code == name for mark in day.marks) if trouble == Trouble.CODE else 0


def _why(year: SchoolYear, day: Day, sources: Mapping[int, str]) -> set[tuple[Trouble, str, str]]:
    """What makes a day unknown: (trouble, name, source)."""
    if codes := {(Trouble.CODE, mark.code, sources.get(mark.import_id, "")) for mark in day.marks if mark.meaning is None}:
        return codes
    if day.rule == UNLISTED_EVENT:
        own = year.settings(day.school_id).events
        events = year.events(day.school_id).get(day.date, ())
        return {(Trouble.EVENT, event.event, "") for event in events if meaning_of(event.event, own) is None}
    if day.rule == NOT_REPORTED:
        return {(Trouble.MARKS_MISSING if day.date in year.reported(day.school_id) else Trouble.NOT_REPORTED, "", "")}
    plain = {SILENT_RUN: Trouble.SILENT_RUN, NOT_SUBMITTED: Trouble.NOT_SUBMITTED}
    return {(plain[day.rule], "", "")} if day.rule in plain else {(Trouble.UNWEIGHED, day.rule, "")}


def _codes(day: Day) -> tuple[str, ...]:
    return tuple(sorted({mark.code for mark in day.marks}))


def _gainsaid(session: Session, year: SchoolYear, schools: Collection[str] | None) -> list[StudentDay]:
    """The settled days whose marks say by now a third thing: neither what they said then nor what the person said."""
    rows = [row for row in holding(session, Kind.STUDENT_DAY) if schools is None or row.school_id in schools]
    children = {year.merged.of(row.student_id) for row in rows}
    marked = {(student, day.school_id, day.date): day for student, day in _days(session, year, children, schools, as_marked=True)}
    found = []
    for row in rows:
        if row.date is None or row.date > year.as_of:
            continue
        child = year.merged.of(row.student_id)
        day = marked.get((child, row.school_id, row.date))
        now, said = day.verdict if day else Verdict.PRESENT, Verdict(row.value["verdict"])
        if now not in {said, row.instead_of.get("verdict", now)}:
            found.append(StudentDay(child, row.school_id, row.date, _codes(day) if day else (), now, row.id, said))
    return found


def marked(session: Session, as_of: date, student_id: str, school_id: str, day: date) -> Verdict:
    """What marks alone say of a child's day at a school."""
    days = _days(session, SchoolYear.of(session, as_of), {student_id}, {school_id}, as_marked=True)
    return next((found.verdict for _, found in days if found.date == day), Verdict.PRESENT)


def left_out(session: Session) -> list[LeftOut]:
    """What was held or rejected of the newest import of each source, alike rows together; codes are findings of their own."""
    problem = ImportProblem
    kind = problem.import_id, problem.file, problem.field, problem.problem, problem.action
    grouped = (
        select(*kind, func.count(problem.line.distinct()).label("rows"), FeedSource.name, FeedSource.last_delivered_at)
        .join(FeedSource, FeedSource.last_import_id == problem.import_id)
        .where(problem.action.in_(("held", "rejected")), problem.field != "code")
        .group_by(*kind, FeedSource.name, FeedSource.last_delivered_at)
        .order_by(FeedSource.name, problem.file, problem.action, problem.field, problem.problem)
    )
    found = []
    for row in session.execute(grouped):
        same = (getattr(problem, name) == getattr(row, name) for name in ("import_id", "file", "field", "problem", "action"))
        lines = session.scalars(select(problem.line).where(*same).distinct().order_by(problem.line).limit(5))
        found.append(LeftOut(row.name, row.last_delivered_at, row.file, row.field, row.problem, row.action, row.rows, tuple(lines)))
    return found

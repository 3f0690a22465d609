"""Campaigns: which children each kind is about, and what has to be true when its message leaves.

No campaign tells a number. What it does claim is asked again at the release: that a child comes to school more often lately, or that it
is expected here when school begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.profiles import Days
from outreach.attendance.queries import StudentCount
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.sums import student_sums
from outreach.district.people import ADULT, age
from outreach.district.queries import slices
from outreach.district.tables import CalendarEvent, Enrolment, Student
from outreach.planning.reasons import Reason
from outreach.planning.situation import Situation


class Kind(StrEnum):
    """What a campaign is about. Its value is the message."""

    IMPROVING = "improvement"
    KINDERGARTEN = "transition_k"
    SIX = "transition_6"
    NINE = "transition_9"
    SUMMER = "summer"


GRADES: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.KINDERGARTEN: frozenset({"K", "KG", "KF", "KINDERGARTEN", "0", "00"}),
        Kind.SIX: frozenset({"6", "06"}),
        Kind.NINE: frozenset({"9", "09"}),
    }
)
BEFORE_SCHOOL = frozenset({*GRADES, Kind.SUMMER})
"""Kinds that may speak before the child is at school."""
AGAIN_AFTER: Mapping[Kind, timedelta] = MappingProxyType({Kind.IMPROVING: timedelta(days=60)})
"""How soon a household hears the same again; others once in a school year."""
ONCE_A_YEAR = timedelta(days=300)

LATELY = 20
"""School days that are compared with as many before them."""
_ENOUGH = 3
"""Days missed before, without which there is nothing to get better."""
_AHEAD = timedelta(days=120)
_SUMMER = timedelta(days=110)
_UNTIL_THE_END = timedelta(days=7)
_CHRONIC = ("severe", "moderate")


@dataclass(frozen=True)
class Wanted:
    """A campaign as somebody asks for it."""

    kind: Kind
    schools: tuple[str, ...]
    grades: tuple[str, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Stay:
    """One enrolment that counts for a campaign."""

    student_id: str
    school_id: str
    grade: str
    entry: date
    leaves: date | None


class CampaignError(ValueError):
    """What was asked cannot be planned; the argument is a sentence for the person."""


def has_improved(missed: Iterable[tuple[date, Days]], days: Sequence[date]) -> bool:
    """Whether a child missed at most half as much in the last twenty of *days* as in the twenty before, and enough then to tell. Pure."""
    if len(days) < 2 * LATELY:
        return False
    by_day: defaultdict[date, Days] = defaultdict(int)
    for day, share in missed:
        by_day[day] += share
    lately = sum(by_day[day] for day in days[-LATELY:])
    before = sum(by_day[day] for day in days[-2 * LATELY : -LATELY])
    return before >= _ENOUGH and 2 * lately <= before


def year_that_ended(today: date, year_start: date) -> date:
    """The last day of the school year whose summer it is, or which was the last one; *year_start* is this year's. Pure."""
    return today if today - year_start >= ONCE_A_YEAR else year_start - timedelta(days=1)


def named(session: Session, wanted: Wanted, today: date) -> dict[str, str]:
    """Child → the school at which the campaign means it, before anybody asks who may be told."""
    stays = _stays(session, wanted.schools, today)
    if wanted.kind in GRADES:
        return {stay.student_id: stay.school_id for stay in stays if stay.grade.strip().upper() in GRADES[wanted.kind]}
    mine = {stay.student_id: stay.school_id for stay in stays if not wanted.grades or stay.grade in wanted.grades}
    if wanted.kind == Kind.SUMMER:
        chronic = _chronic(session, mine, today)
        return {student_id: school_id for student_id, school_id in mine.items() if student_id in chronic}
    return mine


def improved(session: Session, situation: Situation, student_ids: Collection[str]) -> set[str]:
    """Those of some children who come to school more often lately; one of whom days are not known is not among them."""
    calendars: dict[tuple[str, date], list[date]] = {}
    found = set()
    for student_id in student_ids:
        counted = situation.counts.get(student_id)
        if counted is None or situation.refusal(student_id):
            continue
        key = situation.school_of(student_id), situation.last_day(student_id)
        if key not in calendars:
            calendars[key] = _school_days(session, *key)
        if _was_here(counted, calendars[key]) and has_improved(_missed(counted), calendars[key]):
            found.add(student_id)
    return found


def standing(session: Session, message: str, situation: Situation, student_id: str, coming: Collection[str] | None = None) -> str:
    """Why nobody may be told anything of a child; a campaign before school knows children who are expected (*coming*), too."""
    why = situation.standing(student_id)
    if why != Reason.LEFT_SCHOOL or message not in BEFORE_SCHOOL:
        return why
    if student_id not in (expected(session, [student_id], situation.today(student_id)) if coming is None else coming):
        return why
    student = situation.students.get(student_id)
    if student is None or student.gone_import_id is not None:
        return Reason.LEFT_SCHOOL
    is_adult = bool(student.birth_date) and age(student.birth_date or date.max, situation.today(student_id)) >= ADULT
    return Reason.ADULT_STUDENT if is_adult and situation.settings.adult_students == "hold" else ""


def not_true_now(session: Session, message: str, situation: Situation, student_ids: Sequence[str]) -> str:
    """Why a message about some children would say what is not true (any more); empty where it is, or it claims nothing."""
    if message != Kind.IMPROVING or set(student_ids) <= improved(session, situation, student_ids):
        return ""
    return next(filter(None, map(situation.refusal, student_ids)), Reason.NOT_IMPROVED)


def expected(session: Session, student_ids: Collection[str], today: date) -> set[str]:
    """Children who will be at a school here: enrolled from a coming day on, or to the end of the year whose summer it is."""
    rows = (row for some in slices(student_ids) for row in session.scalars(select(Enrolment).where(Enrolment.student_id.in_(some))))
    return {row.student_id for row in _of_the_summer(session, rows, today)}


def _stays(session: Session, schools: Collection[str], today: date) -> list[Stay]:
    """The enrolments of some schools that are, will soon be, or were until summer; of each child what is or comes, else what was."""
    near = Enrolment.exit_date.is_(None) | (Enrolment.exit_date >= today - _SUMMER)
    rows = select(Enrolment, Student.grade).join(Student, Student.student_id == Enrolment.student_id)
    found = session.execute(rows.where(Enrolment.school_id.in_(schools), near, Enrolment.entry_date <= today + _AHEAD)).all()
    grades = {row[0].id: row[0].grade or row[1] for row in found}
    every = [row[0] for row in found]
    here = [row for row in every if row.entry_date <= today and (row.exit_date is None or row.exit_date >= today)]
    chosen: dict[str, Stay] = {}
    for row in (*_of_the_summer(session, every, today), *here, *(row for row in every if row.entry_date > today)):
        chosen[row.student_id] = Stay(row.student_id, row.school_id, grades[row.id], row.entry_date, row.exit_date)
    return list(chosen.values())


def _of_the_summer(session: Session, rows: Iterable[Enrolment], today: date) -> list[Enrolment]:
    """Enrolments that begin soon, or that lasted until the end of their school's last days and have none after them."""
    found, ends = [], dict[str, date | None]()
    for row in rows:
        if today < row.entry_date <= today + _AHEAD:
            found.append(row)
        elif row.entry_date <= today:
            if row.school_id not in ends:
                days = select(func.max(CalendarEvent.date)).where(CalendarEvent.school_id == row.school_id, CalendarEvent.date <= today)
                ends[row.school_id] = session.scalar(days)
            last = ends[row.school_id]
            in_summer = last is not None and timedelta() < today - last <= _SUMMER and row.entry_date <= last
            if last is not None and in_summer and (row.exit_date is None or row.exit_date >= last - _UNTIL_THE_END):
                found.append(row)
    return found


def _chronic(session: Session, student_ids: Collection[str], today: date) -> set[str]:
    """Those who missed a tenth or more of the school year that ended, where that is known."""
    year = SchoolYear.of(session, today)
    starts = {school_id: year.start(school_id) for school_id in _schools_of(session)}
    if not starts or not student_ids:
        return set()
    as_of = year_that_ended(today, max(starts.values()))
    counts = student_sums(session, as_of, students=set(student_ids))
    return {student_id for student_id, found in counts.items() if found.count.calendar_known and found.count.tier in _CHRONIC}


def _schools_of(session: Session) -> list[str]:
    return list(session.scalars(select(Enrolment.school_id).distinct()))


def _school_days(session: Session, school_id: str, until: date) -> list[date]:
    days = SchoolYear.of(session, until).calendar(school_id, "", "").days
    return sorted(day for day in days if day <= until)


def _was_here(counted: StudentCount, days: Sequence[date]) -> bool:
    return len(days) >= 2 * LATELY and counted.first_day is not None and counted.first_day <= days[-2 * LATELY]


def _missed(counted: StudentCount) -> Iterable[tuple[date, Days]]:
    return ((day.date, day.missed) for day in counted.days if day.verdict.absent)

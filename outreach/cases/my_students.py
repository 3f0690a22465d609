"""Every child at some schools who misses a tenth of the days or more, with or without a conversation: the last contact, the next step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from outreach.attendance.counting import Chronic, Count
from outreach.attendance.gates import last_day, up_to
from outreach.attendance.last_days import LastDays
from outreach.attendance.queries import StudentCount, profile_at, records
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.sums import student_sums
from outreach.cases import danger_queries as danger
from outreach.cases import help_queries
from outreach.cases.mentor_tables import CheckIn, MentorTie
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.district.overlays import merged
from outreach.district.queries import slices
from outreach.district.tables import Enrolment, OtherContact, StudentAdult
from outreach.planning.states import TOLD, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.tables import Account

WINDOW = 20
"""School days that are set against as many before them."""
_SLACK = 10
"""Days by which a count up to today may lie above the one that may be told: nobody on the edge is passed over."""
_HEARD = frozenset({EventKind.INBOUND, EventKind.CALL, EventKind.VISIT})
_CONTACT = _HEARD | {EventKind.ANSWER, EventKind.NO_ANSWER}
_ARRIVED = frozenset({State.DELIVERED, State.PRINTED})


class Angle(StrEnum):
    """Which of the children a person looks at."""

    ALL = "all"
    NEVER_REACHED = "never_reached"
    SILENT = "silent"
    NO_NEXT_STEP = "no_next_step"
    IMPROVING = "improving"
    NOBODY_KNOWS = "nobody_knows"


@dataclass(frozen=True)
class Contact:
    """The last thing between us and a family."""

    on: date
    how: str
    """A ``cases.states.EventKind``, ``text``, ``letter``, ``check_in`` (a mentor with the family), or what another system calls it."""


@dataclass(frozen=True)
class Watched:
    """One child."""

    student_id: str
    count: Count
    lately: tuple[Fraction, Fraction] | None
    """Days missed of the last 20 school days, and of the 20 before; None while there are not so many."""
    last: Contact | None
    reached: bool
    """Something arrived, or somebody of the family was heard."""
    heard: bool
    knows: tuple[str, ...]
    """Adults at school who know the child: those whom the feed names, and mentors."""
    case_id: int | None
    """The open case."""
    waiting_since: datetime | None
    owner_id: int | None
    next_on: date | None
    next_step: str
    """The next planned step, or what a person wrote to themselves; empty where they wrote nothing, or it is sealed."""

    @property
    def improving(self) -> bool:
        """Missed less of the last 20 school days than of the 20 before."""
        return self.lately is not None and self.lately[0] < self.lately[1]

    def seen_from(self, angle: Angle) -> bool:
        """Whether the child belongs to a view."""
        return {
            Angle.ALL: True,
            Angle.NEVER_REACHED: not self.reached,
            Angle.SILENT: self.reached and not self.heard,
            Angle.NO_NEXT_STEP: self.next_on is None,
            Angle.IMPROVING: self.improving,
            Angle.NOBODY_KNOWS: not self.knows,
        }[angle]


def enrolled(session: Session, schools: Collection[str] | None, today: date, *, among: Collection[str] | None = None) -> set[str]:
    """The children (or those *among* some) who are enrolled at *schools* (None: the district) on *today*, as their enrolments say it."""
    one = merged(session)
    if among is None:
        return {one.of(student) for student in session.scalars(_here(schools, today))}
    here = _here(schools, today)
    some = (session.scalars(here.where(Enrolment.student_id.in_(portion))) for portion in slices(one.ids(among)))
    return {one.of(student) for students in some for student in students}


def are_more_than(session: Session, number: int, schools: Collection[str] | None, today: date) -> bool:
    """Whether more children than *number* are enrolled there; no more are looked at than that takes."""
    some = _here(schools, today).distinct().limit(number + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > number


def _here(schools: Collection[str] | None, today: date) -> Select[str]:
    there = Enrolment.entry_date <= today, or_(Enrolment.exit_date.is_(None), Enrolment.exit_date >= today)
    here = select(Enrolment.student_id).where(*there)
    return here if schools is None else here.where(Enrolment.school_id.in_(schools))


def watched(session: Session, students: Collection[str], *, settings: Settings, now: datetime, everyone: bool = False) -> list[Watched]:
    """Those of *students* who miss a tenth or more by what may be told of them now, or *everyone*, the highest share first."""
    counted = {theirs.student_id: (theirs, lately) for theirs, lately in _counted(session, students, settings, now, everyone=everyone)}
    touch, cases = _Touch.read(session, counted.keys(), settings.zone), _cases(session, counted.keys())
    steps, known = _next_steps(session, cases.values(), now, settings.zone), _known_by(session, counted.keys())
    found = []
    for student_id, (theirs, lately) in counted.items():
        case = cases.get(student_id)
        next_on, next_step = steps.get(case.id, (None, "")) if case else (None, "")
        found.append(
            Watched(
                student_id,
                theirs.count,
                lately,
                touch.last.get(student_id),
                student_id in touch.reached,
                student_id in touch.heard,
                known.get(student_id, ()),
                case.id if case else None,
                case.waiting_since if case else None,
                case.owner_id if case else None,
                next_on,
                next_step,
            )
        )
    return sorted(found, key=lambda one: (-(one.count.rate or 0), one.student_id))


def _counted(
    session: Session, students: Collection[str], settings: Settings, now: datetime, *, everyone: bool
) -> Iterator[tuple[StudentCount, tuple[Fraction, Fraction] | None]]:
    """Count everybody in columns, and day by day only those who may be concerned."""
    days = LastDays(session, now, settings.zone)
    sums = student_sums(session, days.as_of, students=students)
    near = {
        one.student_id for one in sums.values() if everyone or 10 * (one.count.absent + one.count.unknown) >= one.count.enrolled - _SLACK
    }
    year = SchoolYear.of(session, days.as_of)
    for theirs in records(session, year, near, None):
        last = last_day(theirs, days.today, days.told)
        told = [up_to(record, last) for record in theirs]
        count = StudentCount.of(told, profile_at(year, theirs[0].school_id, None))
        if everyone or count.count.chronic is Chronic.TRUE:
            yield count, two_windows(sorted({day for record in told for day in record.membership}), count)


def two_windows(membership: Sequence[date], count: StudentCount) -> tuple[Fraction, Fraction] | None:
    """Days missed of the last 20 days of *membership*, and of the 20 before; None while there are not so many."""
    if len(membership) < 2 * WINDOW:
        return None
    missed = {day.date: Fraction(day.missed) for day in count.days if day.verdict.absent}
    last, before = membership[-WINDOW:], membership[-2 * WINDOW : -WINDOW]
    return sum((missed.get(day, Fraction()) for day in last), Fraction()), sum((missed.get(day, Fraction()) for day in before), Fraction())


@dataclass(frozen=True)
class _Touch:
    """What lies between us and families, by child."""

    last: dict[str, Contact]
    reached: set[str]
    heard: set[str]

    @classmethod
    def read(cls, session: Session, students: Collection[str], zone: str) -> _Touch:
        touch = cls({}, set(), set())
        for some in slices(students):
            touch._messages(session, some, zone)
            touch._happenings(session, some, zone)
            talked = select(CheckIn.student_id, func.max(CheckIn.at).label("at")).where(
                CheckIn.student_id.in_(some), CheckIn.kind == "family"
            )
            for student_id, at in session.execute(talked.group_by(CheckIn.student_id)):
                touch._note(student_id, Contact(local_date(at, zone), "check_in"))
            others = select(OtherContact).where(OtherContact.student_id.in_(some))
            for row in session.scalars(others):
                touch._note(row.student_id, Contact(row.date, row.kind or row.channel))
        return touch

    def _note(self, student_id: str, contact: Contact) -> None:
        if student_id not in self.last or contact.on >= self.last[student_id].on:
            self.last[student_id] = contact

    def _messages(self, session: Session, students: Sequence[str], zone: str) -> None:
        wanted = set(students)
        contacts = [adult.contact_id for adult in district.load_adults(session, students)]
        columns = (
            PlannedMessage.student_ids,
            PlannedMessage.channel,
            PlannedMessage.state,
            PlannedMessage.sent_at,
            PlannedMessage.claimed_at,
        )
        for some in slices(contacts):
            told = select(*columns).where(PlannedMessage.contact_id.in_(some), PlannedMessage.state.in_(TOLD))
            for children, channel, state, sent_at, claimed_at in session.execute(told):
                if (at := sent_at or claimed_at) is None:
                    continue
                contact, about = Contact(local_date(at, zone), "letter" if channel == "letter" else "text"), wanted.intersection(children)
                for student_id in about:
                    self._note(student_id, contact)
                if state in _ARRIVED:
                    self.reached.update(about)

    def _happenings(self, session: Session, students: Sequence[str], zone: str) -> None:
        newest = (
            select(Case.student_id, CaseEvent.kind, func.max(CaseEvent.at).label("at"))
            .join(Case, Case.id == CaseEvent.case_id)
            .where(Case.student_id.in_(students), CaseEvent.kind.in_([kind.value for kind in _CONTACT]))
            .group_by(Case.student_id, CaseEvent.kind)
        )
        for student_id, kind, at in session.execute(newest):
            self._note(student_id, Contact(local_date(at, zone), kind))
            if kind in _HEARD:
                self.heard.add(student_id)
                self.reached.add(student_id)


def _cases(session: Session, students: Collection[str]) -> dict[str, Case]:
    """Child → its open case, the one whose family waits first."""
    found: dict[str, Case] = {}
    for some in slices(students):
        open_ones = select(Case).where(Case.student_id.in_(some), Case.open_key.is_not(None))
        for case in session.scalars(open_ones.order_by(Case.waiting_since.is_(None), Case.waiting_since, Case.id)):
            found.setdefault(case.student_id, case)
    return found


def _next_steps(session: Session, cases: Collection[Case], now: datetime, zone: str) -> Mapping[int, tuple[date | None, str]]:
    """Case → the day of its next planned step, or on which it comes back if that is sooner; and which step, or a word to oneself."""
    aside = {case.id: case.snoozed_until for case in cases if case.snoozed_until is not None and case.snoozed_until > now}
    sealed = danger.sealed_since(session, aside.keys()).keys() | {case.id for case in cases if case.sealed_since is not None}
    said: defaultdict[int, str] = defaultdict(str)
    words = select(CaseEvent.case_id, CaseEvent.text).where(CaseEvent.case_id.in_(aside), CaseEvent.kind == EventKind.SNOOZED.value)
    for case_id, text in session.execute(words.order_by(CaseEvent.id)):
        said[case_id] = "" if case_id in sealed else text
    back = {case_id: (local_date(until, zone), said[case_id]) for case_id, until in aside.items()}
    steps = help_queries.next_steps(session, cases)
    return {case_id: min(one for one in (steps.get(case_id), back.get(case_id)) if one) for case_id in steps.keys() | back.keys()}


def _known_by(session: Session, students: Collection[str]) -> dict[str, tuple[str, ...]]:
    found, one = defaultdict[str, dict[str, str]](dict), merged(session)
    mentors = select(MentorTie.student_id, Account.name).join(Account, Account.id == MentorTie.account_id)
    mentors = mentors.where(Account.disabled_at.is_(None)).order_by(MentorTie.id)
    for some in slices(one.ids(students)):
        for row in session.scalars(select(StudentAdult).where(StudentAdult.student_id.in_(some)).order_by(StudentAdult.id)):
            found[one.of(row.student_id)].setdefault(row.name, row.role)
        for student_id, name in session.execute(mentors.where(MentorTie.student_id.in_(some))):
            found[one.of(student_id)].setdefault(name, "mentor")
    return {child: tuple(f"{name}, {role}" if role else name for name, role in adults.items()) for child, adults in found.items()}

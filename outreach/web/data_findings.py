"""The data health page in sentences: what to fix, how much hangs on it, and who fixes it where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from outreach.attendance.calendars import Said
from outreach.attendance.health import Finding, Health, StudentDay, Trouble
from outreach.attendance.source_settings import Kind, Meaning, Reason
from outreach.district import overlays
from outreach.district.tables import Enrolment, Overlay, Student
from outreach.planning import reasons
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage

MEANINGS: Mapping[str, tuple[str, Meaning]] = {
    "present": ("Present", Meaning(kind=Kind.PRESENT)),
    "excused": ("Absent, excused", Meaning(kind=Kind.ABSENT, reason=Reason.EXCUSED)),
    "unexcused": ("Absent, unexcused", Meaning(kind=Kind.ABSENT, reason=Reason.UNEXCUSED)),
    "unspecified": ("Absent, no reason told", Meaning(kind=Kind.ABSENT)),
    "partial": ("Part of the day, as far as its row says", Meaning(kind=Kind.PARTIAL)),
    "suspended_out": ("Suspended, not at school", Meaning(kind=Kind.SUSPENDED_OUT)),
    "suspended_in": ("Suspended, at school", Meaning(kind=Kind.SUSPENDED_IN)),
    "elsewhere": ("Taught elsewhere (trip, home instruction)", Meaning(kind=Kind.INSTRUCTED_ELSEWHERE)),
    "on_site": ("In the building (nurse, office)", Meaning(kind=Kind.ON_SITE)),
}
"""What a code may be given as a meaning: value of the form → words and meaning."""
SAID: Mapping[Said, str] = {
    Said.CLOSED: "No school",
    Said.SCHOOL_DAY: "School day",
    Said.SUBMITTED: "Whoever has no mark was there",
    Said.NOT_SUBMITTED: "Attendance is not in",
}
_OF_A_DAY: Mapping[Trouble, tuple[Said, ...]] = {
    Trouble.NOT_REPORTED: (Said.CLOSED, Said.SUBMITTED),
    Trouble.MARKS_MISSING: (Said.SUBMITTED,),
    Trouble.SILENT_RUN: (Said.CLOSED, Said.SUBMITTED),
    Trouble.NOT_SUBMITTED: (Said.SUBMITTED, Said.CLOSED),
    Trouble.EVENT: (Said.CLOSED, Said.SCHOOL_DAY),
}
_SENTENCES: Mapping[Trouble, tuple[str, str]] = {
    Trouble.NO_CALENDAR: (
        "No calendar came for this school.",
        "IT: send its days in calendar.csv, or set calendar = “from-events” in source.toml.",
    ),
    Trouble.CODE: ("The code {name} has no meaning.", "Fix it here for good, or under [codes] in source.toml."),
    Trouble.NOT_REPORTED: (
        "No attendance came at all.",
        "If school was open, the office enters it in the SIS; the next delivery settles it.",
    ),
    Trouble.MARKS_MISSING: (
        "Some children have no mark.",
        "The teacher or office enters it in the SIS; or say here that whoever has no mark was there.",
    ),
    Trouble.SILENT_RUN: (
        "No mark came for longer than ever before.",
        "If school was open, the office enters it in the SIS; the next delivery settles it.",
    ),
    Trouble.NOT_SUBMITTED: ("Attendance was called not in.", "Say here once it is."),
    Trouble.EVENT: (
        "The calendar says {name}, and nobody said whether that is a school day.",
        "Fix it here for these dates, or under [events] in source.toml.",
    ),
    Trouble.UNWEIGHED: ("Parts of days cannot be weighed: {name}.", "IT: send minutes in calendar.csv, or the schedule in sections.csv."),
}
_MOST_DAYS = 50
"""Days of children in one school's list; the rest come up when these are settled."""


@dataclass(frozen=True)
class Card:
    """One thing to fix."""

    finding: Finding
    sentence: str
    who: str
    children: int
    messages: int
    choices: tuple[Said, ...]

    @property
    def days(self) -> tuple[date, ...]:
        """The dates it touches, in order."""
        return tuple(self.finding.days)


@dataclass(frozen=True)
class SchoolPart:
    """What is to fix at one school, worst first."""

    school_id: str
    cards: tuple[Card, ...]
    student_days: tuple[StudentDay, ...]
    more_days: int
    children: int
    messages: int


def parts(session: Session, health: Health) -> list[SchoolPart]:
    """The page, school by school: first where most messages wait, then where most children are touched."""
    held = _held(session)
    by_school: defaultdict[str, list[Finding]] = defaultdict(list)
    days: defaultdict[str, list[StudentDay]] = defaultdict(list)
    for finding in health.findings:
        by_school[finding.school_id].append(finding)
    for day in health.student_days:
        days[day.school_id].append(day)
    found = [_part(school, by_school[school], days[school], held) for school in {*by_school, *days}]
    return sorted(found, key=lambda part: (-part.messages, -part.children, part.school_id))


def _part(school_id: str, findings: Iterable[Finding], days: Collection[StudentDay], held: Mapping[str, set[int]]) -> SchoolPart:
    cards = sorted((_card(finding, held) for finding in findings), key=lambda card: (-card.messages, -card.children, card.sentence))
    students = {student for card in cards for student in card.finding.students}
    listed = sorted(days, key=lambda day: (day.settled is None, day.date, day.student_id))
    children = students | {day.student_id for day in days}
    more = max(0, len(listed) - _MOST_DAYS)
    return SchoolPart(school_id, tuple(cards), tuple(listed[:_MOST_DAYS]), more, len(children), _waiting(students, held))


def _card(finding: Finding, held: Mapping[str, set[int]]) -> Card:
    sentence, who = _SENTENCES[finding.trouble]
    said = sentence.format(name=f"“\u2068{finding.name}\u2069”" if finding.trouble in {Trouble.CODE, Trouble.EVENT} else finding.name)
    return Card(finding, said, who, len(finding.students), _waiting(finding.students, held), _OF_A_DAY.get(finding.trouble, ()))


def _held(session: Session) -> dict[str, set[int]]:
    """The messages that an unknown count keeps back, by child: found in an index, without a look at the others that are held."""
    ids = select(PlannedMessage.id).where(
        PlannedMessage.state.in_((State.HELD, State.SKIPPED)), PlannedMessage.reason == reasons.Reason.UNKNOWN_COUNT
    )
    found: defaultdict[str, set[int]] = defaultdict(set)
    for message, students in session.execute(select(PlannedMessage.id, PlannedMessage.student_ids).where(PlannedMessage.id.in_(ids))):
        for student in students:
            found[student].add(message)
    return found


def _waiting(students: Iterable[str], held: Mapping[str, set[int]]) -> int:
    return len({message for student in students for message in held.get(student, ())})


def alike(session: Session, schools: Collection[str] | None = None) -> list[tuple[Student, Student]]:
    """Pairs of children with the same name and birth date who may be one child under two ids, and are not merged.

    With *schools* those with somebody who is or was there: their names alone are compared with everybody's.
    """
    name = _name(Student)
    there = Student.gone_import_id.is_(None), Student.birth_date.is_not(None), Student.student_id.not_in(overlays.merged_away())
    every = select(*name).where(*there)
    if schools is not None:
        mine = aliased(Student)
        here = select(Enrolment.student_id).where(Enrolment.school_id.in_(schools))
        theirs = select(*_name(mine)).where(mine.student_id.in_(here), mine.gone_import_id.is_(None)).distinct().subquery()
        every = every.join(theirs, and_(*(one == other for one, other in zip(name, theirs.c, strict=True))))
    twice = every.group_by(*name).having(func.count() > 1).subquery()
    same = [one == other for one, other in zip(name, twice.c, strict=True)]
    rows = session.scalars(select(Student).join(twice, same[0] & same[1] & same[2]).where(*there).order_by(*name, Student.student_id)).all()
    return [(one, other) for one, other in pairwise(rows) if _key(one) == _key(other)]


def _name(child: type[Student]) -> tuple[ColumnElement[str], ColumnElement[str], InstrumentedAttribute[date | None]]:
    return func.lower(child.first_name), func.lower(child.last_name), child.birth_date


def _key(student: Student) -> tuple[str, str, date | None]:
    return student.first_name.lower(), student.last_name.lower(), student.birth_date


def spoken(row: Overlay) -> str:
    """What an overlay says, without the child or adult whom it speaks of."""
    if row.kind == overlays.Kind.CODE:
        meaning = Meaning.model_validate(row.value)
        words = next((words for words, one in MEANINGS.values() if one == meaning.model_copy(update={"hold": False})), meaning.kind.value)
        return f"The code “\u2068{row.name}\u2069” means: {words.lower()}{', and holds messages' if meaning.hold else ''}"
    if row.kind in {overlays.Kind.CALENDAR, overlays.Kind.SUBMISSION}:
        return f"{SAID[Said(row.value['said'])]}:"
    if row.kind == overlays.Kind.STUDENT_DAY:
        return f"The day was {row.value['verdict']}:"
    if row.kind == overlays.Kind.CONTACT:
        return f"The {row.name} of a contact was corrected"
    if row.kind == overlays.Kind.HOLD:
        return f"A family is left in peace ({row.value['why']}) until {row.value['until']}"
    plain = {overlays.Kind.SAME_CHILD: "Two ids are one child", overlays.Kind.NUMBER: "A number of a contact was corrected"}
    return plain.get(overlays.Kind(row.kind), "A child has died")

"""What a message says, from what is true now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from sqlalchemy.orm import Session

from outreach.attendance.profiles import in_figures
from outreach.attendance.queries import StudentCount
from outreach.database import Json
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.district.tables import Student
from outreach.messages.compose import Child, Facts
from outreach.planning.signers import signers
from outreach.planning.situation import Situation
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

NOTHING_TOLD: Mapping[str, Fraction] = MappingProxyType({})


def facts_of(
    situation: Situation, student_ids: Sequence[str], adults: Sequence[Adult], told: Mapping[str, Fraction] = NOTHING_TOLD
) -> Facts:
    """The facts of a message about *student_ids* (the first leads) to *adults*; *told*: the wrong numbers that it takes back."""
    settings = situation.settings
    school = situation.schools.get(situation.school_of(student_ids[0])) if student_ids else None
    phone = (school.phone if school else "") or settings.district_phone
    return Facts(
        district=settings.district_name,
        school=school.name if school else "",
        school_phone=phone,
        children=tuple(_child(situation, student_id, told.get(student_id)) for student_id in student_ids),
        adult_names=tuple(adult.name for adult in adults),
        signer=situation.signers.get(student_ids[0], "") if student_ids else "",
        interpreter_phone=settings.interpreter_phone or phone,
    )


def plain_facts(session: Session, planned: PlannedMessage, settings: Settings) -> Facts:
    """The facts of a message without a count: names, the school, and the note that the sender added."""
    school = district.schools(session, [planned.school_id]).get(planned.school_id) if planned.school_id else None
    phone = (school.phone if school else "") or settings.district_phone
    children = district.students(session, planned.student_ids)
    known = signers(session, {student_id: [planned.school_id] for student_id in planned.student_ids})
    return Facts(
        district=settings.district_name,
        school=school.name if school else "",
        school_phone=phone,
        signer=next(iter(known.values()), ""),
        named=tuple(_called(children[student_id]) for student_id in planned.student_ids if student_id in children),
        note=planned.facts.get("note", ""),
        answer_by=date.fromisoformat(day) if (day := planned.facts.get("answer_by", "")) else None,
        interpreter_phone=settings.interpreter_phone or phone,
    )


def _called(student: Student) -> str:
    return student.preferred_name or student.first_name or student.last_name


def _child(situation: Situation, student_id: str, told: Fraction | None) -> Child:
    student, whole = situation.students[student_id], situation.counts[student_id]
    counted = whole.count
    school = situation.schools.get(situation.school_of(student_id))
    return Child(
        name=_called(student),
        days_missed=Fraction(counted.absent),
        days_enrolled=counted.enrolled,
        as_of=situation.last_day(student_id),
        school=school.name if school else "",
        days_told=told,
        dates=whole.absent_dates,
        months=_months(whole, situation.last_day(student_id)),
    )


def _months(whole: StudentCount, until: date) -> tuple[tuple[date, Fraction], ...]:
    """The days missed in each month from the child's first school day on; nothing where they do not add up to its count."""
    missed: defaultdict[date, Fraction] = defaultdict(Fraction)
    for day in whole.days:
        if day.verdict.absent:
            missed[day.date.replace(day=1)] += Fraction(day.missed)
    if whole.first_day is None or sum(missed.values()) != whole.count.absent:
        return ()
    first, last = (12 * day.year + day.month - 1 for day in (whole.first_day, until))
    months = [date(month // 12, month % 12 + 1, 1) for month in range(first, last + 1)]
    return tuple((month, missed[month]) for month in months)


def stored(situation: Situation, student_ids: Sequence[str], adults: Sequence[Adult], told: Mapping[str, Fraction] = NOTHING_TOLD) -> Json:
    """The same facts as plain values for the row: what the number was based on, and whom the message names."""
    children = []
    for student_id in student_ids:
        counted = situation.counts.get(student_id)
        if counted is not None:
            numbers = counted.count
            children.append(
                {
                    "student_id": student_id,
                    "days_absent": in_figures(numbers.absent),
                    "days_enrolled": numbers.enrolled,
                    "tier": numbers.tier,
                    "as_of": situation.last_day(student_id).isoformat(),
                    "dates": [day.isoformat() for day in counted.absent_dates],
                    **({"days_told": in_figures(told[student_id])} if student_id in told else {}),
                }
            )
    return {"children": children, "contact_ids": [adult.contact_id for adult in adults]}

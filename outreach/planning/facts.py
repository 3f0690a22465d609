"""What a message says, from what is true now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from outreach.attendance.profiles import in_figures
from outreach.database import Json
from outreach.district.people import Adult
from outreach.messages.compose import Child, Facts
from outreach.planning.situation import Situation

NOTHING_TOLD: Mapping[str, Fraction] = MappingProxyType({})


def facts_of(
    situation: Situation, student_ids: Sequence[str], adults: Sequence[Adult], told: Mapping[str, Fraction] = NOTHING_TOLD
) -> Facts:
    """The facts of a message about *student_ids* (the first leads) to *adults*; *told*: the wrong numbers that it takes back."""
    settings = situation.settings
    school = situation.schools.get(situation.school_of(student_ids[0])) if student_ids else None
    return Facts(
        district=settings.district_name,
        school=school.name if school else "",
        school_phone=(school.phone if school else "") or settings.district_phone,
        children=tuple(_child(situation, student_id, told.get(student_id)) for student_id in student_ids),
        adult_names=tuple(adult.name for adult in adults),
    )


def _child(situation: Situation, student_id: str, told: Fraction | None) -> Child:
    student, counted = situation.students[student_id], situation.counts[student_id].count
    school = situation.schools.get(situation.school_of(student_id))
    return Child(
        name=student.preferred_name or student.first_name or student.last_name,
        days_missed=Fraction(counted.absent),
        days_enrolled=counted.enrolled,
        as_of=situation.last_day(student_id),
        school=school.name if school else "",
        days_told=told,
    )


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

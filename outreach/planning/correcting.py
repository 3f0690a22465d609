"""A correction: the wrong number that a family was told, and the right one of the same days, counted anew whenever it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from outreach.attendance.profiles import in_figures
from outreach.attendance.queries import StudentCount, student_counts
from outreach.database import Json
from outreach.district.people import Adult
from outreach.planning.nudges import Draft
from outreach.planning.reasons import Reason
from outreach.planning.recipients import for_letter
from outreach.planning.rows import new_row
from outreach.planning.situation import Situation
from outreach.planning.states import TOLD, Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage

MESSAGE = "correction"


@dataclass(frozen=True)
class Wrong:
    """What one child's family was told, and what is true of the same days; both as figures: 12, 12.5."""

    student_id: str
    as_of: date
    days_told: str
    days_absent: str


@dataclass(frozen=True)
class Ready:
    """A correction as it may leave: to whom, and the facts with the children's counts of the days that were told."""

    facts: Situation
    draft: Draft


@dataclass(frozen=True)
class NotReady:
    """Why it may not."""

    state: State
    reason: str


def new_correction(told: PlannedMessage, wrong: list[Wrong], attempt: int, now: datetime) -> PlannedMessage:
    """The correction of one message, to the same adult on the same channel; it waits until a person approves it.

    *attempt* numbers the corrections of that message: the database refuses the same one twice.
    """
    return new_row(
        now,
        once_key=f"{MESSAGE}:{told.id}:{attempt}",
        message_class=MessageClass.NOTICE,
        channel=Channel(told.channel),
        state=State.WAITING,
        reason=Reason.CORRECTION,
        household=told.household,
        contact_id=told.contact_id,
        phone=told.phone,
        student_ids=[item.student_id for item in wrong],
        school_id=told.school_id,
        message=MESSAGE,
        language=told.language,
        family_language=told.family_language,
        facts=facts_of_wrong(told.id, wrong),
        created_by="corrections",
    )


def facts_of_wrong(corrects: int, wrong: list[Wrong]) -> Json:
    """What a correction's row holds: which message it corrects, and each child's numbers."""
    children = [
        {"student_id": w.student_id, "as_of": w.as_of.isoformat(), "days_told": w.days_told, "days_absent": w.days_absent} for w in wrong
    ]
    return {"children": children, "corrects": corrects}


def wrong_of(facts: Json) -> list[Wrong]:
    """What a correction's row holds, read back."""
    return [
        Wrong(child["student_id"], date.fromisoformat(child["as_of"]), child["days_told"], child["days_absent"])
        for child in facts.get("children", ())
        if "days_told" in child
    ]


def told_before(facts: Json) -> dict[str, Fraction]:
    """Child → the number it was told before; empty for any other message."""
    return {item.student_id: Fraction(item.days_told) for item in wrong_of(facts)}


def recount(session: Session, asked: Mapping[str, date]) -> dict[str, StudentCount]:
    """Count some children anew, each up to a day of its own, with what is known now."""
    by_day: defaultdict[date, set[str]] = defaultdict(set)
    for student_id, as_of in asked.items():
        by_day[as_of].add(student_id)
    found: dict[str, StudentCount] = {}
    for as_of, students in by_day.items():
        found |= student_counts(session, as_of, students=students)
    return found


def figure(counted: StudentCount | None) -> str:
    """The number a family would be told; empty where none can be."""
    if counted is None or counted.count.unknown or not counted.count.calendar_known:
        return ""
    return in_figures(counted.count.absent)


def prepare(session: Session, planned: PlannedMessage, facts: Situation) -> Ready | NotReady:
    """Count and check a correction anew: what a person approved must still be the right number, and the family the same."""
    told = session.get(PlannedMessage, planned.facts.get("corrects", 0))
    if told is None or told.state not in TOLD:
        return NotReady(State.CANCELLED, Reason.NEVER_TOLD)
    wrong = wrong_of(planned.facts)
    now_true = recount(session, {item.student_id: item.as_of for item in wrong})
    if stop := _still_right(wrong, now_true, facts):
        return stop
    adults = _adults(planned, facts)
    if not adults:
        return NotReady(State.CANCELLED, Reason.MOVED)
    then = replace(facts, counts={**facts.counts, **now_true}, until={**facts.until, **{item.student_id: item.as_of for item in wrong}})
    household = facts.home_of(planned.contact_id)
    key = household.key if household else planned.household
    draft = Draft(key, Channel(planned.channel), tuple(item.student_id for item in wrong), tuple(adults), planned.phone)
    return Ready(then, draft)


def _still_right(wrong: list[Wrong], now_true: Mapping[str, StudentCount], facts: Situation) -> NotReady | None:
    figures = {item.student_id: figure(now_true.get(item.student_id)) for item in wrong}
    if not all(figures.values()):
        return NotReady(State.HELD, Reason.UNKNOWN_COUNT)
    if any(student_id in facts.sis_differs for student_id in figures):
        return NotReady(State.HELD, Reason.SIS_DIFFERS)
    if any(counted.held_code for counted in map(facts.counts.get, figures) if counted is not None):
        return NotReady(State.HELD, Reason.HELD_CODE)
    if all(figures[item.student_id] == item.days_told for item in wrong):
        return NotReady(State.CANCELLED, Reason.RIGHT_AGAIN)
    if any(figures[item.student_id] != item.days_absent for item in wrong):
        return NotReady(State.WAITING, Reason.CHANGED_AGAIN)
    return None


def _adults(planned: PlannedMessage, facts: Situation) -> list[Adult]:
    """The adult who was told; of a letter also the others it may name, and none where the first may not be written to any more."""
    household = facts.home_of(planned.contact_id)
    if household is None:
        return []
    if planned.channel == Channel.SMS:
        told = [adult for adult in household.adults if adult.contact_id == planned.contact_id]
        return [adult for adult in told if not any(facts.permissions.refusal(adult, child) for child in planned.student_ids)]
    named = [for_letter(household.adults, student_id, facts.permissions)[0] for student_id in planned.student_ids]
    if any(not adults or adults[0].contact_id != planned.contact_id for adults in named):
        return []
    return [adult for adult in named[0] if all(adult in others for others in named)]

"""Families whom a person asked to leave in peace for a while: illness, a death. Nothing is begun with them until that day is over.

Answers to what they write, safety texts and notices that the law sets still leave. It is an overlay: who, when and why are kept, and
whoever laid it, or a colleague, withdraws it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from outreach.district import overlays
from outreach.district import queries as district
from outreach.district.households import households
from outreach.district.overlays import Act, Kind, OverlayError, Subject
from outreach.district.tables import Overlay, Student

LONGEST = timedelta(days=365)
"""A family that is never to be written to is blocked, or opts out."""


class Why(StrEnum):
    """Why a family is left in peace."""

    ILLNESS = "illness"
    BEREAVEMENT = "bereavement"
    OTHER = "another reason"


@dataclass(frozen=True)
class Hold:
    """One child's family that is left in peace; *until* is the last day."""

    overlay_id: int
    student_id: str
    why: Why
    until: date
    by: str
    note: str


def leave(session: Session, student_id: str, why: Why, until: date, act: Act, *, today: date) -> list[Overlay]:
    """Leave the whole household of a child in peace until the end of *until*. Raises OverlayError."""
    if session.get(Student, student_id) is None:
        message = "No feed has named a student with this id."
        raise OverlayError(message)
    if not today <= until <= today + LONGEST:
        message = "The last quiet day lies between today and a year from now."
        raise OverlayError(message)
    said = {"why": why.value, "until": until.isoformat()}
    return [overlays.lay(session, Subject(Kind.HOLD, student_id=child), said, act) for child in sorted(_family(session, student_id))]


def end(session: Session, student_id: str, act: Act, *, today: date) -> None:
    """End a household's quiet before its day; where there is none, nothing changes."""
    family = _family(session, student_id)
    for hold in standing(session, today):
        if hold.student_id in family:
            overlays.withdraw(session, hold.overlay_id, act)


def _family(session: Session, student_id: str) -> set[str]:
    homes = households(district.load_families(session, [student_id]))
    return {student_id}.union(*(home.student_ids for home in homes if student_id in home.student_ids))


def standing(session: Session, today: date) -> list[Hold]:
    """The holds whose last day has not passed, the one that ends first at the top."""
    return sorted(_of(overlays.holding(session, Kind.HOLD), today), key=lambda hold: (hold.until, hold.student_id))


def of_child(session: Session, student_id: str, today: date) -> Hold | None:
    """The hold on a child's family that ends last, under whichever of the child's ids it was said."""
    one = overlays.merged(session)
    mine = [hold for hold in standing(session, today) if one.of(hold.student_id) == one.of(student_id)]
    return mine[-1] if mine else None


def held(session: Session, student_ids: Collection[str], today: date) -> frozenset[str]:
    """Those of *student_ids* whose families are left in peace, under whichever of their ids that was said."""
    rows = overlays.holding(session, Kind.HOLD) if student_ids else []
    if not rows:
        return frozenset()
    one = overlays.merged(session)
    quiet = {one.of(hold.student_id) for hold in _of(rows, today)}
    return frozenset(student_id for student_id in student_ids if one.of(student_id) in quiet)


def _of(rows: Iterable[Overlay], today: date) -> list[Hold]:
    found = (Hold(row.id, row.student_id, Why(row.value["why"]), date.fromisoformat(row.value["until"]), row.by, row.why) for row in rows)
    return [hold for hold in found if hold.until >= today]

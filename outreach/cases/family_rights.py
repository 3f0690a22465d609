"""What a letter's code shows now: only children of whom every adult the letter names may still be told, and only numbers that are sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.delivery.family_tables import FamilyCode
from outreach.district import queries as district
from outreach.district.overlays import merged
from outreach.district.people import Adult
from outreach.messages.compose import Facts
from outreach.planning import situation
from outreach.planning.facts import facts_of
from outreach.planning.reasons import Reason
from outreach.planning.situation import Situation
from outreach.settings import Settings

_SURE = frozenset({"", Reason.SUSPENDED})
"""A number that a person would rather tell than a letter is true all the same, and the family asks for it."""


@dataclass(frozen=True)
class SeenChild:
    """One child as its family may see it."""

    student_id: str
    school_id: str
    birth_date: date | None
    facts: Facts
    """Its name, count and dates, counted now."""
    known: bool
    """Whether the number may be told; otherwise the page says that we do not know it yet."""


@dataclass(frozen=True)
class Seen:
    """What a code shows."""

    household: str
    adults: tuple[Adult, ...]
    """Those whom the letter names."""
    children: tuple[SeenChild, ...]

    def child(self, student_id: str) -> SeenChild:
        """The named child; the first one where the name is none of theirs."""
        return next((child for child in self.children if child.student_id == student_id), self.children[0])

    @property
    def birth_dates(self) -> frozenset[date]:
        """The dates that open the page."""
        return frozenset(child.birth_date for child in self.children if child.birth_date)


def seen(session: Session, code: FamilyCode, settings: Settings, now: datetime) -> Seen | None:
    """Look again what *code* may show; None where it shows nothing.

    Nobody can tell which of a letter's adults holds it, so what one of them may not know is shown to none: a block, a right that ended,
    a tie that the feed no longer names, a child who left, turned 18 or died.
    """
    if code.ended_at is not None or now >= code.expires_at:
        return None
    adults = {adult.contact_id: adult for adult in district.named_adults(session, code.contact_ids)}
    if not adults or adults.keys() != set(code.contact_ids):
        return None
    known = merged(session)
    letter = dict.fromkeys(known.of(student_id) for student_id in code.student_ids)
    siblings = sorted({link.student_id for adult in adults.values() for link in adult.links} - letter.keys())
    here = situation.load(session, [*letter, *siblings], settings=settings, now=now)
    named = tuple(adults[contact_id] for contact_id in code.contact_ids)
    allowed = [student_id for student_id in (*letter, *siblings) if _may_see(here, named, student_id)]
    if not letter.keys() & set(allowed):
        return None
    fresh = {student_id: _is_fresh(session, student_id, settings, now) for student_id in allowed}
    return Seen(code.household, named, tuple(_child(here, student_id, named, fresh) for student_id in allowed))


def _may_see(here: Situation, adults: tuple[Adult, ...], student_id: str) -> bool:
    return not here.standing(student_id) and not any(here.permissions.refusal(adult, student_id) for adult in adults)


def _is_fresh(session: Session, student_id: str, settings: Settings, now: datetime) -> bool:
    last = attendance.last_attendance_at(session, [student_id])
    return last is not None and now - last <= timedelta(days=settings.feed_fresh_days)


def _child(here: Situation, student_id: str, adults: tuple[Adult, ...], fresh: Mapping[str, bool]) -> SeenChild:
    return SeenChild(
        student_id=student_id,
        school_id=here.school_of(student_id),
        birth_date=here.students[student_id].birth_date,
        facts=facts_of(here, (student_id,), adults),
        known=fresh[student_id] and here.refusal(student_id) in _SURE,
    )

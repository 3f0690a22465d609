"""What came of writing in each language: families reached, what they answered, and how long they waited. Counts only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.district.tables import Contact
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound

FEWEST = 10
"""A smaller number could point at a family, so it is not told."""
_REACHED = (State.ACCEPTED, State.SENT, State.DELIVERED, State.PRINTED)


@dataclass(frozen=True)
class Reach:
    """What one language did; None where the number is too small to be told."""

    locale: str
    families: int | None
    """Households that a message in this language left for."""
    in_english: int | None
    """Households of this language that were written to in English for want of approved words."""
    replies: int | None
    """Texts that came from the numbers that were written to in this language."""
    answer_time: timedelta | None
    """The median from a family's text to the answer of a person."""


def by_language(session: Session, since: datetime) -> dict[str, Reach]:
    """Return the reach of each language that families have or were written to in, since an instant."""
    told, english = _households(session, since)
    replies, waits = _replies(session, since), _waits(session, since)
    return {
        locale: Reach(
            locale,
            _shown(told.get(locale, 0)),
            _shown(english.get(locale, 0)),
            _shown(replies.get(locale, 0)),
            _median(waits.get(locale, [])),
        )
        for locale in {*told, *english, *replies}
    }


def answer_times(session: Session, since: datetime, schools: Collection[str] | None = None) -> dict[str, timedelta | None]:
    """Language on file → the median from a family's text to a person's answer; None of fewer than ten, which could point at a family.

    *schools*: those of the children that were written about (None: the whole district). A language without an answer is not there.
    """
    return {locale: _median(waits) for locale, waits in sorted(_waits(session, since, schools).items())}


def waits_for_answers(session: Session, since: datetime, schools: Collection[str] | None = None) -> dict[tuple[str, str], list[timedelta]]:
    """(school, language on file) → from each text of a family to the first answer that a person typed, at the school that answered."""
    rows = (
        select(Contact.locale, PlannedMessage.phone, PlannedMessage.school_id, PlannedMessage.facts, PlannedMessage.created_at)
        .join(Contact, Contact.contact_id == PlannedMessage.contact_id)
        .where(PlannedMessage.message_class == MessageClass.ANSWER, PlannedMessage.message == "", PlannedMessage.created_at >= since)
        .order_by(PlannedMessage.created_at, PlannedMessage.id)
    )
    if schools is not None:
        rows = rows.where(PlannedMessage.school_id.in_(schools))
    first: dict[tuple[str, str, str], tuple[str, timedelta]] = {}
    for locale, phone, school_id, facts, answered in session.execute(rows):
        if wrote := facts.get("family_wrote_at"):
            first.setdefault((locale, phone, wrote), (school_id, answered - datetime.fromisoformat(wrote)))
    found: dict[tuple[str, str], list[timedelta]] = defaultdict(list)
    for (locale, _phone, _wrote), (school_id, wait) in first.items():
        found[school_id, locale].append(wait)
    return found


def _median(waits: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(wait.total_seconds() for wait in waits)) if len(waits) >= FEWEST else None


def _shown(number: int) -> int | None:
    return number if number == 0 or number >= FEWEST else None


def _households(session: Session, since: datetime) -> tuple[dict[str, int], dict[str, int]]:
    who = func.coalesce(func.nullif(PlannedMessage.household, ""), PlannedMessage.phone)
    left = select(PlannedMessage.language, PlannedMessage.family_language, func.count(who.distinct())).where(
        PlannedMessage.state.in_(_REACHED),
        PlannedMessage.message_class != MessageClass.PAGE,
        PlannedMessage.message != "",
        PlannedMessage.created_at >= since,
    )
    told = session.execute(left.with_only_columns(PlannedMessage.language, func.count(who.distinct())).group_by(PlannedMessage.language))
    others = left.where(PlannedMessage.language != PlannedMessage.family_language)
    english = session.execute(
        others.with_only_columns(PlannedMessage.family_language, func.count(who.distinct())).group_by(PlannedMessage.family_language)
    )
    return {row[0]: row[1] for row in told}, {row[0]: row[1] for row in english}


def _replies(session: Session, since: datetime) -> dict[str, int]:
    """A number that was written to in two languages counts in each."""
    numbers = (
        select(PlannedMessage.language, PlannedMessage.phone)
        .where(
            PlannedMessage.channel == Channel.SMS,
            PlannedMessage.phone != "",
            PlannedMessage.message != "",
            PlannedMessage.state.in_(_REACHED),
            PlannedMessage.created_at >= since,
        )
        .distinct()
        .subquery()
    )
    rows = (
        select(numbers.c.language, func.count())
        .join(Inbound, Inbound.phone == numbers.c.phone)
        .where(Inbound.received_at >= since)
        .group_by(numbers.c.language)
    )
    return {row[0]: row[1] for row in session.execute(rows)}


def _waits(session: Session, since: datetime, schools: Collection[str] | None = None) -> dict[str, list[timedelta]]:
    found: dict[str, list[timedelta]] = defaultdict(list)
    for (_school, locale), waits in waits_for_answers(session, since, schools).items():
        found[locale] += waits
    return found

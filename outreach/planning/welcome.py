"""The first contact with a number that nobody has confirmed: it names no child, and asks whether a family of the school reads it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.messages import queries as messages
from outreach.planning.queries import Waiting
from outreach.planning.recipients import to_confirm
from outreach.planning.rows import new_row
from outreach.planning.situation import Situation, window_of
from outreach.planning.states import Channel, MessageClass
from outreach.planning.tables import PlannedMessage

MESSAGE = "welcome"


def welcomes(session: Session, facts: Situation, unverified: Iterable[tuple[str, Waiting]], by: str) -> list[PlannedMessage]:
    """New rows, one for each number that a person should confirm; a number is asked once in a school year.

    *unverified* are crossings that no text could tell of for want of a confirmed number, each with the key of the household.
    """
    rows: dict[str, PlannedMessage] = {}
    for key, item in unverified:
        household = facts.household(key)
        found = to_confirm(household.adults, item.student_id, facts.permissions, facts.numbers) if household else None
        if household is None or found is None or found.adult is None:
            continue
        school_id = facts.school_of(item.student_id)
        locale, language = facts.locale(found.adult.locale, found.adult.language, item.student_id)
        words = messages.choose(session, MESSAGE, Channel.SMS, locale, default=facts.settings.default_language, school_id=school_id)
        once = f"{MESSAGE}:{found.phone}:{item.school_year}"
        if words is None or once in rows:
            continue
        rows[once] = new_row(
            facts.now,
            once_key=once,
            message_class=MessageClass.WELCOME,
            household=key,
            contact_id=found.adult.contact_id,
            phone=found.phone,
            student_ids=[item.student_id],
            school_id=school_id,
            message=MESSAGE,
            language=words.locale,
            family_language=language,
            approval_id=words.approval_id,
            due_at=window_of(facts.schools.get(school_id), facts.settings, found.phone).next_open(facts.now),
            created_by=by,
        )
    asked = set(session.scalars(select(PlannedMessage.once_key).where(PlannedMessage.message == MESSAGE)))
    return [row for once, row in rows.items() if once not in asked]

"""The two texts that an attendance clerk sends with one press: thanks for a word that proved right, and the days that our record shows.

Both are reviewed words. Every check of a campaign binds them, and what they tell is counted again at their release.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.actions import CaseError
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.events import add_event
from outreach.cases.saved_replies import locale_of
from outreach.cases.states import EventKind
from outreach.cases.tables import Case
from outreach.district import queries as district
from outreach.messages import queries as messages
from outreach.planning import which_days
from outreach.planning.rows import new_row
from outreach.planning.school_days import closed_days
from outreach.planning.situation import window_of
from outreach.planning.states import Channel, MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.replies import machines
from outreach.settings import Settings

_OF_USE = timedelta(days=3)
_NAMES = {which_days.RECORD_FIXED: "the thanks (record fixed)", which_days.MESSAGE: "this text (which days)"}


def plan(session: Session, word: RecordWord, case: Case, message: str, settings: Settings, *, by: str, now: datetime) -> PlannedMessage:
    """Plan ``record_fixed`` or ``which_days`` for the family of a word, for its next open hour.

    Raises CaseError, which says what else to do.
    """
    locale = locale_of(session, case, settings)
    words = messages.choose(session, message, Channel.SMS, locale, default=settings.default_language, school_id=case.school_id)
    once_key = f"clerk:{message}:{word.id}"
    _refuse(session, case, message, once_key, settings, now, is_worded=words is not None)
    school = district.schools(session, [case.school_id]).get(case.school_id)
    due = window_of(school, settings, case.phone, closed_days(session, case.school_id, settings, now)).next_open(now)
    text = new_row(
        now,
        once_key=once_key,
        message_class=MessageClass.CAMPAIGN,
        household=case.household,
        contact_id=case.contact_id,
        phone=case.phone,
        student_ids=[case.student_id],
        school_id=case.school_id,
        message=message,
        language=words.locale if words else "",
        family_language=locale,
        approval_id=words.approval_id if words else None,
        due_at=due,
        expires_at=due + _OF_USE,
        created_by=by,
    )
    session.add(text)
    session.flush()
    add_event(session, case, EventKind.AUTOMATIC, by=by, now=now, planned_id=text.id)
    return text


def _refuse(session: Session, case: Case, message: str, once_key: str, settings: Settings, now: datetime, *, is_worded: bool) -> None:
    said = ""
    if not (case.phone and case.contact_id and case.student_id):
        said = "It is not certain which number, or which child, this is about. Call them, or answer in the conversation."
    elif case.urgent:
        said = "A text in this conversation may mean danger. Write in your own words when the time is right."
    elif not is_worded:
        said = f"Nobody has approved the words of {_NAMES[message]} yet. Call them, or answer in the conversation."
    elif message == which_days.MESSAGE:
        said = _not_again(session, case, once_key, now) or _not_to_them(session, case, settings, now)
    if said:
        raise CaseError(said)


def _not_again(session: Session, case: Case, once_key: str, now: datetime) -> str:
    asked = session.scalar(select(PlannedMessage.id).where(PlannedMessage.once_key == once_key))
    if asked is None and not machines.said_lately(session, case.phone, [which_days.MESSAGE], now):
        return ""
    return "They were sent the days already. Call them, or ask in the conversation."


def _not_to_them(session: Session, case: Case, settings: Settings, now: datetime) -> str:
    told = which_days.prepare(session, case.phone, case.student_id, settings, now)
    return f"The days cannot be texted to them: {told.rstrip('.')}. Call them, or ask in the conversation." if isinstance(told, str) else ""

"""The days a child missed, told on the number of a family that wrote: counted anew whenever asked for, and only where it is certain.

Two messages tell them: the automatic answer to "which days?", and the thanks for a word that put the record right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.planning import situation
from outreach.planning.nudges import Draft
from outreach.planning.reasons import Reason
from outreach.planning.situation import Situation
from outreach.planning.states import Channel
from outreach.settings import Settings

MESSAGE = "which_days"
RECORD_FIXED = "record_fixed"
"""The thanks, which a person sends (``cases.clerk``); it may say that no day was missed at all."""


@dataclass(frozen=True)
class Dates:
    """A child's days as they may be told on one number."""

    facts: Situation
    draft: Draft


def prepare(session: Session, phone: str, student_id: str, settings: Settings, now: datetime, message: str = MESSAGE) -> Dates | str:
    """The days of one child for whoever reads *phone* (E.164), or why a person has to answer.

    Everybody whose number it is must be allowed to know them, for any of them may have asked; and the number must be a confirmed one.
    """
    facts = situation.load(session, [student_id], settings=settings, now=now)
    holders = district.adults_of_phone(session, phone)
    if refusal := _about_the_child(session, facts, student_id, now, message) or _about_the_number(
        session, facts, holders, phone, student_id
    ):
        return refusal
    home = facts.home_of(holders[0].contact_id)
    return Dates(facts, Draft(home.key if home else "", Channel.SMS, (student_id,), (holders[0],), phone))


def _about_the_child(session: Session, facts: Situation, student_id: str, now: datetime, message: str) -> str:
    last = attendance.last_attendance_at(session, [student_id])
    if refusal := facts.refusal(student_id):
        return refusal
    if last is None or now - last > timedelta(days=facts.settings.feed_fresh_days):
        return Reason.STALE
    return "" if facts.counts[student_id].absent_dates or message == RECORD_FIXED else Reason.NOTHING_MISSED


def _about_the_number(session: Session, facts: Situation, holders: Sequence[Adult], phone: str, student_id: str) -> str:
    known = situation.numbers(session, [phone], {student_id: facts.enrolled.get(student_id, [])})
    known = replace(known, verified_from=facts.numbers.verified_from)
    refusals = [known.refusal(own, student_id) for adult in holders for own in adult.phones if own.e164 == phone]
    if all(refusals):
        return next(iter(refusals), Reason.NO_CONTACT)
    return next(filter(None, (facts.permissions.refusal(adult, student_id) for adult in holders)), "")

"""The few automatic answers that need more than the words: which days, the note after hours, and where help is.

Confirmations are planned with the text itself (``replies.actions``). What leaves here is a planned row like any other: approved
words, opt-outs and blocks bind it at its release. Where it is not certain what to say, a person answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from outreach.cases import school_time
from outreach.cases.matching import Match
from outreach.planning import actions as planning
from outreach.planning import which_days
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.replies import machines
from outreach.replies.actions import language_of
from outreach.replies.reasons import Intent
from outreach.replies.tables import Inbound
from outreach.settings import Settings

_OF_USE = {"which_days": timedelta(hours=2), "after_hours": timedelta(hours=1), "safety": timedelta(hours=12)}
"""How long an answer that could not leave is still of use; the note after hours is wrong once somebody reads again."""
_LATELY = timedelta(days=2)
_NOT_SAID = (State.CANCELLED, State.SKIPPED, State.FAILED, State.UNDELIVERED)


class Answer(StrEnum):
    """One automatic answer, by the name of its message."""

    WHICH_DAYS = "which_days"
    AFTER_HOURS = "after_hours"
    SAFETY = "safety"


@dataclass(frozen=True)
class Heard:
    """What decides which answer a text gets."""

    intent: Intent
    urgent: bool
    suppress: bool
    to_human: bool
    machine: bool
    school_open: bool
    first_of_incident: bool


def answer_to(heard: Heard) -> Answer | None:
    """The one automatic answer of a text, or None; pure.

    Who stopped us hears nothing more than the confirmation, even in danger: others may read the phone. Danger is pointed to help
    once an incident, at any hour, in the words of the note after hours; that note goes to whoever waits for a person.
    """
    if heard.machine or heard.suppress:
        return None
    if heard.urgent:
        return Answer.SAFETY if heard.first_of_incident else None
    if heard.intent is Intent.ASK_DATES and not heard.to_human:
        return Answer.WHICH_DAYS
    return Answer.AFTER_HOURS if heard.to_human and not heard.school_open else None


def answer(session: Session, inbound: Inbound, found: Match, settings: Settings, now: datetime, *, first: bool) -> PlannedMessage | None:
    """Plan the automatic answer of a text, if it gets one; *first* says that its danger opened an incident.

    Where "which days?" cannot be answered for certain, the text becomes one that a person answers, and says why.
    """
    heard = Heard(
        intent=Intent(inbound.intent),
        urgent=inbound.urgent,
        suppress=inbound.suppress,
        to_human=inbound.to_human,
        machine=False,
        school_open=False,
        first_of_incident=first,
    )
    if answer_to(heard) is None:  # whoever wrote, and whenever: most texts cost no more than this
        return None
    machine = bool(machines.suspected(session, inbound, now))
    heard = replace(heard, machine=machine, school_open=is_open(session, found.school_id, settings, inbound.received_at))
    chosen = answer_to(heard)
    if chosen is Answer.WHICH_DAYS and (why := _cannot_tell(session, inbound, found, settings, now)):
        hand_over(inbound, why)
        chosen = None if heard.school_open else Answer.AFTER_HOURS
    if chosen is None or (chosen is not Answer.SAFETY and machines.said_lately(session, inbound.phone, _LIKE[chosen], now)):
        return None
    return planning.plan_automatic(
        session,
        message=chosen.value,
        phone=inbound.phone,
        locale=language_of(session, inbound.phone) or inbound.locale or settings.default_language,
        inbound_id=inbound.id,
        message_class=MessageClass.SAFETY if chosen is Answer.SAFETY else MessageClass.CONFIRMATION,
        settings=settings,
        now=now,
        about={
            "contact_id": found.contact_id,
            "student_ids": [found.student_id] if found.student_id else [],
            "school_id": found.school_id,
            "expires_at": now + _OF_USE[chosen],
        },
    )


_LIKE = {Answer.WHICH_DAYS: ["which_days"], Answer.AFTER_HOURS: ["after_hours", "safety"]}
"""What a number got within a day already says as much."""


def hand_over(inbound: Inbound, why: str) -> None:
    """Let a person answer a text that software could not."""
    inbound.to_human = True
    inbound.why += f"; a person answers, because {why}"


def _cannot_tell(session: Session, inbound: Inbound, found: Match, settings: Settings, now: datetime) -> str:
    """Why the days a child missed are not told to this number; empty where they are."""
    if not found.student_id or not found.contact_id:
        return "it is not certain whom the number belongs to, or which child is meant"
    if machines.said_lately(session, inbound.phone, [which_days.MESSAGE], now):
        return "the days were named already within a day"
    told = which_days.prepare(session, inbound.phone, found.student_id, settings, now)
    return told if isinstance(told, str) else ""


def is_open(session: Session, school_id: str, settings: Settings, instant: datetime) -> bool:
    """Whether somebody at that school reads at *instant* (``school_time``)."""
    return school_time.of(session, school_id, settings, instant).is_open(instant)


def are_left_unsaid(session: Session, now: datetime) -> bool:
    """Whether there are any for ``left_unsaid``."""
    return session.execute(_unsaid(now).limit(1)).first() is not None


def left_unsaid(session: Session, now: datetime) -> list[Inbound]:
    """Texts that asked for days, and whose automatic answer did not leave or arrive; from now on a person answers them."""
    found = []
    for inbound, reason in session.execute(_unsaid(now)):
        hand_over(inbound, reason or "the answer did not arrive")
        found.append(inbound)
    return found


def _unsaid(now: datetime) -> Select[Inbound, str]:
    return (
        select(Inbound, PlannedMessage.reason)
        .join(PlannedMessage, PlannedMessage.reply_to_id == Inbound.id)
        .where(
            PlannedMessage.state.in_(_NOT_SAID),
            PlannedMessage.channel == Channel.SMS,
            PlannedMessage.due_at > now - _LATELY,
            PlannedMessage.message == which_days.MESSAGE,
            Inbound.to_human.is_(False),
        )
    )

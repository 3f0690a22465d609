"""Whether a machine wrote: an automatic answer to one begins a conversation that nobody ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.planning.states import UNSAID, MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.replies.normalise import normalise
from outreach.replies.reasons import Intent
from outreach.replies.tables import Inbound

A_DAY = timedelta(hours=24)
MOST_A_DAY = 5
"""Automatic texts to one number in a day, of all kinds together."""
_AT_ONCE = timedelta(hours=1)
"""Equal words within this time are a machine's, or a person's who knows already what we answered."""
_SHORTEST_NUMBER = 10
"""Digits of a whole number; what writes from fewer, or from a name, is a company's machine."""


@dataclass(frozen=True)
class Wrote:
    """One text of a number."""

    body: str
    at: datetime


def suspicion(phone: str, now: Wrote, before: Sequence[Wrote], intent: Intent, answered: int) -> str:
    """Why the text *now* gets no automatic answer; empty where it may.

    *before* are the number's earlier texts, *answered* counts the automatic texts that it got from us in the last day.
    """
    if not phone.startswith("+") or sum(letter.isdigit() for letter in phone) < _SHORTEST_NUMBER:
        return "a short code or a name wrote, not a phone"
    if intent == Intent.UNRELATED:
        return "it reads like a phone's automatic answer, or like spam"
    words = normalise(now.body).tokens
    if any(words == normalise(text.body).tokens for text in before if text.at > now.at - _AT_ONCE):
        return "the same words came within the hour"
    return f"{MOST_A_DAY} automatic texts went to this number in a day" if answered >= MOST_A_DAY else ""


def suspected(session: Session, inbound: Inbound, now: datetime) -> str:
    """Why this stored text gets no automatic answer; empty where it may."""
    earlier = select(Inbound.body, Inbound.received_at).where(Inbound.phone == inbound.phone, Inbound.id != inbound.id)
    recent = session.execute(earlier.where(Inbound.received_at.between(inbound.received_at - _AT_ONCE, inbound.received_at)))
    automatic = select(func.count()).select_from(PlannedMessage).where(
        PlannedMessage.phone == inbound.phone,
        PlannedMessage.message_class.in_((MessageClass.CONFIRMATION, MessageClass.SAFETY)),
        PlannedMessage.state.not_in(UNSAID),
        PlannedMessage.created_at > now - A_DAY,
    )  # fmt: skip
    before = [Wrote(body, at) for body, at in recent]
    wrote = Wrote(inbound.body, inbound.received_at)
    return suspicion(inbound.phone, wrote, before, Intent(inbound.intent), session.scalar(automatic) or 0)


def said_lately(session: Session, phone: str, messages: Sequence[str], now: datetime) -> bool:
    """Whether the number got one of these automatic messages within a day, or is about to."""
    said = select(PlannedMessage.id).where(
        PlannedMessage.phone == phone,
        PlannedMessage.message.in_(messages),
        PlannedMessage.state.not_in(UNSAID),
        PlannedMessage.created_at > now - A_DAY,
    )
    return session.scalar(said.limit(1)) is not None

"""What came of a call, with everything that follows from it; and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import resolve_key
from outreach.cases import acts, contact_log, desk
from outreach.cases.actions import CaseError
from outreach.cases.call_list import Listed, Number
from outreach.cases.call_tables import CallMade
from outreach.cases.states import EventKind
from outreach.cases.tables import CaseEvent
from outreach.consent import actions as consent
from outreach.consent import queries as ledger
from outreach.consent.states import Kind, Source
from outreach.delivery import following
from outreach.district import corrections, overlays, queries
from outreach.district.corrections import Word
from outreach.district.overlays import Act
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.actions import audit

UNDO_WITHIN = timedelta(minutes=15)
"""How long whoever noted a call may take it back."""


class Outcome(StrEnum):
    """What came of a call."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    LEFT_MESSAGE = "left_message"
    """On a machine or with somebody else: only that the school called."""
    WRONG_NUMBER = "wrong_number"
    STOP = "stop"
    """They want no more messages."""


WORDS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.REACHED: "Reached",
        Outcome.NO_ANSWER: "No answer",
        Outcome.LEFT_MESSAGE: "Left a message",
        Outcome.WRONG_NUMBER: "Wrong number",
        Outcome.STOP: "Asked to stop",
    }
)
"""The outcomes as staff say them."""
_IN_THE_CASE = {
    Outcome.REACHED: (EventKind.CALL, ""),
    Outcome.NO_ANSWER: (EventKind.NO_ANSWER, ""),
    Outcome.LEFT_MESSAGE: (EventKind.NO_ANSWER, "Left a message without details: please call the school back."),
    Outcome.WRONG_NUMBER: (EventKind.NO_ANSWER, "Wrong number; it is not used for this family any more."),
    Outcome.STOP: (EventKind.CALL, "They asked for no more messages."),
}


def note(  # noqa: PLR0913 - what came of one call, by name
    session: Session,
    listed: Listed,
    number: Number,
    outcome: Outcome,
    *,
    words: str,
    settings: Settings,
    account_id: int,
    by: str,
    now: datetime,
) -> CallMade:
    """Write one call down in the child's case, and do what its outcome asks for. Raises CaseError, OverlayError."""
    case = contact_log.case_of_child(session, listed.student_id, settings, now)
    before = acts.stands(case)
    kind, standard = _IN_THE_CASE[outcome]
    event = contact_log.log(session, case, kind, " ".join(filter(None, (standard, words.strip()))), account_id=account_id, by=by, now=now)
    call = CallMade(
        student_id=listed.student_id, contact_id=number.contact_id, phone=number.phone, outcome=outcome.value, at=now, by=by,
        event_id=event.id, overlay_id=None, before={**before, "event": desk.newest_event(session, case.id)}, undone_at=None,
    )  # fmt: skip
    if outcome is Outcome.WRONG_NUMBER:
        act = Act(by, now, "said on the phone")
        call.overlay_id = corrections.say_of_number(session, number.contact_id, number.phone, Word.WRONG, act).id
    elif outcome is Outcome.STOP:
        call.before = {**call.before, "stopped": _stop(session, number, by, now)}
    session.add(call)
    session.flush()
    if kind is EventKind.CALL:
        items = [resolve_key(session, following.unreached(planned_id), by=by, now=now) for planned_id in sorted(listed.unreached)]
        call.before = {**call.before, "unreached": [item.detail["planned"] for item in items if item]}
    return call


def last(session: Session, by: str, now: datetime) -> CallMade | None:
    """The call a person noted last, where it can still be taken back."""
    call = session.scalars(select(CallMade).where(CallMade.by == by).order_by(CallMade.id.desc()).limit(1)).first()
    return call if call is not None and call.undone_at is None and call.at > now - UNDO_WITHIN else None


def undo(session: Session, call_id: int, *, by: str, now: datetime) -> CallMade:
    """Take a call back that was noted by mistake: the family is on the list again, and what followed from it does not hold.

    Raises CaseError where it is too late, OverlayError where somebody said something else of the number meanwhile.
    """
    call = session.get(CallMade, call_id, with_for_update=True)
    if call is None or call.by != by or call.undone_at is not None or call.at <= now - UNDO_WITHIN:
        message = "There is nothing to take back here any more."
        raise CaseError(message)
    if call.overlay_id is not None:
        overlays.withdraw(session, call.overlay_id, Act(by, now, "noted by mistake"))
    for name in call.before.get("stopped", []):
        consent.record(session, name, Kind.OPT_IN, source=Source.STAFF, by=by, now=now, note="noted by mistake")
    for planned_id in call.before.get("unreached", []):
        following.ask_for_a_call(session, session.get_one(PlannedMessage, planned_id), now)
    event = session.get_one(CaseEvent, call.event_id)
    acts.restore(session, call.before, by=by, now=now)
    call.undone_at = now
    audit(session, actor=by, action="call.undone", subject=f"case {event.case_id}", now=now)
    return call


def _stop(session: Session, number: Number, by: str, now: datetime) -> list[str]:
    """Note that an adult wants no more messages: on any number of theirs, nor by post. Return where that is news."""
    adults = queries.named_adults(session, [number.contact_id])
    names = {phone.e164 for adult in adults for phone in adult.phones if phone.e164} | {number.phone, ledger.post(number.contact_id)}
    news = sorted(name for name, said in ledger.states(session, names).items() if Source.STAFF not in said.opted_out_by.split())
    for name in news:
        consent.record(session, name, Kind.OPT_OUT, source=Source.STAFF, by=by, now=now, note="said on the phone")
    return news

"""Taking in a family's text: what it says is stored, what it revokes is revoked, and the few automatic answers are planned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.consent import actions as consent
from outreach.consent import queries as consents
from outreach.consent.states import Kind, Source
from outreach.delivery.tables import WebhookEvent
from outreach.district import queries as district
from outreach.planning.actions import plan_automatic
from outreach.planning.states import TOLD, MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.replies import machines, media
from outreach.replies.normalise import storable
from outreach.replies.readers import QUESTION_STANDS, note_readers
from outreach.replies.reasons import Intent
from outreach.replies.tables import Inbound
from outreach.replies.understanding import Context, Meaning, understand
from outreach.settings import Settings

CARRIER_WORDS = {
    Intent.OPT_OUT: frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"}),
    Intent.OPT_IN: frozenset({"START", "YES", "UNSTOP"}),
    Intent.HELP: frozenset({"HELP", "INFO"}),
}
"""The exact words, alone, that the carrier answers itself (Twilio's default keywords)."""

_CONFIRMED = {
    Intent.OPT_OUT: "opt_out",
    Intent.ANGRY_LEGAL: "opt_out",
    Intent.WRONG_NUMBER: "opt_out",
    Intent.OPT_IN: "opt_in",
    Intent.HELP: "help",
}
"""Intent → the message that confirms it. A cry for help that also says stop gets no automatic text: others may read the phone."""
_CARRIER_SAID = {"STOP": Intent.OPT_OUT, "START": Intent.OPT_IN, "HELP": Intent.HELP}
_RECENT = 5


def understood(session: Session, event: WebhookEvent) -> Meaning:
    """What the text that *event* carries means, read with what we said to that number last; nothing is changed."""
    phone, body = _phone_and_body(event)
    return understand(
        body,
        Context(
            language=language_of(session, phone), recent=_recent_words(session, phone), menu=_open_menu(session, phone, event.received_at)
        ),
    )


def receive(session: Session, event: WebhookEvent, settings: Settings, now: datetime, *, meaning: Meaning | None = None) -> Inbound:
    """Store and act on the text that *event* carries, and return its row; the same text again changes nothing.

    An opt-out is in the ledger when this returns, whatever else the text says. What a person should see is for ``cases.take_in``.
    *meaning* is what ``understood`` said before the transaction, so that no other writer waits for it.
    """
    params: dict[str, str] = {name: str(value) for name, value in event.params.items()}
    sid = params.get("MessageSid") or params.get("SmsSid") or f"event:{event.id}"
    if already := session.scalars(select(Inbound).where(Inbound.message_sid == sid)).first():
        return already
    phone, body = _phone_and_body(event)
    language, meaning = language_of(session, phone), meaning or understood(session, event)
    inbound = _stored(params, sid, phone, body, meaning, event.received_at)
    carrier = _CARRIER_SAID.get(params.get("OptOutType", "").upper())
    if carrier is Intent.OPT_OUT and not meaning.suppress:
        inbound.suppress, inbound.why = True, f"{meaning.why}; opt_out: the carrier stopped this number"
    session.add(inbound)
    session.flush()
    media.note(session, inbound, params, now)
    if note_readers(session, inbound, now) and inbound.to_human and inbound.intent not in _CONFIRMED:
        inbound.intent, inbound.barrier, inbound.category = Intent.CONFIRM_CHILD.value, "", ""
        inbound.why = "confirm_child: the first name of a child (answer to our question)"
    if meaning.intent == Intent.OPT_IN and _stopped_since(session, inbound):
        inbound.why += "; a stop that was written later came first and stands"
        return inbound
    stood_out = _keep_in_ledger(session, inbound, now)
    answered_by_carrier = carrier is not None or _is_carrier_word(body, settings)
    if not answered_by_carrier and not (inbound.suppress and stood_out):
        _confirm(session, inbound, language or meaning.locale or settings.default_language, settings, now)
    return inbound


def _stored(params: dict[str, str], sid: str, phone: str, body: str, meaning: Meaning, received_at: datetime) -> Inbound:
    number = params.get("NumMedia", "0")
    has_media = number.isascii() and number.isdigit() and int(number[:3]) > 0
    return Inbound(
        message_sid=sid,
        phone=phone,
        body=body,
        media=int(number[:3]) if has_media else 0,
        received_at=received_at,
        locale=meaning.locale,
        intent=meaning.intent.value,
        barrier=meaning.barrier,
        category=meaning.category,
        urgent=meaning.urgent,
        suppress=meaning.suppress,
        # a photo says more than the words beside it
        to_human=meaning.to_human or has_media,
        why=meaning.why,
    )


def _phone_and_body(event: WebhookEvent) -> tuple[str, str]:
    return str(event.params.get("From", "")).strip(), storable(str(event.params.get("Body", "")))


def _stopped_since(session: Session, inbound: Inbound) -> bool:
    """Whether the number stopped us after it wrote this; a text that had to wait is sometimes taken in after a later one."""
    later = select(Inbound.id).where(Inbound.phone == inbound.phone, Inbound.suppress, Inbound.received_at > inbound.received_at)
    return session.scalar(later.limit(1)) is not None


def _keep_in_ledger(session: Session, inbound: Inbound, now: datetime) -> bool:
    """Write what the text says about the number into the ledger; return whether the number was opted out before."""
    stood_out = consents.state(session, inbound.phone).opted_out

    def say(kind: Kind, note: str) -> None:
        consent.record(session, inbound.phone, kind, source=Source.FAMILY, by="text", now=now, note=note)

    if inbound.suppress:
        say(Kind.OPT_OUT, inbound.intent)
        if inbound.intent == Intent.WRONG_NUMBER:
            say(Kind.SUPPRESSED, "wrong number, said who answered")
    elif inbound.intent == Intent.OPT_IN:
        say(Kind.OPT_IN, inbound.intent)
    elif inbound.intent == Intent.CONFIRM_NUMBER:
        say(Kind.VERIFIED, "said that a family of the school reads it")
    return stood_out


def _is_carrier_word(body: str, settings: Settings) -> bool:
    said = body.strip().upper()
    return settings.opt_out_confirmation == "carrier" and any(said in words for words in CARRIER_WORDS.values())


def _confirm(session: Session, inbound: Inbound, locale: str, settings: Settings, now: datetime) -> None:
    """Plan the one confirmation this text deserves: one per opt-out, else one of each kind in a day, and none to a machine."""
    message = _CONFIRMED.get(Intent(inbound.intent))
    if message is None or (message == "opt_out") != inbound.suppress:
        return
    if message != "opt_out" and machines.said_lately(session, inbound.phone, [message], now):
        return
    if machines.suspected(session, inbound, now):
        return
    plan_automatic(
        session,
        message=message,
        phone=inbound.phone,
        locale=locale,
        inbound_id=inbound.id,
        message_class=MessageClass.CONFIRMATION,
        settings=settings,
        now=now,
    )


def language_of(session: Session, phone: str) -> str:
    """The language on file for a number; empty where none or several are."""
    locales = {adult.locale for adult in district.adults_of_phone(session, phone)}
    return locales.pop() if len(locales) == 1 else ""


def _open_menu(session: Session, phone: str, at: datetime) -> tuple[tuple[str, str], ...]:
    """The digits that our last text to a number asked for, and what they mean; none once we wrote something else, or weeks passed."""
    told = (
        select(PlannedMessage.facts)
        .where(
            PlannedMessage.phone == phone,
            PlannedMessage.state.in_(TOLD),
            PlannedMessage.message_class.not_in((MessageClass.CONFIRMATION, MessageClass.SAFETY)),
            PlannedMessage.claimed_at > at - QUESTION_STANDS,
        )
        .order_by(PlannedMessage.claimed_at.desc(), PlannedMessage.id.desc())
    )
    last = session.scalars(told.limit(1)).first()
    return tuple(last.get("menu", {}).items()) if last else ()


def _recent_words(session: Session, phone: str) -> tuple[str, ...]:
    said = select(PlannedMessage.body).where(PlannedMessage.phone == phone, PlannedMessage.body != "")
    return tuple(session.scalars(said.order_by(PlannedMessage.id.desc()).limit(_RECENT)))

"""New numbers and languages that families name on the family page: kept apart until the number on file or a person has made sure.

Whoever holds a letter and knows a birth date may say so much, and no more: a number that a stranger could set would be a way to a
child's absences.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.events import add_event
from outreach.cases.family_tables import ContactProposal
from outreach.cases.states import EventKind
from outreach.cases.tables import Case
from outreach.district import corrections
from outreach.district import queries as district
from outreach.district.corrections import Word
from outreach.district.overlays import Act
from outreach.district.people import Adult
from outreach.planning import situation
from outreach.planning.actions import plan_automatic
from outreach.planning.states import TOLD, MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.replies.reasons import Intent
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff.actions import audit

_WHY = "asked for on the family page, and confirmed with the family"
_QUESTION = "confirm_change"
_ANSWERS = {Intent.CONFIRM_CHANGE: True, Intent.REFUSE_CHANGE: False}
_BY_TEXT = "the family, from its number on file"


class What(StrEnum):
    """What a family may ask to have changed."""

    PHONE = "phone"
    LANGUAGE = "language"


class ProposalError(RuntimeError):
    """What was asked of a proposal cannot be done."""


def propose(session: Session, case: Case, contact_id: str, what: What, value: str, now: datetime) -> ContactProposal:
    """Keep what a family asks for; an earlier wish of the same kind that nobody decided is taken back by it."""
    key = f"{contact_id}:{what}"
    standing = session.scalars(select(ContactProposal).where(ContactProposal.open_key == key).with_for_update()).one_or_none()
    if standing is not None and standing.value == value and standing.case_id == case.id:
        return standing
    if standing is not None:
        standing.open_key, standing.decided_at, standing.decided_by = None, now, "a newer wish"
        session.flush()
    fresh = ContactProposal(case_id=case.id, contact_id=contact_id, what=what.value, value=value, at=now, open_key=key)
    fresh.decided_at, fresh.decided_by, fresh.accepted = None, "", False
    session.add(fresh)
    session.flush()
    return fresh


def ask(session: Session, case: Case, adult: Adult, *, report_id: int, settings: Settings, now: datetime) -> PlannedMessage | None:
    """Ask the adult's own number on file whether the wishes are theirs; None where there is none, or nobody approved the words.

    A number that others read as well cannot say it. Where danger was reported nobody is asked: whoever reads the phone would learn that
    something was said. *report_id* is the report of the page that holds the wishes; it is asked about once.
    """
    if case.urgent or not case.student_id:
        return None
    numbers = situation.load(session, [case.student_id], settings=settings, now=now).numbers
    sure = [phone.e164 for phone in adult.phones if not numbers.refusal(phone, case.student_id)]
    phone = next((number for number in sure if len(district.adults_of_phone(session, number)) == 1), None)
    if phone is None:
        return None
    about = {"contact_id": adult.contact_id, "student_ids": [case.student_id], "school_id": case.school_id, "household": case.household}
    question = plan_automatic(
        session,
        message=_QUESTION,
        phone=phone,
        locale=adult.locale,
        inbound_id=report_id,
        message_class=MessageClass.PROPOSAL,
        settings=settings,
        now=now,
        about=about,
    )
    if question is not None:
        add_event(session, case, EventKind.AUTOMATIC, by="", now=now, planned_id=question.id)
    return question


def hear(session: Session, inbound: Inbound, now: datetime) -> list[ContactProposal]:
    """Decide what the last question to a number asked about, if *inbound* answers it; return the wishes that were decided.

    Wishes that came after the question are not meant by its answer, and wait on.
    """
    if (intent := Intent(inbound.intent)) not in _ANSWERS:
        return []
    asked = (
        select(PlannedMessage)
        .where(
            PlannedMessage.phone == inbound.phone,
            PlannedMessage.message_class == MessageClass.PROPOSAL,
            PlannedMessage.state.in_(TOLD),
            PlannedMessage.claimed_at <= inbound.received_at,
        )
        .order_by(PlannedMessage.claimed_at.desc(), PlannedMessage.id.desc())
    )
    if (question := session.scalars(asked.limit(1)).first()) is None:
        return []
    meant = select(ContactProposal).where(
        ContactProposal.contact_id == question.contact_id,
        ContactProposal.open_key.is_not(None),
        ContactProposal.at <= question.created_at,
    )
    return [
        decide(session, session.get_one(Case, wish.case_id), wish.id, accept=_ANSWERS[intent], by=_BY_TEXT, now=now)
        for wish in session.scalars(meant.order_by(ContactProposal.id)).all()
    ]


def waiting(session: Session, case_id: int) -> list[ContactProposal]:
    """The wishes of a case that nobody has decided, the oldest first."""
    rows = select(ContactProposal).where(ContactProposal.case_id == case_id, ContactProposal.open_key.is_not(None))
    return list(session.scalars(rows.order_by(ContactProposal.id)))


def decide(session: Session, case: Case, proposal_id: int, *, accept: bool, by: str, now: datetime) -> ContactProposal:
    """Accept a wish, having made sure with the family, or refuse it; deciding again changes nothing. Raises ProposalError.

    An accepted number is confirmed and consented to, for a person spoke with the family; the ledger's opt-outs still bind it.
    """
    found = session.get(ContactProposal, proposal_id, with_for_update=True)
    if found is None or found.case_id != case.id:
        message = "There is no such wish in this case."
        raise ProposalError(message)
    if found.decided_at is not None:
        return found
    if accept and found.what == What.LANGUAGE:
        corrections.correct_language(session, found.contact_id, found.value, Act(by, now, _WHY))
    elif accept:
        corrections.say_of_number(session, found.contact_id, found.value, Word.NEW, Act(by, now, _WHY), consents=True)
    found.open_key, found.decided_at, found.decided_by, found.accepted = None, now, by, accept
    action = f"proposal.{'accepted' if accept else 'refused'}"
    audit(session, actor=by, action=action, subject=f"case {case.id}", now=now, detail={"what": found.what})
    return found

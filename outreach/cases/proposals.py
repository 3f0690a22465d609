"""New numbers and languages that families name on the family page: kept apart until a person has made sure with the family.

Whoever holds a letter and knows a birth date may say so much, and no more: a number that a stranger could set would be a way to a
child's absences.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.family_tables import ContactProposal
from outreach.cases.tables import Case
from outreach.district import corrections
from outreach.district.corrections import Word
from outreach.district.overlays import Act
from outreach.staff.actions import audit

_WHY = "asked for on the family page, and confirmed with the family"


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

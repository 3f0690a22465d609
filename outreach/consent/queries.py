"""What may be sent to a number, and what a contact may be told about a child."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from outreach.consent.states import BlockKind
from outreach.consent.tables import ContactBlock, PhoneState, RestrictionDecision
from outreach.district.overlays import merged
from outreach.district.tables import StudentContact

BLOCKED = "blocked contact: a person placed a block"
RESTRICTED = "blocked contact: the feed carries a restriction that nobody has cleared"

_POST = "post:"
_CHUNK = 5_000
"""Values in one IN list, well under both databases' limits for parameters."""


@dataclass(frozen=True)
class PhoneConsent:
    """What stands for one number (E.164); a number nobody spoke of has version 0 and may be texted if it is verified elsewhere."""

    phone: str
    opted_out: bool = False
    opted_out_by: str = ""
    """Sources whose opt-out stands, joined by a space."""
    suppressed: str = ""
    """Why the number must or can not be texted; empty otherwise."""
    verified: bool = False
    version: int = 0


def state(session: Session, phone: str) -> PhoneConsent:
    """Return what stands for *phone* (E.164) now."""
    return states(session, [phone])[phone]


def states(session: Session, phones: Iterable[str]) -> dict[str, PhoneConsent]:
    """Return what stands for each of *phones*; every number asked for has an entry."""
    wanted = list(dict.fromkeys(phones))
    found = {phone: PhoneConsent(phone) for phone in wanted}
    for part in chunks(wanted):
        rows = session.scalars(select(PhoneState).where(PhoneState.phone.in_(part)).execution_options(populate_existing=True))
        found |= {row.phone: snapshot(row) for row in rows}
    return found


def post(contact_id: str) -> str:
    """The name under which the ledger holds what a contact said about letters; numbers stand under themselves."""
    return _POST + contact_id


def is_post(name: str) -> bool:
    """Whether a name of the ledger is a contact's letters, and no number."""
    return name.startswith(_POST)


def contact_of_post(name: str) -> str:
    """The contact of whose letters a name of the ledger speaks."""
    return name.removeprefix(_POST)


def without_letters(session: Session) -> frozenset[str]:
    """Return the contacts who asked for no more letters."""
    stopped = select(PhoneState.phone).where(PhoneState.opted_out, PhoneState.phone.startswith(_POST))
    return frozenset(name.removeprefix(_POST) for name in session.scalars(stopped))


def snapshot(row: PhoneState) -> PhoneConsent:
    """Freeze a row."""
    return PhoneConsent(row.phone, row.opted_out, row.opted_out_by, row.suppressed, row.verified, row.version)


def block(session: Session, student_id: str, contact_id: str) -> str | None:
    """Return why *contact_id* may be told nothing about *student_id*, or None; it beats every other rule.

    What was said of a child under one of its ids holds under all of them.
    """
    ids = merged(session).ids([student_id])
    order = select(ContactBlock.id).where(_SILENCES, ContactBlock.contact_id == contact_id, ContactBlock.student_id.in_(("", *ids)))
    if session.execute(order.limit(1)).first() is not None:
        return BLOCKED
    uncleared = _uncleared().where(StudentContact.student_id.in_(ids), StudentContact.contact_id == contact_id)
    return RESTRICTED if session.execute(uncleared.limit(1)).first() is not None else None


def blocks(session: Session, student_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the reason for each blocked pair (student_id, contact_id) of *student_ids*; pairs not blocked are absent."""
    found: dict[tuple[str, str], str] = {}
    asked, one = set(student_ids), merged(session)
    for part in chunks(one.ids(asked)):
        found |= {
            (row.student_id, row.contact_id): RESTRICTED for row in session.execute(_uncleared().where(StudentContact.student_id.in_(part)))
        }
        of_any_child = (
            select(StudentContact.student_id, StudentContact.contact_id)
            .join(ContactBlock, and_(ContactBlock.contact_id == StudentContact.contact_id, ContactBlock.student_id == ""))
            .where(_SILENCES, StudentContact.student_id.in_(part))
        )
        of_one_child = select(ContactBlock.student_id, ContactBlock.contact_id).where(_SILENCES, ContactBlock.student_id.in_(part))
        for orders in (of_any_child, of_one_child):
            found |= {(row.student_id, row.contact_id): BLOCKED for row in session.execute(orders)}
    return {(same, contact): why for (child, contact), why in found.items() for same in one.ids([child]) if same in asked}


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a long list into pieces that fit into one IN list."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def protected(session: Session) -> frozenset[str]:
    """Return the contacts to whose address on file nothing may go."""
    standing = select(ContactBlock.contact_id).where(ContactBlock.kind == BlockKind.ADDRESS, ContactBlock.lifted_at.is_(None))
    return frozenset(session.scalars(standing))


_SILENCES = and_(ContactBlock.lifted_at.is_(None), ContactBlock.kind != BlockKind.ADDRESS)
"""A protected address keeps letters and pages from naming it; its family is texted like any other."""


def decided(*, forbids: bool, for_all: bool) -> ColumnElement[bool]:
    """Whether a decision of that kind stands for a link's restriction text: for exactly its pair, or for whoever has these words."""
    pair = (
        (RestrictionDecision.student_id == "", RestrictionDecision.contact_id == "")
        if for_all
        else (RestrictionDecision.student_id == StudentContact.student_id, RestrictionDecision.contact_id == StudentContact.contact_id)
    )
    same = RestrictionDecision.restriction == StudentContact.restriction
    return exists().where(same, *pair, RestrictionDecision.forbids.is_(forbids), RestrictionDecision.ended_at.is_(None))


CLEARED = or_(decided(forbids=False, for_all=False), and_(decided(forbids=False, for_all=True), ~decided(forbids=True, for_all=False)))
"""Of a link: a person found that its text forbids no message. What was said of one pair beats what was said of all."""


def _uncleared() -> Select[str, str]:
    """Links with a restriction text that no person has cleared."""
    return select(StudentContact.student_id, StudentContact.contact_id).where(StudentContact.restriction != "", ~CLEARED)

"""Who reads a number that strangers share: whoever types the first name of a child of theirs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.consent.tables import NumberReader
from outreach.district import queries as district
from outreach.planning.shared_numbers import are_strangers
from outreach.replies.normalise import normalise
from outreach.replies.tables import Inbound


def note_readers(session: Session, inbound: Inbound, now: datetime) -> None:
    """Keep which contacts of a shared number a text shows to read it: those of whose child it is the first name, and nothing else."""
    adults = district.adults_of_phone(session, inbound.phone)
    if not are_strangers(adults):
        return
    said = _plain(inbound.body)
    children = district.students(session, {link.student_id for adult in adults for link in adult.links})
    for adult in adults:
        mine = [children[link.student_id] for link in adult.links if link.student_id in children]
        named = said and any(said in {_plain(child.first_name), _plain(child.preferred_name)} for child in mine)
        if named and session.get(NumberReader, (inbound.phone, adult.contact_id)) is None:
            session.add(NumberReader(phone=inbound.phone, contact_id=adult.contact_id, inbound_id=inbound.id, at=now))


def _plain(text: str) -> str:
    """A name without letter case, accents and punctuation."""
    return " ".join(normalise(text).words)

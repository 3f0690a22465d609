"""Who reads a number that strangers share: whoever types the first name of a child of theirs, once we have asked for it.

What is answered is the same whatever was typed, so nobody learns from us whether another child's name would be right; and only the first
few texts after the question are read as names, so nobody tries names until one fits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.consent.tables import NumberReader
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.district.tables import Student
from outreach.planning.shared_numbers import families_of, unconfirmed
from outreach.planning.states import TOLD
from outreach.planning.tables import PlannedMessage
from outreach.planning.welcome import WHOSE_PHONE
from outreach.replies.normalise import normalise
from outreach.replies.spelling import distance_is_one
from outreach.replies.tables import Inbound

QUESTION_STANDS = timedelta(days=14)
"""For so long a text that was not understood otherwise may answer what we asked."""
TRIES = 5
"""So many texts after the question are read as names: a family or two, with a slip each."""
_FORGIVING = 5
"""Letters from which on one slip in a name is forgiven: shorter names are too like one another."""


def note_readers(session: Session, inbound: Inbound, now: datetime) -> bool:
    """Keep which contacts of a shared number a text shows to read it, and say whether it shows any.

    A number all of whose contacts have shown it is verified. A text that stops us, or tells of danger, is no answer.
    """
    if inbound.suppress or inbound.urgent or not _answers_us(session, inbound):
        return False
    adults = district.adults_of_phone(session, inbound.phone)
    children = district.students(session, {link.student_id for adult in adults for link in adult.links})
    found = whose(inbound.body, families_of(adults), children)
    for contact_id in found:
        if session.get(NumberReader, (inbound.phone, contact_id)) is None:
            session.add(NumberReader(phone=inbound.phone, contact_id=contact_id, inbound_id=inbound.id, at=now))
    session.flush()
    if found and not unconfirmed(session, [inbound.phone]):
        note = "each of the families who gave it typed the first name of their child"
        consent.record(session, inbound.phone, Kind.VERIFIED, source=Source.FAMILY, by="text", now=now, note=note)
    return bool(found)


def whose(text: str, families: Sequence[Collection[Adult]], children: Mapping[str, Student]) -> frozenset[str]:
    """The contacts of the one family whose child's first name *text* is; none where it is no such name, or several families' child: pure.

    The whole text is the name, with or without the last name. Letter case, accents and, in a longer name, one slip make no difference.
    """
    said = _plain(text)
    if len(families) < 2 or not said:  # noqa: PLR2004 - a family by itself is no stranger to itself
        return frozenset()
    for is_it in (_is_exactly, _is_almost):
        fit = [{one.contact_id for one in family if any(is_it(said, child) for child in _own(one, children))} for family in families]
        if any(fit):
            return frozenset().union(*fit) if sum(map(bool, fit)) == 1 else frozenset()
    return frozenset()


def _answers_us(session: Session, inbound: Inbound) -> bool:
    """Whether one of the first texts after our question; a question that is older than two weeks is no longer open."""
    asked = select(func.max(PlannedMessage.claimed_at)).where(
        PlannedMessage.phone == inbound.phone,
        PlannedMessage.message == WHOSE_PHONE,
        PlannedMessage.state.in_(TOLD),
        PlannedMessage.claimed_at.between(inbound.received_at - QUESTION_STANDS, inbound.received_at),
    )
    since = session.scalar(asked)
    if since is None:
        return False
    before = select(func.count()).where(Inbound.phone == inbound.phone, Inbound.received_at >= since, Inbound.id != inbound.id)
    return (session.scalar(before) or 0) < TRIES


def _own(adult: Adult, children: Mapping[str, Student]) -> list[Student]:
    return [children[link.student_id] for link in adult.links if link.student_id in children]


def _is_exactly(said: str, child: Student) -> bool:
    return any(said in {name, f"{name} {_plain(child.last_name)}"} for name in _names(child))


def _is_almost(said: str, child: Student) -> bool:
    return any(len(name) >= _FORGIVING and said[0] == name[0] and distance_is_one(said, name) for name in _names(child))


def _names(child: Student) -> set[str]:
    """What a child is called: first name, its first word, and preferred name."""
    full = {_plain(child.first_name), _plain(child.preferred_name)} - {""}
    return full | {name.split()[0] for name in full}


def _plain(text: str) -> str:
    """A name without letter case, accents and punctuation."""
    return " ".join(normalise(text).words)

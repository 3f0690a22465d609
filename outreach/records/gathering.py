"""Everything that is held of one child, gathered from every stage; nothing is left out, and nothing is decided here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.tables import Case
from outreach.district import queries as district
from outreach.district.overlays import merged
from outreach.district.people import Adult
from outreach.district.queries import slices
from outreach.district.tables import ContactPhone
from outreach.records.adults import of_adults
from outreach.records.child import of_child
from outreach.records.conversations import of_conversations
from outreach.records.items import Item, Shelf
from outreach.settings import Settings


def everything(session: Session, student_id: str, *, settings: Settings, now: datetime) -> list[Item]:
    """All items of a child under all its ids, shelf by shelf, each shelf in the order of time."""
    ids = merged(session).ids([student_id])
    adults = family(session, ids)
    numbers = {phone.e164 for adult in adults for phone in adult.phones if phone.e164}
    numbers |= set(session.scalars(select(Case.phone).where(Case.student_id.in_(ids), Case.phone != "")))
    items = [
        *of_child(session, ids, settings, now),
        *of_adults(session, adults, ids),
        *of_conversations(session, ids, adults, _holders(session, numbers)),
    ]
    return _in_order(items)


def family(session: Session, ids: Collection[str]) -> list[Adult]:
    """The child's adults, and who once had a conversation about it and is tied to it no more."""
    adults = district.load_adults(session, ids)
    known = {adult.contact_id for adult in adults}
    once = set(session.scalars(select(Case.contact_id).where(Case.student_id.in_(ids), Case.contact_id != ""))) - known
    return [*adults, *district.named_adults(session, sorted(once))]


def _holders(session: Session, numbers: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Number → every contact of the district who has it: a number of two people tells of nobody who wrote from it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for some in slices(numbers):
        rows = session.execute(select(ContactPhone.e164, ContactPhone.contact_id).where(ContactPhone.e164.in_(some)))
        for number, contact_id in rows:
            found[number].add(contact_id)
    return {number: frozenset(held) for number, held in found.items()}


def _in_order(items: Sequence[Item]) -> list[Item]:
    shelves = list(Shelf)
    return sorted(items, key=lambda item: (shelves.index(item.shelf), item.at is not None, item.at.timestamp() if item.at else 0))

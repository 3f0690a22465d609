"""Numbers that contacts of different families share: no count goes there until each has shown that they read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.consent.tables import NumberReader
from outreach.district import corrections
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.district.queries import slices
from outreach.district.tables import ContactPhone


def families_of(adults: Sequence[Adult]) -> list[list[Adult]]:
    """The families that contacts who share a number fall into: pure.

    A common child, the same name, or the same address joins them: many systems list one parent once for each child.
    """
    families: list[tuple[set[object], list[Adult]]] = []
    for adult in adults:
        known = _known_by(adult)
        joined = [family for family in families if not family[0].isdisjoint(known)]
        families = [family for family in families if family[0].isdisjoint(known)]
        families.append((known.union(*(shared for shared, _ in joined)), [*(one for _, some in joined for one in some), adult]))
    return [some for _, some in families]


def are_strangers(adults: Sequence[Adult]) -> bool:
    """Whether contacts who share a number belong to families that have nothing else in common."""
    return len(families_of(adults)) > 1


def _known_by(adult: Adult) -> set[object]:
    name = {("name", adult.name.casefold())} if adult.name else set()
    address = {("address", adult.address.key)} if adult.address.usable else set()
    return {("child", link.student_id) for link in adult.links} | name | address | {("contact", adult.contact_id)}


def unconfirmed(session: Session, phones: Collection[str]) -> frozenset[str]:
    """Those of *phones* (E.164) that strangers share of whom not every one has confirmed that they read it."""
    several = {e164: contacts for e164, contacts in _holders(session, phones).items() if len(contacts) > 1}
    if not several:
        return frozenset()
    adults = {adult.contact_id: adult for adult in district.named_adults(session, set().union(*several.values()))}
    readers: defaultdict[str, set[str]] = defaultdict(set)
    for some in slices(several):
        for phone, contact_id in session.execute(select(NumberReader.phone, NumberReader.contact_id).where(NumberReader.phone.in_(some))):
            readers[phone].add(contact_id)
    here = {
        e164: [adults[contact] for contact in sorted(contacts & adults.keys()) if adults[contact].has(e164)]
        for e164, contacts in several.items()
    }
    return frozenset(
        e164 for e164, holders in here.items() if are_strangers(holders) and not {one.contact_id for one in holders} <= readers[e164]
    )


def _holders(session: Session, phones: Collection[str]) -> dict[str, set[str]]:
    """Number → the contacts whose it is by a feed or by what a person here said."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for some in slices(set(phones)):
        for e164, contact_id in session.execute(select(ContactPhone.e164, ContactPhone.contact_id).where(ContactPhone.e164.in_(some))):
            holders[e164].add(contact_id)
    for e164, contact_id in corrections.read(session).new_numbers():
        if e164 in phones:
            holders[e164].add(contact_id)
    return holders

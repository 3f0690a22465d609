"""Households: contacts of common children who share an address or a phone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outreach.district.normalising import normalised
from outreach.district.people import Adult


@dataclass(frozen=True)
class Household:
    """Adults who live together, as far as a feed can tell, and the children they are contacts of.

    ``key`` is the smallest contact id among them, so it stays the same from night to night while that contact is delivered.
    """

    key: str
    adults: tuple[Adult, ...]
    student_ids: tuple[str, ...]


def households(adults: Iterable[Adult]) -> list[Household]:
    """Group *adults*; two belong together when they are contacts of a common child and share a normalised address or a phone."""
    by_id = {adult.contact_id: adult for adult in adults}
    parent = {contact: contact for contact in by_id}

    def root(contact: str) -> str:
        while parent[contact] != contact:
            parent[contact] = parent[parent[contact]]
            contact = parent[contact]
        return contact

    for group in _sharing(by_id.values()):
        first, *others = group
        for other in others:
            parent[root(other)] = root(first)
    members: defaultdict[str, list[Adult]] = defaultdict(list)
    for contact in sorted(by_id):
        members[root(contact)].append(by_id[contact])
    return sorted((_household(group) for group in members.values()), key=lambda household: household.key)


def _sharing(adults: Iterable[Adult]) -> Iterator[list[str]]:
    """Yield the contact ids that share a child and a place or a number."""
    shared: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    adults = list(adults)
    alike = _alike(adults)
    for adult in adults:
        marks = {f"phone:{phone.e164}" for phone in adult.phones if phone.e164}
        if adult.address.usable:
            marks.add(f"address:{adult.address.key}")
            marks |= alike.get(adult.contact_id, set())
        for link in adult.links:
            for mark in marks:
                shared[link.student_id, mark].append(adult.contact_id)
    yield from shared.values()


def _alike(adults: Iterable[Adult]) -> dict[str, set[str]]:
    """Marks of adults of a common child whose addresses differ, but begin alike: as the post writes them, they may be one.

    Only of these is the post's way asked, because it costs some hundred times what comparing does.
    """
    begins: defaultdict[tuple[str, str, str], dict[str, list[Adult]]] = defaultdict(lambda: defaultdict(list))
    for adult in adults:
        if adult.address.usable:
            place = adult.address
            for link in adult.links:
                begins[link.student_id, place.line1.strip().partition(" ")[0].casefold(), place.postal_code[:5]][place.key].append(adult)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for by_key in begins.values():
        for some in by_key.values() if len(by_key) > 1 else ():
            for adult in some:
                found[adult.contact_id].add(f"post:{normalised(adult.address).key}")
    return found


def _household(adults: list[Adult]) -> Household:
    students = sorted({link.student_id for adult in adults for link in adult.links})
    return Household(key=adults[0].contact_id, adults=tuple(adults), student_ids=tuple(students))

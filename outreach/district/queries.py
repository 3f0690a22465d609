"""Reads of the district's nouns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.district import corrections, overlays
from outreach.district.overlays import Merged
from outreach.district.people import Address, Adult, Link, Phone
from outreach.district.tables import Contact, ContactPhone, School, Student, StudentContact

_SLICE = 500
"""Ids in one query: below every database's limit of bound parameters."""


def slices(ids: Collection[str]) -> Iterator[Sequence[str]]:
    """Cut *ids* into pieces that fit into one query."""
    listed = sorted(ids)
    for start in range(0, len(listed), _SLICE):
        yield listed[start : start + _SLICE]


def schools(session: Session, school_ids: Collection[str] | None = None) -> dict[str, School]:
    """The schools that a feed still delivers (all, or the named ones), by id."""
    statement = select(School).where(School.gone_import_id.is_(None))
    if school_ids is not None:
        statement = statement.where(School.school_id.in_(school_ids))
    return {school.school_id: school for school in session.scalars(statement)}


def students(session: Session, student_ids: Collection[str]) -> dict[str, Student]:
    """The named children, by id; children who left the feed are included, for what was said of them."""
    found: dict[str, Student] = {}
    for some in slices(student_ids):
        found.update({s.student_id: s for s in session.scalars(select(Student).where(Student.student_id.in_(some)))})
    return found


def load_adults(session: Session, student_ids: Collection[str]) -> list[Adult]:
    """The adults tied to any of the children, each with all numbers and all ties (siblings included)."""
    contact_ids: set[str] = set()
    for some in slices(overlays.merged(session).ids(student_ids)):
        contact_ids.update(session.scalars(select(StudentContact.contact_id).where(StudentContact.student_id.in_(some))))
    return _adults(session, contact_ids)


def load_families(session: Session, student_ids: Collection[str]) -> list[Adult]:
    """The adults of the children, of those adults' other children, and so on.

    Whole families, so that households are the same whichever child one starts from.
    """
    students, known = set(student_ids), set[str]()
    adults: list[Adult] = []
    while new := students - known:
        known |= new
        adults = load_adults(session, known)
        students = {link.student_id for adult in adults for link in adult.links}
    return adults


def adults_of_phone(session: Session, e164: str) -> list[Adult]:
    """The adults whose number this is, by contact id."""
    named = set(session.scalars(select(ContactPhone.contact_id).where(ContactPhone.e164 == e164)))
    found = _adults(session, named | corrections.read(session).given(e164))
    return [adult for adult in found if any(phone.e164 == e164 for phone in adult.phones)]


def named_adults(session: Session, contact_ids: Collection[str]) -> list[Adult]:
    """The named contacts that a feed still delivers."""
    return _adults(session, set(contact_ids))


def _adults(session: Session, contact_ids: set[str]) -> list[Adult]:
    phones: defaultdict[str, list[Phone]] = defaultdict(list)
    links: defaultdict[str, list[Link]] = defaultdict(list)
    found: list[Adult] = []
    merged, corrected = overlays.merged(session), corrections.read(session)
    for some in slices(contact_ids):
        for phone in session.scalars(select(ContactPhone).where(ContactPhone.contact_id.in_(some)).order_by(ContactPhone.id)):
            phones[phone.contact_id].append(_phone(phone))
        for tie in session.scalars(select(StudentContact).where(StudentContact.contact_id.in_(some)).order_by(StudentContact.student_id)):
            links[tie.contact_id].append(_link(tie, merged))
        present = select(Contact).where(Contact.contact_id.in_(some), Contact.gone_import_id.is_(None)).order_by(Contact.contact_id)
        found.extend(
            corrected.on(_adult(row, phones[row.contact_id], _one_per_child(links[row.contact_id]))) for row in session.scalars(present)
        )
    return found


def _adult(row: Contact, phones: list[Phone], links: list[Link]) -> Adult:
    return Adult(
        contact_id=row.contact_id,
        first_name=row.first_name,
        last_name=row.last_name,
        locale=row.locale,
        language=row.language,
        email=row.email,
        address=Address(row.address_line1, row.address_line2, row.city, row.state, row.postal_code),
        phones=tuple(phones),
        links=tuple(links),
    )


def _phone(row: ContactPhone) -> Phone:
    return Phone(
        e164=row.e164,
        raw=row.phone,
        type=row.type,
        can_text=row.can_text,
        priority=row.priority,
        verified_on=row.verified_on,
        consent=row.consent,
        source=row.source,
        id=row.id,
    )


def _one_per_child(links: Sequence[Link]) -> list[Link]:
    """An adult's ties, one to each child: of a child with two ids the more careful tie holds."""
    found: dict[str, Link] = {}
    for link in links:
        other = found.get(link.student_id)
        found[link.student_id] = link if other is None else min(link, other, key=_leave)
    return list(found.values())


def _leave(link: Link) -> tuple[bool, bool, bool]:
    """How freely an adult may be told, the least first."""
    return not link.restriction, link.may_receive is not False, link.lives_with is not False


def _link(row: StudentContact, merged: Merged) -> Link:
    return Link(
        student_id=merged.of(row.student_id),
        relation=row.relation,
        primary=row.primary,
        priority=row.priority,
        lives_with=row.lives_with,
        may_receive=row.may_receive,
        restriction=row.restriction,
    )

"""What is held of a child's adults: who they are to the child, how they are reached, what they agreed to, and orders about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.consent.queries import is_post, post, protected
from outreach.consent.states import BlockKind
from outreach.consent.tables import ConsentEntry, ContactBlock
from outreach.delivery.letter_tables import LargePrint, ReturnedMail
from outreach.district.people import Adult
from outreach.district.tables import Overlay, StudentContact
from outreach.records.items import Item, Nature, Shelf, lines

BLOCKS = {BlockKind.CUSTODY: "Custody order", BlockKind.NO_CONTACT: "No contact", BlockKind.ADDRESS: "Protected address"}
"""Kinds of blocks as people say them."""


def of_adults(session: Session, adults: Collection[Adult], ids: Collection[str]) -> Iterator[Item]:
    """Everything of the adults who are tied to a child, or once wrote about it."""
    for adult in adults:
        yield from _itself(session, adult, ids)
        yield from _consent(session, adult)
        yield from _blocks(session, adult, ids)


def _itself(session: Session, adult: Adult, ids: Collection[str]) -> Iterator[Item]:
    theirs = frozenset({adult.contact_id})
    tie = next((link for link in adult.links if link.student_id in ids), None)
    relation = tie.relation if tie else ""
    hidden = adult.contact_id in protected(session)  # a new name would lead to a new address
    nature, of = (Nature.DETAILS, theirs) if hidden else (Nature.PLAIN, None)
    facts = lines(name=adult.name, relation=relation)
    yield Item(f"contact:{adult.contact_id}", Shelf.ADULTS, "An adult on file", facts, of=of, nature=nature)
    place = ", ".join(part for part in (adult.address.line1, adult.address.line2, adult.address.city, adult.address.state) if part)
    facts = lines(
        address=" ".join(part for part in (place, adult.address.postal_code) if part),
        numbers=", ".join(dict.fromkeys(phone.e164 or phone.raw for phone in adult.phones)),
        e_mail=adult.email,
        language=adult.language,
        lives_with_the_child=tie.lives_with if tie else None,
        may_receive=tie.may_receive if tie else None,
    )
    title = f"How {adult.name or 'an adult'} is reached"
    yield Item(f"details:{adult.contact_id}", Shelf.ADULTS, title, facts, of=theirs, nature=Nature.DETAILS)
    said = select(Overlay).where(Overlay.contact_id == adult.contact_id).order_by(Overlay.id)
    for word in session.scalars(said):
        facts = lines(what=word.name, **{str(name): value for name, value in word.value.items()})
        yield Item(f"overlay:{word.id}", Shelf.ADULTS, f"{title}, as somebody said", facts, at=word.at, of=theirs, nature=Nature.DETAILS)
    for back in session.scalars(select(ReturnedMail).where(ReturnedMail.contact_id == adult.contact_id)):
        key = f"returned:{adult.contact_id}:{back.planned_id}"
        yield Item(key, Shelf.ADULTS, "Post came back", lines(place=back.place), at=back.returned_at, of=theirs, nature=Nature.DETAILS)
    if (large := session.get(LargePrint, adult.contact_id)) is not None:
        yield Item(f"large:{adult.contact_id}", Shelf.ADULTS, "Reads large print", at=large.since, of=theirs, nature=Nature.DETAILS)


def _consent(session: Session, adult: Adult) -> Iterator[Item]:
    names = [*dict.fromkeys(phone.e164 for phone in adult.phones if phone.e164), post(adult.contact_id)]
    rows = select(ConsentEntry).where(ConsentEntry.phone.in_(names)).order_by(ConsentEntry.id)
    for row in session.scalars(rows):
        number = "letters" if is_post(row.phone) else row.phone
        facts = lines(number=number, said=row.kind.replace("_", " "), by=row.source)
        of = frozenset({adult.contact_id})
        yield Item(
            f"consent:{row.id}", Shelf.CONSENT, f"Consent of {adult.name or 'an adult'}", facts, at=row.at, of=of, nature=Nature.DETAILS
        )


def _blocks(session: Session, adult: Adult, ids: Collection[str]) -> Iterator[Item]:
    theirs = frozenset({adult.contact_id})
    rows = select(ContactBlock).where(ContactBlock.contact_id == adult.contact_id, ContactBlock.student_id.in_(("", *ids)))
    for row in session.scalars(rows.order_by(ContactBlock.id)):
        kind = BLOCKS[BlockKind(row.kind)]
        facts = lines(rests_on=row.reason, begins=row.begins_on, ends=row.ends_on, paper_on_file=bool(row.document), lifted=row.lifted_why)
        yield Item(f"block:{row.id}", Shelf.BLOCKS, f"{kind}: {adult.name}", facts, at=row.placed_at, of=theirs, nature=Nature.ORDER)
    words = select(StudentContact).where(
        StudentContact.contact_id == adult.contact_id, StudentContact.student_id.in_(ids), StudentContact.restriction != ""
    )
    for tie in session.scalars(words.order_by(StudentContact.id)):
        key = f"restriction:{tie.id}"
        yield Item(key, Shelf.BLOCKS, f"Restriction: {adult.name}", words=tie.restriction, of=theirs, nature=Nature.ORDER)

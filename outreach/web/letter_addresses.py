"""Where letters went otherwise than the feed writes it, old beside new; and a typed address beside the post's way of writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from outreach.delivery.letter_tables import LetterPage
from outreach.district import queries as district
from outreach.district.normalising import normalised
from outreach.district.people import Address
from outreach.messages import postal
from outreach.planning.tables import PlannedMessage
from outreach.replies.normalise import storable

PARTS = ("line1", "line2", "city", "state", "postal_code")
LONGEST = 100
"""Characters of one part."""
BLANK = Address()
INCOMPLETE = "An address needs a street, a city, and a state or postal code."


@dataclass(frozen=True)
class Respelled:
    """A letter whose address is written as the post writes it."""

    letter_id: str
    given: str
    """As the feed has it now."""
    printed: str


def respelled(session: Session, letters: Sequence[tuple[LetterPage, PlannedMessage]]) -> list[Respelled]:
    """The letters of a batch whose address is not written as the feed has it; those to addresses that a person gave are as they said."""
    first = {letter.planned_id: row.facts["contact_ids"][0] for letter, row in letters if row.facts.get("contact_ids")}
    adults = {adult.contact_id: adult for adult in district.named_adults(session, set(first.values()))}
    found = []
    for letter, _ in letters:
        adult = adults.get(first.get(letter.planned_id, ""))
        if adult is None or adult.address_said:
            continue
        given, printed = one_line(adult.address), ", ".join(letter.content["place_lines"])
        if given and given != printed:
            found.append(Respelled(letter.letter_id, given, printed))
    return found


def of_form(form: Mapping[str, str]) -> Address:
    """An address as somebody typed it, without doubled spaces."""
    return Address(*(" ".join(storable(form.get(part, "")).split())[:LONGEST] for part in PARTS))


def choices(typed: Address, better: Address | None) -> list[tuple[str, Address]]:
    """What a person chooses from where the post writes an address otherwise."""
    return [("As the post writes it", better), ("As you typed it", typed)] if better else []


def one_line(address: Address) -> str:
    """An address on one line, as an envelope has it; empty where it is not complete."""
    try:
        return ", ".join(
            postal.place_lines(postal.Address((), address.line1, address.line2, address.city, address.state, address.postal_code))
        )
    except postal.AddressError:
        return ""


def offer(typed: Address) -> Address | None:
    """The post's way of writing a typed address, to be offered beside it; None where it is the same on an envelope."""
    found = normalised(typed)
    return None if one_line(found) == one_line(typed) else found

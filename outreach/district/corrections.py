"""What a person here corrected about a contact: language, address, numbers. It is laid over the feed's rows as they are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.district.overlays import Act, Kind, OverlayError, Subject, holding, lay
from outreach.district.people import Address, Adult, Phone
from outreach.district.tables import Contact, ContactPhone, Overlay

LANGUAGE, ADDRESS = "language", "address"


class Word(StrEnum):
    """What a person may say of a contact's number."""

    WRONG = "wrong"
    NEW = "new"


@dataclass(frozen=True)
class Said:
    """What was said of one number, and since when."""

    word: Word
    on: date
    consents: bool


@dataclass(frozen=True)
class Corrections:
    """All that holds now, by contact."""

    locales: Mapping[str, str]
    addresses: Mapping[str, Address]
    numbers: Mapping[str, Mapping[str, Said]]

    def on(self, adult: Adult) -> Adult:
        """An adult as corrected."""
        who = adult.contact_id
        if who in self.locales:
            adult = replace(adult, locale=self.locales[who], language=self.locales[who])
        if who in self.addresses:
            adult = replace(adult, address=self.addresses[who], address_said=True)
        return replace(adult, phones=_phones(adult.phones, self.numbers[who])) if who in self.numbers else adult

    def given(self, e164: str) -> set[str]:
        """The contacts to whom a person gave this number."""
        return {who for number, who in self.new_numbers() if number == e164}

    def new_numbers(self) -> set[tuple[str, str]]:
        """Every number that a person gave to a contact, with the contact."""
        return {(number, who) for who, said in self.numbers.items() for number, word in said.items() if word.word == Word.NEW}


def _phones(phones: Collection[Phone], said: Mapping[str, Said]) -> tuple[Phone, ...]:
    """A contact's numbers: a new one is asked first, a wrong one is nobody's."""
    new = [
        Phone(number, number, "mobile", can_text=True, priority=0, verified_on=word.on, consent=word.consents or None)
        for number, word in said.items()
        if word.word == Word.NEW
    ]
    return (*new, *(replace(phone, e164="") if phone.e164 in said else phone for phone in phones))


def read(session: Session) -> Corrections:
    """What people corrected about contacts and holds now."""
    numbers: defaultdict[str, dict[str, Said]] = defaultdict(dict)
    locales, addresses = {}, {}
    for row in holding(session, Kind.CONTACT, Kind.NUMBER):
        if row.kind == Kind.NUMBER:
            numbers[row.contact_id][row.name] = Said(Word(row.value["word"]), row.at.date(), bool(row.value["consents"]))
        elif row.name == LANGUAGE:
            locales[row.contact_id] = str(row.value["locale"])
        else:
            addresses[row.contact_id] = Address(**row.value)
    return Corrections(locales, addresses, numbers)


def correct_language(session: Session, contact_id: str, locale: str, act: Act) -> Overlay:
    """Say in which language (a locale) a contact is written to. Raises OverlayError."""
    return _lay(session, Kind.CONTACT, contact_id, LANGUAGE, {"locale": locale}, act)


def correct_address(session: Session, contact_id: str, address: Address, act: Act) -> Overlay:
    """Say where post reaches a contact. Raises OverlayError."""
    return _lay(session, Kind.CONTACT, contact_id, ADDRESS, asdict(address), act)


def say_of_number(session: Session, contact_id: str, e164: str, word: Word, act: Act, *, consents: bool = False) -> Overlay:
    """Say that a number is not this contact's, or is theirs from now on, and whether they agreed to texts. Raises OverlayError."""
    return _lay(session, Kind.NUMBER, contact_id, e164, {"word": word.value, "consents": consents}, act)


def _lay(session: Session, kind: Kind, contact_id: str, name: str, value: Mapping[str, object], act: Act) -> Overlay:
    if session.get(Contact, contact_id) is None:
        message = f"No feed has named a contact {contact_id}."
        raise OverlayError(message)
    feed = _feed_says(session, kind, contact_id, name)
    return lay(session, Subject(kind, contact_id=contact_id, name=name), value, act, instead_of={"feed": feed})


def _feed_says(session: Session, kind: Kind, contact_id: str, name: str) -> list[str]:
    """What the feeds say now of the matter, to be compared later."""
    row = session.get_one(Contact, contact_id)
    if kind == Kind.NUMBER:
        numbers = select(ContactPhone.e164).where(ContactPhone.contact_id == contact_id, ContactPhone.e164 != "").distinct()
        return sorted(session.scalars(numbers))
    if name == LANGUAGE:
        return [row.language, row.locale]
    return [row.address_line1, row.address_line2, row.city, row.state, row.postal_code]


def keep(session: Session, row: Overlay, act: Act) -> Overlay:
    """Say the same again, in the face of what the feeds say by now."""
    return _lay(session, Kind(row.kind), row.contact_id, row.name, row.value, act)


def contradicted(session: Session) -> list[Overlay]:
    """The corrections where the feeds say a third thing by now, neither what they said then nor what the person said."""
    rows = holding(session, Kind.CONTACT, Kind.NUMBER)
    return [row for row in rows if _third(row, _feed_says(session, Kind(row.kind), row.contact_id, row.name))]


def _third(row: Overlay, feed: list[str]) -> bool:
    if feed == row.instead_of["feed"]:
        return False
    if row.kind == Kind.NUMBER:
        return row.value["word"] == Word.NEW and row.name not in feed
    return row.value["locale"] != feed[1] if row.name == LANGUAGE else Address(**row.value).key != Address(*feed).key

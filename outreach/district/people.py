"""Adults, their numbers and their ties to children, as plain values that the pure modules reason about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

ADULT = 18
"""Years at which the rights of parents pass to the student (34 CFR 99.5)."""


@dataclass(frozen=True)
class Phone:
    """A number of a contact. ``e164`` is empty where the text is no valid number; flags are None where the feed is silent."""

    e164: str
    raw: str
    type: str = ""
    can_text: bool | None = None
    priority: int | None = None
    verified_on: date | None = None
    consent: bool | None = None
    source: str = ""
    id: int = 0


@dataclass(frozen=True)
class Link:
    """What a contact is to one child."""

    student_id: str
    relation: str = ""
    primary: bool | None = None
    priority: int | None = None
    lives_with: bool | None = None
    may_receive: bool | None = None
    restriction: str = ""


@dataclass(frozen=True)
class Address:
    """Where post reaches a contact; empty parts are empty texts."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""

    @property
    def usable(self) -> bool:
        """Whether an envelope with this address can arrive: street, city, and state or postal code."""
        return bool(self.line1 and self.city and (self.state or self.postal_code))

    @property
    def key(self) -> str:
        """The address as households compare it: letter case, spaces and punctuation make no difference."""
        parts = (self.line1, self.line2, self.city, self.state, self.postal_code[:5])
        return "|".join(" ".join("".join(c if c.isalnum() else " " for c in part.casefold()).split()) for part in parts)


@dataclass(frozen=True)
class Adult:
    """A contact with numbers and ties."""

    contact_id: str
    first_name: str
    last_name: str
    locale: str = ""
    """The locale of the contact's own language; empty where the feed names none or an unlisted one."""
    language: str = ""
    """The language as the feed names it."""
    email: str = ""
    address: Address = field(default_factory=Address)
    address_said: bool = False
    """Whether a person here said it, against what the feeds say."""
    phones: tuple[Phone, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def has(self, e164: str) -> bool:
        """Whether a number is theirs, as it stands now."""
        return any(phone.e164 == e164 for phone in self.phones)

    def link(self, student_id: str) -> Link | None:
        """The tie to one child, if there is one."""
        return next((link for link in self.links if link.student_id == student_id), None)


def age(born: date, on: date) -> int:
    """Whole years of somebody on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

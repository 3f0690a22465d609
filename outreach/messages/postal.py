"""A postal address as a window envelope and the sorting machines want it: Latin capitals without punctuation (USPS Publication 28)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.messages.names import clean

_UNCOMPOSED = str.maketrans(
    {"Ł": "L", "Đ": "D", "Ð": "D", "Ø": "O", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ħ": "H", "ẞ": "SS", "ı": "I", "&": " AND "}
)
_MARKS_KEPT = frozenset("-/#")
_MOST_NAMES = 2
_TO_WHOM = "PARENT OR GUARDIAN"


class AddressError(ValueError):
    """The address lacks what the post needs."""


@dataclass(frozen=True)
class Address:
    """Where a letter goes, as the feed gives it; *names* are the adults it is for."""

    names: tuple[str, ...]
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str


def delivery_lines(address: Address) -> tuple[str, ...]:
    """Return the lines of the delivery address, the first two adults first, each on a line of its own.

    A name that has no Latin letters is written as "PARENT OR GUARDIAN"; the greeting inside the letter keeps the name as it is.
    Raises AddressError where the street or the city, or both state and postal code, are missing.
    """
    names = tuple(name for name in map(latin_capitals, address.names) if name)[:_MOST_NAMES] or (_TO_WHOM,)
    return (*names, *place_lines(address))


def place_lines(address: Address) -> tuple[str, ...]:
    """Return the lines of the delivery address below the names. Raises AddressError as ``delivery_lines`` does."""
    street, city = latin_capitals(address.line1), latin_capitals(address.city)
    region = " ".join(part for part in (latin_capitals(address.state), latin_capitals(address.postal_code)) if part)
    if not (street and city and region):
        message = "the address is not complete: a letter needs street, city, and state or postal code"
        raise AddressError(message)
    return tuple(line for line in (street, latin_capitals(address.line2), f"{city} {region}") if line)


def return_lines(own: Sequence[str], district: str, school: str, school_address: str) -> tuple[str, ...]:
    """Return the sender's lines: the setting's own, else the school with its address, else district and school."""
    lines = tuple(line for line in map(clean, own) if line)
    if lines:
        return lines
    place = tuple(part for part in map(clean, school_address.replace(";", "\n").splitlines()) if part)
    return (clean(school) or clean(district), *place) if place else tuple(filter(None, (clean(district), clean(school))))


def latin_capitals(text: str) -> str:
    """Write *text* in Latin capitals, digits and the few marks an address needs; everything else is left out."""
    upper = clean(text).upper().translate(_UNCOMPOSED)
    plain = "".join(c for c in unicodedata.normalize("NFKD", upper) if not unicodedata.combining(c))
    kept = ("".join((c if (c.isascii() and c.isalnum()) or c in _MARKS_KEPT else "" if c in "'’." else " ") for c in plain)).split()
    return " ".join(word for word in kept if any(map(str.isalnum, word)) or word == "#")

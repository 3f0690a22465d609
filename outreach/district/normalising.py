"""Addresses as the post writes them, by a kept package (USPS Publication 28: directions, street kinds and units shortened). Pure.

The package reads an address by a trained model, so what it says is taken only where it kept every number, the town and the postal code;
else the address stays as it was given.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from outreach.district.people import Address, Adult

_NUMBERS = re.compile(r"\d+")
_ZIP = 5


@lru_cache(maxsize=4096)
def normalised(address: Address) -> Address:
    """The address as the post writes it; the same where it is not complete, is none of the United States, or was not understood."""
    if not address.usable:
        return address
    asked = {
        "address_line_1": address.line1,
        "address_line_2": address.line2,
        "city": address.city,
        "state": address.state,
        "postal_code": address.postal_code,
    }
    try:
        said = normalize_address_record(asked)
    except (AddressNormalizationError, ValueError, KeyError):
        return address
    names = ("address_line_1", "address_line_2", "city", "state", "postal_code")
    found = Address(*((said.get(name) or "").strip() for name in names))
    return found if found.usable and _same_place(address, found) else address


def for_post(adult: Adult) -> Address:
    """Where a letter to an adult goes: as the post writes it, but what a person here corrected stays as they wrote it."""
    return adult.address if adult.address_said else normalised(adult.address)


def _same_place(one: Address, other: Address) -> bool:
    return (
        _numbers(one) == _numbers(other)
        and one.city.casefold().split() == other.city.casefold().split()
        and one.postal_code[:_ZIP] == other.postal_code[:_ZIP]
    )


def _numbers(address: Address) -> Counter[str]:
    return Counter(_NUMBERS.findall(f"{address.line1} {address.line2}"))

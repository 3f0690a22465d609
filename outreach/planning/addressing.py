"""Where a letter goes and whom its envelope names: pure."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.district.normalising import for_post
from outreach.district.people import Adult
from outreach.messages import postal


def envelope(adults: Sequence[Adult]) -> postal.Address:
    """The address of a letter to *adults*: the first one's; it names those of them who live there, or of whom no address is known."""
    place = for_post(adults[0])
    names = tuple(adult.name for adult in adults if not adult.address.usable or for_post(adult).key == place.key)
    return postal.Address(names, place.line1, place.line2, place.city, place.state, place.postal_code)

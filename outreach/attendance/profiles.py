"""Named rule profiles: what counts as an absent day, and from when on a rate means something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


class UnknownProfileError(ValueError):
    """There is no profile of that name."""


@dataclass(frozen=True)
class Profile:
    """The rules of one profile."""

    name: str
    minimum_days: int
    """Enrolled days before a rate is formed at all."""
    absent_from: Fraction
    """The share of the day missed from which the day is absent."""
    suspended_in_is_absent: bool
    source: str


PROFILES: Mapping[str, Profile] = {
    "federal": Profile(
        name="federal",
        minimum_days=10,
        absent_from=Fraction(1, 2),
        suspended_in_is_absent=False,
        source="EDFacts FS195: absent 10 % or more of the days enrolled at the school; a day is absent when half or more of it is missed",
    ),
}


def profile(name: str) -> Profile:
    """The profile called *name*; raises UnknownProfileError."""
    try:
        return PROFILES[name]
    except KeyError:
        sentence = f"There is no profile {name!r}; known are {', '.join(PROFILES)}."
        raise UnknownProfileError(sentence) from None

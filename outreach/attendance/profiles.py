"""Named rule profiles: what counts as an absent day, and from when on a rate means something. They are data (``config/profiles.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Any

from outreach.resources import data_folder

Days = int | Fraction
"""A number of days: whole, unless a profile counts parts of days. Exact, never a float."""


def whole(days: Days) -> Days:
    """The same number of days, as an int where it is one."""
    return int(days) if days == int(days) else days


def in_figures(days: Days) -> str:
    """Days as a decimal: 12, 12.5; at most four places, half up."""
    if whole(days) == int(days):
        return str(int(days))
    tenthousandths = (2 * 10_000 * days.numerator + days.denominator) // (2 * days.denominator)
    return f"{tenthousandths // 10_000}.{tenthousandths % 10_000:04d}".rstrip("0")


class UnknownProfileError(ValueError):
    """There is no profile of that name."""


@dataclass(frozen=True, eq=False)
class Profile:
    """The rules of one profile; its keys are explained in ``config/profiles.toml``. Read once, so each is equal to itself only."""

    name: str
    minimum_days: int
    """Enrolled days before a rate is formed at all."""
    absent_from: Fraction
    """The share of the day missed from which the day is absent."""
    suspended_in_is_absent: bool
    source: str
    present_days: int = 0
    """Days the child must have attended to be counted."""
    half_from: Fraction | None = None
    """The share missed from which half a day counts."""
    exact_shares: bool = False
    """Whether every missed share counts as it is."""

    def days_of(self, missed: Fraction) -> Days:
        """How much of a day counts as absent when *missed* (0 to 1 and above) of it was missed; 0 is present."""
        if missed >= self.absent_from:
            return 1
        if self.exact_shares:
            return missed
        return Fraction(1, 2) if self.half_from is not None and missed >= self.half_from else 0


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile by its name, in the file's order."""
    text = (data_folder("config") / "profiles.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _profile(name, row) for name, row in tomllib.loads(text).items()})


def profile(name: str) -> Profile:
    """The profile called *name*, whatever its letter case; raises UnknownProfileError."""
    known = {found.casefold(): rules for found, rules in profiles().items()}
    try:
        return known[name.strip().casefold()]
    except KeyError:
        sentence = f"There is no profile {name!r}; known are {', '.join(profiles())}."
        raise UnknownProfileError(sentence) from None


def _profile(name: str, row: dict[str, Any]) -> Profile:
    return Profile(
        name=name,
        minimum_days=row["minimum_days"],
        absent_from=Fraction(row["absent_from"]),
        suspended_in_is_absent=row["suspended_in"] == "absent",
        source=row["source"],
        present_days=row["present_days"],
        half_from=Fraction(row["half_from"]) if row["half_from"] else None,
        exact_shares=row["exact_shares"],
    )

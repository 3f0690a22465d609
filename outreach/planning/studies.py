"""Studies: who hears of absences now and who later, decided by chance, so that the district can say honestly whether it helped.

Chance decides about households, because brothers and sisters share a letter (Rogers and Feller 2018 found nearly as large an effect on
children whom it did not mention), within strata of school and grade, once, before anything is sent. It is the same again for the same
seed and the same households, and a digest seals it.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_WHOLE = 100
_SMALLEST = 5
_MOST_WAITING = 50


class Kind(StrEnum):
    """How the arms of a study differ."""

    STAGGERED = "staggered"
    """Each arm begins later than the one before; in the end everybody is told. The default design."""
    HOLDOUT = "holdout"
    """One arm waits until the study is over."""
    WORDING = "wording"
    """Everybody is told, in different words."""


class DesignError(ValueError):
    """A design that no study can follow."""


@dataclass(frozen=True)
class Arm:
    """One group of households."""

    name: str
    share: int
    """Per cent of the households."""
    from_day: date | None = None
    """The first day on which it may be told; None waits until the study is over."""
    message: str = ""
    """The message in place of the rule's own; empty keeps the rule's."""


@dataclass(frozen=True)
class Design:
    """What is set before a study starts, and never after."""

    name: str
    kind: Kind
    first_day: date
    last_day: date
    arms: tuple[Arm, ...]
    """The first is the one that the others are compared with."""
    schools: tuple[str, ...] = ()
    """Empty is every school."""
    grades: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    """The subgroups that the report may speak of, as the feed names them; no others, whatever they show."""

    @property
    def compared_until(self) -> date:
        """The last day on which the comparison arm has not been told."""
        begins = self.arms[0].from_day
        if self.kind == Kind.WORDING or begins is None:
            return self.last_day
        return min(self.last_day, date.fromordinal(begins.toordinal() - 1))


@dataclass(frozen=True)
class Home:
    """A household that may take part, with the one child whose absences stand for it."""

    household: str
    student_id: str
    student_ids: tuple[str, ...]
    school_id: str
    grade: str
    prior: str
    """Days that child missed last year as text; empty where unknown."""

    @property
    def stratum(self) -> str:
        """The group within which chance decides."""
        return f"{self.school_id}/{self.grade}"


def check(design: Design) -> None:
    """Raise DesignError with one sentence where a design cannot be followed."""
    for wrong, sentence in (
        (not design.name.strip(), "A study needs a name."),
        (len(design.arms) < 2, "A study needs two arms or more."),  # noqa: PLR2004 - a comparison is of two
        (len({arm.name for arm in design.arms}) < len(design.arms), "Each arm needs a name of its own."),
        (sum(arm.share for arm in design.arms) != _WHOLE, "The shares of all arms must sum to 100 per cent."),
        (any(arm.share < _SMALLEST for arm in design.arms), f"An arm needs at least {_SMALLEST} per cent of the households."),
        (design.last_day <= design.first_day, "The last day must come after the first."),
        *_days(design),
    ):
        if wrong:
            raise DesignError(sentence)


def _days(design: Design) -> Iterable[tuple[bool, str]]:
    """What the kind asks of the arms' days and words."""
    first, *others = design.arms
    begin = [arm.from_day for arm in others]
    if design.kind == Kind.HOLDOUT:
        yield first.from_day is not None, "In a holdout the first arm waits until the study is over."
        yield any(day != design.first_day for day in begin), "In a holdout all other arms begin on the first day."
        yield first.share > _MOST_WAITING, f"At most {_MOST_WAITING} per cent of the households may wait."
    elif design.kind == Kind.STAGGERED:
        days = [*begin, first.from_day]
        yield None in days, "In a staggered start every arm has a day on which it begins."
        known = [day for day in days if day is not None]
        yield known != sorted(set(known)), "In a staggered start each arm begins later than the one before, and the first arm last of all."
        yield bool(known) and known[0] != design.first_day, "In a staggered start the second arm begins on the first day of the study."
        yield bool(known) and known[-1] > design.last_day, "Every arm must begin before the study is over."
    else:
        yield (
            any(arm.from_day != design.first_day for arm in design.arms),
            "Where only the words differ, every arm begins on the first day.",
        )
        yield len({arm.message for arm in design.arms}) < len(design.arms), "Where the words differ, each arm needs a message of its own."


def assign(homes: Sequence[Home], arms: Sequence[Arm], seed: str) -> Mapping[str, int]:
    """Household → number of its arm: within each stratum as near to the shares as whole households allow, by chance otherwise."""
    strata: defaultdict[str, list[str]] = defaultdict(list)
    for home in homes:
        strata[home.stratum].append(home.household)
    found: dict[str, int] = {}
    for stratum in sorted(strata):
        members = sorted(strata[stratum])
        # The digest and not the words themselves: chance of one stratum must say nothing of the next.
        chance = random.Random(hashlib.sha256(f"{seed}/{stratum}".encode()).digest())  # noqa: S311 - it must come back from its seed
        found.update(zip(members, deal(len(members), [arm.share for arm in arms], chance), strict=True))
    return found


def deal(members: int, shares: Sequence[float], chance: random.Random) -> list[int]:
    """An arm for each of *members*: each arm gets its share, rounded up or down by chance, in random order."""
    bounds = [sum(shares[: number + 1]) / sum(shares) for number in range(len(shares))]
    start = chance.random()
    places = ((number + start) / members for number in range(members))
    arms = [next((arm for arm, bound in enumerate(bounds) if place < bound), len(shares) - 1) for place in places]
    chance.shuffle(arms)
    return arms


def seal(assigned: Mapping[str, int]) -> str:
    """The digest of an assignment: whoever has the seed can find out whether somebody changed it."""
    lines = "".join(f"{household}\t{arm}\n" for household, arm in sorted(assigned.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def waits(arm: Arm, *, today: date, last_day: date) -> bool:
    """Whether an arm is not told yet on *today*."""
    return today <= last_day if arm.from_day is None else today < arm.from_day

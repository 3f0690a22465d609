"""Who looks after a family: one pure decision over plain facts, and one plain sentence that says why.

Coordinators come first, then the school's administrators, then the district's; nobody who is away, and nobody whose schools do not
hold this one. Among those, in this order: who takes the child's grade and reason, who reads the family's language, who is named for the
reason, who is named for the grade, who has the fewest open families, and whose account is older. A choice is never left to chance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

ENGLISH = "en"
"""The language that everybody of the staff reads."""


class Rung(IntEnum):
    """How far up a family has to go to find somebody."""

    COORDINATOR = 1
    SCHOOL_ADMINISTRATOR = 2
    DISTRICT_ADMINISTRATOR = 3


@dataclass(frozen=True)
class Person:
    """Somebody of the staff who may answer families."""

    id: int
    name: str
    rung: Rung
    schools: frozenset[str] | None
    """None is the whole district."""
    languages: frozenset[str] = frozenset()
    """Besides English."""
    grades: frozenset[str] = frozenset()
    """Empty takes every grade."""
    reasons: frozenset[str] = frozenset()
    """Reasons or root causes; empty takes every reason."""
    away_until: date | None = None
    """The last day away, where today is one."""
    cover: int | None = None
    """Who stands in meanwhile."""
    load: int = 0
    """Open families."""

    def sees(self, school: str) -> bool:
        """Whether families of a school are theirs to see."""
        return self.schools is None or school in self.schools


@dataclass(frozen=True)
class Family:
    """What is known of a family that somebody should look after."""

    school: str
    """Empty where the number belongs to no school for certain."""
    school_name: str = ""
    grade: str = ""
    reason: str = ""
    category: str = ""
    """The root cause of the reason."""
    reason_words: str = ""
    language: str = ENGLISH
    language_words: str = "English"
    owner: int | None = None
    """Who looks after it now."""
    unanswered: Rung | None = None
    """The rung at which nobody did anything in the set time."""
    waited: str = ""
    """That time in words, such as "8 school hours"."""


@dataclass(frozen=True)
class Route:
    """Who has the family now, and why."""

    owner: int | None
    because: str
    """After "because you" and "because they" alike; where nobody has it, after "Nobody has it yet:"."""
    rung: Rung | None = None

    def sentence(self, name: str) -> str:
        """Why, as a colleague reads it; *name* is the owner's."""
        return f"{name} has it because they {self.because}." if self.owner is not None else f"Nobody has it yet: {self.because}."


@dataclass(frozen=True)
class _Candidate:
    """Somebody who is there, for themselves or for a colleague who is away."""

    person: Person
    stands_for: Person | None = None

    @property
    def rules(self) -> Person:
        """Whose grades and reasons hold: families of a colleague who is away are told apart by that colleague's."""
        return self.stands_for or self.person

    @property
    def rung(self) -> Rung:
        return self.rules.rung

    def takes_grade(self, family: Family) -> bool:
        return not self.rules.grades or not family.grade or family.grade in self.rules.grades

    def takes_reason(self, family: Family) -> bool:
        return not self.rules.reasons or not family.reason or bool({family.reason, family.category} & self.rules.reasons)

    def is_named_for_grade(self, family: Family) -> bool:
        return bool(family.grade) and family.grade in self.rules.grades

    def is_named_for_reason(self, family: Family) -> bool:
        return bool(family.reason) and bool({family.reason, family.category} & self.rules.reasons)

    def reads(self, family: Family) -> bool:
        return family.language in {ENGLISH, "", *self.person.languages}

    def fits(self, family: Family) -> tuple[bool, ...]:
        """What counts before load, the more important first; False comes before True."""
        grade, reason = self.takes_grade(family), self.takes_reason(family)
        return (
            not (grade and reason),
            not reason,
            not grade,
            not self.reads(family),
            not self.is_named_for_reason(family),
            not self.is_named_for_grade(family),
        )

    def order(self, family: Family) -> tuple[tuple[bool, ...], int, int, bool, int]:
        stands_for = self.stands_for.id if self.stands_for else 0
        return self.fits(family), self.person.load, self.person.id, self.stands_for is not None, stands_for


@dataclass(frozen=True)
class _Level:
    """Everybody of one rung who may see the school, and those of them (or for them) who are there."""

    rung: Rung
    everybody: tuple[Person, ...]
    there: tuple[_Candidate, ...]


def route(family: Family, people: Collection[Person]) -> Route:
    """Return who looks after *family*; the order of *people* does not matter.

    Whoever has it keeps it while they are there. While they are away it is with whoever covers for them.
    """
    if not family.school:
        return Route(None, "the number belongs to no school for certain")
    seeing = {person.id: person for person in sorted(people, key=lambda person: person.id) if person.sees(family.school)}
    owner = seeing.get(family.owner or 0)
    if owner is not None and family.unanswered is None:
        if owner.away_until is None:
            return Route(owner.id, "look after this family already", owner.rung)
        if (cover := _cover(owner, seeing)) is not None:
            return Route(cover.id, _covering(owner), cover.rung)
    levels = list(_levels(family, seeing))
    for level in levels:
        if level.there:
            chosen = min(level.there, key=lambda candidate: candidate.order(family))
            return Route(chosen.person.id, _because(family, level, chosen), level.rung)
    return Route(None, _nobody(family))


def _levels(family: Family, seeing: Mapping[int, Person]) -> Iterator[_Level]:
    """The rungs above the one that did not answer, the lowest first."""
    for rung in Rung:
        if family.unanswered is None or rung > family.unanswered:
            everybody = tuple(person for person in seeing.values() if person.rung is rung)
            yield _Level(rung, everybody, tuple(filter(None, (_there(person, seeing) for person in everybody))))


def _there(person: Person, seeing: Mapping[int, Person]) -> _Candidate | None:
    if person.away_until is None:
        return _Candidate(person)
    cover = _cover(person, seeing)
    return _Candidate(cover, person) if cover else None


def _cover(person: Person, seeing: Mapping[int, Person]) -> Person | None:
    """Who stands in for somebody away, or for whoever should; None where that leads to nobody who is there and may see the school."""
    asked = {person.id}
    covering = seeing.get(person.cover or 0)
    while covering is not None and covering.away_until is not None and covering.id not in asked:
        asked.add(covering.id)
        covering = seeing.get(covering.cover or 0)
    return covering if covering is not None and covering.away_until is None else None


# --- why ------------------------------------------------------------------------------------------------------------------------
# Verbs are in the form that fits "you" and "they" alike, so that one sentence serves its owner and everybody else.


def _because(family: Family, level: _Level, chosen: _Candidate) -> str:
    others = [candidate for candidate in level.there if candidate.person.id != chosen.person.id]
    said = [_place(family, level, chosen)] if chosen.stands_for or level.rung is not Rung.COORDINATOR or not others else []
    said += _strengths(family, chosen, others)
    if equals := [other for other in others if other.fits(family) == chosen.fits(family)]:
        said.append(_load(chosen, equals))
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1]))) + _but(family, chosen) + _up_here(family, level)


def _place(family: Family, level: _Level, chosen: _Candidate) -> str:
    """Whose place they are in."""
    if chosen.stands_for is not None:
        return _covering(chosen.stands_for)
    if level.rung is Rung.DISTRICT_ADMINISTRATOR:
        return "are a district administrator"
    if level.rung is Rung.SCHOOL_ADMINISTRATOR:
        return f"are an administrator of {family.school_name}"
    alone = len(level.everybody) == 1
    return (
        f"are the coordinator of {family.school_name}" if alone else f"are the only coordinator of {family.school_name} who is there today"
    )


def _covering(person: Person) -> str:
    until = person.away_until
    return f"cover for {person.name} (away until {until:%B} {until.day})" if until else f"cover for {person.name}"


def _strengths(family: Family, chosen: _Candidate, others: Collection[_Candidate]) -> list[str]:
    """What they have that counted."""
    reason = chosen.takes_reason(family) and not all(other.takes_reason(family) for other in others)
    grade = chosen.takes_grade(family) and not all(other.takes_grade(family) for other in others)
    takes = [family.reason_words] if family.reason and (reason or chosen.is_named_for_reason(family)) else []
    takes += [f"grade {family.grade}"] if family.grade and (grade or chosen.is_named_for_grade(family)) else []
    said = [f"read {family.language_words}"] if family.language not in {ENGLISH, ""} and chosen.reads(family) else []
    return [*said, *([f"take {' and '.join(takes)}"] if takes else [])]


def _load(chosen: _Candidate, equals: Collection[_Candidate]) -> str:
    load = chosen.person.load
    fewest = all(other.person.load > load for other in equals)
    return f"have the fewest open families ({load})" if fewest else f"have no more open families than others ({load})"


def _but(family: Family, chosen: _Candidate) -> str:
    """What they, and so nobody who was a better choice, could not offer."""
    takes = [] if chosen.takes_reason(family) else [family.reason_words]
    takes += [] if chosen.takes_grade(family) else [f"grade {family.grade}"]
    missing = [f"take {' or '.join(takes)}"] if takes else []
    missing += [] if chosen.reads(family) else [f"read {family.language_words}"]
    return f", but do not {' or '.join(missing)}" if missing else ""


def _up_here(family: Family, level: _Level) -> str:
    """Why it went as far up as that."""
    if family.unanswered is not None:
        return f"; nobody acted in {family.waited}"
    if level.rung is Rung.COORDINATOR:
        return ""
    missing = "coordinator" if level.rung is Rung.SCHOOL_ADMINISTRATOR else "coordinator or administrator"
    return f"; no {missing} of {family.school_name} is there today"


def _nobody(family: Family) -> str:
    if family.unanswered is not None:
        return f"nobody acted in {family.waited}, up to the district's administrators"
    return f"nobody who may see families of {family.school_name} is there today"

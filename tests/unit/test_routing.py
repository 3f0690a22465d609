"""Who looks after a family: forty situations, each with its owner and the sentence that says why; and what holds in all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.cases.routing import Family, Person, Rung, route

LINCOLN, ROOSEVELT = frozenset({"S1"}), frozenset({"S2"})
COORDINATOR, SCHOOL, DISTRICT = Rung
UNTIL = date(2026, 10, 9)

ANA = Person(1, "Ana", COORDINATOR, LINCOLN)
RAJ = Person(2, "Raj", COORDINATOR, LINCOLN)
LEE = Person(3, "Lee", COORDINATOR, LINCOLN)
SUE = Person(4, "Sue", COORDINATOR, ROOSEVELT)
JO = Person(11, "Jo", SCHOOL, LINCOLN)
KAY = Person(12, "Kay", SCHOOL, LINCOLN)
BOSS = Person(21, "Boss", DISTRICT, None)
VIC = Person(22, "Vic", DISTRICT, None)


def away(person: Person, cover: Person | None = None) -> Person:
    return replace(person, away_until=UNTIL, cover=cover.id if cover else None)


def has(person: Person, load: int) -> Person:
    return replace(person, load=load)


def reads(person: Person, *languages: str) -> Person:
    return replace(person, languages=frozenset(languages))


def takes(person: Person, *grades: str) -> Person:
    return replace(person, grades=frozenset(grades))


def helps(person: Person, *reasons: str) -> Person:
    return replace(person, reasons=frozenset(reasons))


PLAIN = Family("S1", "Lincoln", grade="3")
VIETNAMESE = replace(PLAIN, language="vi", language_words="Vietnamese")
BUS = replace(PLAIN, reason="transportation", category="barriers", reason_words="getting to school")
LATE = replace(PLAIN, unanswered=COORDINATOR, waited="8 school hours", owner=1)
LATER = replace(LATE, unanswered=SCHOOL, owner=11)

SITUATIONS: dict[str, tuple[Family, list[Person], str]] = {
    # who is there
    "one coordinator": (PLAIN, [ANA, SUE, JO, BOSS], "Ana has it because they are the coordinator of Lincoln."),
    "two, one has fewer": (PLAIN, [has(ANA, 4), has(RAJ, 2)], "Raj has it because they have the fewest open families (2)."),
    "two as busy": (PLAIN, [has(ANA, 2), has(RAJ, 2)], "Ana has it because they have no more open families than others (2)."),
    "the other is away": (PLAIN, [ANA, away(RAJ)], "Ana has it because they are the only coordinator of Lincoln who is there today."),
    "another school's": (
        PLAIN,
        [SUE, JO],
        "Jo has it because they are an administrator of Lincoln; no coordinator of Lincoln is there today.",
    ),
    "no school for certain": (replace(PLAIN, school=""), [ANA, BOSS], "Nobody has it yet: the number belongs to no school for certain."),
    # who has it already
    "it stays": (replace(PLAIN, owner=2), [ANA, has(RAJ, 90)], "Raj has it because they look after this family already."),
    "it stays with who reads less": (
        replace(VIETNAMESE, owner=1),
        [ANA, reads(RAJ, "vi")],
        "Ana has it because they look after this family already.",
    ),
    "it stays with an administrator": (replace(PLAIN, owner=11), [ANA, JO], "Jo has it because they look after this family already."),
    "its owner is gone": (
        replace(PLAIN, owner=9),
        [has(ANA, 1), has(RAJ, 3)],
        "Ana has it because they have the fewest open families (1).",
    ),
    "its owner changed schools": (replace(PLAIN, owner=4), [ANA, SUE], "Ana has it because they are the coordinator of Lincoln."),
    # away
    "its owner is away, with cover": (
        replace(PLAIN, owner=1),
        [away(ANA, RAJ), has(RAJ, 30), LEE],
        "Raj has it because they cover for Ana (away until October 9).",
    ),
    "its owner is away, without cover": (
        replace(PLAIN, owner=1),
        [away(ANA), has(RAJ, 30), LEE],
        "Lee has it because they have the fewest open families (0).",
    ),
    "who covers is away too, and covered": (
        replace(PLAIN, owner=1),
        [away(ANA, RAJ), away(RAJ, LEE), LEE],
        "Lee has it because they cover for Ana (away until October 9).",
    ),
    "two cover for each other": (
        replace(PLAIN, owner=1),
        [away(ANA, RAJ), away(RAJ, ANA), LEE],
        "Lee has it because they are the only coordinator of Lincoln who is there today.",
    ),
    "who covers may not see the school": (
        replace(PLAIN, owner=1),
        [away(ANA, SUE), SUE, JO],
        "Jo has it because they are an administrator of Lincoln; no coordinator of Lincoln is there today.",
    ),
    "who covers is gone": (
        replace(PLAIN, owner=1),
        [away(ANA, LEE), RAJ],
        "Raj has it because they are the only coordinator of Lincoln who is there today.",
    ),
    "an administrator covers": (
        PLAIN,
        [away(ANA, JO), JO],
        "Jo has it because they cover for Ana (away until October 9).",
    ),
    "new, and its grade's coordinator is covered": (
        PLAIN,
        [away(takes(ANA, "3"), RAJ), takes(RAJ, "4"), LEE],
        "Raj has it because they cover for Ana (away until October 9) and take grade 3.",
    ),
    "away today, back already": (
        replace(PLAIN, owner=1),
        [replace(ANA, cover=2), RAJ],
        "Ana has it because they look after this family already.",
    ),
    # language
    "one reads it": (
        VIETNAMESE,
        [ANA, has(reads(RAJ, "vi"), 30)],
        "Raj has it because they read Vietnamese.",
    ),
    "two read it": (
        VIETNAMESE,
        [has(reads(ANA, "vi"), 5), has(reads(RAJ, "vi"), 3), LEE],
        "Raj has it because they read Vietnamese and have the fewest open families (3).",
    ),
    "nobody reads it": (
        VIETNAMESE,
        [has(ANA, 1), RAJ],
        "Raj has it because they have the fewest open families (0), but do not read Vietnamese.",
    ),
    "the only one reads it": (
        VIETNAMESE,
        [reads(ANA, "vi")],
        "Ana has it because they are the coordinator of Lincoln and read Vietnamese.",
    ),
    "the only one does not read it": (
        VIETNAMESE,
        [reads(ANA, "es")],
        "Ana has it because they are the coordinator of Lincoln, but do not read Vietnamese.",
    ),
    "a reader elsewhere is no reader": (
        VIETNAMESE,
        [ANA, reads(SUE, "vi")],
        "Ana has it because they are the coordinator of Lincoln, but do not read Vietnamese.",
    ),
    # grade
    "by grade": (PLAIN, [takes(ANA, "1", "2"), takes(RAJ, "3", "4")], "Raj has it because they take grade 3."),
    "named for it, or for all": (PLAIN, [has(takes(ANA, "3"), 9), RAJ], "Ana has it because they take grade 3."),
    "all, or another": (PLAIN, [takes(ANA, "5"), has(RAJ, 9)], "Raj has it because they take grade 3."),
    "nobody takes it": (
        PLAIN,
        [takes(ANA, "5"), takes(has(RAJ, 2), "6")],
        "Ana has it because they have the fewest open families (0), but do not take grade 3.",
    ),
    "the grade is not known": (
        replace(PLAIN, grade=""),
        [takes(has(ANA, 1), "5"), RAJ],
        "Raj has it because they have the fewest open families (0).",
    ),
    "who takes the grade before who reads": (
        VIETNAMESE,
        [reads(takes(ANA, "5"), "vi"), takes(RAJ, "3")],
        "Raj has it because they take grade 3, but do not read Vietnamese.",
    ),
    # reason
    "by reason": (BUS, [has(helps(ANA, "transportation"), 9), RAJ], "Ana has it because they take getting to school."),
    "by root cause": (BUS, [has(helps(ANA, "barriers"), 9), RAJ], "Ana has it because they take getting to school."),
    "another reason's": (BUS, [helps(ANA, "housing"), has(RAJ, 9)], "Raj has it because they take getting to school."),
    "reason before grade": (
        BUS,
        [takes(ANA, "3"), takes(helps(RAJ, "transportation"), "3"), helps(takes(LEE, "3"), "food")],
        "Raj has it because they take getting to school and grade 3.",
    ),
    "reading before being named": (
        replace(BUS, language="vi", language_words="Vietnamese"),
        [helps(ANA, "transportation"), reads(RAJ, "vi")],
        "Raj has it because they read Vietnamese.",
    ),
    # further up
    "no coordinator is there, two administrators": (
        PLAIN,
        [away(ANA), has(JO, 3), KAY],
        (
            "Kay has it because they are an administrator of Lincoln and have the fewest open families (0); "
            "no coordinator of Lincoln is there today."
        ),
    ),
    "nobody of the school is there": (
        PLAIN,
        [away(ANA), away(JO), BOSS],
        "Boss has it because they are a district administrator; no coordinator or administrator of Lincoln is there today.",
    ),
    "nobody is there at all": (
        PLAIN,
        [away(ANA), away(JO), away(BOSS), SUE],
        "Nobody has it yet: nobody who may see families of Lincoln is there today.",
    ),
    "nobody acted": (
        LATE,
        [ANA, has(RAJ, 0), JO, BOSS],
        "Jo has it because they are an administrator of Lincoln; nobody acted in 8 school hours.",
    ),
    "nobody acted, and the administrator is away": (
        LATE,
        [ANA, away(JO), BOSS],
        "Boss has it because they are a district administrator; nobody acted in 8 school hours.",
    ),
    "nor did the administrator": (
        LATER,
        [ANA, JO, KAY, has(BOSS, 2), VIC],
        "Vic has it because they are a district administrator and have the fewest open families (0); nobody acted in 8 school hours.",
    ),
    "nor anybody": (
        replace(LATE, unanswered=DISTRICT, owner=21),
        [ANA, JO, BOSS],
        "Nobody has it yet: nobody acted in 8 school hours, up to the district's administrators.",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_has_its_owner_and_the_sentence_that_explains_it(situation: str) -> None:
    family, people, sentence = SITUATIONS[situation]
    found = route(family, people)
    names = {person.id: person.name for person in people}
    assert found.sentence(names.get(found.owner or 0, "")) == sentence


def test_there_are_at_least_forty_situations() -> None:
    assert len(SITUATIONS) >= 40


_SCHOOLS = ("S1", "S2")
_LANGUAGES = ("en", "vi", "so")
_PEOPLE = st.lists(
    st.builds(
        Person,
        id=st.integers(1, 9),
        name=st.just("Kim"),
        rung=st.sampled_from(Rung),
        schools=st.none() | st.frozensets(st.sampled_from(_SCHOOLS)),
        languages=st.frozensets(st.sampled_from(_LANGUAGES)),
        grades=st.frozensets(st.sampled_from(("3", "4"))),
        reasons=st.frozensets(st.sampled_from(("food", "housing", "barriers"))),
        away_until=st.none() | st.just(UNTIL),
        cover=st.none() | st.integers(1, 9),
        load=st.integers(0, 3),
    ),
    unique_by=lambda person: person.id,
    max_size=9,
)
_FAMILIES = st.builds(
    Family,
    school=st.sampled_from(("", *_SCHOOLS)),
    school_name=st.just("Lincoln"),
    grade=st.sampled_from(("", "3", "9")),
    reason=st.sampled_from(("", "food")),
    category=st.just("barriers"),
    reason_words=st.just("food"),
    language=st.sampled_from(_LANGUAGES),
    language_words=st.just("Somali"),
    owner=st.none() | st.integers(1, 9),
    unanswered=st.none() | st.sampled_from(Rung),
    waited=st.just("8 school hours"),
)


@given(_FAMILIES, _PEOPLE, st.randoms(use_true_random=False))
def test_nobody_away_or_without_the_school_ever_has_it_and_the_order_of_people_does_not_matter(
    family: Family, people: list[Person], chance: object
) -> None:
    found = route(family, people)
    shuffled = list(people)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random that Hypothesis keeps
    assert route(family, shuffled) == found
    owners = [person for person in people if person.id == found.owner]
    assert found.because
    if found.owner is None:
        return
    [owner] = owners
    assert owner.away_until is None
    assert owner.sees(family.school)


@given(_FAMILIES, _PEOPLE)
def test_nobody_is_left_without_a_person_while_one_could_take_it(family: Family, people: list[Person]) -> None:
    able = [person for person in people if person.away_until is None and person.sees(family.school)]
    if family.school and able and family.unanswered is None:
        assert route(family, people).owner in {person.id for person in able}


@given(_FAMILIES, _PEOPLE)
def test_an_owner_who_is_there_keeps_the_family_until_nobody_acts(family: Family, people: list[Person]) -> None:
    stays = [p for p in people if p.id == family.owner and p.away_until is None and p.sees(family.school)]
    if stays and family.school and family.unanswered is None:
        assert route(family, people).owner == family.owner

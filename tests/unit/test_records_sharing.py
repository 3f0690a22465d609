"""What of a child's record one asking person is given without a decision, and on which basis they may ask."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.records.bases import GROUNDS, Basis, refusal
from outreach.records.items import Item, Nature, Shelf, Withheld, lines, share, withheld

MINE, HERS, NOBODYS = frozenset({"c1"}), frozenset({"c2"}), frozenset[str]()
TODAY = date(2026, 10, 6)


def item(of: frozenset[str] | None, *, sealed: bool = False, nature: Nature = Nature.PLAIN) -> Item:
    return Item("text:1", Shelf.CONVERSATIONS, "Text", words="hello", of=of, sealed=sealed, nature=nature)


@pytest.mark.parametrize(
    ("what", "asking", "why"),
    [
        (item(None), "c1", None),
        (item(None), "", None),
        (item(MINE), "c1", None),
        (item(MINE | HERS), "c1", None),
        (item(HERS), "c1", Withheld.OTHER),
        (item(NOBODYS), "c1", Withheld.OTHER),
        (item(NOBODYS), "", Withheld.OTHER),
        (item(MINE), "", Withheld.OTHER),
        (item(HERS, nature=Nature.DETAILS), "c1", Withheld.DETAILS),
        (item(HERS, nature=Nature.ORDER), "c1", Withheld.ORDER),
        (item(MINE, nature=Nature.DETAILS), "c1", None),
        (item(MINE, sealed=True), "c1", Withheld.SEALED),
        (item(None, sealed=True), "c1", Withheld.SEALED),
        (item(HERS, sealed=True, nature=Nature.ORDER), "c1", Withheld.SEALED),
    ],
)
def test_each_kind_of_item_is_given_or_withheld_for_its_reason(what: Item, asking: str, why: Withheld | None) -> None:
    assert withheld(what, asking) is why


_ITEMS = st.lists(
    st.builds(
        Item,
        key=st.integers(0, 30).map(str),
        shelf=st.sampled_from(Shelf),
        title=st.just("x"),
        of=st.none() | st.frozensets(st.sampled_from(["c1", "c2", "c3"])),
        sealed=st.booleans(),
        nature=st.sampled_from(Nature),
    ),
    max_size=12,
    unique_by=lambda one: one.key,
)


@settings(max_examples=60)
@given(items=_ITEMS, asking=st.sampled_from(["", "c1", "c2"]), decided=st.frozensets(st.integers(0, 30).map(str)))
def test_a_record_is_divided_without_loss_and_nothing_closed_is_given_undecided(
    items: list[Item], asking: str, decided: frozenset[str]
) -> None:
    found = share(items, asking, decided)
    assert {one.key for one in items} == {one.key for one in found.given} | {one.key for one, _ in found.withheld}
    assert len(items) == len(found.given) + len(found.withheld) == len(found.given) + sum(found.withheld_by_kind.values())
    for one in found.given:
        assert one.key in decided or (not one.sealed and (one.of is None or asking in one.of))


@pytest.mark.parametrize(
    ("basis", "contact", "born", "says"),
    [
        (Basis.PARENT, "c1", date(2015, 1, 1), ""),
        (Basis.PARENT, "c1", None, ""),
        (Basis.PARENT, "", date(2015, 1, 1), "Choose which"),
        (Basis.PARENT, "c1", date(2008, 10, 6), "18 or older"),
        (Basis.PARENT, "c1", date(2008, 10, 7), ""),
        (Basis.DEPENDENT, "c1", date(2008, 10, 6), ""),
        (Basis.STUDENT, "", date(2008, 10, 6), ""),
        (Basis.STUDENT, "", date(2008, 10, 7), "under 18"),
        (Basis.COURT, "", date(2015, 1, 1), ""),
    ],
)
def test_rights_pass_to_the_student_on_the_eighteenth_birthday(basis: Basis, contact: str, born: date | None, says: str) -> None:
    found = refusal(basis, contact, born, TODAY)
    assert found.startswith(says) or says in found
    assert bool(found) is bool(says)


def test_every_basis_has_its_words_and_its_law() -> None:
    assert set(GROUNDS) == set(Basis)
    assert all(ground.words and "34 CFR" in ground.law for ground in GROUNDS.values())


def test_a_line_that_says_nothing_is_left_out_and_a_no_is_said() -> None:
    assert lines(days_missed=0.0, lives_with=False, left=None, note="") == (("days missed", "0.0"), ("lives with", "no"))

"""Who hears now and who later: chance keeps to the shares and comes back from its seed; what nobody could follow is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.planning.studies import Arm, Design, DesignError, Home, Kind, assign, check, seal, waits

FIRST, LAST = date(2026, 10, 1), date(2027, 3, 1)
HOLDOUT = Design("Does it help?", Kind.HOLDOUT, FIRST, LAST, (Arm("later", 20), Arm("now", 80, FIRST)))
STAGGERED = replace(
    HOLDOUT, kind=Kind.STAGGERED, arms=(Arm("third", 34, date(2026, 12, 1)), Arm("first", 33, FIRST), Arm("second", 33, date(2026, 11, 1)))
)
WORDING = replace(HOLDOUT, kind=Kind.WORDING, arms=(Arm("count", 50, FIRST, "count"), Arm("kind", 50, FIRST, "count_kind")))


def _homes(sizes: dict[str, int]) -> list[Home]:
    return [
        Home(f"{grade}-{n}", f"s{grade}{n}", (f"s{grade}{n}",), "north", grade, "") for grade, size in sizes.items() for n in range(size)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["K", "1", "6", "9"]), st.integers(1, 60), min_size=1),
    st.lists(st.integers(5, 60), min_size=2, max_size=4),
    st.text(max_size=5),
)
def test_every_stratum_keeps_to_the_shares_as_near_as_whole_households_allow(sizes: dict[str, int], shares: list[int], seed: str) -> None:
    arms = [Arm(f"arm {n}", share) for n, share in enumerate(shares)]
    homes = _homes(sizes)
    found = assign(homes, arms, seed)
    assert found == assign(list(reversed(homes)), arms, seed), "the order in which they were read changes nothing"
    assert set(found) == {home.household for home in homes}
    for grade, size in sizes.items():
        got = Counter(found[home.household] for home in homes if home.grade == grade)
        for number, share in enumerate(shares):
            assert abs(got[number] - size * share / sum(shares)) < 1


def test_each_household_has_the_same_chance_and_its_neighbours_say_nothing_of_it() -> None:
    homes = _homes({"K": 3, "1": 4})
    draws = [assign(homes, HOLDOUT.arms, f"seed {n}") for n in range(4000)]
    for home in homes:
        waiting = sum(draw[home.household] == 0 for draw in draws) / len(draws)
        assert waiting == pytest.approx(0.20, abs=0.03)
    both = sum(draw["K-0"] == 0 and draw["1-0"] == 0 for draw in draws) / len(draws)
    assert both == pytest.approx(0.04, abs=0.015)


def test_the_seal_tells_whether_one_household_was_moved() -> None:
    found = dict(assign(_homes({"K": 40}), HOLDOUT.arms, "seed"))
    sealed = seal(found)
    assert sealed == seal(dict(reversed(found.items())))
    found["K-7"] = 1 - found["K-7"]
    assert sealed != seal(found)


@pytest.mark.parametrize(
    ("design", "sentence"),
    [
        (replace(HOLDOUT, name=" "), "needs a name"),
        (replace(HOLDOUT, arms=(Arm("all", 100),)), "two arms"),
        (replace(HOLDOUT, arms=(Arm("a", 20), Arm("a", 80, FIRST))), "a name of its own"),
        (replace(HOLDOUT, arms=(Arm("later", 20), Arm("now", 70, FIRST))), "sum to 100"),
        (replace(HOLDOUT, arms=(Arm("later", 4), Arm("now", 96, FIRST))), "at least 5 per cent"),
        (replace(HOLDOUT, last_day=FIRST), "after the first"),
        (replace(HOLDOUT, arms=(Arm("later", 51), Arm("now", 49, FIRST))), "At most 50 per cent"),
        (replace(HOLDOUT, arms=(Arm("later", 20, LAST), Arm("now", 80, FIRST))), "waits until the study is over"),
        (replace(HOLDOUT, arms=(Arm("later", 20), Arm("now", 80))), "begin on the first day"),
        (replace(STAGGERED, arms=STAGGERED.arms[::-1]), "begins later than the one before"),
        (replace(STAGGERED, arms=(Arm("b", 50), Arm("a", 50, FIRST))), "a day on which it begins"),
        (replace(STAGGERED, arms=(Arm("b", 50, LAST + timedelta(1)), Arm("a", 50, FIRST))), "before the study is over"),
        (replace(WORDING, arms=(Arm("count", 50, FIRST, "count"), Arm("kind", 50, FIRST, "count"))), "a message of its own"),
        (replace(WORDING, arms=(Arm("count", 50, FIRST, "count"), Arm("kind", 50, LAST, "other"))), "begins on the first day"),
    ],
)
def test_a_design_that_cannot_be_followed_is_refused_in_a_sentence(design: Design, sentence: str) -> None:
    with pytest.raises(DesignError, match=sentence):
        check(design)


@pytest.mark.parametrize("design", [HOLDOUT, STAGGERED, WORDING])
def test_a_sound_design_passes(design: Design) -> None:
    check(design)


def test_arms_are_compared_until_the_day_before_the_last_one_begins() -> None:
    assert STAGGERED.compared_until == date(2026, 11, 30)
    assert HOLDOUT.compared_until == LAST
    assert WORDING.compared_until == LAST


def test_an_arm_waits_until_its_day_and_a_holdout_until_the_study_is_over() -> None:
    begins = Arm("second", 50, date(2026, 11, 1))
    assert [waits(begins, today=day, last_day=LAST) for day in (date(2026, 10, 31), date(2026, 11, 1))] == [True, False]
    assert [waits(Arm("later", 50), today=day, last_day=LAST) for day in (LAST, LAST + timedelta(1))] == [True, False]

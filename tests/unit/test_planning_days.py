"""On which day a text leaves: the sender's rate, each school's people, and chance within a tier."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.planning.batches import is_mass_send
from outreach.planning.days import Asked, Diary, schedule
from outreach.planning.turns import rank
from outreach.planning.window import Window
from outreach.settings import Settings

CHICAGO = Window(time(9), time(19), range(5), "America/Chicago")
DENVER = Window(time(9), time(19), range(5), "America/Denver")
TUESDAY_NOON = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)


def _chance(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - a test that can be repeated, no secret


def _asked(school: str = "S1", *, tier: int = 0, segments: int = 1, window: Window = CHICAGO) -> Asked:
    return Asked(school, tier, window, segments)


def test_ten_thousand_texts_end_before_the_window_does_and_the_rest_has_its_turn_on_the_next_school_day() -> None:
    morning = TUESDAY_NOON.replace(hour=14)
    due = schedule([_asked() for _ in range(10_000)], Diary(), limits={}, rate=0.25, now=morning, chance=_chance())
    by_day = Counter(due)
    assert by_day[morning] == 9_000, "ten hours at one segment in four seconds"
    assert by_day[morning + timedelta(days=1)] == 1_000


@pytest.mark.parametrize(
    ("weekday", "expected"),
    [("a day in the week", [2, 2, 1]), ("a Friday", [2, 2, 1])],
)
def test_a_school_gets_no_more_a_day_than_its_people_can_answer_and_a_weekend_is_no_day(weekday: str, expected: Sequence[int]) -> None:
    now = TUESDAY_NOON + timedelta(days=3 if weekday == "a Friday" else 0)
    due = schedule([_asked() for _ in range(5)], Diary(), limits={"S1": 2}, rate=1, now=now, chance=_chance())
    by_day = Counter(due)
    assert [by_day[day] for day in sorted(by_day)] == expected
    assert all(day.weekday() < 5 for day in due)


def test_what_is_planned_already_takes_its_place() -> None:
    diary = Diary()
    diary.note("S1", TUESDAY_NOON.date(), 2)
    [due] = schedule([_asked()], diary, limits={"S1": 1}, rate=1, now=TUESDAY_NOON, chance=_chance())
    assert due == TUESDAY_NOON.replace(day=7, hour=14)


def test_the_worst_tier_goes_first_and_within_one_chance_decides() -> None:
    asked = [_asked(tier=n % 2) for n in range(40)]
    orders = [schedule(asked, Diary(), limits={"S1": 20}, rate=1, now=TUESDAY_NOON, chance=_chance(seed)) for seed in (1, 2)]
    for due in orders:
        assert {day for day, item in zip(due, asked, strict=True) if item.rank == 0} == {TUESDAY_NOON}
    some = [_asked() for _ in range(40)]
    first = [
        {
            n
            for n, day in enumerate(schedule(some, Diary(), limits={"S1": 20}, rate=1, now=TUESDAY_NOON, chance=_chance(seed)))
            if day == TUESDAY_NOON
        }
        for seed in (1, 2)
    ]
    assert first[0] != first[1]
    assert rank("severe") < rank("moderate") < rank("at_risk") < rank("satisfactory")


TEXTS = st.builds(
    _asked,
    st.sampled_from(["S1", "S2", "S3"]),
    tier=st.integers(0, 3),
    segments=st.integers(1, 4),
    window=st.sampled_from([CHICAGO, DENVER]),
)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(TEXTS, max_size=60),
    limit=st.integers(1, 8),
    rate=st.sampled_from([0.0002, 0.001, 1.0]),
    hour=st.integers(0, 200),
    seed=st.integers(0, 99),
)
def test_no_day_holds_more_than_it_can(texts: list[Asked], limit: int, rate: float, hour: int, seed: int) -> None:
    now, diary = TUESDAY_NOON + timedelta(hours=hour), Diary()
    due = schedule(texts, diary, limits={"S1": limit, "S2": limit}, rate=rate, now=now, chance=_chance(seed))
    assert all(item.window.is_open(day) and day >= now for item, day in zip(texts, due, strict=True))
    assert all(number <= limit for (school, _), number in diary.texts.items() if school != "S3")
    assert sum(diary.texts.values()) == len(texts), "each leaves once"
    for day, segments in diary.segments.items():
        assert segments <= rate * 36_000 or sum(n for (_, on), n in diary.texts.items() if on == day) == 1
    by_rank: dict[int, list[datetime]] = {
        item.rank: [] for item in texts if item.school_id == "S1" and item.window == CHICAGO and item.segments == 1
    }
    for item, day in zip(texts, due, strict=True):
        if item.school_id == "S1" and item.window == CHICAGO and item.segments == 1:
            by_rank[item.rank].append(day)
    ranks = sorted(by_rank)
    assert all(max(by_rank[a]) <= min(by_rank[b]) for a, b in itertools.pairwise(ranks)), "nobody is overtaken"


@pytest.mark.parametrize(
    ("today", "usual", "enrolled", "mass"),
    [
        (500, Fraction(1), 600, False),  # never below the minimum
        (501, None, 5_010, False),  # one in ten exactly
        (502, None, 5_010, True),
        (900, Fraction(300), 100_000, False),
        (901, Fraction(300), 100_000, True),
        (901, Fraction(901, 3), 100_000, False),
    ],
)
def test_many_more_than_usual_or_a_large_share_of_all_children_is_a_mass_send(
    settings: Settings, today: int, usual: Fraction | None, enrolled: int, mass: bool
) -> None:
    assert is_mass_send(today, usual, enrolled, settings) is mass

"""Classes tell when a child belonged to a school."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.feeds.memberships import Stay, joined


def stay(first: str, last: str | None) -> Stay:
    """A stay of 2026, from month-day to month-day."""
    return Stay(date.fromisoformat(f"2026-{first}"), date.fromisoformat(f"2026-{last}") if last else None)


@pytest.mark.parametrize(
    ("classes", "stays"),
    [
        pytest.param([], [], id="no class"),
        pytest.param([("08-17", "12-18")], [("08-17", "12-18")], id="one class"),
        pytest.param([("09-14", "12-18"), ("08-17", "10-02")], [("08-17", "12-18")], id="they overlap"),
        pytest.param([("08-17", "10-02"), ("10-05", "12-18")], [("08-17", "12-18")], id="changed over a weekend"),
        pytest.param([("08-17", "10-02"), ("10-06", "12-18")], [("08-17", "10-02"), ("10-06", "12-18")], id="away on a Monday"),
        pytest.param([("08-17", None), ("09-01", "10-01")], [("08-17", None)], id="one without an end"),
        pytest.param([("10-02", "08-17")], [], id="ended before it began"),
    ],
)
def test_the_times_of_classes_become_stays(classes: list[tuple[str, str | None]], stays: list[tuple[str, str | None]]) -> None:
    assert joined(stay(*one) for one in classes) == [stay(*one) for one in stays]


DAYS = st.integers(0, 60).map(lambda n: date(2026, 8, 17) + timedelta(days=n))
STAYS = st.lists(st.builds(Stay, DAYS, st.none() | DAYS), max_size=8)


@given(STAYS)
def test_every_weekday_is_covered_by_the_stays_exactly_if_a_class_covers_it(classes: list[Stay]) -> None:
    for number in range(70):
        day = date(2026, 8, 17) + timedelta(days=number)
        if day.weekday() < 5:
            assert covers(joined(classes), day) == covers(classes, day)


@given(STAYS)
def test_the_order_of_rows_decides_nothing(classes: list[Stay]) -> None:
    assert joined(classes) == joined(reversed(classes)) == joined(joined(classes))


def covers(stays: list[Stay], day: date) -> bool:
    """Whether any of the stays covers a day."""
    return any(one.first <= day and (one.last is None or day <= one.last) for one in stays)

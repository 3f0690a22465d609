"""Times and lists as staff read them: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.clock import start_of_day
from outreach.web import times, views
from outreach.web.views import Shelf, View, Whose

ZONE = "America/Chicago"
NOW = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours_ago", "read"),
    [
        (0, "12:00 pm"),
        (11.9, "12:06 am"),
        (12.1, "yesterday, 11:54 pm"),
        (36.1, "Sun, Oct 4, 11:54 pm"),
        (24 * 300, "Wed, Dec 10, 2025, 11:00 am"),
    ],
)
def test_an_instant_is_read_in_the_districts_zone(hours_ago: float, read: str) -> None:
    assert times.moment(NOW - timedelta(hours=hours_ago), NOW, ZONE) == read


@pytest.mark.parametrize(
    ("seconds", "read"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400, "1 day"),
        (172800, "2 days"),
        (-5, "just now"),
    ],
)
def test_how_long_it_has_been(seconds: int, read: str) -> None:
    assert times.elapsed(NOW - timedelta(seconds=seconds), NOW) == read


def test_a_full_moment_names_its_year() -> None:
    assert times.full_moment(NOW, ZONE) == "Tue, Oct 6, 2026, 12:00 pm"


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_a_day_starts_at_its_first_instant(day: date) -> None:
    start = start_of_day(day, ZONE)
    assert start.date() == day
    assert (start - timedelta(microseconds=1)).astimezone(UTC) < start.astimezone(UTC)


@pytest.mark.parametrize("shelf", Shelf)
@pytest.mark.parametrize("whose", Whose)
def test_a_list_comes_back_from_its_own_address(shelf: Shelf, whose: Whose) -> None:
    view = View(shelf, whose)
    assert views.of(view.arguments) == view


@given(st.dictionaries(st.sampled_from(["queue", "whose", "other"]), st.text()))
def test_any_address_names_some_list(arguments: dict[str, str]) -> None:
    assert isinstance(views.of(arguments), View)


def test_the_usual_list_needs_no_address() -> None:
    assert View().arguments == {}

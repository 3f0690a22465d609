"""The clock: aware, in UTC, movable; and the school's calendar date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.clock import FixedClock, MovableClock, SystemClock, local_date

ZONES = [
    "America/Chicago",
    "America/New_York",
    "America/Phoenix",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
]
INSTANTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
A_MOMENT = timedelta(seconds=30)


def test_the_computers_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta()


def test_a_fixed_clock_stands_still_and_speaks_utc() -> None:
    clock = FixedClock(datetime(2026, 10, 5, 10, tzinfo=timezone(timedelta(hours=-5))))

    assert clock.now() == clock.now() == datetime(2026, 10, 5, 15, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_movable_clock_shows_the_real_time_until_it_is_moved(tmp_path: Path) -> None:
    assert abs(MovableClock(tmp_path / "clock.json").now() - datetime.now(UTC)) < A_MOMENT


@pytest.mark.parametrize("years", [-20, 20])
def test_a_moved_clock_runs_on_from_where_it_was_put(tmp_path: Path, years: int) -> None:
    clock = MovableClock(tmp_path / "not-yet" / "clock.json")
    there = datetime.now(UTC) + timedelta(days=365 * years)
    clock.move_to(there)

    first, second = clock.now(), clock.now()

    assert there <= first <= second < there + A_MOMENT


def test_everyone_who_opens_the_same_file_travels_together(tmp_path: Path) -> None:
    one, other = MovableClock(tmp_path / "clock.json"), MovableClock(tmp_path / "clock.json")
    one.move_to(datetime(2011, 5, 27, 20, tzinfo=UTC))
    assert abs(other.now() - one.now()) < A_MOMENT

    other.move_to(datetime(2012, 1, 1, tzinfo=UTC))
    assert one.now().year == 2012


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2026-10-05T04:59:59+00:00", "America/Chicago", "2026-10-04"),
        ("2026-10-05T05:00:00+00:00", "America/Chicago", "2026-10-05"),
        # the night on which clocks go forward: midnight is still six hours behind UTC, the next one five
        ("2026-03-08T05:59:59+00:00", "America/Chicago", "2026-03-07"),
        ("2026-03-08T06:00:00+00:00", "America/Chicago", "2026-03-08"),
        ("2026-03-09T05:00:00+00:00", "America/Chicago", "2026-03-09"),
        # and back
        ("2026-11-02T05:59:59+00:00", "America/Chicago", "2026-11-01"),
        ("2026-11-02T06:00:00+00:00", "America/Chicago", "2026-11-02"),
        # Arizona does not turn its clocks
        ("2026-07-01T06:59:59+00:00", "America/Phoenix", "2026-06-30"),
        ("2026-07-01T02:30:00+02:00", "Pacific/Honolulu", "2026-06-30"),
    ],
)
def test_a_school_day_is_the_date_on_the_schools_own_wall(instant: str, zone: str, day: str) -> None:
    assert local_date(datetime.fromisoformat(instant), zone) == date.fromisoformat(day)


@given(INSTANTS, st.sampled_from(ZONES))
def test_an_instant_lies_between_its_dates_midnight_and_the_next(instant: datetime, zone: str) -> None:
    day = local_date(instant, zone)
    midnight = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
    next_midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))

    assert midnight.astimezone(UTC) <= instant < next_midnight.astimezone(UTC)


@given(INSTANTS, st.sampled_from(ZONES), st.integers(-23, 23))
def test_how_an_instant_is_written_does_not_change_its_date(instant: datetime, zone: str, hours: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(hours=hours)))

    assert local_date(elsewhere, zone) == local_date(instant, zone)

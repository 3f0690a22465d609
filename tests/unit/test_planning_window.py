"""When texts may leave: both clock changes, zones, and never inside quiet hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.planning.window import Window

WEEK = [0, 1, 2, 3, 4]
ZONES = [
    "America/Chicago",
    "America/New_York",
    "America/Phoenix",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Denver",
    "Asia/Kolkata",
]


def _window(zone: str = "America/Chicago") -> Window:
    return Window(time(9), time(19), WEEK, zone)


def _local(text: str, zone: str = "America/Chicago") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


OPENINGS = [
    ("open already", "2026-10-06T12:00", "America/Chicago", "2026-10-06T12:00"),
    ("the first minute", "2026-10-06T09:00", "America/Chicago", "2026-10-06T09:00"),
    ("a minute before it", "2026-10-06T08:59", "America/Chicago", "2026-10-06T09:00"),
    ("the end is outside", "2026-10-06T19:00", "America/Chicago", "2026-10-07T09:00"),
    ("over the weekend", "2026-10-09T19:00", "America/Chicago", "2026-10-12T09:00"),
    ("the weekend the clock goes forward", "2026-03-06T20:00", "America/Chicago", "2026-03-09T09:00"),
    ("the weekend the clock goes back", "2026-10-30T20:00", "America/Chicago", "2026-11-02T09:00"),
    ("Arizona keeps its clock", "2026-03-06T20:00", "America/Phoenix", "2026-03-09T09:00"),
]


@pytest.mark.parametrize(("asked", "zone", "opens"), [row[1:] for row in OPENINGS], ids=[row[0] for row in OPENINGS])
def test_the_next_opening_is_the_local_morning(asked: str, zone: str, opens: str) -> None:
    assert _window(zone).next_open(_local(asked, zone)) == _local(opens, zone).astimezone(UTC)


def test_the_same_instant_is_morning_in_one_zone_and_night_in_another() -> None:
    instant = datetime(2026, 10, 6, 13, 30, tzinfo=UTC)
    assert [zone for zone in ("America/New_York", "America/Chicago", "America/Denver") if _window(zone).is_open(instant)] == [
        "America/New_York"
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "found"),
    [
        (time(2, 30), time(8), "2026-03-08T03:30"),
        (time(2, 30), time(3), "2026-03-09T02:30"),
    ],
    ids=["later that day", "past its end: the next day"],
)
def test_an_opening_hour_that_the_clock_skips_is_no_quiet_hour(opens: time, closes: time, found: str) -> None:
    window = Window(opens, closes, range(7), "America/Chicago")
    assert window.next_open(_local("2026-03-08T00:00")) == _local(found).astimezone(UTC)


def test_a_window_whose_hour_comes_twice_opens_twice() -> None:
    window = Window(time(1, 30), time(1, 45), range(7), "America/Chicago")
    first = window.next_open(_local("2026-11-01T00:00"))
    second = window.next_open(first + timedelta(minutes=20))
    assert second - first == timedelta(hours=1)


@pytest.mark.parametrize(("days", "closes"), [([], time(19)), (WEEK, time(9))], ids=["no day", "no hour"])
def test_a_window_that_never_opens_is_an_error(days: list[int], closes: time) -> None:
    with pytest.raises(ValueError, match="never open"):
        Window(time(9), closes, days, "America/Chicago").next_open(datetime(2026, 10, 6, tzinfo=UTC))


minutes = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))


@given(
    opens=minutes,
    closes=minutes,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from(ZONES),
    instant=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone stands beside it
)
def test_the_next_opening_is_never_in_quiet_hours_and_nothing_before_it_is_open(
    opens: time, closes: time, days: frozenset[int], zone: str, instant: datetime
) -> None:
    if opens >= closes:
        opens, closes = time(9), time(19)
    window = Window(opens, closes, days, zone)
    found = window.next_open(instant)
    assert found >= instant
    assert window.is_open(found)
    local = found.astimezone(ZoneInfo(zone))
    assert local.weekday() in days
    assert opens <= local.time() < closes
    step = timedelta(minutes=15)
    earlier = (instant + n * step for n in range(int((found - instant) / step) + 1))
    assert not any(window.is_open(at) for at in earlier if at < found and not _skipped(opens, at, zone))


def _skipped(opens: time, at: datetime, zone: str) -> bool:
    """Whether the clock of that day skips the opening hour: then the window opens an hour's change later, and may miss some minutes."""
    shown = datetime.combine(at.astimezone(ZoneInfo(zone)).date(), opens, tzinfo=ZoneInfo(zone))
    return shown.astimezone(UTC).astimezone(ZoneInfo(zone)).time() != opens


def test_after_a_long_holiday_the_window_opens_on_the_first_school_day() -> None:
    closed = frozenset(date(2026, 12, 19) + timedelta(days=n) for n in range(30))
    window = Window(time(9), time(19), range(5), "America/Chicago", closed=closed)
    eve = datetime(2026, 12, 18, 18, 0, tzinfo=ZoneInfo("America/Chicago"))
    assert window.is_open(eve)
    assert not window.is_open(eve + timedelta(days=3))
    assert window.next_open(eve + timedelta(hours=2)) == datetime(2027, 1, 18, 9, 0, tzinfo=ZoneInfo("America/Chicago"))

"""A clock is let run over both changes of the year, in Arizona, in a split district, for numbers of other zones: no text at night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.database import Database
from outreach.district.tables import School
from outreach.planning.tables import PlannedMessage
from tests.stages.outbox import Outbox, running

OPENS, CLOSES = time(9), time(19)
FAMILIES = {
    # (school's zone, number): zones in which it must be day
    ("America/New_York", "+12125550142"): ("America/New_York",),
    ("America/Chicago", "+13125550142"): ("America/Chicago",),
    ("America/Phoenix", "+16025550142"): ("America/Phoenix",),
    ("America/Denver", "+16055550142"): ("America/Chicago", "America/Denver"),  # South Dakota lies in two zones
    ("America/New_York", "+14155550142"): ("America/New_York", "America/Los_Angeles"),
    ("America/Los_Angeles", "+12125550143"): ("America/New_York", "America/Los_Angeles"),
    ("America/Chicago", "+18085550142"): ("America/Chicago", "Pacific/Honolulu"),
    ("America/Chicago", "+18005550142"): ("America/Chicago",),  # toll-free: no zone
    ("America/New_York", "+16715550142"): ("America/New_York",),  # Guam's day never meets New York's
}


@pytest.fixture
def outbox(sqlite_database: Database, tmp_path: Path) -> Iterator[Outbox]:
    """An outbox that may send on every day of the week."""
    with running(sqlite_database, tmp_path / "home", send_days=list(range(7)), sender_rate=1000.0) as ready:
        yield ready


@pytest.mark.parametrize("change", [date(2026, 11, 1), date(2027, 3, 14)])
def test_nothing_leaves_outside_the_window_of_school_and_number(outbox: Outbox, change: date) -> None:
    outbox.now = datetime.combine(change - timedelta(days=1), time(5), tzinfo=UTC)
    families = {phone: zones for (_, phone), zones in FAMILIES.items()}
    for zone, phone in FAMILIES:
        _plan(outbox, zone, phone)
    left: set[str] = set()
    for outbox.now in _edges(change):
        before = len(outbox.sent())
        outbox.send()
        for message in outbox.sent()[before:]:
            left.add(message.to)
            _plan(outbox, next(zone for zone, phone in FAMILIES if phone == message.to), message.to)
            for zone in families[message.to]:
                shown = outbox.now.astimezone(ZoneInfo(zone))
                assert OPENS <= shown.time() < CLOSES, f"{message.to} at {shown}"
                until = (outbox.now + timedelta(seconds=message.valid_seconds)).astimezone(ZoneInfo(zone))
                assert until.time() <= CLOSES, f"{message.to} may wait until {until}"
    assert left == set(families), "each had its hours"


def _edges(change: date) -> list[datetime]:
    """Just before and at every hour at which a window opens or closes anywhere, on the day of the change and the next."""
    hours = {
        datetime.combine(change + timedelta(days=day), hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for zones in FAMILIES.values() for zone in zones for hour in (OPENS, CLOSES) for day in (0, 1)
    }  # fmt: skip
    return sorted({edge for hour in hours for edge in (hour - timedelta(minutes=1), hour)})


def _plan(outbox: Outbox, zone: str, phone: str) -> int:
    """Plan a text to a family of a school in *zone*."""
    planned = outbox.answer("We called.", phone)
    with outbox.database.write() as session:
        if session.get(School, zone) is None:
            nothing = dict.fromkeys(("parent_id", "phone", "address", "low_grade", "high_grade"), "")
            school = {"school_id": zone, "name": zone, "timezone": zone, "gone_import_id": None, "source": "s", "import_id": 1, "line": 2}
            session.add(School(**nothing, **school))
        session.get_one(PlannedMessage, planned).school_id = zone
    return planned

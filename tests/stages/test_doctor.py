"""What an installation is told about its calendars, its servers and its e-mails."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from outreach.attendance.importing import import_folder
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.doctor import State, examine, missing_parts
from outreach.services import Services
from outreach.settings import FeedKey, Settings
from tests.attendance.feeds import write_feed
from tests.conftest import NOON
from tests.feeds import FIRST_DAY, LAST_DAY, ROOSEVELT, District, school_days

WHOLE = school_days(FIRST_DAY, LAST_DAY)
WINTER = [day for day in WHOLE if not date(2026, 12, 21) <= day <= date(2027, 1, 8)]
NO_NOVEMBER = [day for day in WHOLE if not date(2026, 11, 1) <= day <= date(2026, 12, 20)]

YEARS = [
    ("a whole year", WHOLE, ""),
    ("with three weeks of winter holidays", WINTER, ""),
    ("of four days a week", [day for day in WHOLE if day.weekday() < 4], ""),
    ("a first half", [day for day in WHOLE if day.year == 2026], "2026-08-17 to 2026-12-31"),
    ("seven weeks missing", NO_NOVEMBER, "none from 2026-10-30 to 2026-12-21"),
    ("one day", [FIRST_DAY], "2026-08-17 to 2026-08-17"),
    ("no calendar at all is said elsewhere", [], ""),
]


@pytest.mark.parametrize(("days", "missing"), [row[1:] for row in YEARS], ids=[row[0] for row in YEARS])
def test_a_calendar_that_leaves_out_a_part_of_the_year_is_seen(days: list[date], missing: str) -> None:
    assert missing_parts(days) == missing


def test_doctor_names_the_school_whose_calendar_is_a_part(
    database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    district = District()
    district.child("lia", absent=1)
    district.adult("anna", ["lia", "max"], phone="+13125550142")
    district.child("max", school=ROOSEVELT)
    feed = district.feed()
    feed["files"]["calendar"] = [
        row
        for row in feed["files"]["calendar"]
        if row["school_id"] != ROOSEVELT or row["date"] < (FIRST_DAY + timedelta(days=90)).isoformat()
    ]
    import_folder(database, write_feed(tmp_path / "feed", feed), home=settings.home, now=NOON)
    said = [
        finding.sentence for finding in examine(Services(settings, database, clock, None)) if "part of the school year" in finding.sentence
    ]
    assert said == [
        "School S2 has a calendar for a part of the school year only (2026-08-17 to 2026-11-13); days outside it are not counted."
    ]


def test_a_server_without_a_key_and_a_missing_mail_server_are_told(sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    write_feed(tmp_path / "feeds" / "there", {"settings": {"name": "there", "sftp": {"host": "sftp.district.example"}}, "files": {}})
    watching = settings.model_copy(update={"feed_folder": str(tmp_path / "feeds")})
    found = {one.sentence: one.state for one in examine(Services(watching, sqlite_database, FixedClock(NOON), None))}
    missing = 'there is fetched from a server whose key is not set. Put [feed_keys."there"] into settings.toml.'
    assert found[missing] is State.WRONG
    assert found["No mail server is set, so e-mails to staff are held. Set smtp_host and mail_from."] is State.LOOK
    key = {"feed_keys": {"there": FeedKey(key="district", secret="s")}, "smtp_host": "mail.district.example"}
    mended = examine(Services(watching.model_copy(update=key), sqlite_database, FixedClock(NOON), None))
    assert not {missing, *(one for one in found if "mail server" in one)} & {one.sentence for one in mended}

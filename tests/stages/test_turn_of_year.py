"""The turn of the school year: what was counted, told and allowed last year binds nobody in the new one, and what people said stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from outreach.attendance.queries import student_counts
from outreach.consent import actions as consent
from outreach.consent import blocks
from outreach.consent import queries as ledger
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.planning import release
from outreach.settings import Settings
from tests.feeds import LINCOLN, school_days
from tests.stages.nights import Nights, Said

MAY = datetime(2027, 5, 26, 17, 0, tzinfo=UTC)
"""Two days before the last school day."""
JULY = datetime(2027, 7, 7, 17, 0, tzinfo=UTC)
FIRST, SEPTEMBER = date(2027, 8, 16), datetime(2027, 9, 15, 17, 0, tzinfo=UTC)
PHONE = "+13125550142"


@pytest.fixture
def late(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Two days before the summer: Lia missed so much in spring that her mother is to hear of it, and the feed knows both years."""
    nights = Nights(sqlite_database, settings, tmp_path)
    nights.district.days += school_days(FIRST, date(2028, 5, 26))
    nights.district.child("lia", absent=20, until=date(2027, 5, 25))
    nights.district.adult("mother", ["lia"], phone=PHONE)
    nights.now = MAY
    nights.approve()
    nights.open()
    return nights


def turned(nights: Nights, *, absent: int) -> list[Said]:
    """The first night of September, Lia having come back and missed some days since."""
    nights.district.enrolments["lia"].append({"student_id": "lia", "school_id": LINCOLN, "entry_date": FIRST.isoformat(), "exit_date": ""})
    past = [day for day in nights.district.days if FIRST <= day < SEPTEMBER.date()]
    nights.district.marks["lia"] |= dict.fromkeys(past[-absent:] if absent else (), "U")
    nights.now = SEPTEMBER
    nights.load()
    nights.evaluate()
    nights.release_baseline()
    return nights.plan()


def test_a_message_that_waited_over_the_summer_never_leaves_with_last_years_number(late: Nights) -> None:
    late.plan()
    [text] = late.rows("sms", "planned")
    late.become(text, state="held", reason="asked to wait", expires_at=None)
    late.now = JULY
    late.evaluate()
    found = late.check(text)
    assert isinstance(found, release.Stop), "in the summer there is no school day, and no count of this year"
    turned(late, absent=6)
    found = late.check(text)
    assert isinstance(found, release.Stop) or "6 days" in found.body, "the new year's number or nothing"


def test_nothing_begins_in_the_summer(late: Nights) -> None:
    late.now = JULY
    late.load()
    assert late.evaluate() == []
    assert [said for said in late.plan() if said.state == "planned"] == []


def test_the_new_year_is_counted_from_nothing_and_the_last_one_can_still_be_asked_for(late: Nights) -> None:
    turned(late, absent=6)
    with late.database.read() as session:
        new, old = (student_counts(session, day)["lia"].count for day in (SEPTEMBER.date() - timedelta(days=1), date(2027, 5, 28)))
    assert (new.absent, old.absent) == (6, 20)
    assert [(rule, number, state) for _child, rule, number, state in late.episodes() if state in {"open", "passed"}][-1][1] == 1


def test_doses_and_pauses_of_last_year_bind_nobody(late: Nights) -> None:
    late.settings = late.settings.model_copy(update={"yearly_nudge_dose": 1})
    late.plan()
    late.send(late.rows("sms", "planned")[0])
    assert "planned" in {said.state for said in turned(late, absent=6)}


@pytest.mark.parametrize(("days", "state"), [(0, ("planned", "")), (300, ("skipped", "unverified phone"))])
def test_a_number_that_was_confirmed_long_ago_is_confirmed_again_where_the_district_wants_it(
    late: Nights, days: int, state: tuple[str, str]
) -> None:
    late.district.settings = {**late.district.settings, "trust_registration_phones": False}
    late.district.phones[0] |= {"verified_on": "2026-09-01", "consent": "true"}
    late.settings = late.settings.model_copy(update={"reverify_after_days": days})
    assert {(said.state, said.why) for said in turned(late, absent=6) if said.channel == "sms"} == {state}


def test_what_people_said_and_what_lies_open_goes_along(late: Nights) -> None:
    with late.database.write() as session:
        consent.record(session, PHONE, Kind.OPT_OUT, source=Source.STAFF, by="ana@example.org", now=MAY)
        blocks.place(session, "mother", reason="court order", by="ana@example.org", now=MAY)
    assert [said for said in turned(late, absent=6) if said.state == "planned"] == []
    with late.database.read() as session:
        assert ledger.state(session, PHONE).opted_out

"""Families whom a person asked to leave in peace: nothing is begun with the household until the day is over, and notices still leave."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from outreach.database import Database
from outreach.district.overlays import Act, OverlayError
from outreach.planning import peace
from outreach.planning.checks import CHECKS, Check
from outreach.planning.peace import Why
from outreach.planning.reasons import Reason
from outreach.planning.release import Stop
from outreach.planning.states import MessageClass
from outreach.settings import Settings
from tests.stages.nights import Nights

TODAY = date(2026, 10, 6)


@pytest.fixture
def nights(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Two children of one mother, the elder over the threshold."""
    found = Nights(sqlite_database, settings, tmp_path)
    found.district.child("lia", absent=4)
    found.district.child("max")
    found.district.adult("mother", ["lia", "max"], phone="+13125550142")
    found.approve()
    found.open()
    return found


def _leave(nights: Nights, child: str = "max", until: date = TODAY) -> None:
    with nights.database.write() as session:
        peace.leave(session, child, Why.BEREAVEMENT, until, Act("ana@example.org", nights.now, "her grandmother died"), today=TODAY)


def test_the_household_hears_nothing_that_we_begin_until_the_day_is_over(nights: Nights) -> None:
    _leave(nights)
    assert {(said.state, said.why) for said in nights.plan()} == {("skipped", "left in peace")}
    with nights.database.read() as session:
        assert [hold.student_id for hold in peace.standing(session, TODAY)] == ["lia", "max"]
        assert peace.standing(session, TODAY + timedelta(days=1)) == []
    assert {said.state for said in nights.night()} == {"planned"}


def test_a_message_that_was_planned_before_does_not_leave(nights: Nights) -> None:
    nights.plan()
    [row] = nights.rows(state="planned")
    _leave(nights)
    stopped = nights.check(row)
    assert isinstance(stopped, Stop)
    assert stopped.reason == Reason.LEFT_IN_PEACE


@pytest.mark.parametrize(
    ("kind", "may_leave"), [(MessageClass.CAMPAIGN, False), (MessageClass.WELCOME, False), (MessageClass.NOTICE, True)]
)
def test_a_campaign_waits_and_what_the_law_sets_leaves(nights: Nights, kind: MessageClass, *, may_leave: bool) -> None:
    nights.plan()
    [row] = nights.rows(state="planned")
    nights.become(row, message_class=kind)
    _leave(nights)
    found = nights.check(row)
    assert (getattr(found, "reason", "") != Reason.LEFT_IN_PEACE) is may_leave
    assert (Check.SCHOOL_DAY in CHECKS[kind]) is not may_leave


def test_a_person_ends_it_earlier_and_an_endless_one_is_refused(nights: Nights) -> None:
    _leave(nights, until=TODAY + timedelta(days=30))
    with nights.database.write() as session:
        peace.end(session, "lia", Act("ana@example.org", nights.now), today=TODAY)
        assert peace.held(session, {"lia", "max"}, TODAY) == frozenset()
    for child, until in (("nobody", TODAY), ("lia", TODAY - timedelta(days=1)), ("lia", TODAY + timedelta(days=400))):
        with pytest.raises(OverlayError):
            _leave(nights, child, until)

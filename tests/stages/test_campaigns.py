"""Campaigns: whom each kind means, what binds them at the release, and that nothing leaves before a person let it go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from outreach.attendance.deceased import mark_deceased
from outreach.consent import actions as consent
from outreach.consent import blocks
from outreach.consent.states import Kind as Says
from outreach.consent.states import Source
from outreach.database import Database
from outreach.delivery import following
from outreach.district.overlays import Act
from outreach.evidence import campaign_results
from outreach.evidence.campaign_results import Results
from outreach.planning import batches, brakes, campaign_actions, peace
from outreach.planning.batches import SecondPersonError
from outreach.planning.campaign_tables import Campaign
from outreach.planning.campaigns import CampaignError, Kind, Wanted, has_improved, year_that_ended
from outreach.planning.peace import Why
from outreach.planning.reasons import Reason
from outreach.planning.release import Go, Stop
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.nights import Nights

ANNA, BELA, CARA = "+13125550142", "+13125550143", "+13125550144"
HEAD, DEPUTY = "head@example.org", "deputy@example.org"
NOVEMBER = datetime(2026, 11, 10, 18, 0, tzinfo=UTC)
"""A Tuesday, noon in Chicago, sixty school days into the year."""
TODAY = date(2026, 11, 10)
WORDS = {
    ("improvement", "sms", "en"): "{{ district }}: Good news: {{ child }} has come to school on more days lately. STOP",
    ("transition_6", "sms", "en"): "{{ district }}: Grade 6 begins. STOP",
    ("summer", "sms", "en"): "{{ district }}: We look forward to seeing {{ child }}. STOP",
}


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Lia and her brother came better lately, Tom did not; Uma changed too little to tell."""
    found = Nights(database, settings, tmp_path, now=NOVEMBER)
    district = found.district
    district.child("lia", absent=5, until=date(2026, 10, 9), grade="5")
    district.child("leo", absent=4, until=date(2026, 10, 9), grade="3")
    district.child("tom", absent=6, until=date(2026, 11, 6), grade="5")
    district.child("uma", absent=2, until=date(2026, 10, 9), grade="5")
    district.adult("anna", ["lia", "leo"], phone=ANNA)
    district.adult("bela", ["tom", "uma"], phone=BELA)
    found.approve(WORDS)
    found.load()
    return found


def wanted(kind: Kind = Kind.IMPROVING, first: date = TODAY, days: int = 7, grades: tuple[str, ...] = ()) -> Wanted:
    return Wanted(kind, (LINCOLN, ROOSEVELT), grades, first, first + timedelta(days=days))


def plan(nights: Nights, asked: Wanted | None = None) -> int:
    asked = asked or wanted()
    with nights.database.write() as session:
        meant = campaign_actions.meant(session, asked, settings=nights.settings, now=nights.now)
        return campaign_actions.plan(session, asked, meant, settings=nights.settings, now=nights.now, by=HEAD).id


def let_go(nights: Nights, batch: int = 1, by: str = DEPUTY) -> int:
    with nights.database.write() as session:
        return batches.approve(session, batch, by=by, now=nights.now)


def results(nights: Nights, campaign: int = 1) -> Results:
    with nights.database.read() as session:
        return campaign_results.results(session, session.get_one(Campaign, campaign), nights.now.date())


# --- whom it means ----------------------------------------------------------------------------------------------------------------

DAYS = [date(2026, 8, 17) + timedelta(days=n) for n in range(60)]


@pytest.mark.parametrize(
    ("missed", "days", "improved"),
    [
        ([25, 27, 29], DAYS, True),
        ([25, 27, 29, 45], DAYS, True),
        ([25, 27, 29, 45, 47], DAYS, False),
        ([25, 27], DAYS, False),
        ([1, 2, 3, 4], DAYS, False),
        ([25, 27, 29], DAYS[:39], False),
        ([], DAYS, False),
    ],
)
def test_better_is_half_as_much_in_twenty_school_days_as_in_the_twenty_before(
    missed: list[int], days: list[date], *, improved: bool
) -> None:
    assert has_improved([(DAYS[place], 1) for place in missed], days) is improved


def test_the_year_that_ended_is_this_one_in_its_summer_and_else_the_last() -> None:
    july, june = date(2026, 7, 1), date(2027, 6, 15)
    assert year_that_ended(june, july) == june
    assert year_that_ended(date(2027, 7, 12), date(2027, 7, 1)) == date(2027, 6, 30)
    assert year_that_ended(date(2026, 10, 6), july) == date(2026, 6, 30)


def test_good_news_goes_once_to_a_household_about_a_child_who_came_better(nights: Nights) -> None:
    plan(nights)
    assert [(row.student_ids, row.state, row.reason.split(":")[0]) for row in nights.rows()] == [
        (["leo"], State.WAITING, "waits for approval"),
        (["lia"], State.SKIPPED, "too soon"),
    ]
    assert results(nights).left_out == ((Reason.SIBLING_FIRST, 1),)


def test_grades_and_schools_narrow_it_and_nobody_meant_is_said(nights: Nights) -> None:
    plan(nights, wanted(grades=("5",)))
    assert [row.student_ids for row in nights.rows()] == [["lia"]]
    with pytest.raises(CampaignError, match="Nobody"):
        plan(nights, Wanted(Kind.IMPROVING, (ROOSEVELT,), (), TODAY, TODAY))


def test_what_cannot_be_is_refused_and_nothing_is_planned(nights: Nights) -> None:
    for asked, why in (
        (Wanted(Kind.IMPROVING, (), (), TODAY, TODAY), "at least one school"),
        (wanted(first=TODAY - timedelta(days=1)), "today or later"),
        (wanted(days=-1), "today or later"),
        (wanted(days=61), "60 days"),
        (wanted(first=date(2026, 11, 14), days=1), "do not fit"),
    ):
        with pytest.raises(CampaignError, match=why):
            plan(nights, asked)
    assert not nights.rows()


def test_grade_six_greets_who_is_there_and_who_is_enrolled_from_a_coming_day(nights: Nights) -> None:
    nights.district.child("kim", grade="6", school=ROOSEVELT)
    nights.district.child("new", grade="06", school=ROOSEVELT)
    nights.district.enrolments["new"][0]["entry_date"] = "2026-11-30"
    nights.district.adult("cara", ["kim"], phone=CARA)
    nights.district.adult("dora", ["new"], phone="+13125550145")
    nights.load()
    plan(nights, wanted(Kind.SIX))
    rows = nights.rows(state=State.WAITING)
    assert sorted(row.student_ids[0] for row in rows) == ["kim", "new"]
    let_go(nights)
    assert all(isinstance(nights.check(row), Go) for row in nights.rows())
    nights.district.enrolments["new"][0]["entry_date"] = "2027-08-16"
    nights.load()
    stopped = next(nights.check(row) for row in nights.rows() if row.student_ids == ["new"])
    assert stopped == Stop(State.CANCELLED, Reason.LEFT_SCHOOL)


def test_summer_writes_to_last_years_chronically_absent_who_stayed_to_the_end(nights: Nights) -> None:
    district = nights.district
    district.child("max", absent=25, until=date(2027, 5, 27), grade="5")
    district.child("gone", absent=25, until=date(2027, 3, 1), grade="5")
    district.leave("gone", date(2027, 3, 5))
    district.adult("cara", ["max"], phone=CARA)
    district.adult("dora", ["gone"], phone="+13125550145")
    nights.now = datetime(2027, 7, 12, 18, 0, tzinfo=UTC)
    nights.load()
    plan(nights, wanted(Kind.SUMMER, first=date(2027, 7, 13)))
    assert [(row.student_ids, row.state) for row in nights.rows()] == [(["max"], State.WAITING)]
    let_go(nights)
    nights.now += timedelta(days=1)
    found = nights.check(nights.rows()[0])
    assert isinstance(found, Go)
    assert "We look forward to seeing Max" in found.body
    district.enrolments["max"][0]["exit_date"] = "2027-02-05"
    nights.load()
    assert nights.check(nights.rows()[0]) == Stop(State.CANCELLED, Reason.LEFT_SCHOOL)


# --- nothing leaves before a person, and every brake holds ---------------------------------------------------------------------------


def test_it_waits_for_a_person_and_a_large_one_for_a_second(nights: Nights) -> None:
    plan(nights)
    [row] = nights.rows(state=State.WAITING)
    assert let_go(nights, by=HEAD) == 1
    go = nights.check(row)
    assert isinstance(go, Go)
    assert "Good news: Leo has come" in go.body
    nights.settings = nights.settings.model_copy(update={"breaker_minimum": 0})
    nights.district.adult("cara", ["uma"], phone=CARA)
    nights.district.miss("uma", 5, date(2026, 10, 9))
    nights.load()
    plan(nights)
    with pytest.raises(SecondPersonError):
        let_go(nights, 2, by=HEAD)
    assert let_go(nights, 2) == 2, "to each of her households"


def _stop(nights: Nights) -> None:
    with nights.database.write() as session:
        consent.record(session, ANNA, Says.OPT_OUT, source=Source.FAMILY, by="family", now=nights.now)


def _block(nights: Nights) -> None:
    with nights.database.write() as session:
        blocks.place(session, "anna", reason="a court's order", by=HEAD, now=nights.now, student_id="leo")


def _peace(nights: Nights) -> None:
    with nights.database.write() as session:
        until = nights.now.date() + timedelta(days=9)
        peace.leave(session, "leo", Why.BEREAVEMENT, until, Act(HEAD, nights.now, ""), today=nights.now.date())


def _brake(kind: brakes.Kind) -> Callable[[Nights], None]:
    def put(nights: Nights) -> None:
        with nights.database.write() as session:
            brakes.put_on(session, kind, "", by=HEAD, why="", now=nights.now)

    return put


def _died(nights: Nights) -> None:
    with nights.database.write() as session:
        mark_deceased(session, "leo", Act(HEAD, nights.now, ""))


def _worse(nights: Nights) -> None:
    nights.district.miss("leo", 9, date(2026, 11, 9))
    nights.load()


def _night(nights: Nights) -> None:
    nights.now = NOVEMBER.replace(hour=4) + timedelta(days=1)


@pytest.mark.parametrize(
    ("happens", "state", "why"),
    [
        (_stop, State.CANCELLED, "opted out"),
        (_block, State.CANCELLED, "blocked contact"),
        (_peace, State.CANCELLED, "left in peace"),
        (_brake(brakes.Kind.STOP), State.HELD, "stopped"),
        (_brake(brakes.Kind.SHADOW), State.HELD, "shadow"),
        (_died, State.CANCELLED, "deceased"),
        (_worse, State.CANCELLED, "not true any more"),
        (_night, State.HELD, "quiet hours"),
    ],
)
def test_what_happens_after_it_was_let_go_still_stops_it(nights: Nights, happens: Callable[[Nights], None], state: State, why: str) -> None:
    plan(nights, wanted(grades=("3",)))
    let_go(nights)
    [row] = nights.rows()
    assert isinstance(nights.check(row), Go)
    happens(nights)
    found = nights.check(row)
    assert isinstance(found, Stop)
    assert (found.state, found.reason.split(":")[0].split(" (")[0]) == (state, why)


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (_stop, "opted out"),
        (_block, "blocked contact"),
        (_peace, "left in peace"),
        (_brake(brakes.Kind.SHADOW), "shadow"),
        (_died, "deceased"),
    ],
)
def test_what_stood_before_leaves_a_row_with_the_reason(nights: Nights, happens: Callable[[Nights], None], why: str) -> None:
    happens(nights)
    try:
        plan(nights, wanted(grades=("3",)))
    except CampaignError:
        assert why == "deceased", "of a child who died nobody says that it comes better"
        return
    assert [(row.state, row.reason.split(":")[0]) for row in nights.rows()] == [(State.SKIPPED, why)]
    assert results(nights).planned == 0


def test_a_household_hears_the_same_once_and_what_is_called_off_never_leaves(nights: Nights) -> None:
    first = plan(nights)
    nights.now += timedelta(days=1)
    plan(nights, wanted(first=nights.now.date()))
    assert [row.reason for row in nights.rows()[2:]] == [Reason.TOO_SOON, Reason.TOO_SOON]
    with nights.database.write() as session:
        assert campaign_actions.call_off(session, session.get_one(Campaign, first), by=HEAD, now=nights.now) == 1
        assert campaign_actions.call_off(session, session.get_one(Campaign, first), by=HEAD, now=nights.now) == 0
    assert let_go(nights) == 0
    assert nights.rows()[0].state == State.CANCELLED
    nights.now += timedelta(days=1)
    plan(nights, wanted(first=nights.now.date()))
    assert nights.rows()[-2].state == State.WAITING, "what never left counts for nothing"


def test_its_results_tell_what_left_arrived_and_came_back(nights: Nights) -> None:
    plan(nights)
    let_go(nights)
    row = nights.rows()[0]
    nights.send(row, state="delivered")
    with nights.database.write() as session:
        at = nights.now + timedelta(hours=2)
        consent.record(session, ANNA, Says.OPT_OUT, source=Source.FAMILY, by="family", now=at)
    found = results(nights)
    assert (found.children, found.planned, found.sent, found.delivered, found.stopped, found.waiting) == (2, 1, 1, 1, 1, 0)
    assert found.attendance is None, "two children are too few, and four weeks are not over"


def test_a_campaign_let_go_late_still_ends_on_its_last_day(nights: Nights) -> None:
    plan(nights)
    [row] = nights.rows(state=State.WAITING)
    nights.now += timedelta(days=5)
    let_go(nights)
    assert nights.rows()[0].expires_at == row.expires_at == datetime(2026, 11, 18, 6, 0, tzinfo=UTC)


def test_a_text_that_was_tried_again_is_one_text_in_the_results(nights: Nights) -> None:
    plan(nights)
    let_go(nights)
    row = nights.rows()[0]
    nights.send(row, state="failed")
    with nights.database.write() as session:
        session.add(following.like(session.get_one(PlannedMessage, row.id), nights.now, once_key="retry:1"))
    assert (results(nights).sent, results(nights).failed, results(nights).to_come) == (0, 0, 1)
    again = nights.rows()[-1]
    nights.send(again, state="delivered")
    assert (results(nights).planned, results(nights).sent, results(nights).delivered, results(nights).failed) == (1, 1, 1, 0)


def test_attendance_afterwards_is_shown_for_ten_children_after_four_weeks(nights: Nights) -> None:
    """Ten children who missed 3 of the 20 school days before and 1 of the 20 after: 15 and 5 per cent."""
    for n in range(10):
        child = f"kid{n}"
        nights.district.child(child, absent=3, until=date(2026, 11, 9), grade="6")
        nights.district.adult(f"adult{n}", [child], phone=f"+1312555016{n}")
    nights.load()
    plan(nights, wanted(Kind.SIX))
    let_go(nights)
    for row in nights.rows(state=State.PLANNED):
        nights.become(row, state=State.SENT, sent_at=nights.now)
    for n in range(10):
        nights.district.marks[f"kid{n}"][date(2026, 11, 18)] = "U"
    nights.now += timedelta(days=27)
    nights.load()
    assert results(nights).attendance is None, "four weeks are not over"
    nights.now += timedelta(days=2)
    found = results(nights).attendance
    assert found is not None
    assert (found.children, found.before, found.after) == (10, Fraction(3, 20), Fraction(1, 20))

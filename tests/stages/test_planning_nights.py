"""Night after night: a crossing speaks once, in its turn, and a family is not written to too often."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from outreach.database import Database
from outreach.planning.reasons import Reason
from outreach.planning.release import Go, Stop
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from tests.feeds import SETTINGS
from tests.stages.nights import Nights, Said

ANNA, BEN = "+13125550142", "+13125550143"
TEXT = Said("anna", ("lia",), "anna", "sms", "planned", "")


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A district with one child, Lia, who missed 4 of 37 days, and her mother Anna."""
    found = Nights(database, settings, tmp_path)
    found.district.child("lia", absent=4)
    found.district.adult("anna", ["lia"], phone=ANNA, address="1 Elm Street")
    found.approve()
    return found


def _letters(nights: Nights) -> list[tuple[str, str]]:
    return [(row.state, row.reason.split(":")[0]) for row in nights.rows("letter")]


def test_planning_again_writes_nothing_new(nights: Nights) -> None:
    nights.district.child("max", absent=9)
    nights.open()
    first = nights.plan()
    refs = [row.ref for row in nights.rows()]
    second = nights.plan()
    assert [row.why for row in second] == ["no contact", "no contact"], "the skips are confirmed, the message is not said again"
    assert len(first) == 3
    assert [row.ref for row in nights.rows()] == refs


@pytest.mark.parametrize("state", ["planned", "held", "sending", "uncertain", "sent", "delivered", "failed", "undelivered"])
def test_a_message_on_its_way_or_further_is_not_planned_again(nights: Nights, state: str) -> None:
    nights.open()
    nights.plan()
    nights.become(nights.rows()[0], state=state)
    nights.now += timedelta(days=60)
    assert nights.plan() == []


def test_a_skip_whose_reason_is_gone_is_planned_in_its_place(nights: Nights) -> None:
    nights.district.phones[0]["type"] = "home"
    nights.open()
    assert [row.why for row in nights.plan()] == ["no usable phone"]
    nights.district.phones[0]["type"] = "mobile"
    nights.load()
    assert nights.plan() == [TEXT]
    assert [row.state for row in nights.rows()] == ["planned"]


def test_a_skip_goes_when_its_household_does(nights: Nights) -> None:
    family = dict(nights.district.ties)
    nights.district.ties.clear()
    nights.open()
    assert [(row.household, row.why) for row in nights.plan()] == [("student:lia", "no contact")]
    nights.district.ties.update(family)
    nights.district.adult("aaron", ["lia"], address="1 Elm Street", tie={"may_receive": "no"})
    nights.district.phones[0]["type"] = "home"
    nights.load()
    assert [(row.household, row.why) for row in nights.plan()] == [("aaron", "no usable phone")]
    del nights.district.contacts["aaron"], nights.district.ties["lia", "aaron"]
    nights.load()
    nights.plan()
    assert [(row.household, row.reason.split(":")[0]) for row in nights.rows()] == [("anna", "no usable phone")], "each says it once"


def test_a_skip_whose_reason_changes_says_the_new_one(nights: Nights) -> None:
    nights.district.phones[0]["type"] = "home"
    nights.open()
    nights.plan()
    nights.district.ties["lia", "anna"]["may_receive"] = "no"
    nights.load()
    nights.plan()
    assert [row.reason.split(":")[0] for row in nights.rows()] == ["may not receive"]


def test_a_cancelled_message_whose_crossing_still_stands_is_planned_again_and_never_doubled(nights: Nights) -> None:
    nights.open()
    nights.plan()
    for _ in range(3):
        nights.become(nights.rows(state="planned")[0], state="cancelled", reason="too late")
        assert nights.plan() == [TEXT]
        assert nights.plan() == []
    assert [row.state for row in nights.rows()] == ["cancelled", "cancelled", "cancelled", "planned"], "what was tried stays as history"


def test_a_skip_after_an_attempt_stays_as_history(nights: Nights) -> None:
    nights.open()
    nights.plan()
    nights.become(nights.rows()[0], state="skipped", reason="opted out", claimed_at=nights.now)
    assert nights.plan() == [TEXT]
    assert [row.state for row in nights.rows()] == ["skipped", "planned"]


def test_the_letter_at_20_percent_speaks_for_the_one_at_10(nights: Nights) -> None:
    nights.district.miss("lia", 8)
    nights.open()
    nights.plan()
    assert _letters(nights) == [("planned", "")]
    nights.send(nights.rows("letter")[0], "printed")
    nights.district.miss("lia", 7)
    assert nights.night(days=40) == [], "below 20 percent again, but the family was told more than that"
    assert nights.episodes()[:2] == [("lia", "letter_10", 1, "open"), ("lia", "letter_20", 1, "closed")]


def test_when_20_percent_closes_before_it_spoke_the_letter_at_10_is_sent_instead(nights: Nights) -> None:
    nights.district.miss("lia", 8)
    nights.open()
    nights.plan()
    [letter] = nights.rows("letter")
    nights.district.miss("lia", 7)
    nights.load()
    nights.evaluate()
    nights.become(letter, state="cancelled")
    assert [(row.channel, row.state) for row in nights.plan()] == [("letter", "planned")]
    assert [row.state for row in nights.rows("letter")] == ["cancelled", "planned"]


def test_after_a_letter_at_10_percent_the_one_at_20_is_another(nights: Nights) -> None:
    nights.district.miss("lia", 6)
    nights.open()
    nights.plan()
    nights.send(nights.rows("letter")[0], "printed")
    nights.district.miss("lia", 9, until=date(2026, 10, 8))
    assert [(row.channel, row.state) for row in nights.night(days=3)] == [("letter", "planned")]


def test_a_second_crossing_within_the_cool_down_waits(nights: Nights) -> None:
    nights.open()
    nights.plan()
    nights.send(nights.rows()[0])
    nights.district.miss("lia", 1)
    nights.night(days=1)
    nights.district.miss("lia", 4)
    assert [(row.state, row.why) for row in nights.night(days=1)] == [("skipped", "too soon")]
    nights.now += timedelta(days=27, hours=23)
    assert [row.why for row in nights.plan()] == ["too soon"]
    nights.now += timedelta(hours=1)
    assert nights.plan() == [TEXT]


def test_a_household_gets_one_count_text_in_seven_days(nights: Nights) -> None:
    nights.open()
    nights.plan()
    nights.send(nights.rows()[0])
    nights.district.child("max", absent=4)
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    assert [(row.children, row.why) for row in nights.night(days=6)] == [(("max",), "too soon")]
    assert [(row.children, row.state) for row in nights.night(days=1)] == [(("max",), "planned")]


def test_the_week_begins_when_the_text_leaves_not_when_it_was_planned(nights: Nights) -> None:
    nights.open()
    nights.plan()
    nights.now += timedelta(days=2)
    nights.send(nights.rows()[0])
    nights.district.child("max", absent=4)
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    assert [row.why for row in nights.night(days=6)] == ["too soon"], "eight days after planning, six after the text"


def test_a_text_that_never_arrived_weighs_on_nobodys_week(nights: Nights) -> None:
    nights.open()
    nights.plan()
    nights.become(nights.rows()[0], state="undelivered", sent_at=nights.now)
    nights.district.child("max", absent=4)
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    assert [(row.children, row.state) for row in nights.night(days=1)] == [(("max",), "planned")]


def test_a_sibling_left_out_of_a_text_is_spoken_of_a_week_later(nights: Nights) -> None:
    nights.district.child("max", absent=6, school="S1")
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    nights.district.contacts["anna"]["address_line1"] = ""
    nights.open()
    assert [row.children for row in nights.plan() if row.channel == "sms" and row.state == "planned"] == [("max",)]
    nights.send(next(row for row in nights.rows("sms", "planned")))
    found = nights.night(days=7)
    assert [row.children for row in found if row.channel == "sms"] == [("lia",)]
    assert [row.state for row in found if row.channel == "sms"] == ["planned"]


def test_a_sibling_dropped_from_a_letter_at_its_release_is_written_about_later(nights: Nights) -> None:
    nights.district.miss("lia", 5)
    nights.district.child("max", absent=6)
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    nights.open()
    nights.plan()
    [letter] = nights.rows("letter")
    nights.district.marks["lia"][date(2026, 9, 1)] = "?"
    nights.load()
    nights.send(letter, "printed")
    assert nights.rows("letter")[0].student_ids == ["max"]
    nights.district.miss("lia", 5)
    assert [row.children for row in nights.night(days=1) if row.channel == "letter"] == [("lia",)]


def test_a_household_that_gets_another_name_is_not_told_twice(nights: Nights) -> None:
    nights.district.adult("aaron", ["lia"], address="1 Elm Street")
    nights.district.miss("lia", 6)
    nights.open()
    nights.plan()
    for row in nights.rows():
        nights.send(row, "sent" if row.channel == "sms" else "printed")
    assert {row.household for row in nights.rows()} == {"aaron"}
    del nights.district.contacts["aaron"], nights.district.ties["lia", "aaron"]
    assert nights.night(days=60) == [], "the household is called anna now, but Anna was told"


def test_a_child_of_two_households_is_told_in_the_one_that_was_not_told_yet(nights: Nights) -> None:
    nights.open()
    nights.plan()
    nights.district.adult("ben", ["lia"], phone=BEN)
    assert [(row.household, row.state) for row in nights.night(days=1)] == [("ben", "planned")]


def test_a_text_planned_at_night_is_due_when_the_window_opens_and_given_up_three_days_later(nights: Nights) -> None:
    nights.open()
    nights.now = nights.now.replace(hour=3)
    nights.plan()
    [row] = nights.rows()
    assert row.due_at == nights.now.replace(hour=14), "9 in Chicago"
    assert row.expires_at == row.due_at + timedelta(hours=72)


def test_the_database_refuses_a_second_message_of_a_crossing_household_and_channel(nights: Nights) -> None:
    nights.open()
    nights.plan()
    with nights.database.read() as session:
        message = dict(session.execute(select(PlannedMessage.__table__)).mappings().one())
        link = dict(session.execute(select(PlannedEpisode.__table__)).mappings().one())
    message.pop("id")
    with pytest.raises(IntegrityError, match="once_key"), nights.database.write() as session:
        session.execute(insert(PlannedMessage).values(**message | {"ref": "another"}))
    with nights.database.write() as session:
        other = session.scalar(insert(PlannedMessage).values(**message | {"ref": "b", "once_key": "b"}).returning(PlannedMessage.id))
    with pytest.raises(IntegrityError), nights.database.write() as session:
        session.execute(insert(PlannedEpisode).values(**link | {"planned_id": other}))


def test_a_school_that_reports_every_evening_is_quoted_until_yesterday_and_the_words_say_so(nights: Nights) -> None:
    nights.district.settings = {**SETTINGS, "reporting": "affirmative", "codes": {**SETTINGS["codes"], "P": {"kind": "present"}}}
    past = [day for day in nights.district.days if day <= date(2026, 10, 5)]
    nights.district.marks["lia"] = {**dict.fromkeys(past, "P"), **nights.district.marks["lia"]}
    nights.open()
    assert nights.plan() == [TEXT]
    found = nights.check(nights.rows()[0])
    assert isinstance(found, Go)
    assert found.body == "Lincoln Schools: Lia has missed 4 days as of October 5. STOP"
    del nights.district.marks["lia"][date(2026, 10, 5)]
    nights.load()
    found = nights.check(nights.rows()[0])
    assert isinstance(found, Stop)
    assert found.reason == Reason.UNKNOWN_COUNT, "yesterday should have come"


def test_two_planners_at_once_plan_each_message_once(nights: Nights) -> None:
    for n in range(20):
        nights.district.child(f"c{n}", absent=4)
        nights.district.adult(f"p{n}", [f"c{n}"], phone=f"+131255501{n:02}")
    nights.open()
    found: list[list[Said]] = []
    both = [threading.Thread(target=lambda: found.append(nights.plan())) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(map(len, found)) == [0, 21], "the second one finds everything said"
    assert len(nights.rows()) == 21

"""Which checks bind which class of message, seen at the release: each check broken in turn for a message of each class."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from outreach.attendance.deceased import mark_deceased
from outreach.attendance.tables import FeedSource
from outreach.consent import actions as consent
from outreach.consent import blocks
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.district.overlays import Act
from outreach.district.tables import CalendarEvent, ContactPhone, Enrolment, Student
from outreach.messages.tables import Approval
from outreach.planning import actions, brakes
from outreach.planning.checks import CHECKS, Check
from outreach.planning.release import Go, Stop
from outreach.planning.states import MessageClass, State
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.nights import TEXT, Nights

ANNA = "+13125550142"
FAMILIES = [kind for kind in MessageClass if kind != MessageClass.TRIAL]
"""Words under work go to no family; ``test_trial`` has their one check."""
PLAIN = "{{ district }}: school is closed today."


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """One child over the threshold, and a planned text of each class to her mother."""
    found = Nights(database, settings, tmp_path)
    found.district.child("lia", absent=4)
    found.district.adult("anna", ["lia"], phone=ANNA)
    found.approve({("count", "sms", "en"): TEXT, ("plain", "sms", "en"): PLAIN})
    found.open()
    found.plan()
    with database.write() as session:
        [nudge] = session.query(PlannedMessage).all()
        copied = {column.name: getattr(nudge, column.name) for column in PlannedMessage.__table__.columns if column.name != "id"}
        for kind in set(MessageClass) - {MessageClass.NUDGE, MessageClass.ANSWER, MessageClass.TRIAL}:
            words = "Please look now." if kind is MessageClass.PAGE else ""
            plain = {"body": words, "ref": kind.value, "once_key": kind.value, "message_class": kind.value, "message": "plain"}
            session.add(PlannedMessage(**copied | plain))
        actions.plan_answer(
            session, phone=ANNA, body="I will call you.", inbound_id=None, household="anna", contact_id="anna", student_ids=["lia"],
            school_id="S1", created_by="ana@example.org", now=found.now, family_wrote_at=found.now - timedelta(hours=25),
        )  # fmt: skip
    return found


def _row(nights: Nights, kind: MessageClass) -> PlannedMessage:
    return next(row for row in nights.rows() if row.message_class == kind)


def _opt_out(session: Session) -> None:
    consent.record(session, ANNA, Kind.OPT_OUT, source=Source.FAMILY, by="inbound", now=NOON)


def _block(session: Session) -> None:
    blocks.place(session, "anna", reason="order", by="head@example.org", now=NOON)


def _no_approval(session: Session) -> None:
    session.execute(delete(Approval))


def _told_yesterday(session: Session) -> None:
    nudge = session.query(PlannedMessage).filter_by(message_class="nudge").one()
    copied = {column.name: getattr(nudge, column.name) for column in PlannedMessage.__table__.columns if column.name != "id"}
    told = PlannedMessage(**copied | {"ref": "told", "once_key": "told", "state": "delivered", "sent_at": NOON - timedelta(days=1)})
    session.add(told)
    session.flush()
    session.add(PlannedEpisode(planned_id=told.id, episode_id=1, household="once", channel="sms"))


BREAKS: dict[Check, Callable[[Session], object]] = {
    Check.STOP_BUTTON: lambda session: brakes.put_on(session, brakes.Kind.STOP, "S1", by="head@example.org", why="wrong", now=NOON),
    Check.SHADOW: lambda session: brakes.put_on(session, brakes.Kind.SHADOW, brakes.DISTRICT, by="head@example.org", why="", now=NOON),
    Check.DECEASED: lambda session: mark_deceased(session, "lia", Act("head@example.org", NOON)),
    Check.TWO_WAY: lambda _: None,
    Check.OPT_OUT: _opt_out,
    Check.BLOCK: _block,
    Check.COUNT: lambda session: session.execute(update(Enrolment).values(entry_date=date(2026, 10, 1))),
    Check.FRESHNESS: lambda session: session.execute(update(FeedSource).values(last_delivered_at=NOON - timedelta(days=6))),
    Check.ENROLMENT: lambda session: session.execute(update(Enrolment).values(exit_date=date(2026, 10, 5))),
    Check.AGE: lambda session: session.execute(update(Student).values(birth_date=date(2008, 10, 6))),
    Check.VERIFIED: lambda session: session.execute(update(ContactPhone).values(type="home")),
    Check.APPROVED: _no_approval,
    Check.QUIET_HOURS: lambda _: None,
    Check.SCHOOL_DAY: lambda session: session.execute(
        update(CalendarEvent).where(CalendarEvent.date == NOON.date()).values(event="Holiday")
    ),
    Check.CAP: _told_yesterday,
}
AT_NIGHT = timedelta(hours=9)


def test_every_check_of_families_messages_at_the_release_is_broken_in_turn() -> None:
    assert set(Check) - BREAKS.keys() == {Check.SPENDING, Check.TURN, Check.PRETENDED}, "the claim makes two, trials the other"


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_sound_message_of_each_class_may_leave(nights: Nights, kind: MessageClass) -> None:
    found = nights.check(_row(nights, kind))
    assert isinstance(found, Go), found
    expected = {
        MessageClass.NUDGE: "Lincoln Schools: Lia has missed 4 days as of October 6. STOP",
        MessageClass.ANSWER: "I will call you.",
        MessageClass.PAGE: "Please look now.",
    }
    assert found.body == expected.get(kind, "Lincoln Schools: school is closed today.")
    assert found.segments == 1


@pytest.mark.parametrize("check", BREAKS)
def test_what_is_broken_stops_the_classes_that_the_table_names_and_no_other(nights: Nights, check: Check) -> None:
    with nights.database.write() as session:
        BREAKS[check](session)
    nights.now += AT_NIGHT if check == Check.QUIET_HOURS else timedelta()
    if check == Check.TWO_WAY:
        nights.settings = nights.settings.model_copy(update={"two_way_needs_on_call": "always"})  # and nobody is on call
    stopped = {kind for kind in FAMILIES if isinstance(nights.check(_row(nights, kind)), Stop)}
    assert stopped == {kind for kind, binding in CHECKS.items() if check in binding}


def test_the_confirmation_of_an_opt_out_is_the_one_text_after_it_but_a_block_stops_even_that(nights: Nights) -> None:
    row = _row(nights, MessageClass.CONFIRMATION)
    nights.approve({("opt_out", "sms", "en"): "{{ district }}: you will get no more texts. START"})
    nights.become(row, message="opt_out")
    with nights.database.write() as session:
        _opt_out(session)
    assert isinstance(nights.check(row), Go)
    with nights.database.write() as session:
        _block(session)
    assert isinstance(nights.check(row), Stop)


@pytest.mark.parametrize(("hours", "leaves"), [(24, True), (24.01, False)])
def test_an_answer_leaves_at_night_within_a_day_of_the_familys_message(nights: Nights, hours: float, leaves: bool) -> None:
    nights.now += AT_NIGHT
    row = _row(nights, MessageClass.ANSWER)
    nights.become(row, facts={"family_wrote_at": (nights.now - timedelta(hours=hours)).isoformat()})
    found = nights.check(row)
    assert isinstance(found, Go) is leaves
    if isinstance(found, Stop):
        assert (found.state, found.due_at) == (State.HELD, NOON.replace(day=7, hour=14)), "nine in the morning"


def test_a_blocked_contact_gets_no_answer_even_where_no_child_is_named(nights: Nights) -> None:
    row = _row(nights, MessageClass.ANSWER)
    nights.become(row, student_ids=[])
    with nights.database.write() as session:
        _block(session)
    assert isinstance(nights.check(row), Stop)


STATES = [
    (Check.STOP_BUTTON, State.HELD, State.HELD),
    (Check.SHADOW, State.SKIPPED, State.HELD),
    (Check.DECEASED, State.CANCELLED, State.CANCELLED),
    (Check.OPT_OUT, State.SKIPPED, State.CANCELLED),
    (Check.BLOCK, State.SKIPPED, State.CANCELLED),
    (Check.COUNT, State.CANCELLED, None),
    (Check.FRESHNESS, State.HELD, None),
    (Check.ENROLMENT, State.SKIPPED, State.CANCELLED),
    (Check.AGE, State.SKIPPED, State.CANCELLED),
    (Check.VERIFIED, State.SKIPPED, State.CANCELLED),
    (Check.APPROVED, State.HELD, State.CANCELLED),
    (Check.QUIET_HOURS, State.HELD, State.HELD),
    (Check.SCHOOL_DAY, State.HELD, State.HELD),
    (Check.CAP, State.SKIPPED, None),
]


@pytest.mark.parametrize(("check", "nudge", "campaign"), STATES, ids=[row[0].value for row in STATES])
def test_a_stopped_nudge_may_find_another_way_and_a_campaign_has_none(
    nights: Nights, check: Check, nudge: State, campaign: State | None
) -> None:
    with nights.database.write() as session:
        BREAKS[check](session)
    nights.now += AT_NIGHT if check == Check.QUIET_HOURS else timedelta()
    for kind, state in ((MessageClass.NUDGE, nudge), (MessageClass.CAMPAIGN, campaign)):
        found = nights.check(_row(nights, kind))
        assert (found.state if isinstance(found, Stop) else None) == state


def test_a_text_that_could_not_leave_in_time_is_given_up(nights: Nights) -> None:
    row = _row(nights, MessageClass.NUDGE)
    assert row.expires_at is not None
    nights.now = row.expires_at
    found = nights.check(row)
    assert isinstance(found, Stop)
    assert (found.state, found.reason.split(":")[0]) == (State.CANCELLED, "too late")


def test_two_texts_to_one_family_that_were_planned_before_it_became_one_do_not_stop_each_other(nights: Nights) -> None:
    nights.district.child("max", absent=5)
    nights.district.adult("ben", ["max"], phone="+13125550143")
    nights.load()
    nights.evaluate()
    nights.plan()
    mine, other = (row for row in nights.rows("sms", "planned") if row.message_class == "nudge")
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    nights.district.contacts["anna"].update(address_line1="1 Elm Street", city="Lincoln", state="IL")
    nights.district.contacts["ben"].update(address_line1="1 Elm Street", city="Lincoln", state="IL")
    nights.load()
    nights.send(mine)
    found = nights.check(other)
    assert isinstance(found, Stop)
    assert found.state == State.SKIPPED, "one household now, and it has heard this week"


def test_a_doubled_click_is_one_answer(nights: Nights) -> None:
    values = {"phone": ANNA, "body": "Yes.", "inbound_id": 1, "household": "", "contact_id": "", "student_ids": [], "school_id": "S1"}
    with nights.database.write() as session:
        both = [
            actions.plan_answer(session, **values, created_by="ana@example.org", now=nights.now, once="form-1").id  # type: ignore[arg-type]
            for _ in range(2)
        ]
    assert both[0] == both[1]


def test_an_automatic_answer_is_planned_once_and_not_without_words(nights: Nights) -> None:
    def automatic(message: str) -> PlannedMessage | None:
        return actions.plan_automatic(
            session, message=message, phone=ANNA, locale="so", inbound_id=7, message_class=MessageClass.CONFIRMATION,
            settings=nights.settings, now=nights.now,
        )  # fmt: skip

    with nights.database.write() as session:
        first, second, wordless = automatic("plain"), automatic("plain"), automatic("nothing")
        assert first is not None
        assert (first.language, first.family_language) == ("en", "so")
        assert (second, wordless) == (None, None)

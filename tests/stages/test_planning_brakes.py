"""What keeps messages back: the stop button, shadow mode, the spending cap."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.attention.tables import AttentionItem
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.delivery.provider import Answer, Text
from outreach.planning import brakes
from outreach.planning.brakes import DISTRICT, Kind
from outreach.planning.reasons import Reason
from outreach.planning.release import Go
from outreach.planning.states import MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from tests.stages.nights import Nights, Said
from tests.stages.outbox import Outbox, running

BOSS = "head@example.org"


@pytest.fixture
def outbox(database: Database, tmp_path: Path) -> Iterator[Outbox]:
    """An outbox on each database, where a day may cost two segments."""
    with running(database, tmp_path / "home", segment_price=1, daily_spending_cap=2) as ready:
        yield ready


@pytest.fixture
def nights(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A child at each of two schools, both over the threshold of a text."""
    found = Nights(sqlite_database, settings, tmp_path)
    for child, school, phone in (("lia", "S1", "+13125550142"), ("max", "S2", "+13125550143")):
        found.district.child(child, absent=4, school=school)
        found.district.adult(f"mother of {child}", [child], phone=phone)
    found.approve()
    found.open()
    return found


def _brake(database: Database, kind: Kind, school: str, now: FixedClock, *, on: bool) -> None:
    with database.write() as session:
        if on:
            brakes.put_on(session, kind, school, by=BOSS, why="a wrong import", now=now.now())
        else:
            assert brakes.take_off(session, kind, school, by=BOSS, now=now.now())


def test_the_stop_button_halts_everything_at_once_and_what_it_held_leaves_when_a_person_starts_again(outbox: Outbox) -> None:
    clock = FixedClock(outbox.now)
    planned = outbox.answer()
    _brake(outbox.database, Kind.STOP, DISTRICT, clock, on=True)

    outbox.send()
    assert outbox.sent() == []
    assert (outbox.row(planned).state, outbox.row(planned).reason) == (State.HELD, Reason.STOPPED)

    _brake(outbox.database, Kind.STOP, DISTRICT, clock, on=False)
    outbox.send()
    assert len(outbox.sent()) == 1, "at once, not only when held messages are looked at again"


class _StopsBefore:
    """A carrier at which somebody presses the button while the first text is being asked for."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    def send(self, text: Text) -> Answer:
        """Press, and hand the text on."""
        assert self.outbox.provider is not None
        _brake(self.outbox.database, Kind.STOP, DISTRICT, FixedClock(self.outbox.now), on=True)
        return self.outbox.provider.send(text)


def test_a_stop_pressed_after_the_release_is_seen_by_the_last_read(outbox: Outbox) -> None:
    first, second = outbox.answer("One."), outbox.answer("Two.", phone="+17735550143")

    dispatch(outbox.database, _StopsBefore(outbox), outbox.settings, FixedClock(outbox.now))  # type: ignore[arg-type]  # sends, and does no more

    assert [message.body for message in outbox.sent()] == ["One."]
    assert (outbox.row(first).state, outbox.row(second).state) == (State.ACCEPTED, State.PLANNED)


def test_a_day_costs_no_more_than_its_cap_but_a_family_that_wrote_is_answered(outbox: Outbox) -> None:
    rows = [outbox.answer(f"Campaign {n}.", phone=f"+1312555014{n}") for n in range(4)]
    with outbox.database.write() as session:
        session.execute(update(PlannedMessage).where(PlannedMessage.id.in_(rows[:3])).values(message_class=MessageClass.CAMPAIGN))

    while dispatch(outbox.database, outbox.provider, outbox.settings, FixedClock(outbox.now), check=_as_typed).claimed:
        pass
    assert [outbox.row(row).state for row in rows] == [State.ACCEPTED, State.ACCEPTED, State.HELD, State.ACCEPTED]
    held = outbox.row(rows[2])
    assert (held.reason, held.due_at) == (Reason.SPENT, outbox.now.replace(hour=5) + timedelta(days=1)), "midnight in Chicago"
    with outbox.database.read() as session:
        assert session.scalars(select(AttentionItem.kind)).all() == ["spending"]


def test_the_same_brake_twice_is_one_and_keeps_its_first_person(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        first = brakes.put_on(session, Kind.STOP, "S1", by=BOSS, why="flood", now=clock.now())
        again = brakes.put_on(session, Kind.STOP, "S1", by="ana@example.org", why="me too", now=clock.now())
        assert (again.id, again.set_by, again.why) == (first.id, BOSS, "flood")
        assert brakes.take_off(session, Kind.STOP, "S1", by=BOSS, now=clock.now())
        assert not brakes.take_off(session, Kind.STOP, "S1", by=BOSS, now=clock.now())
        assert brakes.put_on(session, Kind.STOP, "S1", by=BOSS, why="again", now=clock.now()).id != first.id, "history stays"


def test_in_shadow_mode_everything_is_planned_and_recorded_and_nothing_is_sent(nights: Nights) -> None:
    clock = FixedClock(nights.now)
    _brake(nights.database, Kind.SHADOW, "S1", clock, on=True)
    shadowed = Said("mother of lia", ("lia",), "mother of lia", "sms", "skipped", "shadow")
    planned = Said("mother of max", ("max",), "mother of max", "sms", "planned", "")
    assert nights.plan() == [shadowed, planned]
    [row] = nights.rows(state="skipped")
    assert (row.phone, row.message, row.language) == ("+13125550142", "count", "en"), "all that a person compares"
    assert nights.plan() == [shadowed], "a night without news writes nothing"

    _brake(nights.database, Kind.SHADOW, "S1", clock, on=False)
    assert nights.plan() == [Said("mother of lia", ("lia",), "mother of lia", "sms", "planned", "")]


def test_a_brake_of_one_school_holds_no_other(nights: Nights) -> None:
    nights.plan()
    _brake(nights.database, Kind.STOP, "S2", FixedClock(nights.now), on=True)
    verdicts = {row.school_id: nights.check(row) for row in nights.rows()}
    assert getattr(verdicts["S1"], "reason", "") == ""
    assert getattr(verdicts["S2"], "reason", "") == Reason.STOPPED


def test_what_was_held_up_leaves_no_faster_than_a_schools_coordinators_can_answer(outbox: Outbox) -> None:
    rows = [outbox.answer(f"Count {n}.", phone=f"+1312555014{n}") for n in range(3)]
    free = outbox.settings.model_copy(update={"daily_nudges_per_coordinator": 2, "daily_spending_cap": 99})
    with outbox.database.write() as session:
        staff.add_account(session, email="ana@example.org", name="Ana", role=Role.COORDINATOR, schools=["S1"], now=outbox.now)
        session.execute(update(PlannedMessage).values(message_class=MessageClass.NUDGE, school_id="S1"))

    while dispatch(outbox.database, outbox.provider, free, FixedClock(outbox.now), check=_as_typed).claimed:
        pass
    assert [outbox.row(row).state for row in rows] == [State.ACCEPTED, State.ACCEPTED, State.HELD]
    held = outbox.row(rows[2])
    assert (held.reason, held.due_at) == (Reason.TURN, outbox.now.replace(day=7, hour=14)), "nine in the morning of the next day"


def test_senders_at_once_pass_neither_the_cap_nor_the_turns(outbox: Outbox) -> None:
    rows = [outbox.answer(f"Campaign {n}.", phone=f"+1312555014{n}") for n in range(8)]
    with outbox.database.write() as session:
        session.execute(update(PlannedMessage).values(message_class=MessageClass.CAMPAIGN))
    one_at_a_time = outbox.settings.model_copy(update={"sender_rate": 0.99})
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        while dispatch(outbox.database, outbox.provider, one_at_a_time, FixedClock(outbox.now), check=_as_typed).claimed:
            pass

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(outbox.row(row).state for row in rows) == [State.ACCEPTED] * 2 + [State.HELD] * 6


def test_what_the_purse_refuses_takes_no_turn(outbox: Outbox) -> None:
    rows = [outbox.answer(words, phone=f"+1312555014{n}") for n, words in enumerate(["Long.", "Short.", "Brief."])]
    settings = outbox.settings.model_copy(update={"daily_nudges_per_coordinator": 2})
    with outbox.database.write() as session:
        staff.add_account(session, email="ana@example.org", name="Ana", role=Role.COORDINATOR, schools=["S1"], now=outbox.now)
        session.execute(update(PlannedMessage).values(message_class=MessageClass.NUDGE, school_id="S1"))

    def check(_: Session, row: PlannedMessage, *__: object, **___: object) -> Go:
        return Go(row.body, 3 if row.body == "Long." else 1, "en", None, {}, ())

    while dispatch(outbox.database, outbox.provider, settings, FixedClock(outbox.now), check=check).claimed:
        pass
    assert [outbox.row(row).reason for row in rows] == [Reason.SPENT, "", ""]


def test_what_is_kept_back_is_given_up_when_its_time_is_over(outbox: Outbox) -> None:
    row = outbox.answer()
    waiting = outbox.settings.model_copy(update={"number_lookup_days": 90})
    with outbox.database.write() as session:
        session.execute(update(PlannedMessage).values(message_class=MessageClass.WELCOME, expires_at=outbox.now + timedelta(hours=1)))
    for state, hours in ((State.HELD, 0), (State.CANCELLED, 2)):
        dispatch(outbox.database, outbox.provider, waiting, FixedClock(outbox.now + timedelta(hours=hours)))
        assert outbox.row(row).state == state
    assert outbox.row(row).reason == Reason.EXPIRED


def _as_typed(_: Session, row: PlannedMessage, *__: object, **___: object) -> Go:
    """Any message may leave as it stands."""
    return Go(row.body, 1, "en", None, {}, ())

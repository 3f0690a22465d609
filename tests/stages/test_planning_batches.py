"""A night's messages are a batch: a mass-send waits for a second person, and a person takes back what has not left."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attention.queries import open_counts
from outreach.database import Database
from outreach.planning import batches
from outreach.planning.batches import NoSuchBatchError, SecondPersonError
from outreach.planning.reasons import Reason
from outreach.planning.release import Go, Stop
from outreach.planning.states import State
from outreach.planning.tables import MessageBatch
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from tests.stages.nights import Nights

FIRST, SECOND = "head@example.org", "deputy@example.org"
CHILDREN = 6


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Six children over the threshold of a text, in a district where more than three messages are many."""
    careful = settings.model_copy(update={"breaker_minimum": 3})
    found = Nights(database, careful, tmp_path)
    for n in range(CHILDREN):
        found.district.child(f"child{n}", absent=4)
        found.district.adult(f"adult{n}", [f"child{n}"], phone=f"+1312555014{n}")
    found.approve()
    return found


def _approve(nights: Nights, by: str, batch: int = 1) -> int:
    with nights.database.write() as session:
        return batches.approve(session, batch, by=by, now=nights.now)


def _states(nights: Nights) -> set[tuple[str, str]]:
    return {(row.state, row.reason) for row in nights.rows("sms")}


def test_a_mass_send_waits_for_somebody_other_than_who_released_it(nights: Nights) -> None:
    nights.open()
    nights.plan()
    assert _states(nights) == {(State.WAITING, Reason.MASS_SEND)}
    with nights.database.read() as session:
        assert open_counts(session, None) == {"batch": 1}
    expires = nights.rows("sms")[0].expires_at
    nights.now += timedelta(days=2)

    with pytest.raises(SecondPersonError):
        _approve(nights, FIRST)
    assert _approve(nights, SECOND) == CHILDREN

    assert _states(nights) == {(State.PLANNED, "")}
    row = nights.rows("sms")[0]
    assert expires is not None
    assert row.expires_at == expires + timedelta(days=2), "waiting costs a text nothing"
    with nights.database.read() as session:
        assert open_counts(session, None) == {}
        assert session.scalars(select(MessageBatch.decided_by)).all() == [SECOND]


def test_a_person_takes_back_what_has_not_left_and_lets_it_go_again(nights: Nights) -> None:
    nights.settings = nights.settings.model_copy(update={"breaker_minimum": 100})
    nights.open()
    nights.plan()
    gone, *waiting = nights.rows("sms")
    nights.send(gone)

    with nights.database.write() as session:
        assert batches.take_back(session, 1, by=FIRST, now=nights.now) == len(waiting)
    assert _states(nights) == {("sent", ""), (State.WAITING, Reason.TAKEN_BACK)}
    nights.night()
    assert len(nights.rows("sms")) == CHILDREN, "what a person holds is not planned a second time"

    assert _approve(nights, FIRST) == len(waiting), "no mass-send: who took it back may let it go"
    assert _states(nights) == {("sent", ""), (State.PLANNED, "")}
    assert _approve(nights, FIRST) == 0, "again changes nothing"


def test_what_was_on_its_way_when_a_batch_was_taken_back_waits_like_the_rest_once_it_comes_back(nights: Nights) -> None:
    nights.open()
    nights.plan()
    _approve(nights, SECOND)
    row = nights.rows("sms")[0]
    assert isinstance(nights.check(row), Go)
    with nights.database.write() as session:
        batches.take_back(session, 1, by=FIRST, now=nights.now)
        assert open_counts(session, None) == {"batch": 1}
    nights.become(row, state=State.PLANNED, reason="")  # a sender put it back, or the carrier was busy
    found = nights.check(nights.rows("sms")[0])
    assert isinstance(found, Stop)
    assert (found.state, found.reason) == (State.WAITING, Reason.TAKEN_BACK)


def test_letters_that_wait_with_a_batch_of_their_own_are_not_freed_by_a_nights_batch(nights: Nights) -> None:
    nights.open()
    nights.plan()
    row = nights.rows("sms")[0]
    nights.become(row, reason="taken back with letter batch 3")
    assert _approve(nights, SECOND) == CHILDREN - 1
    assert nights.rows("sms")[0].state == State.WAITING
    assert _approve(nights, SECOND) == 0


def test_a_careful_district_looks_at_every_batch(nights: Nights) -> None:
    nights.settings = nights.settings.model_copy(update={"breaker_minimum": 100, "batches_wait": True})
    nights.open()
    nights.plan()
    assert _states(nights) == {(State.WAITING, Reason.BATCH_WAITS)}
    assert _approve(nights, FIRST) == CHILDREN


def test_slices_of_one_day_are_one_mass_send(nights: Nights) -> None:
    nights.load()
    nights.evaluate()
    for _ in range(2):
        nights.release_baseline(3)
        nights.plan()
    with nights.database.read() as session:
        found = [(batch.messages, batch.mass_send) for batch in session.scalars(select(MessageBatch).order_by(MessageBatch.id))]
    assert found == [(3, False), (3, True)]


def test_there_is_no_batch_of_nothing(nights: Nights) -> None:
    nights.load()
    nights.evaluate()
    nights.plan()
    with nights.database.read() as session:
        assert session.scalars(select(MessageBatch)).all() == [], "skips alone make none"
    with pytest.raises(NoSuchBatchError):
        _approve(nights, FIRST)


def test_a_school_writes_no_faster_than_its_coordinators_can_answer(nights: Nights) -> None:
    nights.settings = nights.settings.model_copy(update={"breaker_minimum": 100, "daily_nudges_per_coordinator": 2})
    with nights.database.write() as session:
        staff.add_account(session, email="ana@example.org", name="Ana", role=Role.COORDINATOR, schools=["S1"], now=nights.now)
    nights.open()
    nights.plan()
    days = sorted((row.due_at - nights.now).days for row in nights.rows("sms"))
    assert days == [0, 0, 0, 0, 1, 1], "noon today, then nine in the morning of the next two school days"
    due = [row.due_at.date().isoformat() for row in nights.rows("sms")]
    assert sorted(due) == ["2026-10-06", "2026-10-06", "2026-10-07", "2026-10-07", "2026-10-08", "2026-10-08"]

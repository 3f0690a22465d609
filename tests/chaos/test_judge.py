"""The judge of the storm finds each wrong that it looks for, and nothing where there is none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.database import Database
from outreach.planning.rows import new_row
from outreach.planning.states import MessageClass, State
from outreach.simulator.carrier import Message
from tests.chaos.judge import Asked, Counted, Silenced, Truth, Verdict, judge
from tests.conftest import NOON

PHONE = "+13125550142"
COUNTS = [Counted({"lia": 4}, 0.0, 1.0), Counted({"lia": 7}, 10.0, 11.0)]


def _judged(database: Database, *, state: State, body: str, times: int = 1, after: float = 5.0, silenced: float = 99.0) -> Verdict:
    with database.write() as session:
        row = new_row(
            NOON, once_key="one", message_class=MessageClass.NUDGE, state=state, phone=PHONE, student_ids=["lia"], created_by="plan"
        )
        session.add(row)
        session.flush()
        message = Message("SM1", PHONE, "MG1", body, "outbound-api", "sent", NOON, NOON + timedelta(), callback=f"http://x/?o={row.ref}")
        truth = Truth([Silenced(PHONE, silenced)], COUNTS, frozenset({row.id}))
        return judge(session, [message] * times, [Asked(row.ref, after, after + 1)], truth)


@pytest.mark.parametrize(("after", "days"), [(5.0, 4), (9.5, 4), (9.5, 7), (20.0, 7)])
def test_a_text_that_says_what_was_true_is_right(sqlite_database: Database, after: float, days: int) -> None:
    assert _judged(sqlite_database, state=State.SENT, body=f"Lia has missed {days} days", after=after).wrong == []


def test_each_wrong_is_found(sqlite_database: Database) -> None:
    assert _judged(sqlite_database, state=State.SENT, body="missed 4 days", times=2).doubled


def test_a_text_after_a_stop_is_found(sqlite_database: Database) -> None:
    assert _judged(sqlite_database, state=State.SENT, body="missed 4 days", silenced=4.0).silenced


@pytest.mark.parametrize(("after", "days"), [(5.0, 7), (20.0, 4), (20.0, 5)])
def test_a_number_that_was_not_true_then_is_found(sqlite_database: Database, after: float, days: int) -> None:
    assert _judged(sqlite_database, state=State.SENT, body=f"missed {days} days", after=after).untrue


@pytest.mark.parametrize("state", [State.ACCEPTED, State.PLANNED, State.SENDING, State.UNCERTAIN, State.CANCELLED])
def test_a_text_that_the_carrier_does_not_have_and_nobody_sees_is_lost(sqlite_database: Database, state: State) -> None:
    assert _judged(sqlite_database, state=state, body="", times=0).lost


@pytest.mark.parametrize("state", [State.PLANNED, State.HELD, State.SKIPPED, State.CANCELLED])
def test_a_text_that_the_carrier_has_and_its_row_does_not_know_is_found(sqlite_database: Database, state: State) -> None:
    assert _judged(sqlite_database, state=state, body="missed 4 days").lost

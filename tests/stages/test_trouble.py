"""A full disk, a clock that jumps, and a word to stop: nothing is lost, nothing leaves twice, and everything goes on afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from outreach.arrivals import Arrival
from outreach.cases import intake
from outreach.database import Database
from tests.stages.outbox import PHONE, Outbox, running


@pytest.fixture
def outbox(sqlite_database: Database, tmp_path: Path) -> Iterator[Outbox]:
    with running(sqlite_database, tmp_path / "home") as ready:
        yield ready


@contextmanager
def _full(database: Database) -> Iterator[None]:
    """SQLite may not take another page, and none that it has is free: what it says then is what it says of a full disk."""

    def limit(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA max_page_count=1")  # the smallest it accepts is what there is
        cursor.close()

    with database.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE ballast (x)")
        free = session.connection().exec_driver_sql("PRAGMA freelist_count").scalar_one()
        session.connection().exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(?))", (4096 * (free + 1),))
    database.engine.dispose()
    event.listen(database.engine, "connect", limit)
    yield
    event.remove(database.engine, "connect", limit)
    database.engine.dispose()
    with database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE ballast")


@pytest.mark.long
def test_on_a_full_disk_nothing_leaves_and_afterwards_all_of_it_once(outbox: Outbox) -> None:
    phones = [f"+1312555{n:04d}" for n in range(100, 180)]
    for phone in phones:
        outbox.answer("We called the bus office. " * 20, phone)
    with _full(outbox.database):
        for work in (_write, _send_and_hear):
            with pytest.raises(OperationalError, match="database or disk is full"):
                work(outbox)
        asked = len(outbox.sent())
    assert asked == len({message.to for message in outbox.sent()})
    outbox.later(minutes=11)
    for _ in range(4):
        outbox.look_up()
        outbox.send()
        outbox.later(minutes=11)
    assert sorted(message.to for message in outbox.sent()) == phones, "each once"
    assert not {"sending", "planned"} & set(outbox.states())


def test_a_clock_that_jumps_ahead_and_back_sends_nothing_twice(outbox: Outbox) -> None:
    first = outbox.answer()
    outbox.send()
    outbox.later(days=400)
    outbox.send()
    outbox.later(days=-400)
    second = outbox.answer("And the second thing.")
    outbox.send()
    outbox.later(hours=-5)
    outbox.send()
    assert [message.body for message in outbox.sent()] == ["We called the bus office.", "And the second thing."]
    assert {outbox.row(each).state for each in (first, second)} <= {"accepted", "sent", "delivered"}


def _write(outbox: Outbox) -> None:
    for _ in range(40):
        outbox.answer("Words that need room. " * 40)


def _send_and_hear(outbox: Outbox) -> None:
    for number in range(200):
        outbox.send()
        intake.take(outbox.database, outbox.settings, _text(f"{number}", "x" * 1_500, outbox.now), outbox.now)


def _text(number: str, words: str, now: datetime) -> Arrival:
    params = {"MessageSid": f"SM{number:0>32}", "From": PHONE, "To": "+13125550100", "Body": words, "NumMedia": "0"}
    return Arrival(intake.Kind.INBOUND, params["MessageSid"], params, "", now)

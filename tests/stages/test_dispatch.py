"""Sending through the real client over HTTP to a carrier that goes wrong in every way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import func, select

from outreach.attention.actions import resolve_key
from outreach.clock import FixedClock
from outreach.consent import actions as consent_actions
from outreach.consent import queries as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery.actions import NO_PROVIDER, dispatch
from outreach.delivery.provider import Answer, Listed, Text
from outreach.delivery.receipts import take_status, unconfirmed
from outreach.delivery.tables import CarrierStatus
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.simulator.faults import Fault, Order
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests.stages.outbox import PHONE, Outbox, running

OTHER = "+17735550143"


@pytest.fixture
def outbox(database: Database, tmp_path: Path) -> Iterator[Outbox]:
    """An outbox on each database."""
    with running(database, tmp_path / "home") as ready:
        yield ready


def test_a_due_text_reaches_the_carrier_once_however_often_dispatch_runs(outbox: Outbox) -> None:
    planned = outbox.answer()

    for _ in range(3):
        outbox.send()

    assert [message.body for message in outbox.sent()] == ["We called the bus office."]
    row = outbox.row(planned)
    assert (row.state, row.provider_sid, row.segments) == (State.ACCEPTED, outbox.sent()[0].sid, 1)


def test_without_a_provider_dispatch_holds_and_says_so(outbox: Outbox) -> None:
    planned = outbox.answer()

    report = dispatch(outbox.database, None, outbox.settings, FixedClock(outbox.now))

    assert (outbox.row(planned).state, outbox.row(planned).reason) == (State.HELD, NO_PROVIDER)
    assert report.counts["held: no provider"] == 1
    outbox.send()
    assert len(outbox.sent()) == 1


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.DELAY])
def test_an_answer_that_never_came_is_looked_up_and_never_sent_again(database: Database, tmp_path: Path, fault: Fault) -> None:
    with running(database, tmp_path / "home", timeout=0.5) as outbox:
        outbox.carrier.carrier.order(Order(fault, seconds=1.0))
        planned = outbox.answer()

        outbox.send()
        assert outbox.row(planned).state == State.UNCERTAIN
        outbox.send()
        outbox.later(minutes=3)
        outbox.look_up()

        assert outbox.row(planned).state in {State.ACCEPTED, State.SENT, State.DELIVERED}
        assert outbox.row(planned).provider_sid == outbox.sent()[0].sid
        assert len(outbox.sent()) == 1


def test_a_lost_answer_is_found_by_our_reference_in_the_first_receipt(database: Database, tmp_path: Path) -> None:
    with running(database, tmp_path / "home") as outbox:
        outbox.carrier.carrier.order(Order(Fault.DROP))
        planned = outbox.answer()
        outbox.send()

        with database.write() as session:
            params = {"MessageSid": outbox.sent()[0].sid, "MessageStatus": "delivered"}
            take_status(session, params, outbox.row(planned).ref, outbox.now)

        assert outbox.row(planned).state == State.DELIVERED
        outbox.later(minutes=30)
        outbox.look_up()
        outbox.send()
        assert len(outbox.sent()) == 1


def test_what_the_carrier_never_took_is_asked_once_more_after_two_clean_passes_and_then_a_person_is_told(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.BROKEN, times=2))
    planned = outbox.answer()
    outbox.send()
    assert outbox.row(planned).state == State.UNCERTAIN

    seen = []
    for _ in range(5):
        outbox.later(minutes=11)
        outbox.look_up()
        seen.append(outbox.row(planned).state)
        outbox.send()

    assert seen[:2] == [State.UNCERTAIN, State.PLANNED]
    assert outbox.sent() == []
    assert (outbox.row(planned).state, outbox.row(planned).requeued) == (State.UNCERTAIN, 1)
    assert "a person decides" in outbox.row(planned).reason


def test_a_busy_carrier_is_asked_again_later(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.BUSY))
    planned = outbox.answer()

    outbox.send()
    assert (outbox.row(planned).state, outbox.sent()) == (State.PLANNED, [])
    outbox.later(minutes=2)
    outbox.send()

    assert len(outbox.sent()) == 1


def test_what_a_slow_carrier_keeps_waiting_is_put_back_and_checked_anew(sqlite_database: Database, tmp_path: Path) -> None:
    with running(sqlite_database, tmp_path / "home") as outbox:
        outbox.carrier.carrier.order(Order(Fault.DELAY, seconds=2.1))
        first, second = outbox.answer("One."), outbox.answer("Two.")

        report = dispatch(sqlite_database, outbox.provider, outbox.settings, FixedClock(outbox.now))

        assert (report.claimed, report.counts["put back"]) == (2, 1)
        assert (outbox.row(first).state, outbox.row(second).state) == (State.ACCEPTED, State.PLANNED)
        outbox.send()
        assert [message.body for message in outbox.sent()] == ["One.", "Two."]


def test_an_opt_out_that_only_the_carrier_knew_becomes_ours(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.REFUSE, code=21610))
    planned = outbox.answer()

    outbox.send()

    assert outbox.row(planned).state == State.FAILED
    with outbox.database.read() as session:
        assert consent.state(session, PHONE).opted_out
    second = outbox.answer("One more thing.")
    outbox.send()
    assert outbox.row(second).state == State.CANCELLED
    assert outbox.sent() == []


def test_a_wrong_set_up_stops_the_rest_and_fails_no_message(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.REFUSE, code=30034))
    planned = [outbox.answer(f"Text {number}") for number in range(5)]

    report = outbox.send()

    assert report.stopped
    assert report.errors_for_a_person == 1
    assert {outbox.row(item).state for item in planned} == {State.PLANNED}
    outbox.later(hours=1)
    assert outbox.send().stopped
    assert outbox.sent() == []


def test_once_a_person_says_that_the_set_up_is_mended_texts_leave_again(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.REFUSE, code=30034))
    outbox.answer()
    outbox.send()

    with outbox.database.write() as session:
        resolve_key(session, "dispatch:set-up", by="it@lincoln.invalid", now=outbox.now)
    outbox.later(hours=1)
    outbox.send()

    assert len(outbox.sent()) == 1


def test_a_message_that_cannot_be_checked_is_held_and_keeps_no_other_back(outbox: Outbox) -> None:
    broken = outbox.answer()
    sound = outbox.answer("Sound words.")
    with outbox.database.write() as session:
        session.get_one(PlannedMessage, broken).message_class = "nonsense"

    outbox.send()

    assert outbox.row(broken).state == State.HELD
    assert outbox.row(sound).state == State.ACCEPTED


class _StopArrives:
    """A provider during whose first request the other family opts out."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def send(self, text: Text) -> Answer:
        """Send, and let the opt-out of the other number arrive meanwhile."""
        assert self._outbox.provider is not None
        with self._outbox.database.write() as session:
            consent_actions.record(session, OTHER, Kind.OPT_OUT, source=Source.FAMILY, by="family", now=self._outbox.now)
        return self._outbox.provider.send(text)

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """Nobody asks."""
        raise AssertionError(phone, since)


def test_a_stop_between_release_and_request_keeps_the_text_back(outbox: Outbox) -> None:
    outbox.answer()
    stopped = outbox.answer(phone=OTHER)

    outbox.send(_StopArrives(outbox))

    assert [message.to for message in outbox.sent()] == [PHONE]
    assert outbox.row(stopped).state == State.CANCELLED


def test_many_workers_send_each_text_once(outbox: Outbox) -> None:
    for number in range(30):
        outbox.answer(f"Text {number}")
    workers = [threading.Thread(target=outbox.send) for _ in range(4)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    outbox.send()

    assert sorted(message.body for message in outbox.sent()) == sorted(f"Text {number}" for number in range(30))
    assert set(outbox.states()) == {State.ACCEPTED}


@pytest.mark.parametrize(("step", "taken"), [("before the release", 0), ("before the request", 0), ("after the answer", 1)])
def test_a_killed_sender_neither_loses_nor_doubles(outbox: Outbox, step: str, taken: int, sealed_keys: Path) -> None:
    planned = outbox.answer()
    environment = {
        **os.environ,
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_ENCRYPTION_KEYS": str(sealed_keys) if outbox.database.ring.keys else "",
        "OUTREACH_TWILIO_API_BASE": outbox.settings.twilio_api_base,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": outbox.settings.twilio_messaging_service_sid,
    }
    url = outbox.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.stages.killed_sender", step, url, outbox.now.isoformat()]
    died = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert died.returncode == -9, died.stderr.decode()
    assert len(outbox.sent()) == taken

    for _ in range(6):
        outbox.later(minutes=11)
        outbox.look_up()
        outbox.send()

    assert len(outbox.sent()) == 1
    assert outbox.row(planned).state == State.ACCEPTED or outbox.row(planned).provider_sid == outbox.sent()[0].sid


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered", "delivered"])))
def test_receipts_in_any_order_and_repeated_end_as_delivered(sqlite_database: Database, tmp_path: Path, order: tuple[str, ...]) -> None:
    with running(sqlite_database, tmp_path / "home") as outbox:
        planned = outbox.answer()
        outbox.send()
        sid = outbox.row(planned).provider_sid

        with sqlite_database.write() as session:
            for status in order:
                take_status(session, {"MessageSid": sid, "MessageStatus": status}, "", outbox.now)

        assert outbox.row(planned).state == State.DELIVERED
        with sqlite_database.read() as session:
            assert session.scalar(select(func.count()).select_from(CarrierStatus)) == len(set(order))


def test_a_late_delivered_wins_over_undelivered_and_a_dead_number_is_suppressed(outbox: Outbox) -> None:
    planned = outbox.answer()
    outbox.send()
    sid = outbox.row(planned).provider_sid

    with outbox.database.write() as session:
        take_status(session, {"MessageSid": sid, "MessageStatus": "undelivered", "ErrorCode": "30005"}, "", outbox.now)
        assert consent.state(session, PHONE).suppressed
    assert outbox.row(planned).state == State.UNDELIVERED
    with outbox.database.write() as session:
        take_status(session, {"MessageSid": sid, "MessageStatus": "delivered"}, "", outbox.now)

    assert outbox.row(planned).state == State.DELIVERED


def test_a_receipt_about_a_message_we_do_not_know_is_kept(outbox: Outbox) -> None:
    with outbox.database.write() as session:
        take_status(session, {"MessageSid": "SM" + "9" * 32, "MessageStatus": "sent"}, "nobody", outbox.now)

    with outbox.database.read() as session:
        assert session.scalars(select(CarrierStatus.planned_id)).all() == [None]


def test_sent_without_a_receipt_for_three_days_is_unconfirmed_never_delivered(outbox: Outbox) -> None:
    planned = outbox.answer()
    outbox.send()
    with outbox.database.write() as session:
        take_status(session, {"MessageSid": outbox.row(planned).provider_sid, "MessageStatus": "sent"}, "", outbox.now)

    outbox.later(hours=73)

    assert outbox.row(planned).state == State.SENT
    with outbox.database.read() as session:
        assert [row.id for row in session.scalars(unconfirmed(outbox.now))] == [planned]

"""The twenty acceptance tests of delivery, one to ten: the real client over HTTP to the pretended carrier, real signatures both ways."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attention.queries import open_items
from outreach.consent import actions as consent_actions
from outreach.consent import blocks
from outreach.consent import queries as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery.provider import Answer, Listed, Provider, Text
from outreach.delivery.tables import CarrierStatus
from outreach.planning.states import State
from outreach.simulator.carrier import REPLIES
from outreach.simulator.faults import Fault, Order
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests.stages.acceptance import Service, serving
from tests.stages.outbox import PHONE

OTHER = "+17735550143"


@pytest.fixture
def service(sqlite_database: Database, tmp_path: Path) -> Iterator[Service]:
    """A service with its carrier."""
    with serving(sqlite_database, tmp_path) as ready:
        yield ready


@pytest.fixture
def either(database: Database, tmp_path: Path) -> Iterator[Service]:
    """The same on each database, where one could tell them apart."""
    with serving(database, tmp_path) as ready:
        yield ready


def test_01_two_workers_and_one_row_are_one_request(either: Service) -> None:
    either.outbox.answer()
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        either.outbox.send()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(either.outbox.sent()) == 1


def test_02_a_crash_after_the_request_ends_uncertain_until_the_callback_names_the_text(either: Service, sealed_keys: Path) -> None:
    either.outbox.carrier.carrier.order(Order(Fault.MISSING))
    planned = either.outbox.answer()
    _killed_after_the_answer(either, sealed_keys)
    either.outbox.later(minutes=6)
    either.send()
    assert either.outbox.row(planned).state == State.UNCERTAIN

    message = either.outbox.sent()[0]
    either.outbox.carrier.simulation.report_one(message, "delivered")
    assert either.outbox.carrier.simulation.outbound.wait()
    either.outbox.later(minutes=30)
    either.outbox.look_up()
    either.send()

    assert (either.outbox.row(planned).state, either.outbox.row(planned).provider_sid) == (State.DELIVERED, message.sid)
    assert len(either.outbox.sent()) == 1


def _killed_after_the_answer(service: Service, sealed_keys: Path) -> None:
    settings = service.outbox.settings
    environment = {
        **os.environ,
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_ENCRYPTION_KEYS": str(sealed_keys) if service.database.ring.keys else "",
        "OUTREACH_TWILIO_API_BASE": settings.twilio_api_base,
        "OUTREACH_PUBLIC_URL": settings.public_url,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": settings.twilio_messaging_service_sid,
    }
    url = service.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.stages.killed_sender", "after the answer", url, service.outbox.now.isoformat()]
    assert subprocess.run(command, env=environment, check=False, capture_output=True).returncode == -9


def test_03_callbacks_backwards_and_three_times_are_one_row_a_status_and_end_delivered(service: Service) -> None:
    for fault in (Fault.REORDER, Fault.DUPLICATE):
        service.outbox.carrier.carrier.order(Order(fault))
        planned = service.outbox.answer(f"Words {fault}")
        service.send()
        assert service.outbox.row(planned).state == State.DELIVERED
        with service.database.read() as session:
            history = session.scalars(select(CarrierStatus.status).where(CarrierStatus.planned_id == planned)).all()
            assert sorted(history) == ["delivered", "queued", "sent"]


def test_04_an_unknown_text_with_our_reference_is_adopted_one_without_is_kept_as_an_orphan(service: Service) -> None:
    service.outbox.carrier.carrier.order(Order(Fault.DROP))
    service.outbox.carrier.carrier.order(Order(Fault.MISSING))
    planned = service.outbox.answer()
    service.send()
    message = service.outbox.sent()[0]
    stranger = {"MessageSid": "SM" + "9" * 32, "MessageStatus": "sent", "AccountSid": ACCOUNT_SID}
    ours = {"MessageSid": message.sid, "MessageStatus": "sent", "AccountSid": ACCOUNT_SID}

    assert service.post(f"/webhooks/twilio/status?o={service.outbox.row(planned).ref}", ours) == 204
    assert service.post("/webhooks/twilio/status?o=nobody", stranger) == 204

    assert (service.outbox.row(planned).state, service.outbox.row(planned).provider_sid) == (State.SENT, message.sid)
    with service.database.read() as session:
        orphan = select(CarrierStatus.planned_id).where(CarrierStatus.provider_sid == stranger["MessageSid"])
        assert session.scalars(orphan).all() == [None]


@pytest.mark.parametrize(
    ("texts", "confirmed"),
    [(["no más", "Please take me off this list"], "Lincoln Schools: no more texts. START"), (["STOP", "no más"], REPLIES["stop"])],
)
def test_05_a_stop_cancels_all_that_waits_and_is_confirmed_once(service: Service, texts: list[str], confirmed: str) -> None:
    """Nothing is ever scheduled with the carrier, so nothing is left there to cancel."""
    service.outbox.answer("Good morning.")
    service.send()
    waiting = [service.outbox.answer(f"Text {number}") for number in range(3)]

    for words in texts:
        service.hears(words)
    service.send()

    assert {service.outbox.row(item).state for item in waiting} == {State.CANCELLED}
    assert service.phone() == ["Good morning.", confirmed]


def test_05_a_stop_between_release_and_request_keeps_the_text_back(either: Service) -> None:
    for phone in (OTHER, PHONE):
        either.outbox.answer(phone=phone)
    assert either.outbox.provider is not None
    real: Provider = either.outbox.provider

    class StopArrives:
        """While the other family's text leaves, this one's stop comes in."""

        def send(self, text: Text) -> Answer:
            either.hears("STOP")
            return real.send(text)

        def sent_to(self, phone: str, since: datetime) -> list[Listed]:
            return real.sent_to(phone, since)

    either.outbox.send(StopArrives())
    assert [message.to for message in either.outbox.sent()] == [OTHER]


@pytest.mark.parametrize(
    ("words", "stops"),
    [
        ("Please do not text me any more, thank you.", True),
        ("no más", True),
        ("STOP.", True),
        ("Stop!", True),
        ("ＳＴＯＰ", True),
        ("stop missing school?", False),
    ],
)
def test_06_an_opt_out_in_any_words_binds_and_a_question_is_none(
    sqlite_database: Database, tmp_path: Path, words: str, stops: bool
) -> None:
    with serving(sqlite_database, tmp_path) as service:
        service.hears(words)
        with service.database.read() as session:
            assert consent.state(session, PHONE).opted_out is stops


def test_07_a_stop_that_only_the_carrier_knew_becomes_ours_and_a_letter_and_start_lifts_no_block(service: Service) -> None:
    service.family()
    service.plan()
    service.outbox.carrier.carrier.order(Order(Fault.REFUSE, code=21610))
    service.send()
    with service.database.write() as session:
        assert consent.state(session, PHONE).opted_out
        blocks.place(session, "ana", reason="court order", student_id="other", by="clerk", now=service.outbox.now)
        consent_actions.record(session, PHONE, Kind.SUPPRESSED, source=Source.STAFF, by="clerk", now=service.outbox.now)

    service.follow(hours=2)
    service.hears("START")

    assert [(row.state, row.contact_id) for row in service.rows("letter")] == [(State.PLANNED, "ana")]
    with service.database.read() as session:
        standing = consent.state(session, PHONE)
        assert (standing.opted_out, bool(standing.suppressed)) == (False, True)
        assert consent.block(session, "other", "ana") == consent.BLOCKED


@pytest.mark.parametrize("code", [30034, 20003, 30002])
def test_08_a_wrong_set_up_at_the_first_text_leaves_the_rest_unsent(sqlite_database: Database, tmp_path: Path, code: int) -> None:
    with serving(sqlite_database, tmp_path) as service:
        service.outbox.carrier.carrier.order(Order(Fault.REFUSE, code=code))
        planned = [service.outbox.answer(f"Text {number}") for number in range(4)]
        service.send()
        assert service.outbox.sent() == []
        assert {service.outbox.row(item).state for item in planned} == {State.PLANNED}


def test_09_out_of_reach_twice_is_a_letter(service: Service) -> None:
    service.family()
    service.plan()
    for _ in range(2):
        service.outbox.carrier.carrier.order(Order(Fault.UNDELIVERED, code=30003))
    service.send()
    service.follow(hours=2)
    assert service.rows("letter") == []
    service.outbox.later(hours=48)
    service.nights.now = service.outbox.now
    service.nights.load()
    service.send()
    service.follow(hours=2)

    first, retry = service.rows()
    assert (first.state, retry.state, retry.retry_of_id) == (State.UNDELIVERED, State.UNDELIVERED, first.id)
    assert first.ref != retry.ref
    [letter] = service.rows("letter")
    assert (letter.state, letter.retry_of_id, letter.student_ids) == (State.PLANNED, retry.id, ["anas-child"])
    with service.database.read() as session:
        assert consent.state(session, PHONE).suppressed == "Phone is off or out of reach"


def test_10_words_that_filters_stop_more_than_once_in_a_hundred_stop(service: Service) -> None:
    for number in range(3):
        service.family(f"adult{number}", f"+131255501{number:02d}")
    service.plan()
    service.outbox.settings = service.outbox.settings.model_copy(update={"sender_rate": 0.5})
    service.outbox.carrier.carrier.order(Order(Fault.UNDELIVERED, code=30007))
    service.send()

    assert [row.state for row in service.rows()] == [State.UNDELIVERED, State.HELD, State.HELD]
    with service.database.read() as session:
        assert any("1 of 1 texts" in item.sentence for item in open_items(session, None))

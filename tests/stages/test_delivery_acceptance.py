"""The twenty acceptance tests of delivery, by number: the real client over HTTP to the pretended carrier, real signatures both ways."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from outreach.attention.queries import is_open, open_items
from outreach.clock import FixedClock
from outreach.consent import actions as consent_actions
from outreach.consent import queries as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import drift
from outreach.delivery.provider import Answer, Listed, Provider, Text
from outreach.delivery.tables import CarrierStatus, WebhookEvent
from outreach.messages.check import problems_of
from outreach.messages.compose import Pair
from outreach.messages.templates import Source as Words
from outreach.messages.templates import sources
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.simulator.carrier import REPLIES
from outreach.simulator.faults import Fault, Order
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests.stages.acceptance import Service, serving
from tests.stages.outbox import PHONE

OTHER = "+17735550143"
SECOND = "b" * 32
NEW_YORK = ZoneInfo("America/New_York")


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


def test_02_a_crash_after_the_request_ends_uncertain_until_the_callback_names_the_text(either: Service) -> None:
    either.outbox.carrier.carrier.order(Order(Fault.MISSING))
    planned = either.outbox.answer()
    _killed_after_the_answer(either)
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


def _killed_after_the_answer(service: Service) -> None:
    settings = service.outbox.settings
    environment = {
        **os.environ,
        "OUTREACH_PROVIDER": "simulator",
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

    assert _post(service, f"/webhooks/twilio/status?o={service.outbox.row(planned).ref}", ours) == 204
    assert _post(service, "/webhooks/twilio/status?o=nobody", stranger) == 204

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
        consent_actions.place_block(session, "ana", reason="court order", student_id="other", by="clerk", now=service.outbox.now)
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


@pytest.mark.parametrize(
    ("evening", "opens"),
    [
        (datetime(2026, 10, 31, 20, 0, tzinfo=NEW_YORK), datetime(2026, 11, 1, 14, 0, tzinfo=UTC)),  # the clock is turned back in the night
        (datetime(2027, 3, 13, 20, 0, tzinfo=NEW_YORK), datetime(2027, 3, 14, 13, 0, tzinfo=UTC)),  # and forward
    ],
)
def test_11_a_text_of_the_eve_leaves_at_nine_in_new_york_on_both_days_of_the_clocks_change(
    sqlite_database: Database, tmp_path: Path, evening: datetime, opens: datetime
) -> None:
    """The carrier refuses to schedule: a time given to Twilio's library loses its zone, so the hour is kept here alone."""
    with serving(sqlite_database, tmp_path, timezone="America/New_York", send_days=list(range(7))) as service:
        service.outbox.now = evening.astimezone(UTC)
        planned = service.outbox.answer()
        service.send()
        assert service.outbox.row(planned).due_at == opens
        service.outbox.now = opens - timedelta(seconds=1)
        service.send()
        assert service.outbox.sent() == []
        service.outbox.now = opens
        service.send()
        assert len(service.outbox.sent()) == 1


def test_12_a_slow_queue_gives_a_text_up_when_quiet_hours_begin(service: Service) -> None:
    service.outbox.now = datetime(2026, 10, 6, 23, 30, tzinfo=UTC)  # half past six in the evening, in Chicago
    service.outbox.carrier.carrier.order(Order(Fault.SLOW_QUEUE, seconds=3600))
    planned = service.outbox.answer()
    service.send()
    assert service.outbox.sent()[0].valid_seconds == 30 * 60
    assert (service.outbox.row(planned).state, service.outbox.row(planned).error_code) == (State.FAILED, "30036")


@pytest.mark.parametrize(
    ("path", "token", "headers", "status"),
    [
        ("/webhooks/twilio/status", AUTH_TOKEN, {}, 204),
        ("/webhooks/twilio/status", SECOND, {}, 204),
        ("/webhooks/twilio/status", "c" * 32, {}, 403),
        ("/webhooks/twilio/status", AUTH_TOKEN, {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "elsewhere.example"}, 204),
        ("/webhooks/twilio/status/", AUTH_TOKEN, {}, 404),
        ("/webhooks/twilio/status", AUTH_TOKEN, {"X-Twilio-Signature": ""}, 403),
        ("/webhooks/twilio/status", AUTH_TOKEN, {"Content-Type": "application/json"}, 403),
    ],
)
def test_13_a_request_is_believed_or_refused_and_breaks_nothing(
    sqlite_database: Database, tmp_path: Path, path: str, token: str, headers: dict[str, str], status: int
) -> None:
    with serving(sqlite_database, tmp_path, twilio_auth_token_secondary=SECOND) as service:
        told = {"MessageSid": "SM" + "9" * 32, "MessageStatus": "sent", "AccountSid": ACCOUNT_SID}
        assert _post(service, path, told, token=token, **headers) == status


def test_14_the_same_text_again_is_one_case(service: Service) -> None:
    message = service.hears("The bus never comes.")
    service.outbox.carrier.simulation.again(message)
    assert service.outbox.carrier.simulation.outbound.wait()
    with service.database.read() as session:
        assert len(service.cases(session)) == 1
        assert session.scalar(select(func.count()).select_from(WebhookEvent)) == 1


def test_15_another_machine_gets_one_automatic_answer_in_a_day(sqlite_database: Database, tmp_path: Path) -> None:
    with serving(sqlite_database, tmp_path, opt_out_confirmation="service") as service:
        for _ in range(5):
            service.hears("HELP")
            service.send()
        assert len(service.outbox.sent()) == 1
        service.outbox.later(hours=25)
        service.hears("HELP")
        service.send()
        assert len(service.outbox.sent()) == 2


def test_16_help_alone_gets_the_legal_answer_and_help_with_words_a_person(sqlite_database: Database, tmp_path: Path) -> None:
    with serving(sqlite_database, tmp_path, opt_out_confirmation="service") as service:
        service.hears("HELP")
        service.send()
        assert [message.body for message in service.outbox.sent()] == ["Lincoln Schools: Write back about anything. STOP"]
        service.hears("Help, my son will not get up", OTHER)
        service.send()
        with service.database.read() as session:
            assert [case.queue for case in service.cases(session) if case.phone == OTHER] == ["needs_me"]
        assert len(service.outbox.sent()) == 1


def test_17_a_number_that_two_parents_share_is_about_no_child_until_a_person_asked(service: Service) -> None:
    service.family("ana", address="1 Elm St")
    service.family("ben", address="9 Oak St")
    service.plan()
    service.hears("She is sick today")
    service.send()
    with service.database.read() as session:
        [case] = service.cases(session)
        assert (case.contact_id, case.student_id, case.household, case.queue) == ("", "", "", "needs_me")
        automatic = session.scalars(select(PlannedMessage.body).where(PlannedMessage.reply_to_id.is_not(None))).all()
    assert not any(name in body for body in automatic for name in ("Anas-child", "Bens-child"))


@pytest.mark.parametrize("words", ["x" * 1601, "ñandú " * 60, "word " * 80])
def test_18_words_that_are_too_long_fail_when_they_are_checked(words: str) -> None:
    source: Words = next(one for one in sources() if (one.message, one.channel) == ("count", "sms"))
    pair = Pair("count", "sms", "en", source.text + words, source.text + words)
    assert any("segments" in problem.sentence for problem in problems_of(source, pair))


@pytest.mark.parametrize(("now_missed", "told"), [(9, ["Lincoln Schools: Anas-child has missed 9 days as of October 6. STOP"]), (1, [])])
def test_19_a_count_that_changed_since_planning_is_told_as_it_is_or_not_at_all(service: Service, now_missed: int, told: list[str]) -> None:
    service.family(absent=12)
    service.plan()
    service.nights.district.miss("anas-child", now_missed)
    service.nights.load()
    service.send()
    assert service.phone() == told


def test_20_both_kinds_of_drift_are_reported_and_the_carrier_is_told(service: Service) -> None:
    service.outbox.carrier.carrier.order(Order(Fault.REFUSE, code=21610, to=PHONE))
    service.outbox.answer()
    service.send()
    with service.database.write() as session:
        consent_actions.record(session, PHONE, Kind.OPT_IN, source=Source.CARRIER, by="clerk", now=service.outbox.now)
        consent_actions.record(session, OTHER, Kind.OPT_OUT, source=Source.STAFF, by="clerk", now=service.outbox.now, note="by phone")
        assert drift.find(session) == drift.Drift((PHONE,), (OTHER,))

    drift.keep_in_step(service.database, service.account(), FixedClock(service.outbox.now))

    with service.database.read() as session:
        assert drift.find(session) == drift.Drift((PHONE,), ())
        assert is_open(session, "consent:drift")
    refused = service.outbox.provider
    assert refused is not None
    assert refused.send(Text(OTHER, "Hello", "ref")).error_code == "21610"


def _post(service: Service, path: str, params: dict[str, str], *, token: str = AUTH_TOKEN, **headers: str) -> int:
    address = f"{service.outbox.settings.public_url}{path}"
    signature = RequestValidator(token).compute_signature(address, params)
    answer = requests.post(f"{service.url}{path}", data=params, headers={"X-Twilio-Signature": signature, **headers}, timeout=10)
    return answer.status_code

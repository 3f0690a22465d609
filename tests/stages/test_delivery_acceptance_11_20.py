"""The twenty acceptance tests of delivery, eleven to twenty: the real client over HTTP to the pretended carrier, real signatures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from outreach.attention.queries import is_open
from outreach.clock import FixedClock
from outreach.consent import actions as consent_actions
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import drift
from outreach.delivery.provider import Text
from outreach.delivery.tables import WebhookEvent
from outreach.messages.check import problems_of
from outreach.messages.compose import Pair
from outreach.messages.templates import Source as Words
from outreach.messages.templates import sources
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
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
        planned = service.outbox.answer(phone="+12125550142")
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
        assert service.post(path, told, token=token, **headers) == status


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

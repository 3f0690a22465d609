"""What else is done with the carrier's account: opt-outs in step, texts after an outage, words forgotten, notices with their own sender."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from outreach.attention.queries import is_open
from outreach.cases.catching_up import catch_up
from outreach.clock import FixedClock
from outreach.consent import actions as consent_actions
from outreach.consent import queries as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import drift
from outreach.delivery.provider import Outcome, Text
from outreach.delivery.redaction import redact
from outreach.delivery.tables import WebhookEvent
from outreach.planning.states import State
from outreach.services import Services
from outreach.simulator.carrier import DEFAULT_SENDER
from outreach.simulator.faults import Fault, Order
from scheduler import ticks
from tests.stages.acceptance import Service, serving
from tests.stages.outbox import PHONE

OTHER = "+17735550143"


@pytest.fixture
def service(sqlite_database: Database, tmp_path: Path) -> Iterator[Service]:
    """A service with its carrier."""
    with serving(sqlite_database, tmp_path) as ready:
        yield ready


def test_a_text_that_the_carrier_takes_shows_that_it_is_stopped_no_more(service: Service) -> None:
    with service.database.write() as session:
        drift.note(session, PHONE, now=service.outbox.now)
    service.outbox.later(minutes=1)
    service.outbox.answer()
    service.send()
    drift.keep_in_step(service.database, service.account(), FixedClock(service.outbox.now))
    with service.database.read() as session:
        assert drift.find(session) == drift.Drift()
        assert not is_open(session, "consent:drift")


def test_what_families_wrote_during_an_outage_is_taken_in_once_and_before(service: Service) -> None:
    heard = service.hears("Thank you")
    simulation = service.outbox.carrier.simulation
    base, simulation.webhook_base = simulation.webhook_base, ""
    simulation.text_from(PHONE, "no más")
    simulation.text_from(OTHER, "The bus never comes")
    simulation.webhook_base = base

    clock = FixedClock(service.outbox.now)
    assert catch_up(service.database, service.account(), service.outbox.settings, clock) == 2
    assert catch_up(service.database, service.account(), service.outbox.settings, clock) == 0

    with service.database.read() as session:
        assert consent.state(session, PHONE).opted_out
        assert {case.phone for case in service.cases(session)} == {PHONE, OTHER}
        assert len(session.scalars(select(WebhookEvent).where(WebhookEvent.dedup_key == heard.sid)).all()) == 1


def test_nothing_leaves_after_an_outage_before_what_families_wrote_meanwhile_is_heard(service: Service) -> None:
    clock = FixedClock(service.outbox.now)
    services = Services(service.outbox.settings, service.database, clock, service.outbox.provider)
    ticks.dispatch(services)
    service.outbox.later(hours=3)
    simulation = service.outbox.carrier.simulation
    base, simulation.webhook_base = simulation.webhook_base, ""
    simulation.text_from(PHONE, "no más")
    simulation.webhook_base = base
    stopped, other = service.outbox.answer(), service.outbox.answer(phone=OTHER)
    services = replace(services, clock=FixedClock(service.outbox.now))

    token, simulation.auth_token = simulation.auth_token, "changed"  # the carrier cannot be asked
    ticks.dispatch(services)
    assert {service.outbox.row(row).state for row in (stopped, other)} == {State.PLANNED}
    with service.database.read() as session:
        assert is_open(session, "catch-up")

    simulation.auth_token = token
    ticks.dispatch(services)
    assert service.outbox.row(stopped).state == State.CANCELLED
    assert simulation.outbound.wait(30)
    assert service.outbox.row(other).state == State.DELIVERED
    with service.database.read() as session:
        assert not is_open(session, "catch-up")


def test_the_list_is_asked_in_utc_whatever_zone_an_instant_is_shown_in(service: Service) -> None:
    """The library writes an aware instant's own hour and calls it UTC: four hours of a family's words would be left out."""
    message = service.hears("Hello")
    assert message.sent_at is not None
    before = (message.sent_at - timedelta(minutes=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    assert [one.sid for one in service.account().heard(DEFAULT_SENDER, before)] == [message.sid]


def test_a_carrier_that_cannot_be_asked_changes_nothing(service: Service) -> None:
    account = service.account()
    service.outbox.carrier.simulation.auth_token = "changed"
    with pytest.raises(OSError, match="cannot be asked"):
        catch_up(service.database, account, service.outbox.settings, FixedClock(service.outbox.now))
    assert redact(service.database, account, service.outbox.settings, FixedClock(service.outbox.now)) == 0


def test_old_words_are_forgotten_by_the_carrier_and_kept_here(service: Service) -> None:
    planned = service.outbox.answer("We called the bus office.")
    service.send()
    inbound = service.hears("Thank you so much")
    clock = FixedClock(service.outbox.now + timedelta(days=31))
    assert redact(service.database, service.account(), service.outbox.settings, FixedClock(service.outbox.now)) == 0

    assert redact(service.database, service.account(), service.outbox.settings, clock) == 2
    assert redact(service.database, service.account(), service.outbox.settings, clock) == 0

    assert [message.body for message in (service.outbox.sent()[0], inbound)] == ["", ""]
    assert service.outbox.row(planned).body == "We called the bus office."


def test_a_notice_leaves_through_a_sender_that_a_stop_to_the_nudges_does_not_silence(sqlite_database: Database, tmp_path: Path) -> None:
    with serving(sqlite_database, tmp_path, twilio_notices_service_sid="MG" + "2" * 32) as service:
        service.outbox.answer()
        service.send()
        service.hears("STOP")
        provider = service.outbox.provider
        assert provider is not None
        assert provider.send(Text(PHONE, "Nudge", "r1")).error_code == "21610"
        assert provider.send(Text(PHONE, "School is closed.", "r2", is_notice=True)).outcome == Outcome.ACCEPTED


def test_an_answer_that_did_not_arrive_or_may_not_leave_is_put_before_its_writer(service: Service) -> None:
    service.outbox.carrier.carrier.order(Order(Fault.UNDELIVERED, code=30003))
    lost = service.outbox.answer()
    service.send()
    with service.database.write() as session:
        consent_actions.record(session, OTHER, Kind.OPT_OUT, source=Source.FAMILY, by="family", now=service.outbox.now)
    stopped = service.outbox.answer(phone=OTHER)
    service.send()
    with service.database.read() as session:
        assert is_open(session, f"answer:{lost}")
        assert is_open(session, f"answer:{stopped}")

    service.outbox.carrier.simulation.report_one(service.outbox.sent()[0], "delivered")
    assert service.outbox.carrier.simulation.outbound.wait()
    with service.database.read() as session:
        assert not is_open(session, f"answer:{lost}")


def test_a_retry_is_taken_back_when_the_first_text_arrives_after_all(service: Service) -> None:
    service.family()
    service.plan()
    service.outbox.carrier.carrier.order(Order(Fault.UNDELIVERED, code=30008))
    service.send()
    service.follow(hours=2)
    first, retry = service.rows()
    assert (retry.state, retry.retry_of_id) == (State.PLANNED, first.id)

    service.outbox.carrier.simulation.report_one(service.outbox.sent()[0], "delivered")
    assert service.outbox.carrier.simulation.outbound.wait()
    service.nights.plan()
    service.outbox.later(hours=5)
    service.send()

    assert [row.state for row in service.rows()] == [State.DELIVERED, State.CANCELLED]
    assert len(service.outbox.sent()) == 1


@pytest.mark.parametrize(("code", "letters", "unreached"), [(30410, 0, 0), (30005, 1, 0), (99999, 1, 0), (30006, 0, 1)])
def test_what_follows_a_text_that_did_not_arrive(service: Service, code: int, letters: int, unreached: int) -> None:
    service.family(address="" if unreached else "1 Elm St")
    service.plan()
    service.outbox.carrier.carrier.order(Order(Fault.UNDELIVERED, code=code))
    service.send()
    for _ in range(2):
        service.follow(hours=2)
    assert len(service.rows()) == 1, "it is not asked for again"
    assert len(service.rows("letter")) == letters
    with service.database.read() as session:
        assert is_open(session, f"unreached:{service.rows()[0].id}") is bool(unreached)


def test_a_number_out_of_reach_may_be_texted_again_after_its_rest(service: Service) -> None:
    with service.database.write() as session:
        now = service.outbox.now
        consent_actions.record(
            session, PHONE, Kind.SUPPRESSED, source=Source.CARRIER, by="carrier", now=now, note="off", until=now + timedelta(days=30)
        )  # fmt: skip
        assert consent_actions.lift_ended(session, now + timedelta(days=29)) == 0
        assert consent_actions.lift_ended(session, now + timedelta(days=30)) == 1
        assert consent_actions.lift_ended(session, now + timedelta(days=31)) == 0
        assert not consent.state(session, PHONE).suppressed

"""Numbers are looked up before their first text: landlines and numbers that were given to somebody else get none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from outreach.attention.queries import is_open
from outreach.clock import FixedClock
from outreach.consent import queries as consent
from outreach.consent.actions import record
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import lookups
from outreach.planning.states import State
from outreach.simulator.carrier import Line
from tests.stages.acceptance import Service, serving
from tests.stages.outbox import PHONE


@pytest.fixture
def service(database: Database, tmp_path: Path) -> Iterator[Service]:
    """A service that looks numbers up every ninety days, with one family over the threshold."""
    with serving(database, tmp_path, number_lookup_days=90) as ready:
        ready.family()
        with database.write() as session:
            record(session, PHONE, Kind.VERIFIED, source=Source.FAMILY, by="family", now=ready.outbox.now - timedelta(days=100))
        ready.plan()
        yield ready


def look_up(service: Service) -> int:
    """Look up what is wanted now."""
    return lookups.look_up(service.database, service.account(), service.outbox.settings, FixedClock(service.outbox.now))


def test_a_new_number_waits_for_its_look_up_and_a_mobile_then_gets_its_text(service: Service) -> None:
    service.send()
    assert [(row.state, row.reason) for row in service.rows()] == [(State.HELD, lookups.FIRST)]

    assert look_up(service) == 1
    service.outbox.later(minutes=2)
    service.send()

    assert [row.state for row in service.rows()] == [State.DELIVERED]
    assert look_up(service) == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Line("landline"), "Phone cannot receive texts: a landline"),
        (Line("voicemail"), "Phone cannot receive texts: a voice mailbox"),
        (Line("mobile", reassigned=True), "The number belongs to somebody else now"),
    ],
)
def test_a_number_that_cannot_or_must_not_be_texted_gets_nothing_and_a_person_is_told(service: Service, line: Line, why: str) -> None:
    service.outbox.carrier.carrier.lines[PHONE] = line
    look_up(service)
    service.send()
    assert service.outbox.sent() == []
    with service.database.read() as session:
        assert consent.state(session, PHONE).suppressed == why
        assert is_open(session, "number:ana")
    assert {row.state for row in service.rows()} == {State.SKIPPED}
    assert [row.state for row in service.rows("letter")] == [State.PLANNED]


def test_after_ninety_days_a_number_is_looked_up_again(service: Service) -> None:
    look_up(service)
    service.outbox.later(days=91)
    with service.database.read() as session:
        assert lookups.unseen(session, service.rows(), service.outbox.settings, service.outbox.now) == {PHONE}


def test_a_carrier_that_cannot_be_asked_lets_the_text_wait_and_a_person_know(service: Service) -> None:
    simulation = service.outbox.carrier.simulation
    token, simulation.auth_token = simulation.auth_token, "changed"
    assert look_up(service) == 0
    service.outbox.send()
    assert [row.state for row in service.rows()] == [State.HELD]
    with service.database.read() as session:
        assert is_open(session, "lookup")

    simulation.auth_token = token
    assert look_up(service) == 1
    with service.database.read() as session:
        assert not is_open(session, "lookup")


def test_an_answer_to_a_family_that_just_wrote_waits_for_no_look_up(service: Service) -> None:
    planned = service.outbox.answer()
    service.send()
    assert service.outbox.row(planned).state == State.DELIVERED

"""``outreach dispatch`` hears first what families wrote while nothing ran, says what waits for a person, and sends nothing unheard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from outreach.database import Database
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests import command
from tests.stages.outbox import PHONE, Outbox, running

OTHER = "+17735550143"


@pytest.fixture
def outbox(sqlite_database: Database, tmp_path: Path) -> Iterator[Outbox]:
    """An outbox with answers to two families, and a carrier."""
    with running(sqlite_database, tmp_path / "home") as ready:
        for phone in (PHONE, OTHER):
            ready.answer(phone=phone)
        yield ready


def _dispatch(outbox: Outbox) -> command.Done:
    said = {
        "OUTREACH_DATABASE_URL": outbox.database.url.render_as_string(hide_password=False),
        "OUTREACH_NOW": outbox.now.isoformat(),
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_TIMEZONE": "America/Chicago",
        "OUTREACH_TWILIO_API_BASE": outbox.settings.twilio_api_base,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": outbox.settings.twilio_messaging_service_sid,
    }
    return command.run(outbox.settings.home, "dispatch", "--format", "csv", more=said)


def test_a_stop_of_an_outage_is_heard_before_anything_leaves(outbox: Outbox) -> None:
    outbox.carrier.simulation.text_from(PHONE, "no más")
    done = _dispatch(outbox)
    assert done.returncode == 0, done.stderr
    assert "accepted" in done.stdout
    assert OTHER in {message.to for message in outbox.sent()}
    assert "We called the bus office." not in {message.body for message in outbox.sent() if message.to == PHONE}


def test_nothing_leaves_while_the_carrier_does_not_tell_what_came_in(outbox: Outbox) -> None:
    outbox.settings = outbox.settings.model_copy(update={"twilio_api_base": "http://127.0.0.1:9"})
    done = _dispatch(outbox)
    assert (done.returncode, outbox.sent()) == (1, [])
    assert "may have said stop" in done.stderr


def test_what_waits_for_a_person_is_named(outbox: Outbox) -> None:
    with outbox.database.write() as session:
        session.execute(update(PlannedMessage).values(state=State.WAITING, reason="mass-send: so many that a second person looks"))
    assert "waiting: mass-send,2" in _dispatch(outbox).stdout

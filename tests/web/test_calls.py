"""A family phones our number back: greeted in its language, put through in the school's hours, else called back by a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from outreach.cases import calls
from outreach.cases.tables import Case
from outreach.consent import blocks
from outreach.database import Database
from outreach.messages.actions import approve
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.simulator.calls import Heard, call
from outreach.web.calls import VOICES, recording_of
from tests.stages.acceptance import Service, serving
from tests.stages.outbox import PHONE

SCHOOL, OFFICE = "+13125550101", "+13125550109"


@pytest.fixture
def service(sqlite_database: Database, tmp_path: Path) -> Iterator[Service]:
    """Ana has a child at Lincoln; the words are approved in all languages."""
    with serving(sqlite_database, tmp_path, district_phone="(312) 555-0109") as made:
        made.family()
        made.nights.district.contacts["ana"]["language"] = "Spanish"
        made.nights.now = made.outbox.now
        made.nights.load()
        with sqlite_database.write() as session:
            approve(session, message=calls.MESSAGE, language=None, by="reviewer@example.org", now=made.outbox.now)
        yield made


def _call(service: Service, phone: str = PHONE, *, picked_up: bool = False) -> list[Heard]:
    heard = call(service.outbox.carrier.simulation, phone, picked_up=picked_up)
    assert service.outbox.carrier.simulation.outbound.problems == []
    return heard


def _waiting(service: Service) -> list[tuple[str, str, str, str]]:
    """Whom a person has to call: number, queue, child, school."""
    with service.database.read() as session:
        cases = session.scalars(select(Case).order_by(Case.id))
        return [(case.phone, case.queue, case.student_id, case.school_id) for case in cases]


def test_in_school_hours_the_call_goes_on_to_the_school_in_the_familys_language(service: Service) -> None:
    hello, connecting, rang, end = _call(service, picked_up=True)
    assert (hello.what, hello.language, hello.words) == ("said", "es-US", "Hola. Le habla Lincoln Schools.")
    assert connecting.words.startswith("Estamos llamando")
    assert (rang.what, rang.words, end.what) == ("rang", SCHOOL, "hung up")
    assert _waiting(service) == [], "they talked"


def test_where_nobody_picks_up_a_person_calls_back_once_and_no_text_leaves(service: Service) -> None:
    for _ in range(2):
        assert _call(service)[-2].words.startswith("Ahora nadie puede contestar")
    assert _waiting(service) == [(PHONE, "needs_me", "anas-child", "S1")]
    service.outbox.later(hours=14)
    *_, later, end = _call(service)
    assert "9 1 1" in later.words, "a voice says the digits"
    assert [one.what for one in _call(service)] == ["said", "said", "hung up"], "nobody is rung at night"
    assert end.what == "hung up"
    with service.database.read() as session:
        assert {row.intent for row in session.scalars(select(Inbound))} == {"request_call"}
        assert session.scalars(select(PlannedMessage).where(PlannedMessage.reply_to_id.is_not(None))).all() == []


def test_strangers_and_hidden_numbers_and_blocked_adults_learn_no_school(service: Service) -> None:
    assert [one.words for one in _call(service, "+13125550177")][2] == OFFICE
    assert _waiting(service) == [("+13125550177", "needs_me", "", "")]
    assert [one.words for one in _call(service, "anonymous")][2] == OFFICE
    assert len(_waiting(service)) == 1, "a hidden number cannot be called back"
    with service.database.write() as session:
        blocks.place(session, "ana", reason="order", by="head@example.org", now=service.outbox.now)
    assert [one.words for one in _call(service)][2] == OFFICE


def test_a_language_without_a_voice_is_heard_as_recorded_while_its_words_stand_else_in_english(service: Service) -> None:
    service.nights.district.contacts["ana"]["language"] = "Somali"
    service.outbox.later(minutes=5)
    service.nights.now = service.outbox.now
    service.nights.load()
    assert _call(service)[0].words == "Hello. This is Lincoln Schools."
    folder = service.outbox.settings.home / "recordings"
    folder.mkdir()
    (folder / recording_of("so", "hello", "Salaan. Waa {{ district }}.")).write_bytes(b"ID3 sound")
    (folder / "secret.txt").write_text("no")
    hello, connecting, *_ = _call(service)
    assert (hello.what, connecting.language) == ("played", VOICES["en"][1])
    found = requests.get(f"{service.url}{hello.words}", timeout=10)
    assert (found.content, found.headers["Content-Type"]) == (b"ID3 sound", "audio/mpeg")
    for other in ("secret.txt", "..%2fsecret-key", "none.mp3"):
        assert requests.get(f"{service.url}/webhooks/twilio/recordings/{other}", timeout=10).status_code == 404


def test_a_stranger_cannot_pretend_to_be_the_carrier_and_a_repeated_webhook_is_one_call(service: Service) -> None:
    fields = {"CallSid": "CA" + "1" * 32, "From": PHONE, "To": "+13125550100", "DialCallStatus": "no-answer"}
    assert service.post("/webhooks/twilio/voice", fields, token="x" * 32) == 403
    assert service.post("/webhooks/twilio/voice/after", fields, token="x" * 32) == 403
    for _ in range(2):
        assert service.post("/webhooks/twilio/voice/after", fields) == 200
    with service.database.read() as session:
        assert len(session.scalars(select(Inbound)).all()) == 1

"""While another program writes to SQLite, a webhook is answered at once, and what it told is neither lost nor doubled."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, cast

import pytest
import requests
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from outreach import arrivals
from outreach.arrivals import Arrival
from outreach.attention.tables import AttentionItem
from outreach.cases import intake
from outreach.clock import FixedClock
from outreach.consent import queries as consent
from outreach.database import Database
from outreach.delivery.actions import UNHEARD
from outreach.delivery.tables import WebhookEvent
from outreach.demo.servers import WebServer, free_port
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.services import Services
from outreach.settings import Settings
from outreach.simulator.server import AUTH_TOKEN
from outreach.web.app import create_app
from outreach.web.errors import BUSY
from scheduler import ticks
from tests.conftest import NOON
from tests.stages.outbox import PHONE, Outbox, running
from tests.web.conftest import token_of
from tests.web.seed import told

INBOUND, STATUS = "/webhooks/twilio/inbound", "/webhooks/twilio/status"


@dataclass
class Scene:
    """A service with a carrier, and its webhooks on a real address."""

    outbox: Outbox
    url: str
    file: Path

    @property
    def database(self) -> Database:
        """The service's database."""
        return self.outbox.database

    @property
    def settings(self) -> Settings:
        """The service's settings."""
        return self.outbox.settings

    @property
    def services(self) -> Services:
        """As the jobs see it."""
        return Services(self.settings, self.database, FixedClock(self.outbox.now), self.outbox.provider)

    def post(self, path: str, params: Mapping[str, str]) -> int:
        """Sign and send one request; return its status."""
        signature = RequestValidator(AUTH_TOKEN).compute_signature(self.url + path, params)
        answer = requests.post(self.url + path, data=params, headers={"X-Twilio-Signature": signature}, timeout=30)
        return answer.status_code

    def events(self) -> list[tuple[str, str, bool]]:
        """(kind, key, taken in) of every stored event, as they were stored."""
        with self.database.read() as session:
            rows = session.scalars(select(WebhookEvent).order_by(WebhookEvent.id))
            return [(row.kind, row.dedup_key, row.processed_at is not None) for row in rows]

    def opted_out(self) -> bool:
        """Whether the family's number stopped us."""
        with self.database.read() as session:
            return consent.state(session, PHONE).opted_out


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Iterator[Scene]:
    """Everything up, nothing planned; the word lists are read before the clock runs."""
    with running(sqlite_database, tmp_path / "home") as outbox:
        server = WebServer.start(create_app(Services(outbox.settings, sqlite_database, FixedClock(NOON), outbox.provider)), free_port())
        try:
            yield Scene(outbox, server.url, tmp_path / "test.db")
        finally:
            server.stop()


@contextmanager
def written_to(scene: Scene) -> Iterator[None]:
    """Another process writes to the database for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.web.busy_writer", "hold", str(scene.file)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert cast("IO[str]", process.stdout).readline() == "held\n"
        try:
            yield
        finally:
            cast("IO[str]", process.stdin).close()
            process.wait(30)


def text(sid: str, body: str) -> dict[str, str]:
    """A family's text as the carrier tells it."""
    return {"MessageSid": sid, "From": PHONE, "To": "+13125550100", "Body": body, "NumMedia": "0"}


def test_while_an_import_writes_every_webhook_is_answered_and_a_stop_binds_the_next_dispatch(scene: Scene) -> None:
    """Thirty requests, four at a time, some twice: all answered before the writer ends, nothing lost or doubled, and no further text."""
    planned = scene.outbox.answer()
    with scene.database.write() as session:
        ref, sid = (row := told(session, "+13125550143", NOON, state="accepted", provider_sid="SM" + "f" * 32)).ref, row.provider_sid
    texts = [(INBOUND, text(f"SM{n}", "STOP" if n == 7 else f"Thank you {n}")) for n in range(16)]
    reports = [(f"{STATUS}?o={ref}", {"MessageSid": sid, "MessageStatus": status}) for status in ("sent", "delivered")]
    with written_to(scene), ThreadPoolExecutor(4) as carrier:
        answers = list(carrier.map(lambda one: scene.post(*one), [*texts, *reports, *texts[:10], *reports]))
        assert scene.events() == []
        assert arrivals.is_waiting(scene.settings.home)
    assert set(answers) == {200, 204}
    assert scene.post(*texts[3]) == 200, "the carrier's own repetition, after the writer is gone"
    ticks.dispatch(scene.services)
    assert sorted(scene.events()) == sorted(
        [("inbound", f"SM{n}", True) for n in range(16)] + [("status", f"{sid}:{s}:", True) for s in ("sent", "delivered")]
    )
    assert not arrivals.is_waiting(scene.settings.home)
    assert scene.opted_out()
    assert scene.outbox.row(planned).state == "cancelled"
    assert scene.outbox.sent() == []
    with scene.database.read() as session:
        assert len(session.scalars(select(Inbound.id)).all()) == 16
        assert session.scalars(select(PlannedMessage.state).where(PlannedMessage.ref == ref)).one() == "delivered"
        assert session.scalars(select(AttentionItem.id).where(AttentionItem.kind == "intake")).all() == []


def test_a_page_that_cannot_save_says_so_instead_of_keeping_a_thread(scene: Scene) -> None:
    """A few threads serve all; each that waits for the import is one that no webhook gets."""
    hasty = Database(str(scene.database.url), patience=0.1)
    pages = create_app(Services(scene.settings.model_copy(update={"secret_key": "x" * 32}), hasty, FixedClock(NOON), None)).test_client()
    token = token_of(pages.get("/sign-in").text)
    with written_to(scene):
        answer = pages.post("/sign-in", data={"csrf_token": token, "email": "a@example.org", "password": "wrong"})
    assert (answer.status_code, BUSY[0] in answer.text) == (503, True)
    hasty.engine.dispose()


def test_while_one_text_waits_in_a_file_nothing_leaves(scene: Scene) -> None:
    """Whoever forgets to take it in before: delivery looks itself, before it claims and before each request."""
    planned = scene.outbox.answer()
    arrivals.put(scene.settings.home, Arrival("inbound", "SM1", text("SM1", "please stop texting me"), "", NOON))
    assert scene.outbox.send().claimed == 0
    assert (scene.outbox.row(planned).state, scene.outbox.sent()) == ("planned", [])
    ticks.dispatch(scene.services)
    assert (scene.outbox.row(planned).state, scene.outbox.sent()) == ("cancelled", [])


def test_a_text_that_is_kept_but_not_taken_in_holds_what_would_go_to_its_number_only(scene: Scene) -> None:
    """The service died between keeping and understanding."""
    to_writer, to_other = scene.outbox.answer(), scene.outbox.answer(phone="+13125550143")
    with scene.database.write() as session:
        intake.keep(session, Arrival("inbound", "SM1", text("SM1", "Thank you"), "", NOON))
    scene.outbox.send()
    held, sent = scene.outbox.row(to_writer), scene.outbox.row(to_other)
    assert (held.state, held.reason, sent.state) == ("held", UNHEARD, "accepted")
    ticks.take_left_behind(scene.services)
    scene.outbox.later(minutes=2)
    scene.outbox.send()
    assert scene.outbox.row(to_writer).state == "accepted"


@pytest.mark.parametrize("words", [("START", "STOP"), ("STOP", "START")])
def test_what_was_written_last_stands_though_it_is_taken_in_first(scene: Scene, words: tuple[str, str]) -> None:
    """A stop overtakes an earlier start that had to wait; a start that came later lifts the stop."""
    with scene.database.write() as session:
        kept = [
            intake.keep(session, Arrival("inbound", f"SM{n}", text(f"SM{n}", body), "", NOON + timedelta(seconds=n)))
            for n, body in enumerate(words)
        ]
    for event_id in reversed(kept) if words[1] == "STOP" else kept:
        assert event_id is not None
        assert intake.process(scene.database, scene.settings, event_id, NOON)
    assert scene.opted_out() == (words[1] == "STOP")


def test_texts_in_files_become_rows_in_the_order_they_came_with_the_next_request(scene: Scene) -> None:
    """So that a stop never stands before the start it takes back."""
    for n, body in enumerate(["STOP", "START", "STOP"]):
        arrivals.put(scene.settings.home, Arrival("inbound", f"SM{n}", text(f"SM{n}", body), "", NOON - timedelta(minutes=9 - n)))
    assert scene.post(INBOUND, text("SM9", "Thank you")) == 200
    assert [key for _, key, _ in scene.events()] == ["SM0", "SM1", "SM2", "SM9"]
    ticks.take_left_behind(scene.services)
    assert scene.opted_out()


def test_a_service_killed_right_after_its_answer_has_lost_nothing(scene: Scene) -> None:
    """With the writer there, the text is in a file; without it, in a row."""
    for sid in ("SM1", "SM2"):
        words = [sys.executable, "-m", "tests.web.busy_writer", "take_and_die", str(scene.file), str(scene.settings.home), sid, "STOP"]
        when = [datetime.now(UTC).isoformat()]
        if sid == "SM1":
            with written_to(scene):
                assert subprocess.run([*words, *when], cwd=Path(__file__).parents[2], check=False).returncode == -9
            assert scene.events() == []
        else:
            assert subprocess.run([*words, *when], cwd=Path(__file__).parents[2], check=False).returncode == -9
    ticks.take_left_behind(scene.services)
    assert scene.events() == [("inbound", "SM1", True), ("inbound", "SM2", True)]
    assert scene.opted_out()


def test_a_service_killed_between_the_row_and_the_end_of_the_file_makes_no_second_row(scene: Scene) -> None:
    """The file comes back as if it had never been removed, after the row was committed and taken in."""
    arrivals.put(scene.settings.home, Arrival("inbound", "SM1", text("SM1", "The bus never comes"), "", NOON))
    folder, copy = scene.settings.home / "arrivals", scene.settings.home / "copy"
    shutil.copytree(folder, copy)
    ticks.take_left_behind(scene.services)
    shutil.copytree(copy, folder, dirs_exist_ok=True)
    ticks.take_left_behind(scene.services)
    assert scene.events() == [("inbound", "SM1", True)]
    assert not arrivals.is_waiting(scene.settings.home)
    with scene.database.read() as session:
        assert len(session.scalars(select(Inbound.id)).all()) == 1


def test_a_file_that_cannot_be_read_is_put_before_a_person_at_once_and_keeps_nobody_back(scene: Scene) -> None:
    """It stays for IT under another name."""
    planned = scene.outbox.answer(phone="+13125550143")
    arrivals.put(scene.settings.home, Arrival("inbound", "SM1", text("SM1", "STOP"), "", NOON))
    (scene.settings.home / "arrivals" / "broken.json").write_bytes(b"\xff{")
    for _ in range(2):
        ticks.dispatch(scene.services)
    assert scene.opted_out()
    assert scene.outbox.row(planned).state == "accepted"
    with scene.database.read() as session:
        (item,) = session.scalars(select(AttentionItem).where(AttentionItem.kind == "intake"))
        assert (item.urgent, item.times_seen, "broken.json" in item.sentence) == (True, 1, True)
    assert [path.name for path in (scene.settings.home / "arrivals").iterdir()] == ["broken.unreadable"]

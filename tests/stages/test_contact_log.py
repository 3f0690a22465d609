"""The contact log for the SIS: each contact of a day once, no word of anybody, and the same bytes whenever it is written."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from outreach.cases.call_tables import CallMade
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.mentor_tables import CheckIn
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.tables import CarrierStatus
from outreach.evidence import contact_log
from outreach.evidence.contact_log import NotOverError
from outreach.planning.tables import PlannedMessage
from outreach.services import Services
from outreach.settings import Settings
from scheduler import ticks
from tests.command import run
from tests.conftest import NOON
from tests.web.seed import MARIA, seed, told

DAY = date(2026, 10, 6)
MORNING = datetime.fromisoformat("2026-10-07T05:00:00-05:00")
PLANTED = "Zephyrine"


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.fixture
def busy(database: Database, settings: Settings, tmp_path: Path) -> Database:
    """A day with a contact of every kind, words of a family and a sealed reason planted in all of them."""
    cases = seed(database, settings, tmp_path / "feed")
    with database.write() as session:

        def event(kind: str, **values: Any) -> CaseEvent:
            row = CaseEvent(case_id=cases.maria, at=NOON, kind=kind, by="ana@example.org", text=PLANTED, **values)
            session.add(row)
            session.flush()
            return row

        for hours, status in ((1, "delivered"), (20, "delivered")):
            message = told(session, MARIA, NOON, student_ids=["st1", "st2"], state="delivered", body=PLANTED)
            session.flush()
            received = NOON + timedelta(hours=hours)
            session.add(
                CarrierStatus(provider_sid=f"SM{hours}", ref="", planned_id=message.id, status=status, error_code="", received_at=received)
            )
            message.changed_at = received
        told(session, MARIA, NOON, student_ids=["st1"], message_class="page", body=PLANTED)
        told(session, MARIA, datetime.fromisoformat("2026-10-07T00:00:00-05:00"), student_ids=["st1"])
        event("visit"), event("note")
        for outcome, undone in (("left_message", None), ("reached", NOON + timedelta(minutes=2))):
            call = event("no_answer")
            session.add(CallMade(
                student_id="st1", contact_id="c1", phone=MARIA, outcome=outcome, at=NOON, by="ana@example.org", event_id=call.id,
                overlay_id=None, before={}, undone_at=undone,
            ))  # fmt: skip
        for kind, hours in (("child", 0), ("family", 0), ("tried", 0), ("child", 24)):
            session.add(CheckIn(student_id="st1", account_id=1, at=NOON + timedelta(hours=hours), kind=kind, words=PLANTED, next_on=None))
        sealed = Barrier(
            case_id=cases.maria, reason="housing", sealed=True, urgent=False, severity="", said_by="family", words=PLANTED, heard_at=NOON,
            inbound_id=None, confirmed_by="", state="open", said_yes_at=None, closed_at=None, closed_by="", closed_why="",
        )  # fmt: skip
        session.add(sealed)
        session.flush()
        for kind, barrier in (("visit", None), ("visit", sealed.id), ("mentor", None)):
            session.add(Step(
                case_id=cases.maria, barrier_id=barrier, kind=kind, layer="problem_solving", words=PLANTED, owner_id=None, state="done",
                due_on=None, planned_at=NOON, planned_by="", done_at=NOON, outcome=PLANTED, told_id=None, asked_id=None,
            ))  # fmt: skip
    return database


def test_a_day_holds_each_contact_once_and_equals_a_plain_recount(busy: Database, settings: Settings) -> None:
    with busy.read() as session:
        content = contact_log.content(contact_log.entries(session, DAY, settings))
        begins, ends = (datetime.fromisoformat(f"2026-10-0{day}T00:00:00-05:00") for day in (6, 7))
        sent = [row for row in session.scalars(select(PlannedMessage)) if row.sent_at and begins <= row.sent_at < ends]
        texts = sum(len(row.student_ids) for row in sent if row.channel == "sms" and row.message_class != "page")
        heard = select(Case.student_id, CaseEvent.at).join(Case, Case.id == CaseEvent.case_id).where(CaseEvent.kind == "inbound")
        replies = sum(begins <= at < ends and child != "" for child, at in session.execute(heard))
    found = rows(content)
    assert Counter(row["kind"] for row in found) == {"text": texts, "reply": replies, "call": 1, "visit": 2, "check_in": 3}
    assert sorted(row["outcome"] for row in found if row["kind"] == "check_in") == ["child", "family", "no_answer"]
    assert texts >= 4
    assert replies > 0
    assert {row["outcome"] for row in found if row["kind"] == "call"} == {"left_message"}, "the one that was taken back is not there"
    assert len({(row["student_id"], row["entry_id"]) for row in found}) == len(found)
    assert {row["date"] for row in found} == {"2026-10-06"}


def test_no_word_no_reason_no_adult_and_no_number_is_in_it(busy: Database, settings: Settings) -> None:
    with busy.read() as session:
        content = contact_log.content(contact_log.entries(session, DAY, settings)).decode()
    assert content.splitlines()[0] == "student_id,date,kind,outcome,entry_id"
    for secret in (PLANTED, "housing", "Maria", "Lopez", "c1", MARIA, "555", "page", "safety"):
        assert secret not in content


def test_what_became_known_later_changes_no_file(busy: Database, settings: Settings, tmp_path: Path) -> None:
    """The second text was delivered eight hours after the file's hour: in the file it is sent, today and in a year."""
    with busy.read() as session:
        path = contact_log.write(session, DAY, tmp_path / "out", settings, MORNING)
    first = path.read_bytes()
    assert sorted(row["outcome"] for row in rows(first) if row["kind"] == "text").count("delivered") == 2
    with busy.write() as session:
        late = NOON + timedelta(days=40)
        for row in session.scalars(select(PlannedMessage).where(PlannedMessage.state == "delivered")):
            session.add(
                CarrierStatus(provider_sid=f"late{row.id}", ref="", planned_id=row.id, status="failed", error_code="", received_at=late)
            )
    with busy.read() as session:
        assert contact_log.write(session, DAY, tmp_path / "again", settings, NOON + timedelta(days=60)).read_bytes() == first
        with pytest.raises(NotOverError, match="2026-10-07 04:00"):
            contact_log.write(session, DAY, tmp_path / "early", settings, MORNING - timedelta(hours=1, seconds=1))


def test_the_job_writes_every_day_once_and_catches_up(sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "sis"
    at = settings.model_copy(update={"contact_log_folder": str(folder)})
    ticks.write_contact_log(Services(settings, sqlite_database, FixedClock(MORNING), None))
    assert not folder.exists(), "without a folder none is written"
    ticks.write_contact_log(Services(at, sqlite_database, FixedClock(MORNING), None))
    assert [path.name for path in sorted(folder.iterdir())] == ["contact_log_2026-10-06.csv"]
    kept = (folder / "contact_log_2026-10-06.csv").stat().st_mtime_ns
    ticks.write_contact_log(Services(at, sqlite_database, FixedClock(MORNING + timedelta(days=3)), None))
    assert [path.stem[-2:] for path in sorted(folder.iterdir())] == ["06", "07", "08", "09"], "a day without contacts is a file, too"
    assert (folder / "contact_log_2026-10-06.csv").stat().st_mtime_ns == kept


def test_the_command_writes_yesterday_and_refuses_a_day_that_is_not_over(tmp_path: Path) -> None:
    done = run(tmp_path / "home", "contact-log", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "contact_log_2026-09-17.csv").read_text() == "student_id,date,kind,outcome,entry_id\n"
    refused = run(tmp_path / "home", "contact-log", "--out", str(tmp_path / "out"), "--date", "2026-09-18")
    assert refused.returncode == 2
    assert "not complete before 2026-09-19 04:00" in refused.stderr

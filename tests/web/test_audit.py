"""The record on its page and as a file: searchable, for those whose role has it, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import update

from outreach.database import Database
from outreach.settings import load_settings
from outreach.staff import actions as staff
from outreach.staff import seals
from outreach.staff.keys import secret_key
from outreach.staff.tables import AuditEntry
from tests.command import run
from tests.conftest import NOON
from tests.web.conftest import SignedIn


@pytest.fixture
def recorded(sqlite_database: Database, signed_in: SignedIn) -> SignedIn:
    with sqlite_database.write() as session:
        for number in range(120):
            staff.audit(session, actor="ana@example.org", action="case.noted", subject=f"case {number}", now=NOON)
        staff.audit(session, actor="=HYPERLINK(1)", action="case.closed", subject="+1", now=NOON, detail={"why": "@SUM(1)"})
    return signed_in


def test_the_record_is_searched_page_by_page(recorded: SignedIn) -> None:
    boss = recorded("boss")
    shown = boss.get("/audit?actor=ana@example.org&action=case.").text
    assert "case 119" in shown
    assert "case 19<" not in shown
    assert "Older" in shown
    assert "case 7<" in boss.get("/audit?subject=case 7").text
    assert "Nothing fits" in boss.get("/audit?actor=nobody").text
    assert boss.get("/audit?before=9999999999999999999999").status_code == 200


def test_a_file_of_the_record_runs_nothing_and_is_on_record_itself(recorded: SignedIn) -> None:
    boss = recorded("boss")
    rows = list(csv.DictReader(io.StringIO(boss.get("/audit.csv?action=case.closed").text)))
    assert [(row["actor"], row["subject"]) for row in rows] == [("'=HYPERLINK(1)", "'+1")]
    assert "audit.exported" in boss.get("/audit").text


@pytest.mark.parametrize(("name", "status"), [("boss", 200), ("ana", 403), ("ira", 403), ("eve", 403)])
def test_the_record_is_for_those_who_answer_for_it(recorded: SignedIn, name: str, status: int) -> None:
    assert recorded(name).get("/audit").status_code == status
    assert recorded(name).get("/audit.csv").status_code == status


def test_a_touched_record_is_said_on_the_page(recorded: SignedIn, sqlite_database: Database) -> None:
    boss = recorded("boss")
    with sqlite_database.write() as session:
        seals.seal(session, str(boss.application.secret_key), NOON + 2 * seals.SETTLED)
    assert "Nothing was touched" in boss.get("/audit?verify=yes").text
    with sqlite_database.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.subject == "case 3").values(actor="raj@example.org"))
    assert "Somebody touched the record" in boss.get("/audit?verify=yes").text


def test_the_command_prints_the_trail_and_ends_with_one_where_it_was_touched(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    run(tmp_path, "user", "add", "boss@example.org", "--role", "district_administrator", "--name", "Boss")
    assert "account.add" in run(tmp_path, "audit", "list", "--action", "account").stdout
    database = Database(f"sqlite:///{tmp_path / 'outreach.db'}")
    with database.write() as session:
        seals.seal(session, secret_key(load_settings(home=tmp_path)), NOON + 2 * seals.SETTLED)
    assert run(tmp_path, "audit", "verify").returncode == 0
    with database.write() as session:
        session.execute(update(AuditEntry).values(actor="nobody"))
    database.engine.dispose()
    found = run(tmp_path, "audit", "verify")
    assert found.returncode == 1
    assert "was changed since" in found.stdout

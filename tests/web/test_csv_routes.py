"""Every CSV that a page gives, found in the app's own map, opened by somebody whose district was written by an attacker."""

from __future__ import annotations

import csv
import io

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, update

from outreach.cases.tables import CaseEvent
from outreach.consent import actions as ledger
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.district.tables import Contact, School, Student
from outreach.replies.tables import Inbound
from outreach.staff import actions as staff
from outreach.staff.tables import Account
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import MARIA

EVIL = "=cmd|' /C calc'!A0"
RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def poison(database: Database) -> None:
    """Names, replies, notes, reasons and the audit trail all begin like a formula."""
    with database.write() as session:
        for table in (Student, Contact, School, Inbound, CaseEvent, Account):
            columns = [
                c
                for c in table.__table__.columns
                if isinstance(c.type, String) and c.name in {"name", "first_name", "last_name", "body", "text", "why"}
            ]
            session.execute(update(table).values({column.name: EVIL for column in columns}))
        ledger.record(session, MARIA, Kind.OPT_OUT, source=Source.STAFF, by=EVIL, now=NOON, note=EVIL)
        staff.audit(session, actor=EVIL, action="signed.out", subject=EVIL, now=NOON, detail={EVIL: EVIL})


def test_no_cell_of_any_csv_of_the_pages_begins_like_a_formula(app: Flask, sqlite_database: Database, signed_in: SignedIn) -> None:
    boss: FlaskClient = signed_in("boss")
    poison(sqlite_database)
    files: dict[str, str] = {"/disclosures/file": send(boss, "/disclosures", "/disclosures/file")[2]}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments:
            continue
        answer = boss.get(rule.rule)
        if answer.mimetype == "text/csv":
            files[rule.rule] = answer.get_data().decode("utf-8-sig")
    cells = {name: [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row] for name, text in files.items()}
    assert {"/consent.csv", "/audit.csv"} < set(files)
    assert sum(EVIL in cell for name in cells for cell in cells[name]) > 5, "the words of the attacker came through"
    broken = [f"{name}: {cell[:40]}" for name in cells for cell in cells[name] if cell.startswith(RUNS)]
    assert not broken, broken

"""The page of the consent ledger: who stopped what, every statement, and what staff may add to it."""

from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.consent import actions as ledger
from outreach.consent.queries import post, state
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import drift
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import JANE, MARIA, OMAR, STRANGER, WEI, Seeded


@pytest.fixture
def ana(signed_in: SignedIn) -> FlaskClient:
    return signed_in("ana")


def record(session: Session, name: str, kind: Kind, source: Source = Source.FAMILY, by: str = "text", note: str = "") -> None:
    ledger.record(session, name, kind, source=source, by=by, now=NOON, note=note)


def test_the_page_names_who_is_stopped_and_where_the_carrier_differs(ana: FlaskClient, sqlite_database: Database) -> None:
    assert "Nobody has stopped anything." in ana.get("/consent").text
    with sqlite_database.write() as session:
        record(session, MARIA, Kind.OPT_OUT, note="crisis")
        record(session, WEI, Kind.OPT_OUT)
        drift.note(session, OMAR, now=NOON)
        drift.note(session, MARIA, now=NOON)
    shown = ana.get("/consent").text
    assert "Stopped: 1<" in shown
    assert "Maria Lopez" in shown
    assert "Stopped only at the carrier: 1<" in shown
    assert "Stopped only here" not in shown, "the other number that only we stopped is of another school"
    assert "Omar Haddad" in shown
    assert "crisis" not in shown, "how a text was understood is for who may read the thread"


def test_the_district_sees_both_sides_of_the_difference(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    with sqlite_database.write() as session:
        record(session, MARIA, Kind.OPT_OUT)
        drift.note(session, STRANGER, now=NOON)
    shown = boss.get("/consent").text
    assert "Stopped only at the carrier: 1<" in shown
    assert "nobody we know" in shown
    assert "Stopped only here: 1<" in shown


def test_a_stop_and_a_consent_on_paper_are_written_down_with_a_reason(ana: FlaskClient, sqlite_database: Database) -> None:
    page = "/consent/one?adult=c2"
    status, _, shown = send(ana, page, page, name=OMAR, word="stop", why=" ")
    assert (status, "Write down who said so" in shown) == (422, True)
    assert send(ana, page, page, name=OMAR, word="stop", why="He said so at the office")[0] == 302
    shown = ana.get(page).text
    assert "Texts are stopped by staff." in shown
    assert "He said so at the office" in shown
    assert "Ana Reyes" in shown
    assert send(ana, page, page, name=OMAR, word="agreed", why="Form of October 6")[0] == 302
    with sqlite_database.read() as session:
        assert not state(session, OMAR).opted_out
        assert state(session, OMAR).verified
        said = [(row.action, row.subject) for row in session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("consent.")))]
    assert said == [("consent.stop", "contact c2"), ("consent.agreed", "contact c2")]


def test_nobody_lifts_a_familys_stop_and_letters_can_be_resumed(ana: FlaskClient, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        record(session, OMAR, Kind.OPT_OUT)
        record(session, post("c2"), Kind.OPT_OUT, by="family page")
    page = "/consent/one?adult=c2"
    shown = ana.get(page).text
    assert "Only their own START, from this phone, lifts that; nobody here can." in shown
    assert "They agreed in writing" not in shown
    status, _, refused = send(ana, page, page, name=OMAR, word="agreed", why="a form")
    assert (status, "Only their own START" in refused) == (422, True)
    assert send(ana, page, page, name=post("c2"), word="letters_again", why="His wife asked, October 6")[0] == 302
    assert "the family, written down by Ana Reyes" in ana.get(page).text
    with sqlite_database.read() as session:
        assert (state(session, OMAR).opted_out, state(session, post("c2")).opted_out) == (True, False)


def test_only_ones_own_families_numbers_and_words_are_taken(signed_in: SignedIn, ana: FlaskClient, seeded: Seeded) -> None:
    page = "/consent/one?adult=c2"
    assert send(ana, page, page, name=WEI, word="stop", why="x")[0] == 404, "another family's number"
    assert ana.get("/consent/one?adult=c4").status_code == 404
    assert ana.get("/consent/one?adult=nobody").status_code == 404
    assert ana.get("/consent/one").status_code == 404
    assert ana.get(f"/consent/one?case={seeded.wei}").status_code == 404
    assert send(ana, page, page, name=OMAR, word="nothing", why="x")[0] == 403
    kim = signed_in("kim")
    assert "Stop" in kim.get(page).text
    assert "They agreed in writing" not in kim.get(page).text
    assert send(kim, page, page, name=OMAR, word="agreed", why="x")[0] == 403, "who answers families opens again, a clerk stops"


def test_the_number_of_a_conversation_with_nobody_we_know_has_its_ledger_too(signed_in: SignedIn, seeded: Seeded) -> None:
    boss = signed_in("boss")
    page = f"/consent/one?case={seeded.stranger}"
    assert "We do not know whose number this is." in boss.get(page).text
    assert send(boss, page, page, name=STRANGER, word="stop", why="said on the phone")[0] == 302
    assert page in boss.get(f"/cases/{seeded.stranger}").text
    assert "/consent/one?adult=c2" in boss.get(f"/cases/{seeded.omar}").text


def test_every_statement_of_ones_families_is_a_row_that_runs_in_no_spreadsheet(ana: FlaskClient, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        record(session, OMAR, Kind.OPT_OUT, Source.STAFF, "ana@example.org", '=HYPERLINK("x")')
        record(session, WEI, Kind.OPT_OUT)
    answer = ana.get("/consent.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["what"], row["adults"], row["statement"], row["stopped_now"]) for row in rows] == [
        (f"'{OMAR}", "Omar Haddad", "opt_out", "staff"),
        (f"'{JANE}", "Jane O'Neil", "verified", ""),
    ]
    assert rows[0]["note"] == '\'=HYPERLINK("x")'
    with sqlite_database.read() as session:
        [exported] = session.scalars(select(AuditEntry).where(AuditEntry.action == "consent.exported"))
    assert exported.detail == {"rows": 2}

"""A number that was told wrongly, on the page of its case."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.cases import corrections
from outreach.cases.tables import Case, WrongCount
from outreach.database import Database
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded
from tests.web.wrong_number import a_wrong_number


@pytest.fixture
def case_id(seeded: Seeded, sqlite_database: Database, settings: Settings, tmp_path: Path) -> int:  # noqa: ARG001 - the district is seeded
    """Omar's family was told 8 days of Yusuf; one of them was a mistake."""
    return a_wrong_number(sqlite_database, settings, tmp_path / "feed")


def correction(database: Database) -> PlannedMessage:
    """The correction that was made ready."""
    with database.read() as session:
        return session.scalars(select(PlannedMessage).where(PlannedMessage.message == "correction")).one()


def test_the_page_shows_then_and_now_and_the_words(signed_in: SignedIn, case_id: int) -> None:
    page = signed_in("ana").get(f"/cases/{case_id}").text
    assert "A number we told was wrong" in page
    assert "we told <strong>8</strong>, it is <strong>7</strong>" in page
    assert "import 2 of seed" in page
    assert "Waits for approval" in page
    assert "missed 8 days this school year" in page, "the correction in its own words"
    assert "Approve and send" in page


def test_approving_lets_it_leave_once(signed_in: SignedIn, case_id: int, sqlite_database: Database) -> None:
    client, row = signed_in("ana"), correction(sqlite_database)
    here, there = f"/cases/{case_id}", f"/cases/{case_id}/corrections/{row.id}/approve"
    assert send(client, here, there, seen="st3:2026-10-05:8:6")[0] == 422
    assert correction(sqlite_database).state == "waiting", "other numbers than the page showed approve nothing"
    for _ in range(2):
        assert send(client, here, there, seen=corrections.shown(row))[:2] == (302, here)
    assert correction(sqlite_database).state == "planned"
    page = client.get(here).text
    assert "Approve and send" not in page
    assert "Correction approved" in page


def test_dismissing_asks_for_a_reason_and_closing_for_a_decision(signed_in: SignedIn, case_id: int, sqlite_database: Database) -> None:
    client, row = signed_in("ana"), correction(sqlite_database)
    here, there = f"/cases/{case_id}", f"/cases/{case_id}/corrections/{row.facts['corrects']}/dismiss"
    status, _, page = send(client, here, f"{here}/close")
    assert (status, "approve it or dismiss it first" in page) == (422, True)
    assert send(client, here, there, note=" ")[0] == 422
    assert send(client, here, there, note="We told them by phone.")[0] == 302
    assert "We told them by phone." in client.get(here).text
    assert correction(sqlite_database).state == "cancelled"
    assert send(client, here, there, note="Again")[0] == 422
    assert send(client, here, f"{here}/close")[0] == 302


def test_others_neither_see_nor_decide_it(signed_in: SignedIn, case_id: int, sqlite_database: Database) -> None:
    """A case of Lincoln is none of Roosevelt's."""
    row = correction(sqlite_database)
    client = signed_in("raj")
    assert client.get(f"/cases/{case_id}").status_code == 404
    assert send(client, "/inbox", f"/cases/{case_id}/corrections/{row.id}/approve", seen=corrections.shown(row))[0] == 404
    assert correction(sqlite_database).state == "waiting"


def test_a_number_that_is_not_known_has_no_words(signed_in: SignedIn, case_id: int, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        row = session.scalars(select(WrongCount)).one()
        row.true_now, row.message_id = "", None
    page = signed_in("ana").get(f"/cases/{case_id}").text
    assert "not known now" in page
    assert "Nothing can be told while the right number is not known." in page
    assert "Approve and send" not in page
    with sqlite_database.read() as session:
        assert session.get_one(Case, case_id).state == "open"

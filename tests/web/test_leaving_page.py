"""An administrator sees what somebody has before their account is closed, and only people in their care are closed."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from outreach.cases.tables import Case
from outreach.database import Database
from outreach.staff.tables import Account
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded


@pytest.fixture
def ids(sqlite_database: Database, seeded: Seeded) -> dict[str, int]:
    """Accounts by first name; Ana has Maria's case."""
    with sqlite_database.write() as session:
        found = {row.email.split("@")[0]: row.id for row in session.scalars(select(Account))}
        session.execute(update(Case).where(Case.id == seeded.maria).values(owner_id=found["ana"]))
        return found


def test_a_person_is_closed_with_what_they_had_in_sight_and_signed_out(
    signed_in: SignedIn, sqlite_database: Database, ids: dict[str, int], seeded: Seeded
) -> None:
    ana, boss, page = signed_in("ana"), signed_in("boss"), f"/accounts/{ids['ana']}/close"
    assert ana.get("/inbox").status_code == 200
    assert "See what that is" in boss.get(f"/accounts/{ids['ana']}").text
    assert "Open conversations: <strong>1</strong>" in boss.get(page).text
    assert send(boss, page, page, to=str(ids["raj"]))[0] == 422, "Raj works at another school"
    assert send(boss, page, page, to="")[0] == 422
    assert send(boss, page, page, to="routing")[0] == 302
    assert ana.get("/inbox").status_code == 302, "a stolen cookie is worth nothing"
    assert "works here no more" in boss.get(f"/cases/{seeded.maria}").text
    assert "This account was closed" in boss.get(page).text
    assert send(boss, "/inbox", page, to="routing")[0] == 422
    with sqlite_database.read() as session:
        assert session.get_one(Case, seeded.maria).owner_id == ids["boss"]


def test_only_an_administrator_and_only_after_their_own_people(signed_in: SignedIn, sqlite_database: Database, ids: dict[str, int]) -> None:
    with sqlite_database.write() as session:
        session.execute(update(Account).where(Account.id == ids["ana"]).values(role="school_administrator"))
    for who, whom, status in (("raj", "kim", 403), ("ana", "raj", 404), ("ana", "boss", 404), ("ana", "kim", 302), ("boss", "boss", 422)):
        browser = signed_in(who)
        assert send(browser, "/inbox", f"/accounts/{ids[whom]}/close", to="routing")[0] == status, (who, whom)

"""My details, the people of a school, and why a family is mine."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from outreach.cases import cover, escalation
from outreach.cases.routing_tables import StaffAbsence
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send, token_of
from tests.web.seed import LINCOLN, ROOSEVELT, Seeded


def _id(database: Database, name: str) -> int:
    with database.read() as session:
        account = accounts.by_email(session, f"{name}@example.org")
        assert account is not None
        return account.id


def _away(database: Database) -> list[tuple[date, date, int | None]]:
    with database.read() as session:
        return [(row.begins, row.ends, row.cover_id) for row in session.scalars(select(StaffAbsence).order_by(StaffAbsence.id))]


def test_a_coordinator_says_what_they_take_and_when_they_are_away(signed_in: SignedIn, sqlite_database: Database) -> None:
    client, ana, boss = signed_in("ana"), _id(sqlite_database, "ana"), _id(sqlite_database, "boss")
    assert "/me/details" in client.get("/inbox").text
    form = {"csrf_token": token_of(client.get("/me/details").text), "language": ["vi", "es"], "grade": ["3"], "reason": ["food"]}
    client.post("/me/details", data=form)
    with sqlite_database.read() as session:
        assert cover.details(session, ana) == cover.Details(("es", "vi"), ("3",), ("food",))
    days = {"what": "away", "begins": "2026-10-12", "ends": "2026-10-16"}
    assert send(client, "/me/details", "/me/details", **days, cover=str(boss))[0] == 302
    assert "Boss Reyes covers" in client.get("/me/details").text
    assert _away(sqlite_database) == [(date(2026, 10, 12), date(2026, 10, 16), boss)]
    assert send(client, "/me/details", "/me/details", back="1")[0] == 302
    assert _away(sqlite_database) == []


def test_what_cannot_be_is_refused_with_a_sentence(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("ana")
    for fields, words in (
        ({"begins": "2026-10-12", "ends": "2026-10-11"}, "comes after the first"),
        ({"begins": "2026-10-12", "ends": "soon"}, "Choose the first and the last day"),
        ({"begins": "2026-10-12", "ends": "2026-10-12", "cover": str(_id(sqlite_database, "raj"))}, "choose somebody from the list"),
    ):
        status, _, page = send(client, "/me/details", "/me/details", what="away", **fields)
        assert status == 422
        assert words in page
    status, _, page = send(client, "/me/details", "/me/details", language="xx")
    assert (status, "xx is not in our list" in page) == (422, True)
    assert _away(sqlite_database) == []


def test_an_administrator_speaks_for_the_people_of_their_schools_alone(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        staff.add_account(session, email="jo@example.org", name="Jo Park", role=Role.SCHOOL_ADMINISTRATOR, schools=[LINCOLN], now=NOON)
    client, ana = signed_in("jo"), _id(sqlite_database, "ana")
    page = client.get("/people").text
    assert "Ana Reyes" in page
    assert "Raj Reyes" not in page, "who works at Roosevelt alone"
    assert send(client, f"/people/{ana}", f"/people/{ana}", what="away", begins="2026-10-06", ends="2026-10-06")[0] == 302
    assert len(_away(sqlite_database)) == 1
    page = client.get("/people").text
    assert "Away today" in page
    for other in ("raj", "boss", "kim"):
        assert client.get(f"/people/{_id(sqlite_database, other)}").status_code == 404
    assert signed_in("ana").get("/people").status_code == 403


def test_a_person_cannot_take_back_somebody_elses_days(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        row = cover.go_away(session, _id(sqlite_database, "raj"), NOON.date(), NOON.date(), cover_id=None, by="raj@example.org", now=NOON)
        session.flush()
        absence = row.id
    send(signed_in("ana"), "/me/details", "/me/details", back=str(absence))
    assert len(_away(sqlite_database)) == 1


def test_a_conversation_says_why_it_is_mine(signed_in: SignedIn, sqlite_database: Database, seeded: Seeded, settings: Settings) -> None:
    with sqlite_database.write() as session:
        wei = session.get_one(Case, seeded.wei)
        assert wei.school_id == ROOSEVELT
        escalation.place(session, wei, settings, NOON)
        raj = session.get_one(Account, wei.owner_id or 0)
        assert raj.email == "raj@example.org"
    said = "because you are the coordinator of Roosevelt Middle, but do not read Chinese (Simplified)."
    assert f"Yours {said}" in signed_in("raj").get(f"/cases/{seeded.wei}").text
    said = said.replace("you", "they")
    assert f"Raj Reyes has it {said}" in signed_in("boss").get(f"/cases/{seeded.wei}").text

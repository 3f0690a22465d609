"""An administrator changes an account on its page: what it costs is shown first, and only people in their care are changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update

from outreach.cases.tables import Case
from outreach.database import Database
from outreach.delivery.mail_tables import Email
from outreach.services import Services
from outreach.staff import actions as staff
from outreach.staff.tables import Account, LinkedIdentity
from outreach.web.context import EXTENSION
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN, ROOSEVELT, Seeded


@pytest.fixture
def ids(sqlite_database: Database, seeded: Seeded) -> dict[str, int]:
    """Accounts by first name; Ana has Maria's case, and is known to the district's sign-in."""
    with sqlite_database.write() as session:
        found = {row.email.split("@")[0]: row.id for row in session.scalars(select(Account))}
        session.execute(update(Case).where(Case.id == seeded.maria).values(owner_id=found["ana"]))
        session.add(LinkedIdentity(issuer="https://idp.test", subject="1", account_id=found["ana"], linked_at=NOON))
        return found


def wants(who: str, **other: str) -> dict[str, str]:
    return {"name": who.capitalize(), "email": f"{who}@example.org", "role": "coordinator", "school": LINCOLN} | other


def test_what_somebody_gives_away_is_shown_before_anything_changes(
    signed_in: SignedIn, sqlite_database: Database, ids: dict[str, int], seeded: Seeded
) -> None:
    ana, boss, page = signed_in("ana"), signed_in("boss"), f"/accounts/{ids['ana']}/change"
    assert "Change the account" in boss.get(f"/accounts/{ids['ana']}").text
    status, _, shown = send(boss, page, page, **wants("ana", school=ROOSEVELT))
    assert (status, "Open conversations: <strong>1</strong>" in shown) == (200, True)
    assert ana.get(f"/cases/{seeded.maria}").status_code == 200, "nothing has happened yet"
    assert send(boss, page, page, **wants("ana", school=ROOSEVELT, to="99"))[0] == 422
    assert send(boss, page, page, **wants("ana", school=ROOSEVELT, to="routing"))[0] == 302
    assert ana.get("/inbox").status_code == 302, "she is signed out at once"
    again = signed_in("ana")
    assert again.get("/inbox").status_code == 200
    assert again.get(f"/cases/{seeded.maria}").status_code == 404, "and sees the other school only"
    with sqlite_database.read() as session:
        assert session.get_one(Case, seeded.maria).owner_id not in {None, ids["ana"]}


def test_a_new_e_mail_and_a_new_account_at_the_provider(signed_in: SignedIn, sqlite_database: Database, ids: dict[str, int]) -> None:
    boss, page = signed_in("boss"), f"/accounts/{ids['ana']}/change"
    assert "has a new account for them" in boss.get(page).text
    assert send(boss, page, page, **wants("ana", email="raj@example.org"))[0] == 422
    assert send(boss, page, page, **wants("ana", email="ruiz@example.org", forget="1"))[0] == 302
    with sqlite_database.write() as session:
        assert session.get_one(Account, ids["ana"]).email == "ruiz@example.org"
        assert session.scalars(select(LinkedIdentity)).all() == []
        assert session.scalars(select(Email)).all() == [], "nobody carries e-mails here"
        staff.audit(session, actor="ana@example.org", action="case.noted", subject="case 1", now=NOON)
    for name in ("ana@example.org", "ruiz@example.org"):
        shown = boss.get(f"/audit?actor={name}").text
        assert ("case.noted" in shown, "account.changed" in shown) == (True, False), "what she did, and nobody else's act"


def test_the_former_address_is_told_that_the_account_has_another_and_not_which(
    app: Flask, signed_in: SignedIn, sqlite_database: Database, ids: dict[str, int]
) -> None:
    services: Services = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(services, settings=services.settings.model_copy(update={"smtp_host": "127.0.0.1"}))
    boss, page = signed_in("boss"), f"/accounts/{ids['ana']}/change"
    assert send(boss, page, page, **wants("ana", name="Ana Ruiz"))[0] == 302
    assert send(boss, page, page, **wants("ana", name="Ana Ruiz", email="ruiz@example.org"))[0] == 302
    assert send(boss, page, page, **wants("ana", name="Ana Ruiz", email="third@example.org"))[0] == 302
    with sqlite_database.read() as session:
        mails = session.scalars(select(Email).order_by(Email.id)).all()
        assert [(mail.address, mail.kind) for mail in mails] == [
            ("ana@example.org", "email_changed"),
            ("ruiz@example.org", "email_changed"),
        ], "a new name is no e-mail, and what is told to an address stays there"
        assert all("another e-mail" in mail.body and "third@" not in mail.body and "ruiz@" not in mail.body for mail in mails)


def test_an_administrator_of_schools_gives_only_what_is_theirs_to_give(
    signed_in: SignedIn, sqlite_database: Database, ids: dict[str, int]
) -> None:
    with sqlite_database.write() as session:
        session.execute(update(Account).where(Account.id == ids["ana"]).values(role="school_administrator"))
    ana, kim = signed_in("ana"), f"/accounts/{ids['kim']}/change"
    for whom, fields, status in (
        ("raj", {}, 404),
        ("boss", {}, 404),
        ("kim", {"role": "district_administrator"}, 422),
        ("kim", {"role": "school_administrator"}, 422),
        ("kim", {"school": ROOSEVELT}, 422),
        ("kim", {"email": "hers@example.org", "role": "mentor", "name": "Kim Park"}, 302),
    ):
        assert send(ana, "/inbox", f"/accounts/{ids[whom]}/change", **wants(whom, **fields))[0] == status, (whom, fields)
    with sqlite_database.read() as session:
        row = session.get_one(Account, ids["kim"])
        assert (row.name, row.email, row.role) == ("Kim Park", "kim@example.org", "mentor"), "an e-mail is the district's to change"
    assert signed_in("raj").get(kim).status_code == 403
    me = f"/accounts/{ids['ana']}/change"
    assert signed_in("boss").get(me).status_code == 200


def test_nobody_gives_themselves_another_role(signed_in: SignedIn, ids: dict[str, int]) -> None:
    boss, page = signed_in("boss"), f"/accounts/{ids['boss']}/change"
    assert "A colleague changes your role" in boss.get(page).text
    assert send(boss, page, page, **wants("boss", role="it"))[0] == 422
    assert send(boss, page, page, name="The Boss", email="boss@example.org", role="district_administrator")[0] == 302

"""Where people are signed in: each ends her own, an administrator another person's, and a stolen cookie dies with its session."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.staff import actions, queries
from outreach.staff.tables import AuditEntry, StaffSession
from outreach.web.context import EXTENSION, SESSION_KEY
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import PASSWORD

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/604.1"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"


def on(app: Flask, agent: str) -> FlaskClient:
    """Ana, signed in with this browser."""
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = agent
    assert send(client, "/sign-in", "/sign-in", email="ana@example.org", password=PASSWORD)[0] == 302
    return client


def thief_of(app: Flask, client: FlaskClient) -> FlaskClient:
    """Another browser with a copy of the cookie."""
    stolen, thief = client.get_cookie("outreach"), app.test_client()
    assert stolen is not None
    thief.set_cookie("outreach", stolen.value)
    assert thief.get("/inbox").status_code == 200
    return thief


def test_a_person_ends_one_sign_in_and_its_stolen_cookie_dies(app: Flask, signed_in: SignedIn, sqlite_database: Database) -> None:
    signed_in("boss")
    desk, phone = on(app, DESK), on(app, PHONE)
    thief = thief_of(app, phone)
    page = desk.get("/me/sign-in").text
    assert "Edge on Windows" in page
    assert "this one" in page
    assert "Safari on iPhone" in page
    with sqlite_database.read() as session:
        rows = {row.browser: row for row in session.scalars(select(StaffSession)) if row.browser}
    assert not any(row.key_hash in page for row in rows.values())
    with phone.session_transaction() as cookie:
        assert cookie[SESSION_KEY] not in page
    assert send(desk, "/me/sign-in", "/me/sign-in/sessions/end", session=rows["Safari on iPhone"].public_id)[0] == 302
    assert [client.get("/inbox").status_code for client in (desk, phone, thief)] == [200, 302, 302]
    with sqlite_database.read() as session:
        assert session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "signed.out")).all() == [{"sign_ins": 1}]


def test_a_person_ends_all_others_and_stays(app: Flask, signed_in: SignedIn) -> None:
    here, there, raj = signed_in("ana"), on(app, PHONE), signed_in("raj")
    on(app, DESK)
    assert "Sign out everywhere else" in here.get("/me/sign-in").text
    assert send(here, "/me/sign-in", "/me/sign-in/sessions/end")[0] == 302
    assert [client.get("/inbox").status_code for client in (here, there, raj)] == [200, 302, 200]


def test_nobody_ends_the_sign_in_of_another_by_its_name(app: Flask, signed_in: SignedIn, sqlite_database: Database) -> None:
    ana, raj = on(app, DESK), signed_in("raj")
    with sqlite_database.read() as session:
        name = session.scalars(select(StaffSession.public_id).where(StaffSession.browser == "Edge on Windows")).one()
    assert send(raj, "/me/sign-in", "/me/sign-in/sessions/end", session=name)[0] == 302
    assert ana.get("/inbox").status_code == 200


def test_an_administrator_ends_another_persons_sign_ins(app: Flask, signed_in: SignedIn, sqlite_database: Database) -> None:
    boss, ana = signed_in("boss"), on(app, PHONE)
    thief = thief_of(app, ana)
    with sqlite_database.read() as session:
        account = queries.by_email(session, "ana@example.org")
        assert account is not None
    where = f"/accounts/{account.id}"
    assert "Safari on iPhone" in boss.get(where).text
    assert send(boss, where, f"{where}/sessions/end")[0] == 302
    assert [client.get("/inbox").status_code for client in (boss, ana, thief)] == [200, 302, 302]


def test_a_closed_account_and_a_month_end_every_sign_in(app: Flask, signed_in: SignedIn, sqlite_database: Database) -> None:
    ana, raj = on(app, PHONE), signed_in("raj")
    thief = thief_of(app, ana)
    with sqlite_database.write() as session:
        account = queries.by_email(session, "ana@example.org")
        assert account is not None
        actions.close_account(session, account, NOON)
    assert [client.get("/inbox").status_code for client in (ana, thief, raj)] == [302, 302, 200]
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], clock=FixedClock(NOON + queries.LONGEST_SIGN_IN))
    assert raj.get("/inbox").status_code == 302

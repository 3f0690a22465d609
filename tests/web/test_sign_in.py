"""Signing in by password and by one-time link, choosing a password, signing out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.staff import actions, queries, tries
from outreach.staff.roles import GRANTS, Role
from outreach.staff.tables import Account, AuditEntry
from outreach.web.context import EXTENSION
from outreach.web.layout import TABS
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send, token_of
from tests.web.seed import PASSWORD


@pytest.fixture
def link(sqlite_database: Database) -> str:
    """A fresh one-time link of a coordinator without a password."""
    with sqlite_database.write() as session:
        account = actions.add_account(session, email="ana@example.org", name="Ana", role=Role.COORDINATOR, schools=["S1"], now=NOON)
        return actions.one_time_link(session, account, NOON)


def test_a_stranger_is_sent_to_the_sign_in_page_and_back_afterwards(app: Flask, signed_in: SignedIn) -> None:
    signed_in("ana")  # seeds the people
    client = app.test_client()
    first = client.get("/delivery?days=30")
    assert first.status_code == 302
    assert first.headers["Location"] == "/sign-in?next=/delivery?days%3D30"
    status, where, _ = send(
        client, first.headers["Location"], "/sign-in", email="ANA@example.org", password=PASSWORD, next="/delivery?days=30"
    )
    assert (status, where) == (302, "/delivery?days=30")
    assert client.get(where).status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"])
def test_the_sign_in_page_leads_nowhere_else(app: Flask, signed_in: SignedIn, elsewhere: str) -> None:
    signed_in("ana")
    _, where, _ = send(app.test_client(), "/sign-in", "/sign-in", email="ana@example.org", password=PASSWORD, next=elsewhere)
    assert where == "/"


@pytest.mark.parametrize(("email", "password"), [("ana@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", "")])
def test_a_wrong_pair_gets_one_answer_whatever_is_wrong(app: Flask, signed_in: SignedIn, email: str, password: str) -> None:
    signed_in("ana")
    client = app.test_client()
    status, _, page = send(client, "/sign-in", "/sign-in", email=email, password=password)
    assert status == 422
    assert "do not fit together" in page
    assert client.get("/inbox").status_code == 302


@pytest.mark.parametrize("email", ["ana@example.org", "Nobody@Example.org "])
def test_ten_wrong_passwords_wait_a_quarter_of_an_hour_whoever_it_is(
    app: Flask, signed_in: SignedIn, sqlite_database: Database, email: str
) -> None:
    signed_in("ana")
    client, begun = app.test_client(), NOON - timedelta(minutes=14)
    with sqlite_database.write() as session:
        for _ in range(tries.MOST - 1):
            tries.note(session, email, begun)
    assert send(client, "/sign-in", "/sign-in", email=email, password="wrong")[0] == 422
    status, _, page = send(client, "/sign-in", "/sign-in", email=email.strip().upper(), password=PASSWORD)
    assert status == 429
    assert "quarter of an hour" in page
    assert client.get("/inbox").status_code == 302, "the right one is not looked at either"
    assert send(client, "/sign-in", "/sign-in", email="kim@example.org", password=PASSWORD)[0] == 302, "nobody else waits"
    with sqlite_database.read() as session:
        assert not tries.must_wait(session, email, begun + tries.WINDOW)


def test_a_right_password_forgets_the_wrong_ones_before(app: Flask, signed_in: SignedIn, sqlite_database: Database) -> None:
    signed_in("ana")
    with sqlite_database.write() as session:
        for _ in range(tries.MOST - 1):
            tries.note(session, "ana@example.org", NOON)
    assert send(app.test_client(), "/sign-in", "/sign-in", email="ana@example.org", password=PASSWORD)[0] == 302
    with sqlite_database.write() as session:
        tries.note(session, "ana@example.org", NOON)
        assert not tries.must_wait(session, "ana@example.org", NOON)


def test_looking_at_a_link_does_not_spend_it_and_pressing_the_button_does(app: Flask, link: str) -> None:
    client, other = app.test_client(), app.test_client()
    for _ in range(3):
        assert "Sign me in" in client.get(f"/sign-in/{link}").text
    status, where, _ = send(client, f"/sign-in/{link}", f"/sign-in/{link}")
    assert (status, where) == (302, "/password")
    assert client.get("/inbox").status_code == 200
    spent = other.get(f"/sign-in/{link}")
    assert (spent.status_code, "no longer works" in spent.text) == (410, True)


def test_a_link_that_two_people_hold_signs_in_one(app: Flask, link: str) -> None:
    first, second = app.test_client(), app.test_client()
    for client in (first, second):
        client.get(f"/sign-in/{link}")
    tokens = [send(client, "/sign-in", f"/sign-in/{link}")[0] for client in (first, second)]
    assert tokens == [302, 410]


def test_after_a_link_a_password_is_chosen_and_then_it_opens(app: Flask, sqlite_database: Database, link: str) -> None:
    client = app.test_client()
    send(client, f"/sign-in/{link}", f"/sign-in/{link}")
    status, _, page = send(client, "/password", "/password", password="short")
    assert (status, "at least 12" in page) == (422, True)
    status, where, _ = send(client, "/password", "/password", password=PASSWORD)
    assert (status, where) == (302, "/")
    assert client.get("/inbox").status_code == 200, "the browser that chose it stays signed in"
    assert send(app.test_client(), "/sign-in", "/sign-in", email="ana@example.org", password=PASSWORD)[0] == 302
    with sqlite_database.read() as session:
        assert set(session.scalars(select(AuditEntry.action))) == {"signed.in", "password.set"}


def test_who_signed_in_by_password_must_tell_it_to_change_it(app: Flask, signed_in: SignedIn, sqlite_database: Database) -> None:
    client, elsewhere = signed_in("ana"), signed_in("ana")
    new = "five loud red kestrels"
    assert send(client, "/password", "/password", old="wrong", password=new)[0] == 422
    with sqlite_database.read() as session:
        assert actions.check_password(session, "ana@example.org", PASSWORD) is not None
    assert send(client, "/password", "/password", old=PASSWORD, password=new)[0] == 302
    assert elsewhere.get("/inbox").status_code == 302, "every other browser is signed out"
    assert app.test_client().get("/inbox").status_code == 302


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(app: Flask, signed_in: SignedIn) -> None:
    client = signed_in("ana")
    stolen = client.get_cookie("outreach")
    assert stolen is not None
    thief = app.test_client()
    thief.set_cookie("outreach", stolen.value)
    assert thief.get("/inbox").status_code == 200
    assert send(client, "/inbox", "/sign-out")[1] == "/sign-in"
    assert thief.get("/inbox").status_code == 302


def test_a_cookie_we_did_not_sign_is_no_sign_in(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("outreach", "eyJrZXkiOiJ4In0.aaaa.bbbb")
    assert client.get("/inbox").status_code == 302


def test_a_disabled_person_is_out_at_the_next_click(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("ana")
    assert client.get("/inbox").status_code == 200
    with sqlite_database.write() as session:
        session.scalars(select(Account).where(Account.email == "ana@example.org")).one().disabled_at = NOON
    assert client.get("/inbox").status_code == 302


def test_a_fragment_for_a_person_signed_out_sends_the_page_to_the_sign_in(app: Flask) -> None:
    answer = app.test_client().get("/inbox/live", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.text) == (401, "/sign-in", "")


def test_every_role_has_a_first_page() -> None:
    assert [role for role in Role if not any(tab.permission in GRANTS[role].permissions for tab in TABS)] == []


def test_a_signed_in_person_need_not_sign_in_again(signed_in: SignedIn) -> None:
    assert signed_in("ana").get("/sign-in").headers["Location"] == "/"


def test_nobody_guesses_the_password_of_a_browser_that_was_left_open(signed_in: SignedIn) -> None:
    client = signed_in("ana")
    for _ in range(tries.MOST):
        assert send(client, "/password", "/password", old="wrong", password="a new one of many letters")[0] == 422
    status, _, page = send(client, "/password", "/password", old=PASSWORD, password="a new one of many letters")
    assert (status, "quarter of an hour" in page) == (429, True)


def test_guesses_that_come_at_once_are_no_more_than_those_that_come_one_after_the_other(app: Flask, signed_in: SignedIn) -> None:
    signed_in("ana")
    clients = [app.test_client() for _ in range(tries.MOST + 4)]
    tokens = [token_of(client.get("/sign-in").text) for client in clients]

    def guess(client: FlaskClient, token: str) -> int:
        return client.post("/sign-in", data={"csrf_token": token, "email": "ana@example.org", "password": "wrong"}).status_code

    with ThreadPoolExecutor(len(clients)) as crowd:
        answers = list(crowd.map(guess, clients, tokens))
    assert sorted(answers) == [422] * tries.MOST + [429] * 4


def test_who_came_by_a_link_chooses_a_password_within_the_hour_and_not_for_a_month(
    app: Flask, sqlite_database: Database, link: str
) -> None:
    client = app.test_client()
    send(client, f"/sign-in/{link}", f"/sign-in/{link}")
    services: Services = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(services, clock=FixedClock(NOON + queries.LINK_TIME))
    page = client.get("/password").text
    assert ("ask your administrator to send you one" in page, 'name="password"' in page) == (True, False)
    token = token_of(client.get("/me/sign-in").text)
    answer = client.post("/password", data={"csrf_token": token, "password": "a stranger at her desk"})
    assert answer.status_code == 422
    with sqlite_database.read() as session:
        assert session.scalars(select(Account.password_hash).where(Account.email == "ana@example.org")).one() is None

"""Bringing people in: whoever an administrator invites gets a link that works once, runs out, and can be taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.invitations import INVITATION_LIFETIME
from outreach.delivery.mail_tables import Email
from outreach.delivery.provider import Answer, Outcome
from outreach.services import Services
from outreach.settings import Settings
from outreach.staff import queries
from outreach.staff.tables import Account, AuditEntry
from outreach.web.context import EXTENSION
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN, PASSWORD, ROOSEVELT

NORA = {"name": "Nora <Bell>", "email": "Nora@Example.org", "role": "coordinator", "school": LINCOLN}


class Carrier:
    """A mailer that keeps what it is given."""

    def __init__(self) -> None:
        """Begin with none."""
        self.letters: list[mail.Mail] = []

    def send(self, letter: mail.Mail) -> Answer:
        self.letters.append(letter)
        return Answer(Outcome.ACCEPTED, detail="250")


@pytest.fixture
def with_mail(app: Flask, settings: Settings) -> None:
    """A mail server is set."""
    told = settings.model_copy(update={"smtp_host": "127.0.0.1", "mail_from": "us@example.org", "public_url": "http://outreach.test"})
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], settings=told)


def invite(client: FlaskClient, **other: str) -> tuple[int, str, str]:
    return send(client, "/accounts", "/accounts", **NORA | other)


def carried(database: Database) -> list[mail.Mail]:
    carrier = Carrier()
    mail.send_due(database, carrier, FixedClock(NOON))
    return carrier.letters


def link_in(text: str) -> str:
    found = re.search(r"/sign-in/[\w-]{40,}", text)
    assert found is not None
    return found[0]


def of_nora(database: Database) -> Account | None:
    with database.read() as session:
        return queries.by_email(session, "nora@example.org")


@pytest.mark.usefixtures("with_mail")
def test_whoever_is_invited_comes_in_by_the_link_in_the_e_mail_and_it_is_kept_nowhere(
    app: Flask, signed_in: SignedIn, sqlite_database: Database
) -> None:
    assert invite(signed_in("boss"))[0] == 302
    (letter,) = carried(sqlite_database)
    assert letter.address == "nora@example.org"
    assert "invited" in letter.words.subject
    assert "Nora &lt;Bell&gt;" in letter.words.html
    link = link_in(letter.words.body)
    assert f"http://outreach.test{link}" in letter.words.body
    with sqlite_database.read() as session:
        row = session.scalars(select(Email)).one()
        assert (row.state, row.body, row.html) == ("sent", "", "")
    nora = app.test_client()
    assert send(nora, link, link)[:2] == (302, "/password")
    assert send(nora, "/password", "/password", password=PASSWORD)[0] == 302
    assert nora.get("/inbox").status_code == 200
    assert app.test_client().get(link).status_code == 410
    with sqlite_database.read() as session:
        told = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [*told] == ["account.invited", "account.link", "signed.in", "password.set", "signed.in"]


@pytest.mark.usefixtures("with_mail")
def test_a_link_is_sent_anew_and_the_one_before_works_no_more(app: Flask, signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    where = invite(boss)[1]
    first = link_in(carried(sqlite_database)[0].words.body)
    assert send(boss, where, f"{where}/link")[0] == 302
    assert send(boss, where, f"{where}/link")[0] == 302
    (letter,) = carried(sqlite_database)
    last = link_in(letter.words.body)
    client = app.test_client()
    assert [client.get(link).status_code for link in (first, last)] == [410, 200], "the one that had not left is not sent at all"
    assert "Take it back" in boss.get(where).text
    assert send(boss, where, f"{where}/link/back")[0] == 302
    assert client.get(last).status_code == 410
    assert "no link that still works" in boss.get(where).text


@pytest.mark.usefixtures("with_mail")
def test_a_link_that_is_taken_back_before_it_left_leaves_no_more(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    where = invite(boss)[1]
    send(boss, where, f"{where}/link/back")
    assert carried(sqlite_database) == []


def test_where_nobody_carries_e_mails_the_link_is_shown_once_and_runs_out(
    app: Flask, signed_in: SignedIn, settings: Settings, sqlite_database: Database
) -> None:
    boss = signed_in("boss")
    status, _, page = invite(boss)
    link = link_in(page)
    assert (status, "Hand this link" in page) == (200, True)
    nora = of_nora(sqlite_database)
    assert nora is not None
    assert link not in boss.get(f"/accounts/{nora.id}").text
    assert app.test_client().get(link).status_code == 200
    app.extensions[EXTENSION] = Services(settings, sqlite_database, FixedClock(NOON + INVITATION_LIFETIME - timedelta(seconds=1)), None)
    assert app.test_client().get(link).status_code == 200
    app.extensions[EXTENSION] = Services(settings, sqlite_database, FixedClock(NOON + INVITATION_LIFETIME), None)
    assert app.test_client().get(link).status_code == 410


@pytest.mark.parametrize(
    "other",
    [
        {"email": "nora"},
        {"email": "ana@example.org"},
        {"role": "king"},
        {"school": "S99"},
        {"school": ""},
    ],
)
def test_what_cannot_be_is_told_and_makes_no_account(signed_in: SignedIn, sqlite_database: Database, other: dict[str, str]) -> None:
    status, _, page = invite(signed_in("boss"), **other)
    assert (status, 'role="alert"' in page) == (422, True)
    assert of_nora(sqlite_database) is None


def test_an_administrator_of_a_school_invites_to_that_school_and_to_no_higher_role(
    app: Flask, signed_in: SignedIn, sqlite_database: Database
) -> None:
    boss = signed_in("boss")
    link = link_in(invite(boss, name="Sue", email="sue@example.org", role="school_administrator")[2])
    sue = app.test_client()
    send(sue, link, link)
    page = sue.get("/accounts").text
    assert "ana@example.org" in page
    assert "raj@example.org" not in page, "he is of another school"
    assert "boss@example.org" not in page
    assert invite(sue, school=ROOSEVELT)[0] == 422
    assert invite(sue, role="district_administrator")[0] == 422
    assert invite(sue, role="school_administrator")[0] == 422
    with sqlite_database.read() as session:
        raj, old = queries.by_email(session, "raj@example.org"), queries.by_email(session, "boss@example.org")
    assert raj is not None
    assert old is not None
    for other in (raj, old):
        assert sue.get(f"/accounts/{other.id}").status_code == 404
        assert send(sue, "/accounts", f"/accounts/{other.id}/link")[0] == 404
    assert invite(sue)[0] == 200


def test_a_closed_account_gets_no_link(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    with sqlite_database.write() as session:
        raj = queries.by_email(session, "raj@example.org")
        assert raj is not None
        raj.disabled_at = NOON
        where = f"/accounts/{raj.id}"
    assert "Nobody signs in with it" in boss.get(where).text
    assert send(boss, where, f"{where}/link")[0] == 422

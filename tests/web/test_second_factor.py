"""The second factor: set up with an app, asked at each sign-in, used once, limited, needed by role, and taken off by an administrator."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.settings import RoleName, Settings
from outreach.staff import actions, factors, keys, queries, tries
from outreach.staff.roles import Role
from outreach.staff.tables import Account, AuditEntry, RecoveryCode, SecondFactor
from outreach.web.context import EXTENSION, SESSION_KEY
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import PASSWORD

ANA = "ana@example.org"


def account(database: Database, email: str = ANA) -> Account:
    with database.read() as session:
        found = queries.by_email(session, email)
        assert found is not None
        return found


@pytest.fixture
def app_of_ana(signed_in: SignedIn, sqlite_database: Database, settings: Settings) -> pyotp.TOTP:  # noqa: ARG001 - the people are seeded
    """What Ana's phone shows, for a factor that she has set up a minute ago."""
    key, before = keys.secret_key(settings), NOON - timedelta(minutes=1)
    with sqlite_database.write() as session:
        ana = queries.by_email(session, ANA)
        assert ana is not None
        shown = pyotp.TOTP(factors.propose(session, ana.id, key, before))
        assert factors.confirm(session, ana, key, shown.at(before), before)
    return shown


def at(app: Flask, when: datetime) -> None:
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], clock=FixedClock(when))


def with_password(app: Flask, email: str = ANA, wanted: str = "") -> FlaskClient:
    client = app.test_client()
    assert send(client, "/sign-in", "/sign-in", email=email, password=PASSWORD, next=wanted)[0] == 302
    return client


def after_password(app: Flask) -> FlaskClient:
    """A browser in which Ana's password was right a moment ago, without the slow hash."""
    parts, client = app.extensions[EXTENSION], app.test_client()
    with parts.database.write() as session:
        key = actions.begin_session(session, account(parts.database), parts.clock.now(), waits_for_code=True)
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = key
    return client


def give(client: FlaskClient, code: str, **more: str) -> tuple[int, str, str]:
    return send(client, "/sign-in/code", "/sign-in/code", code=code, **more)


def test_setting_it_up_shows_a_picture_then_codes_on_paper_once(signed_in: SignedIn, sqlite_database: Database) -> None:
    ana = signed_in("ana")
    assert send(ana, "/me/sign-in", "/me/sign-in/app")[0] == 302
    page = ana.get("/me/sign-in").text
    secret = re.search(r'app-secret">(\w+)<', page)
    assert secret is not None
    assert 'src="data:image/svg+xml;base64,' in page
    assert send(ana, "/me/sign-in", "/me/sign-in/app/confirm", code="000000")[0] == 422
    with sqlite_database.read() as session:
        assert factors.standing(session, account(sqlite_database).id) is None, "a wrong code switches nothing on"
    _, _, shown = send(ana, "/me/sign-in", "/me/sign-in/app/confirm", code=pyotp.TOTP(secret[1]).at(NOON))
    codes = re.findall(r"<code>([\w-]+)</code>", shown)
    assert len(set(codes)) == factors.RECOVERY_CODES
    page = ana.get("/me/sign-in").text
    assert secret[1] not in page
    assert not any(code in page for code in codes)
    with sqlite_database.read() as session:
        row = session.scalars(select(SecondFactor)).one()
        assert secret[1] not in row.sealed_secret
        assert not {code.code_hash for code in session.scalars(select(RecoveryCode))} & set(codes)


def test_a_password_alone_opens_nothing_until_the_code_is_given(app: Flask, app_of_ana: pyotp.TOTP, sqlite_database: Database) -> None:
    client = with_password(app, wanted="/delivery?days=30")
    assert client.get("/inbox").status_code == 302
    assert client.get("/me/sign-in").status_code == 302
    assert send(client, "/sign-in/code", "/me/sign-in/app/change", code="1")[0] == 302
    assert give(client, "000000")[0] == 422
    before = client.get_cookie("outreach")
    status, where, _ = give(client, app_of_ana.at(NOON), next="/delivery?days=30")
    assert (status, where) == (302, "/delivery?days=30")
    assert client.get(where).status_code == 200
    thief = app.test_client()
    assert before is not None
    thief.set_cookie("outreach", before.value)
    assert thief.get("/inbox").status_code == 302, "the cookie from before the code is worth nothing"
    assert thief.get("/sign-in/code").status_code == 302
    with sqlite_database.read() as session:
        assert [*session.scalars(select(AuditEntry.action))] == ["factor.set", "signed.in"]


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example"])
def test_the_code_page_leads_nowhere_else(app: Flask, app_of_ana: pyotp.TOTP, elsewhere: str) -> None:
    assert give(after_password(app), app_of_ana.at(NOON), next=elsewhere)[1] == "/"


def test_a_code_that_was_used_is_refused_and_so_is_every_older_one(app: Flask, app_of_ana: pyotp.TOTP) -> None:
    assert give(after_password(app), app_of_ana.at(NOON))[0] == 302
    again = after_password(app)
    assert give(again, app_of_ana.at(NOON))[0] == 422
    assert give(again, app_of_ana.at(NOON - timedelta(seconds=30)))[0] == 422
    assert give(again, app_of_ana.at(NOON + timedelta(minutes=2)))[0] == 422, "nor one of the future"
    assert give(again, app_of_ana.at(NOON + timedelta(seconds=30)))[0] == 302, "a phone may be half a minute ahead"


def test_a_code_on_paper_works_once_and_only_for_its_person(app: Flask, app_of_ana: pyotp.TOTP, sqlite_database: Database) -> None:  # noqa: ARG001
    with sqlite_database.write() as session:
        code, other = factors.fresh_codes(session, account(sqlite_database).id)[:2]
        assert not factors.check(session, account(sqlite_database, "raj@example.org").id, "key", code, NOON)
    assert give(after_password(app), f" {code.lower().replace('-', ' ')} ")[0] == 302
    again = after_password(app)
    assert give(again, code)[0] == 422
    assert give(again, other)[0] == 302


def test_ten_wrong_codes_wait_and_nobody_elses_typing_makes_them(app: Flask, app_of_ana: pyotp.TOTP, sqlite_database: Database) -> None:
    whose, client = str(account(sqlite_database).id), after_password(app)
    with sqlite_database.write() as session:
        for _ in range(tries.MOST):
            tries.note(session, whose, NOON)
            tries.note(session, f"code {whose}", NOON)
        assert not tries.must_wait(session, whose, NOON, what=tries.CODE), "what is typed for an e-mail counts for no code"
        for _ in range(tries.MOST - 1):
            tries.note(session, whose, NOON, what=tries.CODE)
    assert give(client, "000000")[0] == 422
    assert give(client, app_of_ana.at(NOON))[0] == 429, "the right one is not looked at either"
    assert after_password(app).get("/sign-in/code").status_code == 200


def test_a_right_password_waits_ten_minutes_for_its_code(app: Flask, app_of_ana: pyotp.TOTP) -> None:
    client, late = with_password(app), NOON + queries.CODE_TIME
    page = client.get("/sign-in/code").text
    at(app, late)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/sign-in/code", data={"csrf_token": token[1], "code": app_of_ana.at(late)})
    assert answer.headers["Location"] == "/sign-in"
    assert client.get("/inbox").status_code == 302


def test_a_link_asks_for_the_code_too_and_then_lets_choose_a_password(
    app: Flask, app_of_ana: pyotp.TOTP, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        ana = queries.by_email(session, ANA)
        assert ana is not None
        link = f"/sign-in/{actions.one_time_link(session, ana, NOON)}"
    client = app.test_client()
    _, where, _ = send(client, link, link)
    assert client.get("/password").status_code == 302
    assert where == "/sign-in/code?next=/password"
    assert give(client, app_of_ana.at(NOON), next="/password")[1] == "/password"
    assert send(client, "/password", "/password", password="five loud red kestrels")[0] == 302


def test_without_the_key_outside_the_database_a_secret_says_nothing(
    app_of_ana: pyotp.TOTP, sqlite_database: Database, settings: Settings
) -> None:
    whose = account(sqlite_database).id
    with sqlite_database.write() as session:
        assert not factors.check(session, whose, "another key", app_of_ana.at(NOON), NOON)
        session.execute(update(SecondFactor).values(confirmed_at=None))
        assert factors.proposed(session, whose, "another key") is None
        assert factors.proposed(session, whose, keys.secret_key(settings)) == app_of_ana.secret


def test_who_opens_childrens_records_sets_one_up_first_wherever_people_come_over_https(
    app: Flask, signed_in: SignedIn, settings: Settings, sqlite_database: Database
) -> None:
    boss, ana = signed_in("boss"), signed_in("ana")
    assert boss.get("/inbox").status_code == 200, "on one's own machine nobody is held up"
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], settings=settings.model_copy(update={"second_factor": "always"}))
    assert boss.get("/inbox").headers["Location"] == "/me/sign-in"
    assert boss.get("/inbox/live", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/me/sign-in"
    assert "One step before you begin" in boss.get("/me/sign-in").text
    assert ana.get("/inbox").status_code == 200
    with sqlite_database.write() as session:
        old = queries.by_email(session, "boss@example.org")
        assert old is not None
        key, before = keys.secret_key(settings), NOON - timedelta(minutes=1)
        shown = pyotp.TOTP(factors.propose(session, old.id, key, before))
        factors.confirm(session, old, key, shown.at(before), before)
    assert boss.get("/inbox").status_code == 200


@pytest.mark.parametrize(
    ("url", "setting", "role", "needed"),
    [
        ("https://outreach.test", "https", Role.DISTRICT_ADMINISTRATOR, True),
        ("https://outreach.test", "https", Role.COORDINATOR, False),
        ("https://outreach.test", "never", Role.DISTRICT_ADMINISTRATOR, False),
        ("http://outreach.test", "https", Role.DISTRICT_ADMINISTRATOR, False),
        ("http://outreach.test", "always", Role.RECORDS_OFFICER, True),
    ],
)
def test_the_settings_say_who_needs_one(
    sqlite_database: Database, settings: Settings, url: str, setting: str, role: Role, *, needed: bool
) -> None:
    told = settings.model_copy(update={"public_url": url, "second_factor": setting})
    with sqlite_database.read() as session:
        assert factors.needed(session, 1, role, told) is needed


def test_settings_know_every_role() -> None:
    assert set(get_args(RoleName)) == {role.value for role in Role}


def test_an_administrator_takes_it_off_and_signs_its_person_out(
    app: Flask, app_of_ana: pyotp.TOTP, signed_in: SignedIn, sqlite_database: Database
) -> None:
    ana, boss = after_password(app), signed_in("boss")
    give(ana, app_of_ana.at(NOON))
    where = f"/accounts/{account(sqlite_database).id}"
    assert "Asked at each sign-in" in boss.get(where).text
    assert send(boss, where, f"{where}/factor/reset")[0] == 302
    assert ana.get("/inbox").status_code == 302
    assert with_password(app).get("/inbox").status_code == 200
    with sqlite_database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "factor.reset")).one()
        assert (entry.actor, entry.subject) == ("boss@example.org", where.replace("/accounts/", "account "))
        assert session.scalars(select(RecoveryCode)).all() == []


def test_another_phone_and_new_codes_on_paper_need_a_code_now(app: Flask, app_of_ana: pyotp.TOTP) -> None:
    client = after_password(app)
    give(client, app_of_ana.at(NOON))
    assert send(client, "/me/sign-in", "/me/sign-in/paper", code=app_of_ana.at(NOON))[0] == 422, "it was used to sign in"
    at(app, NOON + timedelta(minutes=1))
    _, _, page = send(client, "/me/sign-in", "/me/sign-in/paper", code=app_of_ana.at(NOON + timedelta(minutes=1)))
    paper = re.findall(r"<code>([\w-]+)</code>", page)
    assert send(client, "/me/sign-in", "/me/sign-in/app", code="")[0] == 302
    assert "app-secret" not in client.get("/me/sign-in").text, "who has one makes no other without a code"
    assert send(client, "/me/sign-in", "/me/sign-in/app/change", code="000000")[0] == 422
    assert send(client, "/me/sign-in", "/me/sign-in/app/change", code=paper[0])[0] == 302
    assert "app-secret" in client.get("/me/sign-in").text

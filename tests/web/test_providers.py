"""Signing in with the district's own provider, against a real one on this machine that some tests make lie."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import oidc_provider_mock
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import invitations
from outreach.services import Services
from outreach.settings import Settings, SettingsError, SignInProvider, load_settings
from outreach.staff import actions, identities, queries
from outreach.staff.roles import Role
from outreach.staff.tables import Account, LinkedIdentity
from outreach.web.app import create_app
from tests.conftest import NOON
from tests.web.seed import LINCOLN, Seeded

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")  # the stand-in's, not ours

NORA = "nora@example.org"


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the name is werkzeug's
        """Say nothing: a test's output is its failures."""


class Provider:
    """The provider at its address; *lies* changes a request before the provider sees it."""

    def __init__(self, users: dict[str, dict[str, object]], lasts: timedelta) -> None:
        """Serve these people, whose tokens last so long."""
        people = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in users.items()]
        self.app = oidc_provider_mock.app(user_claims=people, require_nonce=True, access_token_max_age=lasts)
        self.lies: Callable[[dict[str, Any]], None] = lambda _: None
        self.server = make_server("127.0.0.1", 0, self._serve, request_handler=_Silent)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def _serve(self, environ: dict[str, Any], start: Any) -> Any:
        self.lies(environ)
        return self.app.wsgi_app(environ, start)

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def agree(self, address: str, sub: str) -> str:
        """What a person does there: choose who they are; return where the browser is sent back to."""
        return str(requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=10).headers["Location"])


class Strict(Provider):
    """One that gives a token only to whoever asked for its code, as RFC 7636 §4.6 says; *seen* are the verifiers it was told."""

    def __init__(self, users: dict[str, dict[str, object]], lasts: timedelta) -> None:
        """Serve these people, and remember with which challenge each code was asked for."""
        super().__init__(users, lasts)
        self.challenges: dict[str, str] = {}
        self.seen: list[str] = []

    def _serve(self, environ: dict[str, Any], start: Any) -> Any:
        if environ["PATH_INFO"] == "/oauth2/token":
            self.lies(environ)
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            told = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self.seen.append(told.get("code_verifier", ""))
            made = base64.urlsafe_b64encode(hashlib.sha256(self.seen[-1].encode()).digest()).rstrip(b"=").decode()
            if made != self.challenges.get(told.get("code", "")):
                start("400 Bad Request", [("Content-Type", "application/json")])
                return [b'{"error": "invalid_grant"}']
            environ["wsgi.input"] = io.BytesIO(body)
            return self.app.wsgi_app(environ, start)

        def remember(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            asked, back = parse_qs(environ["QUERY_STRING"]), parse_qs(urlsplit(dict(headers).get("Location", "")).query)
            if "code" in back:
                self.challenges[back["code"][0]] = asked["code_challenge"][0]
            return start(status, headers, *rest)

        return self.app.wsgi_app(environ, remember)


USERS: dict[str, dict[str, object]] = {
    "nora-1": {"email": "Nora@Example.org", "email_verified": True},
    "nora-2": {"email": NORA, "email_verified": True},
    "unsure": {"email": NORA, "email_verified": False},
    "silent": {"email": NORA},
    "stranger": {"email": "who@example.org", "email_verified": True},
}


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    made = Provider(USERS, timedelta(hours=1))
    yield made
    made.close()


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    _provider.lies = lambda _: None
    return _provider


def site(settings: Settings, database: Database, provider: Provider, **more: Any) -> Flask:
    one = SignInProvider(label="Example", issuer=provider.url, client_id="outreach", client_secret="secret", **more)
    told = settings.model_copy(update={"sign_in_providers": {"example": one}})
    made = create_app(Services(told, database, FixedClock(NOON), provider=None))
    made.testing = True
    return made


@pytest.fixture
def nora(sqlite_database: Database, settings: Settings, seeded: Seeded) -> int:  # noqa: ARG001 - the people are seeded
    """Somebody whose invitation is open."""
    with sqlite_database.write() as session:
        made = invitations.invite(
            session, settings, email=NORA, name="Nora", role=Role.COORDINATOR, schools=[LINCOLN], by="boss@example.org", now=NOON
        )
        return made.account.id


def enter(client: FlaskClient, provider: Provider, sub: str = "nora-1", change: Callable[[str], str] = str) -> tuple[int, str, str]:
    """Go there, be *sub*, and come back; *change* turns the address on the way there."""
    there = client.get("/sign-in/with/example?next=/delivery").headers["Location"]
    answer = client.get(provider.agree(change(there), sub))
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def refused(client: FlaskClient, answer: tuple[int, str, str], sentence: str) -> bool:
    return answer[0] == 403 and sentence in answer[2] and client.get("/inbox").status_code == 302


def test_an_invited_person_comes_in_and_is_known_by_the_subject_from_then_on(
    settings: Settings, sqlite_database: Database, provider: Provider, nora: int
) -> None:
    app = site(settings, sqlite_database, provider)
    client = app.test_client()
    assert "Sign in with Example" in client.get("/sign-in").text
    there = client.get("/sign-in/with/example").headers["Location"]
    asked = parse_qs(urlsplit(there).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["redirect_uri"] == ["http://localhost/sign-in/with/example/back"]
    assert enter(client, provider)[:2] == (302, "/delivery")
    assert client.get("/delivery").status_code == 200
    with sqlite_database.write() as session:
        row = session.get_one(Account, nora)
        assert session.scalars(select(LinkedIdentity.account_id)).all() == [nora]
        assert actions.take_links_back(session, row, NOON) == 0, "the invitation is used up"
        row.email = "nora.bell@example.org"
        before = len(session.scalars(select(Account)).all())
    assert enter(app.test_client(), provider)[0] == 302, "the subject is enough once it is linked"
    with sqlite_database.read() as session:
        assert len(session.scalars(select(Account)).all()) == before


@pytest.mark.parametrize("sub", ["unsure", "silent", "stranger"])
@pytest.mark.usefixtures("nora")
def test_an_e_mail_that_is_not_sure_or_not_invited_opens_nothing(
    settings: Settings, sqlite_database: Database, provider: Provider, sub: str
) -> None:
    client = site(settings, sqlite_database, provider).test_client()
    assert refused(client, enter(client, provider, sub), "Nobody is invited")
    with sqlite_database.read() as session:
        assert session.scalars(select(LinkedIdentity)).all() == []
        assert queries.by_email(session, "who@example.org") is None


@pytest.mark.usefixtures("nora")
def test_where_the_provider_says_nothing_the_districts_own_domain_counts(
    settings: Settings, sqlite_database: Database, provider: Provider
) -> None:
    app = site(settings, sqlite_database, provider, trusted_domains=["Example.org"])
    client = app.test_client()
    assert refused(client, enter(client, provider, "unsure"), "Nobody is invited"), "a no stays a no"
    assert enter(client, provider, "silent")[0] == 302


def test_an_e_mail_that_was_given_to_somebody_else_opens_nothing(
    settings: Settings, sqlite_database: Database, provider: Provider, nora: int
) -> None:
    app = site(settings, sqlite_database, provider)
    assert enter(app.test_client(), provider)[0] == 302
    client = app.test_client()
    assert refused(client, enter(client, provider, "nora-2"), "Nobody is invited")
    with sqlite_database.write() as session:
        actions.close_account(session, session.get_one(Account, nora), NOON)
    assert refused(client, enter(client, provider), "Nobody is invited"), "a closed account stays closed"


def test_an_invitation_that_was_taken_back_opens_nothing(
    settings: Settings, sqlite_database: Database, provider: Provider, nora: int
) -> None:
    with sqlite_database.write() as session:
        invitations.take_back(session, session.get_one(Account, nora), by="boss@example.org", now=NOON)
    client = site(settings, sqlite_database, provider).test_client()
    assert refused(client, enter(client, provider), "Nobody is invited")


def swapped(name: str) -> Callable[[str], str]:
    """Put something else for one part of the address on the way there."""

    def change(address: str) -> str:
        parts = urlsplit(address)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()} | {name: "another"}
        return urlunsplit(parts._replace(query=urlencode(query)))

    return change


@pytest.mark.parametrize("name", ["state", "nonce", "client_id"])
@pytest.mark.usefixtures("nora")
def test_an_answer_to_another_question_opens_nothing(settings: Settings, sqlite_database: Database, provider: Provider, name: str) -> None:
    client = site(settings, sqlite_database, provider).test_client()
    assert refused(client, enter(client, provider, change=swapped(name)), "can be trusted")


@pytest.mark.usefixtures("nora")
def test_an_answer_in_another_browser_or_a_second_time_opens_nothing(
    settings: Settings, sqlite_database: Database, provider: Provider
) -> None:
    app = site(settings, sqlite_database, provider)
    client, thief = app.test_client(), app.test_client()
    back = provider.agree(client.get("/sign-in/with/example").headers["Location"], "nora-1")
    assert thief.get(back).status_code == 403
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 403
    assert thief.get("/sign-in/with/example/back?error=access_denied").status_code == 403
    assert thief.get("/sign-in/with/nobody").status_code == 404


@pytest.fixture
def strict() -> Iterator[Strict]:
    made = Strict(USERS, timedelta(hours=1))
    yield made
    made.close()


@pytest.mark.usefixtures("nora")
def test_a_provider_that_wants_the_verifier_of_each_challenge_gets_it(
    settings: Settings, sqlite_database: Database, strict: Strict
) -> None:
    app = site(settings, sqlite_database, strict)
    for client in (app.test_client(), app.test_client()):
        assert enter(client, strict)[:2] == (302, "/delivery")
    assert len({len(verifier) >= 43 and verifier for verifier in strict.seen}) == 2, "each sign-in has its own, of RFC 7636's length"


def meddled(told: dict[str, str]) -> dict[str, str]:
    return told | {"code_verifier": told["code_verifier"][:-1] + ("a" if told["code_verifier"][-1] != "a" else "b")}


def dropped(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if name != "code_verifier"}


@pytest.mark.parametrize("change", [meddled, dropped])
@pytest.mark.usefixtures("nora")
def test_a_code_without_its_own_verifier_opens_nothing(
    settings: Settings, sqlite_database: Database, strict: Strict, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    def lie(environ: dict[str, Any]) -> None:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        turned = urlencode(change({name: values[0] for name, values in parse_qs(body).items()})).encode()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(turned), str(len(turned))

    strict.lies = lie
    client = site(settings, sqlite_database, strict).test_client()
    assert refused(client, enter(client, strict), "can be trusted")
    with sqlite_database.read() as session:
        assert session.scalars(select(LinkedIdentity)).all() == []


@pytest.mark.usefixtures("nora")
def test_a_challenge_that_was_changed_on_the_way_opens_nothing(settings: Settings, sqlite_database: Database, strict: Strict) -> None:
    client = site(settings, sqlite_database, strict).test_client()
    assert refused(client, enter(client, strict, change=swapped("code_challenge")), "can be trusted")


@pytest.mark.usefixtures("nora")
def test_a_token_of_another_issuer_opens_nothing(settings: Settings, sqlite_database: Database, provider: Provider) -> None:
    def lie(environ: dict[str, Any]) -> None:
        if environ["PATH_INFO"] == "/oauth2/token":
            environ["HTTP_HOST"] = "evil.example"

    provider.lies = lie
    client = site(settings, sqlite_database, provider).test_client()
    assert refused(client, enter(client, provider), "can be trusted")


@pytest.mark.usefixtures("nora")
def test_a_token_that_ran_out_opens_nothing(settings: Settings, sqlite_database: Database) -> None:
    old = Provider(USERS, timedelta(minutes=-10))
    client = site(settings, sqlite_database, old).test_client()
    assert refused(client, enter(client, old), "can be trusted")
    old.close()


@pytest.mark.usefixtures("nora")
def test_a_provider_that_does_not_answer_is_told(settings: Settings, sqlite_database: Database) -> None:
    gone = Provider({}, timedelta(hours=1))
    gone.close()
    client = site(settings, sqlite_database, gone).test_client()
    answer = client.get("/sign-in/with/example")
    assert (answer.status_code, "can be trusted" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("email", "claim", "verified"),
    [
        ("a@d.org", True, True),
        ("a@d.org", "true", False),
        ("a@d.org", None, False),
        ("a@trusted.org", None, True),
        ("a@trusted.org", False, False),
        ("a@trusted.org.evil.example", None, False),
        ("trusted.org", None, False),
        ("", None, False),
    ],
)
def test_only_a_clear_yes_or_the_districts_domain_makes_an_e_mail_sure(email: str, claim: object, *, verified: bool) -> None:
    assert identities.is_verified(email, claim, ["Trusted.org"]) is verified


def test_settings_refuse_a_provider_that_others_could_listen_to(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"label": "Example", "issuer": "http://example.org", "client_id": "x"}
    monkeypatch.setenv("OUTREACH_SIGN_IN_PROVIDERS", json.dumps({"example": one}))
    with pytest.raises(SettingsError, match="must begin with https"):
        load_settings()


def test_the_blocks_that_the_guide_shows_for_each_service_are_settings() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "signing-in.md").read_text(encoding="utf-8")
    [block] = [text.partition("```")[0] for text in guide.split("```toml\n")[1:] if "sign_in_providers" in text.partition("```")[0]]
    settings = load_settings(**tomllib.loads(block))
    assert list(settings.sign_in_providers) == ["google", "microsoft", "clever", "classlink"]
    assert [bool(one.trusted_domains) for one in settings.sign_in_providers.values()] == [False, True, True, True]

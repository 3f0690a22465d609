"""Headers, cookies, CSRF, hostile text, errors without personal data, health."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import Settings, load_settings
from outreach.staff import keys
from outreach.web import security
from outreach.web.app import create_app
from outreach.web.context import EXTENSION
from outreach.web.permissions import safe_path
from tests.web.conftest import SignedIn
from tests.web.seed import HOSTILE, MARIA, Seeded

PAGES = (
    "/inbox",
    "/inbox?queue=closed",
    "/delivery",
    "/baseline",
    "/attention",
    "/words",
    "/password",
    "/cases/1",
    "/cases/999",
    "/nothing",
)


@pytest.mark.parametrize("page", [*PAGES, "/sign-in", "/sign-in/nonsense", "/healthz", "/static/tokens.css", "/assets/htmx.js"])
def test_every_answer_carries_the_security_headers(signed_in: SignedIn, page: str) -> None:
    with signed_in("boss").get(page) as answer:
        headers = answer.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    if page.startswith(("/static", "/assets")):
        assert headers["Cache-Control"] != "no-store"
    else:
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_has_an_inline_script_style_or_handler(signed_in: SignedIn, page: str) -> None:
    html = signed_in("boss").get(page).text.replace(HOSTILE, "")
    assert "<script>" not in html
    assert " style=" not in html
    assert "<style" not in html
    assert " onclick=" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_hostile_words_of_a_family_stay_words(signed_in: SignedIn, seeded: Seeded) -> None:
    for page in ("/inbox", f"/cases/{seeded.jane}", f"/cases/{seeded.jane}/live", "/inbox/live"):
        html = signed_in("ana").get(page).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert "<script>alert" not in html
        assert "<img" not in html


def test_a_form_without_its_token_changes_nothing(app: Flask, signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("boss")
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and not rule.rule.startswith(("/webhooks", "/s/"))]
    assert len(posts) >= 10
    for rule in posts:
        path = re.sub("<int:.*?>", "1", rule.rule.replace("<int:case_id>", str(seeded.maria))).replace("<token>", "x")
        for token in ({}, {"csrf_token": "forged"}):
            answer = client.post(path, data={"text": "x", "number": "5", "step": "day", **token})
            assert answer.status_code == 400, path
            assert "open for too long" in answer.text
    assert "5</span>" in client.get("/inbox").text, "all five still wait"


def test_an_error_page_names_nobody(signed_in: SignedIn, app: Flask, seeded: Seeded, capfd: pytest.CaptureFixture[str]) -> None:
    alone = create_app(app.extensions[EXTENSION])

    @alone.get("/breaks")
    def _breaks() -> str:
        message = f"Luis Lopez at {MARIA}"
        raise ValueError(message)

    answer = alone.test_client().get("/breaks")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    written = "".join(capfd.readouterr())
    assert "ValueError" in written
    for secret in ("Luis", "Lopez", MARIA, "5550142"):
        assert secret not in written
        assert secret not in answer.text
    missing = signed_in("raj").get(f"/cases/{seeded.maria}")
    assert missing.status_code == 404
    assert "Lopez" not in missing.text


def test_a_broken_database_still_gets_a_page_of_ours(signed_in: SignedIn, app: Flask, sqlite_database: Database) -> None:
    client = signed_in("ana")
    app.testing = False
    with sqlite_database.write() as session:
        session.execute(text("ALTER TABLE staff_sessions RENAME TO staff_sessions_away"))
    answer = client.get("/inbox")
    assert (answer.status_code, "Something broke on our side" in answer.text) == (500, True)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_no_link_carries_a_name_or_a_number(signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("ana")
    for page in ("/inbox", f"/cases/{seeded.maria}", "/delivery"):
        links = [part.split('"')[0] for part in client.get(page).text.split('href="')[1:]]
        ours = [link for link in links if not link.startswith("tel:")]
        assert ours
        assert not [link for link in ours if "Lopez" in link or "555" in link]


def test_a_huge_form_is_refused(app: Flask) -> None:
    assert app.test_client().post("/sign-in", data={"email": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize(("url", "secure", "name"), [("https://outreach.example.org", True, "__Host-outreach"), ("", False, "outreach")])
def test_the_cookie_is_bound_to_https_where_the_public_address_is(tmp_path: Path, url: str, secure: bool, name: str) -> None:
    config = security.cookies(load_settings(home=tmp_path, public_url=url))
    assert (config["SESSION_COOKIE_SECURE"], config["SESSION_COOKIE_NAME"]) == (secure, name)
    assert config["SESSION_COOKIE_HTTPONLY"]
    assert config["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_over_https_browsers_are_told_to_stay_there(sqlite_database: Database, tmp_path: Path, clock: FixedClock) -> None:
    for url, told in (("https://outreach.example.org", True), ("http://localhost", False)):
        services = Services(load_settings(home=tmp_path, public_url=url), sqlite_database, clock, None)
        assert ("Strict-Transport-Security" in create_app(services).test_client().get("/sign-in").headers) is told


def test_a_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    key = keys.secret_key(settings)
    assert len(key) >= 48
    assert keys.secret_key(settings) == key
    assert stat.S_IMODE((tmp_path / "home" / "secret-key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["secret-key"]
    assert keys.secret_key(load_settings(home=tmp_path, secret_key="given")) == "given"


@given(st.text())
def test_a_way_back_is_a_path_of_this_site_or_none(wanted: str) -> None:
    path = safe_path(wanted)
    assert path is None or (path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable())


def test_health_needs_no_sign_in_and_tells_no_more_than_health(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "up"}
    assert client.get("/readyz").json == {"status": "ready"}


def test_not_ready_without_the_schema(settings: Settings, tmp_path: Path, clock: FixedClock) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    answer = create_app(Services(settings, empty, clock, None)).test_client().get("/readyz")
    assert answer.status_code == 503
    assert "init" in answer.text
    empty.engine.dispose()


def test_not_ready_without_the_database(settings: Settings, tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "folder.db").mkdir()
    broken = Database(f"sqlite:///{tmp_path / 'folder.db'}")
    client = create_app(Services(settings, broken, clock, None)).test_client()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    broken.engine.dispose()


@pytest.mark.parametrize(("provider", "words"), [("simulator", "No family receives them"), ("", "Nobody sends texts yet")])
def test_every_page_says_when_texts_reach_no_family(
    sqlite_database: Database, tmp_path: Path, clock: FixedClock, provider: str, words: str
) -> None:
    settings = load_settings(home=tmp_path, provider=provider, twilio_auth_token="t")
    page = create_app(Services(settings, sqlite_database, clock, None)).test_client().get("/sign-in").text
    assert words in page


def test_a_school_id_that_is_empty_is_nobodys_school(signed_in: SignedIn, seeded: Seeded) -> None:
    assert signed_in("ana").get(f"/cases/{seeded.stranger}").status_code == 404
    assert signed_in("boss").get(f"/cases/{seeded.stranger}").status_code == 200

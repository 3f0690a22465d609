"""The whole web application on a real database, with people who can sign in."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import Settings, load_settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.web.context import SESSION_KEY
from tests.conftest import NOON
from tests.web import family_home
from tests.web.family_home import Home
from tests.web.pages import Pages
from tests.web.seed import Seeded, seed

SignedIn = Callable[[str], FlaskClient]


@pytest.fixture(scope="session")
def pages() -> Pages:
    """All pages, made once."""
    return Pages()


@pytest.fixture
def app(pages: Pages, settings: Settings, sqlite_database: Database, clock: FixedClock) -> Flask:
    """The application without a provider."""
    return pages.over(Services(settings, sqlite_database, clock, provider=None))


@pytest.fixture(scope="session")
def grown(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seeded]:
    """The made-up district of ``seed``, made once: its home with the database and its feed."""
    folder = tmp_path_factory.mktemp("grown")
    shutil.copy(sqlite_template, folder / "grown.db")
    database = Database(f"sqlite:///{folder / 'grown.db'}")
    cases = seed(database, load_settings(home=folder / "home", timezone="America/Chicago"), folder / "feed")
    database.engine.dispose()
    return folder, cases


@pytest.fixture
def seeded(sqlite_database: Database, settings: Settings, tmp_path: Path, grown: tuple[Path, Seeded]) -> Seeded:
    """The made-up district, copied: every test has its own."""
    folder, cases = grown
    shutil.copytree(folder / "home", settings.home, dirs_exist_ok=True)
    shutil.copytree(folder / "feed", tmp_path / "feed")
    with closing(sqlite3.connect(folder / "grown.db")) as made, closing(sqlite3.connect(tmp_path / "test.db")) as empty:
        made.backup(empty)
    assert sqlite_database.is_sqlite
    return cases


@pytest.fixture
def signed_in(app: Flask, sqlite_database: Database, seeded: Seeded) -> SignedIn:  # noqa: ARG001 - the people are seeded
    """Give a browser in which a person of the seed is signed in, by first name."""

    def browser(name: str) -> FlaskClient:
        with sqlite_database.write() as session:
            account = accounts.by_email(session, f"{name}@example.org")
            assert account is not None
            key = staff.begin_session(session, account, NOON)
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie[SESSION_KEY] = key
        return client

    return browser


def token_of(html: str) -> str:
    """The CSRF token in a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found is not None, "the page has no form"
    return found[1]


def send(client: FlaskClient, page: str, action: str, /, **fields: str) -> tuple[int, str, str]:
    """Send a form as a browser would, with the token of *page*; return status, where it leads, and the page."""
    token = token_of(client.get(page).text)
    answer = client.post(action, data={"csrf_token": token, **fields})
    return answer.status_code, answer.headers.get("Location", ""), answer.text


@pytest.fixture(scope="session")
def prepared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The family with its letter, made once: every test of the family page works on a copy."""
    folder = tmp_path_factory.mktemp("family")
    shutil.copy(sqlite_template, folder / "home.db")
    settings = load_settings(
        home=folder, district_name="Lincoln Schools", district_phone="(312) 555-0100", public_url="http://lincoln.test"
    )
    database = Database(f"sqlite:///{folder / 'home.db'}")
    made = family_home.a_letter(database, settings, folder / "feed")
    database.engine.dispose()
    return made


@pytest.fixture
def home(prepared: Home, tmp_path: Path) -> Iterator[Home]:
    """The family with its letter."""
    shutil.copy(prepared.settings.home / "home.db", tmp_path / "home.db")
    database = Database(f"sqlite:///{tmp_path / 'home.db'}")
    yield replace(prepared, database=database)
    database.engine.dispose()

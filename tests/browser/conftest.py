"""A headless Chromium, and the application served to it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from outreach.clock import MovableClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import load_settings
from outreach.web.app import create_app
from tests.browser.desks import Desks
from tests.conftest import NOON
from tests.web.seed import PASSWORD, Seeded, seed

WIDTHS = (1280, 390)
_NAMES = ("chromium-headless-shell", "chromium")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's headless shell, else chromium, else OUTREACH_CHROMIUM; none is a skip on a laptop and a failure in CI."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), os.environ.get("OUTREACH_CHROMIUM"))
    if not found:
        reason = "no Chromium: install the package chromium-headless-shell, or set OUTREACH_CHROMIUM to a browser"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield chromium
        chromium.close()


@dataclass(frozen=True)
class Served:
    """The demo-like application at its address."""

    url: str
    cases: Seeded
    database: Database


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the name is werkzeug's
        """Say nothing: a test's output is its failures."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The seeded application over HTTP, with the simulator's banner and a clock that moves, as in the demo."""
    settings = load_settings(home=tmp_path / "home", district_name="Lincoln Schools", timezone="America/Chicago", provider="simulator")
    database = Database(f"sqlite:///{tmp_path / 'browser.db'}")
    database.prepare(upgrade=True)
    cases = seed(database, settings, tmp_path / "feed")
    clock = MovableClock(tmp_path / "home" / "demo-clock.json")
    clock.move_to(NOON)
    app = create_app(Services(settings, database, clock, None))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served(f"http://127.0.0.1:{server.server_port}", cases, database)
    server.shutdown()
    thread.join()
    server.server_close()
    database.engine.dispose()


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width}px")
def page(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Page]:
    """A fresh page at one width, with Ana-like rights for the whole district, signed in through the form."""
    context = browser.new_context(viewport={"width": request.param, "height": 860}, base_url=served.url)
    opened = context.new_page()
    opened.goto("/sign-in")
    opened.fill("#email", "boss@example.org")
    opened.fill("#password", PASSWORD)
    opened.click("main button")
    opened.wait_for_url("**/today")
    yield opened
    context.close()


@pytest.fixture
def desks(browser: Browser, served: Served) -> Iterator[Desks]:
    """Desks that are cleared at the end."""
    found = Desks(browser, served.url)
    yield found
    found.close()

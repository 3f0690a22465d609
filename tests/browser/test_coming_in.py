"""A coordinator comes in, in a browser: invited, by the link of her e-mail, with a password and the code of an app, to her first screen."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.smtp import SmtpMailer
from outreach.services import Services
from outreach.settings import load_settings
from outreach.simulator.mailbox import Mailbox
from outreach.web.app import create_app
from outreach.web.context import EXTENSION
from tests.browser.conftest import WIDTHS, _Silent
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import PASSWORD, seed

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("OUTREACH_PICTURES", "")


@dataclass(frozen=True)
class Site:
    """The application at its address, and the staff's mailbox."""

    url: str
    mailbox: Mailbox
    services: Services

    def link(self) -> str:
        """Carry the e-mails that wait, and return the link in the newest."""
        mail.send_due(self.services.database, self.services.mailer, self.services.clock)
        found = re.search(r"http://\S+", self.mailbox.letters[-1].part("plain"))
        assert found is not None
        return found[0]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Everybody needs a second factor here, coordinators too, and an administrator has hers."""
    mailbox, beside = Mailbox(), ThreadPoolExecutor(1)  # the browser's driver has this thread's event loop
    settings = load_settings(
        home=tmp_path / "home",
        district_name="Lincoln Schools",
        timezone="America/Chicago",
        second_factor="always",
        second_factor_roles=["coordinator"],
        smtp_host="127.0.0.1",
        smtp_port=beside.submit(mailbox.listen).result(),
        smtp_tls="none",
        mail_from="outreach@example.org",
    )
    database = Database(f"sqlite:///{tmp_path / 'browser.db'}")
    database.prepare(upgrade=True)
    seed(database, settings, tmp_path / "feed")
    app = create_app(Services(settings, database, FixedClock(NOON), None, SmtpMailer.from_settings(settings)))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    url = f"http://127.0.0.1:{server.server_port}"
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], settings=settings.model_copy(update={"public_url": url}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(url, mailbox, app.extensions[EXTENSION])
    server.shutdown()
    thread.join()
    server.server_close()
    beside.submit(mailbox.stop).result()
    beside.shutdown()
    database.engine.dispose()


def look(page: Page, name: str) -> None:
    """Fail with what a person would trip over; keep a picture where somebody wants to see it."""
    check(page)
    if PICTURES:
        width = (page.viewport_size or {"width": 0})["width"]
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("main button")


@pytest.mark.parametrize("width", WIDTHS, ids=lambda width: f"{width}px")
def test_a_coordinator_comes_in(browser: Browser, site: Site, width: int) -> None:
    desk, hers = (
        browser.new_context(viewport={"width": width, "height": 860}, base_url=site.url),
        browser.new_context(viewport={"width": width, "height": 860}, base_url=site.url),
    )
    boss, nora = desk.new_page(), hers.new_page()
    sign_in(boss, "boss@example.org")
    invite(boss)
    secret = set_up(nora, site.link())
    sign_in_again(nora, secret)
    boss.reload()
    expect(boss.get_by_text("Asked at each sign-in since")).to_be_visible()
    look(boss, "account-in")
    for context in (desk, hers):
        context.close()


def invite(boss: Page) -> None:
    """From the page of people to an invitation on its way."""
    expect(boss.locator("nav.tabs")).to_be_visible()
    boss.goto("/people")
    boss.get_by_role("link", name="Accounts and invitations").click()
    boss.get_by_text("Invite somebody").click()
    look(boss, "accounts")
    boss.get_by_label("Name").fill("Nora Bell")
    boss.get_by_label("E-mail at work").fill("nora@example.org")
    boss.get_by_label("Coordinator", exact=True).check()
    boss.get_by_role("group", name="At").get_by_role("checkbox").first.check()
    boss.get_by_role("button", name="Invite", exact=True).click()
    expect(boss.get_by_text("The link is on its way by e-mail.")).to_be_visible()
    look(boss, "account-invited")


def set_up(nora: Page, link: str) -> str:
    """From her e-mail to her first screen; return what her app knows."""
    nora.goto(link)
    nora.get_by_role("button", name="Sign me in").click()
    nora.get_by_label("New password").fill("five loud red kestrels")
    nora.get_by_role("button", name="Save password").click()
    expect(nora.get_by_text("One step before you begin")).to_be_visible()
    nora.get_by_role("button", name="Set it up").click()
    nora.get_by_text("I cannot scan it").click()
    expect(nora.locator(".app-secret")).to_be_visible()
    secret = nora.locator(".app-secret").inner_text()
    look(nora, "app")
    nora.get_by_label("Six digits").fill(pyotp.TOTP(secret).at(NOON))
    nora.get_by_role("button", name="Switch it on").click()
    expect(nora.get_by_role("heading", name="It is on")).to_be_visible()
    look(nora, "paper")
    nora.get_by_role("link", name="I have kept them").click()
    expect(nora.get_by_role("heading", level=1)).to_be_visible()
    expect(nora.locator("nav.tabs")).to_be_visible()
    look(nora, "first-screen")
    nora.goto("/me/sign-in")
    expect(nora.get_by_text("this one")).to_be_visible()
    look(nora, "my-sign-in")
    return secret


def sign_in_again(nora: Page, secret: str) -> None:
    """Out, and in again with password and code."""
    nora.context.clear_cookies()
    nora.goto("/sign-in")
    nora.fill("#email", "nora@example.org")
    nora.fill("#password", "five loud red kestrels")
    nora.click("main button")
    expect(nora.get_by_role("heading", name="Your code")).to_be_visible()
    nora.get_by_label("Code").fill(pyotp.TOTP(secret).at(NOON))
    nora.get_by_role("button", name="Go on").click()
    expect(nora.get_by_text("This code is not right, or it was used already.")).to_be_visible()
    look(nora, "code")
    nora.get_by_label("Code").fill(pyotp.TOTP(secret).at(int(NOON.timestamp()) + 30))
    nora.get_by_role("button", name="Go on").click()
    expect(nora.locator("nav.tabs")).to_be_visible()

"""From an empty home to the first text: everything a person does is done in a browser, and the service's own jobs do the rest."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from outreach.clock import MovableClock
from outreach.database import Database
from outreach.demo.servers import free_port
from outreach.feeds.taking import take_in
from outreach.services import Services
from outreach.settings import load_settings
from outreach.simulator import server as simulator
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.web.app import create_app
from outreach.wiring import provider_of
from scheduler import feeding, ticks
from tests.attendance.feeds import write_feed
from tests.browser.conftest import _Silent
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.feeds import District

pytestmark = [pytest.mark.browser, pytest.mark.long]

FAMILY, PAGERS = "+13125550142", ("(312) 555-0150", "(312) 555-0151")


@dataclass(frozen=True)
class FirstDay:
    """A service that knows nothing yet, its carrier, and the link of its first account."""

    services: Services
    carrier: simulator.Running
    url: str
    link: str

    def work(self) -> None:
        """What the service does by itself between two clicks."""
        feeding.take_feeds(self.services, lambda within, folder, now: take_in(within.database, folder, settings=within.settings, now=now))
        ticks.evaluate_and_plan(self.services)
        ticks.call_next(self.services)
        ticks.dispatch(self.services)

    def texts(self, phone: str) -> list[str]:
        """What a phone got, the first text first."""
        return [text.body for text in self.carrier.carrier.log if text.to == phone]


@pytest.fixture
def day(tmp_path: Path) -> Iterator[FirstDay]:
    """An empty home and an empty database, with one link for the first administrator, as ``outreach init --admin`` prints it."""
    home, port = tmp_path / "home", free_port()
    clock = MovableClock(home / "clock.json")
    clock.move_to(NOON)
    url = f"http://127.0.0.1:{port}"
    settings = load_settings(
        home=home, district_name="Lincoln Schools", district_phone="(312) 555-0100", timezone="America/Chicago", provider="simulator",
        public_url=url, twilio_account_sid=ACCOUNT_SID, twilio_auth_token=AUTH_TOKEN, twilio_messaging_service_sid="MG" + "5" * 32,
        feed_settle_seconds=0, feed_folder="", two_way_needs_on_call="always",
    )  # fmt: skip
    carrier = simulator.start(settings, clock, receipt_pause=0.0)
    settings = settings.model_copy(update={"twilio_api_base": carrier.url})
    database = Database(f"sqlite:///{tmp_path / 'first.db'}")
    database.prepare(upgrade=True)
    services = Services(settings, database, clock, provider_of(settings))
    with database.write() as session:
        boss = staff.add_account(
            session, email="boss@example.org", name="Boss Reyes", role=Role.DISTRICT_ADMINISTRATOR, schools=(), now=NOON
        )
        link = f"/sign-in/{staff.one_time_link(session, boss, NOON)}"
    server = make_server("127.0.0.1", port, create_app(services), threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield FirstDay(services, carrier, url, link)
    server.shutdown()
    thread.join()
    server.server_close()
    carrier.stop()
    database.engine.dispose()


def export(folder: Path) -> list[Path]:
    """What the district's student information system writes: seven children, one of whom has missed four days."""
    district = District()
    for number, name in enumerate(("ben", "cid", "dot", "eli", "fay", "gus")):
        district.child(name, absent=number % 3)
    district.child("lia", absent=4)
    district.adult("anna", ["lia"])
    district.phone("anna", FAMILY, verified_on="2026-08-20", consent="yes")
    write_feed(folder, district.feed())
    (folder / "source.toml").unlink()
    return sorted(folder.iterdir())


def step(page: Page, title: str) -> None:
    """Go on from First steps, where *title* is the next one."""
    page.goto("/first-steps")
    expect(page.locator(".lead-line strong")).to_have_text(title)
    check(page)
    page.get_by_role("link", name=title, exact=True).click()
    check(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_an_administrator_comes_from_nothing_to_the_first_count(browser: Browser, day: FirstDay, tmp_path: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 860}, base_url=day.url)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(day.link)
    page.get_by_role("button", name="Sign me in").click()
    page.get_by_label("New password").fill("a long walk along the river")
    page.get_by_role("button", name="Save password").click()
    page.goto("/")
    page.get_by_role("link", name="First steps").last.click()
    the_feed(page, day, export(tmp_path / "export"))
    the_counts(page)
    the_words(page)
    the_people(page, day)
    the_first_round(page, day)
    [text] = day.texts(FAMILY)
    assert "Lia" in text
    assert "4 days" in text, "the number that the administrator compared"
    day.work()
    assert day.texts(FAMILY) == [text], "once"
    page.goto("/first-steps")
    expect(page.get_by_text("done: See the first count arrive")).to_have_count(1)
    context.close()


def the_feed(page: Page, day: FirstDay, files: list[Path]) -> None:
    step(page, "Load the first feed")
    page.get_by_label("Files of one export").set_input_files(files)
    page.get_by_role("button", name="Upload and look").click()
    page.get_by_label("What the code U means").select_option("Absent, unexcused")
    page.get_by_label("The code U means that").check()
    page.get_by_role("button", name="Keep choices and count again").click()
    page.get_by_role("button", name="Save as source.toml").click()
    check(page)
    page.get_by_role("button", name="Save, and load these files").click()
    day.work()


def the_counts(page: Page) -> None:
    step(page, "Check the counts")
    expect(page.get_by_role("heading", name="Lia Reyes")).to_be_visible()
    for answer in page.get_by_label("It agrees").all():
        answer.check()
    page.get_by_role("button", name="Keep what I found").click()
    expect(page.get_by_text("Kept: all of them agree.")).to_be_visible()


def the_words(page: Page) -> None:
    step(page, "Approve the words")
    page.goto("/words?language=en")
    page.get_by_role("button", name="Approve the core pack in English").click()
    for name in page.get_by_role("button", name=re.compile("^Approve .* in English")).all_inner_texts():
        page.get_by_role("button", name=name, exact=True).first.click()


def the_people(page: Page, day: FirstDay) -> None:
    step(page, "Bring people in")
    page.goto("/accounts")
    for name, school in (("Ana Ruiz", "Lincoln Elementary"), ("Raj Patel", "Roosevelt Middle")):
        page.get_by_text("Invite somebody").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("E-mail at work").fill(f"{name[:3].lower()}@example.org")
        page.locator("#role-coordinator").check()
        page.get_by_label(school).check()
        page.get_by_role("button", name="Invite").click()
        page.goto("/accounts")
    step(page, "Name who is called for danger")
    for name, phone in zip(("Boss Reyes", "Ana Ruiz"), PAGERS, strict=True):
        page.goto("/on-call/")
        page.locator("#account").select_option(label=name)
        page.locator("#phone").fill(phone)
        page.get_by_role("button", name="Add", exact=True).click()
    page.goto("/on-call/")
    page.get_by_role("button", name="Last resort").first.click()
    for number, phone in enumerate(PAGERS):
        page.goto("/on-call/")
        page.get_by_role("button", name="Send a test").nth(number).click()
        day.work()
        [paged] = day.texts("+1" + re.sub(r"\D", "", phone))
        link = re.search(r"https?://\S+", paged)
        assert link is not None
        page.goto(link[0])
        page.get_by_role("button", name="It reached me").click()


def the_first_round(page: Page, day: FirstDay) -> None:
    step(page, "Let the first round go")
    page.get_by_role("button", name="Release").click()
    day.work()

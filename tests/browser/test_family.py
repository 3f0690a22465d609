"""The family page as families see it: small and large, in both directions of writing, with and without script."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import load_settings
from outreach.web.app import create_app
from tests.browser.conftest import _Silent
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web import family_home
from tests.web.family_home import Home

pytestmark = pytest.mark.browser
WIDTHS = (320, 390, 1280)


@pytest.fixture(scope="module")
def home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Home]]:
    """The family with its letter, served at an address."""
    folder = tmp_path_factory.mktemp("family")
    (folder / "home.db").write_bytes(sqlite_template.read_bytes())
    settings = load_settings(home=folder, district_name="Lincoln Schools", district_phone="(312) 555-0100", public_url="http://x.test")
    database = Database(f"sqlite:///{folder / 'home.db'}")
    made = family_home.a_letter(database, settings, folder / "feed")
    app = create_app(Services(settings, database, FixedClock(NOON), None))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", made
    server.shutdown()
    thread.join()
    server.server_close()
    database.engine.dispose()


def fill(page: Page, year: str = "2016") -> None:
    """Give the birth date and go on."""
    page.select_option("#month", "3")
    page.fill("#day", "4")
    page.fill("#year", year)
    page.click("main button")


def sound(page: Page, name: str) -> None:
    """Check a page where it is narrowest, that it scrolls sideways at no width, and keep pictures where somebody asks for them."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} at {width} px"
        if folder := os.environ.get("FAMILY_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    check(page)


@pytest.mark.parametrize("locale", ["ar", pytest.param("es", marks=pytest.mark.long)])
def test_a_scanned_letter_opens_the_page_and_every_screen_is_sound(browser: Browser, home: tuple[str, Home], locale: str) -> None:
    address, made = home
    context = browser.new_context(base_url=address)
    page, asked = context.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/f/{locale}#{made.link.code}")
    expect(page.locator("#code")).to_have_value(made.link.code)
    expect(page).to_have_url(f"{address}/f/{locale}")
    sound(page, f"{locale}-gate")
    fill(page, "1999")
    expect(page.get_by_role("alert")).to_be_visible()
    sound(page, f"{locale}-wrong")
    page.fill("#code", made.link.code)
    fill(page)
    expect(page.locator(".count").first).to_be_visible()
    expect(page.locator("body")).to_have_css("direction", "rtl" if locale == "ar" else "ltr")
    sound(page, f"{locale}-page")
    for task in ("reason", "call", "wrong", "change", "stop"):
        page.goto(f"/f/{locale}/page/{task}")
        sound(page, f"{locale}-{task}")
    page.goto(f"/f/{locale}/done/thanks")
    sound(page, f"{locale}-done")
    assert not [url for url in asked if made.link.code in url], "no request's address holds the code"
    context.close()


def test_everything_works_without_script_and_in_another_language(browser: Browser, home: tuple[str, Home]) -> None:
    address, made = home
    context = browser.new_context(java_script_enabled=False, base_url=address, viewport={"width": 320, "height": 700})
    page = context.new_page()
    page.goto("/f/es")
    page.click(".languages summary")
    page.get_by_role("link", name="Tiếng Việt").click()
    page.fill("#code", made.link.code.lower())
    fill(page)
    page.get_by_role("link", name="Cho biết điều gì làm khó việc đi học").click()
    page.get_by_label("Xe buýt, đưa đón hoặc đường đi bộ").check()
    page.get_by_label("Luis").check()
    page.get_by_role("button", name="Gửi").click()
    expect(page.locator("h1")).to_contain_text("Cảm ơn quý vị")
    page.get_by_role("link", name="Quay lại").click()
    page.get_by_role("button", name="Đóng trang này").click()
    expect(page.get_by_role("status")).to_contain_text("Trang này đã đóng")
    context.close()

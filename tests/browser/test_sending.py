"""Stopping everything, and looking at a night's messages before they leave: sound at both widths, without a mouse or script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from outreach.settings import load_settings
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.web.waiting_batch import a_waiting_batch

pytestmark = pytest.mark.browser


@pytest.fixture
def sending(page: Page, served: Served, tmp_path: Path) -> Page:
    """The page with a mass-send that waits."""
    settings = load_settings(home=tmp_path / "home", district_name="Lincoln Schools", timezone="America/Chicago")
    a_waiting_batch(served.database, settings, tmp_path / "night")
    page.goto("/sending")
    return page


def test_a_person_stops_everything_and_starts_again(sending: Page) -> None:
    check(sending)
    sending.get_by_label("Why").first.fill("The import doubled every absence")
    sending.get_by_role("button", name="Stop everything").click()
    expect(sending.get_by_role("heading", name="Everything is stopped")).to_be_visible()
    expect(sending.get_by_text("The import doubled every absence")).to_be_visible()
    check(sending)
    sending.get_by_role("button", name="Start again").click()
    expect(sending.get_by_role("heading", name="Messages leave")).to_be_visible()
    sending.get_by_text("Earlier stops").click()
    school = sending.get_by_role("listitem", name="Jefferson High")
    school.locator("summary").click()
    check(sending)
    school.get_by_role("button", name="Shadow mode").click()
    expect(school.locator(".state-waiting")).to_have_text("◇ Shadow")
    check(sending)


def test_a_person_looks_at_a_batch_lets_it_go_and_takes_it_back(sending: Page) -> None:
    sending.get_by_role("link", name="7 messages").click()
    expect(sending.get_by_role("heading", name="One of each")).to_be_visible()
    expect(sending.locator(".correction-words[lang=en] p").first).to_contain_text("has missed")
    expect(sending.locator(".correction-words[lang=ar] p")).to_have_css("direction", "rtl")
    expect(sending.get_by_text("No usable phone")).to_be_visible()
    check(sending)
    sending.get_by_role("button", name="Let 7 go").click()
    expect(sending.get_by_text("7 messages may leave")).to_be_visible()
    check(sending)
    sending.get_by_role("button", name="Take back 7").click()
    expect(sending.get_by_role("button", name="Let 7 go")).to_be_visible()

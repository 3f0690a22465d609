"""A campaign from the plan to its results, on a screen and on a phone."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from outreach.messages.actions import approve
from tests.browser.conftest import WIDTHS, Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import PASSWORD

pytestmark = pytest.mark.browser


def look(page: Page, name: str) -> None:
    """Check a screen, and keep a picture where PICTURES says so."""
    check(page)
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/campaign-{name}.png", full_page=True)


@pytest.mark.parametrize("width", WIDTHS, ids=lambda width: f"{width}px")
def test_a_campaign_is_planned_and_let_go(browser: Browser, served: Served, width: int) -> None:
    with served.database.write() as session:
        approve(session, message="transition_6", language=None, by="reviewer@example.org", now=NOON)
    desk = browser.new_context(viewport={"width": width, "height": 860}, base_url=served.url)
    boss = desk.new_page()
    boss.goto("/sign-in")
    boss.fill("#email", "boss@example.org")
    boss.fill("#password", PASSWORD)
    boss.click("main button")
    boss.goto("/campaigns")
    boss.get_by_label("Grade 6 begins").check()
    boss.get_by_label("Roosevelt").check()
    boss.fill("#last_day", str(NOON.date() + timedelta(days=7)))
    look(boss, f"plan-{width}")
    boss.get_by_role("button", name="Plan it").click()
    look(boss, f"waits-{width}")
    boss.get_by_role("link", name="Look at it").click()
    boss.get_by_role("button", name="Let 1 go").click()
    expect(boss.get_by_text("Free to leave")).to_be_visible()
    boss.goto("/campaigns/1")
    expect(boss.get_by_text("Leave on their day")).to_be_visible()
    boss.goto("/campaigns")
    look(boss, f"all-{width}")
    desk.close()

"""A goal is set and shown to everybody, on a phone: what an administrator and what a neighbour sees."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from outreach.evidence import snapshots
from outreach.settings import load_settings
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import LINCOLN, ROOSEVELT
from tests.web.test_goals import LARGE, keep_a_week

pytestmark = pytest.mark.browser


def test_a_goal_is_set_and_everybody_may_see_the_figures(page: Page, served: Served) -> None:
    with served.database.write() as session:
        settings = load_settings(timezone="America/Chicago")
        for day in snapshots.missing(session, settings, NOON):
            snapshots.keep(session, snapshots.add_up(session, settings, day, NOON), NOON)
    for as_of in (date(2026, 9, 27), date(2026, 10, 4)):
        keep_a_week(served.database, {LINCOLN: LARGE, ROOSEVELT: LARGE}, as_of)
    page.goto("/goals")
    page.get_by_label("Share, per cent").fill("15")
    page.get_by_label("By", exact=True).fill("2027-06-01")
    page.get_by_role("button", name="Set the goal").click()
    page.get_by_role("button", name="Show a public page").click()
    check(page)
    page.get_by_role("link", name="The public page").click()
    for width in (page.viewport_size or {"width": 390})["width"], 320:
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.get_by_role("heading", level=1)).to_have_text("Attendance in Lincoln Schools")
        expect(page.get_by_text("at most 15.0 %")).to_be_visible()
        check(page)

"""A survey from the first click to what was heard: opened by staff, answered without script by a student, in both directions of writing."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from outreach.cases import surveys
from outreach.cases.survey_tables import SurveyLink, SurveyRound
from outreach.cases.surveys import Choice
from outreach.messages.actions import approve
from tests.browser.conftest import WIDTHS, Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import LINCOLN, PASSWORD

pytestmark = pytest.mark.browser


def look(page: Page, name: str, *, sound: bool = True) -> None:
    """Check a screen, and keep a picture where PICTURES says so."""
    if sound:
        check(page)
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/survey-{name}.png", full_page=True)


@pytest.mark.parametrize("width", WIDTHS, ids=lambda width: f"{width}px")
def test_a_survey_is_opened_answered_and_heard(browser: Browser, served: Served, width: int) -> None:
    with served.database.write() as session:
        approve(session, message="survey", language=None, by="reviewer@example.org", now=NOON)
    desk = browser.new_context(viewport={"width": width, "height": 860}, base_url=served.url)
    phone = browser.new_context(viewport={"width": min(width, 320), "height": 640}, base_url=served.url)
    boss, student = desk.new_page(), phone.new_page()
    boss.goto("/sign-in")
    boss.fill("#email", "boss@example.org")
    boss.fill("#password", PASSWORD)
    boss.click("main button")
    boss.goto(f"/surveys?school={LINCOLN}")
    boss.get_by_label("Students: by a code").check()
    boss.fill("#last_day", str(NOON.date() + timedelta(days=7)))
    look(boss, f"open-{width}")
    boss.get_by_role("button", name="Set it up").click()
    look(boss, f"running-{width}", sound=width > 1000)
    boss.get_by_role("link", name="Sheets to print").click()
    look(boss, f"sheet-{width}")
    with served.database.read() as session:
        token = session.scalars(select(SurveyLink.token).where(SurveyLink.grade == "3")).one()
    for locale in ("ar", "ur") if width < 1000 else ("en",):
        student.goto(f"/s/{token}/{locale}")
        look(student, f"ask-{locale}-{width}")
    student.locator("input[value=ride]").check()
    student.locator("textarea").fill("I want to kill myself")
    student.locator("form button").click()
    expect(student.locator("h1.done")).to_be_visible()
    look(student, f"thanks-{width}", sound=width > 1000)
    student.goto(f"/s/{token}/en")
    expect(student.get_by_text("ten minutes")).to_be_visible()
    look(student, f"again-{width}", sound=width > 1000)
    heard(boss, served, width)
    desk.close()
    phone.close()


def heard(boss: Page, served: Served, width: int) -> None:
    """End the round with many answers, and look at what they say."""
    with served.database.write() as session:
        one = session.scalars(select(SurveyRound)).one()
        for link in surveys.links(session, one.id):
            for n in range(4 if link.grade == "5" else 40):
                made = [choice for place, choice in enumerate(Choice) if n % (place + 2) == 0] or [Choice.RIDE]
                said = "The 14 bus comes too late." if n == 7 else ""
                surveys.take(session, one, link, made, said, danger=False, today=NOON.date(), now=NOON)
    boss.goto("/surveys/1")
    boss.get_by_role("button", name="End it now").click()
    expect(boss.get_by_role("heading", name="What makes it hard to come")).to_be_visible()
    look(boss, f"heard-{width}")
    boss.get_by_label("Tell it back").fill("We asked for an earlier bus.")
    boss.get_by_role("button", name="Keep").click()
    boss.goto("/surveys")
    look(boss, f"all-{width}", sound=width > 1000)

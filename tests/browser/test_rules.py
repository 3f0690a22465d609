"""Changing a threshold without a script: look at the difference, apply it, take it back; sound at both widths."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_screens import check

pytestmark = pytest.mark.browser


def test_a_person_changes_a_threshold_sees_the_difference_applies_and_undoes_it(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/rules")
    expect(page.get_by_text("From 5 % of the school days missed")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Change text_5").click()
    check(page)
    page.get_by_label("Per cent of the days missed").fill("1")
    page.get_by_label("And at least so many days").fill("1")
    page.get_by_label("Why").fill("We want to write earlier")
    page.get_by_role("button", name="Show what it would change").click()
    expect(page.get_by_text("Nothing is in force yet.")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Try it on this school year").click()
    expect(page.get_by_role("heading", name="texts and")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Back to the form").click()
    expect(page.get_by_label("Per cent of the days missed")).to_have_value("1")
    page.get_by_role("button", name="Show what it would change").click()
    page.get_by_role("button", name="Apply this change").click()
    expect(page.get_by_text("From 1 % of the school days missed, at least 1, after 20 days at school: a text").first).to_be_visible()
    expect(page.get_by_text("We want to write earlier")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Go back to the file").click()
    expect(page.get_by_text("Version 2, back to the file")).to_be_visible()
    expect(page.get_by_text("From 5 % of the school days missed").first).to_be_visible()

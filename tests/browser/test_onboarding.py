"""A coordinator is brought in, works at her own school alone, and leaves: in a browser, at both widths."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.desks import Desks
from tests.browser.test_screens import check

pytestmark = pytest.mark.browser

WORDS = "Thank you, we will call the bus office today."


def test_a_coordinator_is_invited_works_at_her_school_and_hands_over_what_she_had(page: Page, served: Served, desks: Desks) -> None:
    hers = desks.stranger(width=page.viewport_size["width"] if page.viewport_size else 390)
    hers.goto(the_link(page))
    chooses_a_password(hers)
    answers_a_family(hers, served)
    leaves(page, hers)


def the_link(page: Page) -> str:
    """Invite her; where no mail server is set the link is shown this once."""
    page.goto("/accounts")
    page.get_by_text("Invite somebody").click()
    page.get_by_label("Name", exact=True).fill("Nora Blum")
    page.get_by_label("E-mail at work").fill("nora@example.org")
    page.locator("#role-coordinator").check()
    page.get_by_label("Lincoln Elementary").check()
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("Sign-in link").input_value()
    check(page)
    return urlsplit(link).path


def chooses_a_password(hers: Page) -> None:
    hers.get_by_role("button", name="Sign me in").click()
    hers.get_by_label("New password").fill("password")
    hers.get_by_role("button", name="Save password").click()
    check(hers)
    hers.get_by_label("New password").fill("seven herons over the lake")
    hers.get_by_role("button", name="Save password").click()
    hers.goto("/today")
    check(hers)


def answers_a_family(hers: Page, served: Served) -> None:
    elsewhere = hers.goto(f"/cases/{served.cases.wei}")
    assert elsewhere is not None
    assert elsewhere.status == 404, "a family of another school"
    hers.goto(f"/cases/{served.cases.maria}")
    hers.locator("#text").fill(WORDS)
    hers.get_by_role("button", name="Send", exact=True).click()
    expect(hers.locator(".thread")).to_contain_text(WORDS)
    expect(hers.locator(".thread")).to_contain_text("Nora Blum")
    check(hers)


def leaves(page: Page, hers: Page) -> None:
    page.goto("/accounts")
    page.get_by_role("link", name="Open Nora Blum").click()
    page.get_by_role("link", name="See what that is").click()
    check(page)
    page.get_by_role("button", name="Close the account, and hand over").click()
    expect(page.get_by_text("closed").first).to_be_visible()
    hers.goto("/inbox")
    expect(hers.get_by_label("Password")).to_be_visible()
    expect(hers.get_by_text("Nora")).to_have_count(0)

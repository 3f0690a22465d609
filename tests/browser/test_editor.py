"""The editor of words in a browser: chips, what stands beside words as they are typed, letters, right-to-left, with and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from outreach.messages.actions import approve
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.conftest import NOON

pytestmark = pytest.mark.browser

COUNT = "/words/edit/count/sms"


@pytest.fixture
def page(page: Page, served: Served) -> Page:
    """A signed-in administrator before the editor of the count message, which is approved in every language."""
    with served.database.write() as session:
        approve(session, message="count", language=None, by="boss@example.org", now=NOON)
    page.goto(COUNT)
    return page


def test_words_are_written_with_chips_and_looked_at_while_they_are_typed(page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    check(page)
    words, look = page.get_by_role("textbox", name="The words, in English"), page.locator("#look")
    expect(look).to_contain_text("Maya has missed 8 days")
    words.press("Control+End")
    words.press_sequentially(" Truancy, Sofía")
    expect(look).to_contain_text("“Truancy” does not belong in words to families")
    expect(look).to_contain_text("í doubles what the text costs")
    check(page)
    words.fill("[district]: [child's name] has missed [days missed], as of . Reply STOP. [who signs]")
    expect(look).to_contain_text("[last day counted] is missing.")
    words.evaluate("box => box.setSelectionRange(box.value.indexOf('as of ') + 6, box.value.indexOf('as of ') + 6)")
    page.get_by_role("button", name="[last day counted]").first.click()
    expect(words).to_have_value("[district]: [child's name] has missed [days missed], as of [last day counted]. Reply STOP. [who signs]")
    expect(words).to_be_focused()
    expect(look).to_contain_text("Nothing to repair.")
    page.get_by_label("Yes, only the wording changes.").check()
    page.get_by_role("button", name="Save and let it leave").click()
    expect(page.get_by_text("15 translations stand for them as well.")).to_be_visible()
    expect(page.locator("#versions + ol > li").first).to_contain_text("Version 1")
    check(page)
    page.get_by_text("Arabic", exact=True).click()
    expect(page.locator(".handset-text[lang=ar]")).to_have_css("direction", "rtl")
    check(page)
    page.get_by_role("button", name="Send to my pretended phone").click()
    expect(page.get_by_text(re.compile(r"On its way to your pretended phone, \(907\) 555-01"))).to_be_visible()
    assert complaints == []


def test_a_letter_and_a_schools_copy_are_sound(page: Page) -> None:
    page.goto("/words/edit/count/letter?school=S1")
    expect(page.locator(".paper table").first).to_contain_text("Maya")
    page.get_by_text("Urdu", exact=True).click()
    expect(page.locator(".paper[lang=ur]")).to_have_css("direction", "rtl")
    check(page)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(COUNT)
    check(page)


@pytest.mark.long
def test_words_are_edited_without_script(browser: Browser, served: Served, page: Page) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served.url, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(COUNT)
    words = plain.get_by_role("textbox", name="The words, in English")
    words.fill("[district]: [childs name] has missed [days missed], as of [last day counted]. Reply STOP.")
    plain.get_by_role("button", name="Preview").click()
    expect(plain.locator("#look")).to_contain_text("did you mean [child's name]?")
    words.fill("[district]: [child's name] has missed [days missed], as of [last day counted]. Reply STOP.")
    plain.get_by_role("button", name="Save as a draft").click()
    expect(plain.get_by_role("heading", name="A draft waits for approval")).to_be_visible()
    expect(plain.locator(".draft del").first).to_be_visible()
    context.close()

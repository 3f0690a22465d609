"""Every screen at both widths: no fault that axe finds, no sideways scroll, nothing that the content policy had to stop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from outreach.arrivals import Arrival
from outreach.cases import intake, mentors
from outreach.settings import load_settings
from outreach.staff.tables import Account
from tests.browser.conftest import Served
from tests.conftest import NOON
from tests.web.seed import OMAR, PASSWORD
from tests.web.wrong_number import ARABIC, a_wrong_number

pytestmark = pytest.mark.browser

SCREENS = (
    "/today",
    "/today/follow-ups",
    "/playbook",
    "/me/calendar",
    "/inbox",
    "/inbox?queue=information",
    "/inbox?whose=mine",
    "/delivery",
    "/call-list",
    "/notes?view=waiting",
    "/consent",
    "/consent/one?adult=c1",
    "/blocks",
    "/blocks/new?adult=c1",
    "/restrictions",
    "/records",
    "/records/child?child=st1",
    "/disclosures",
    "/retention",
    "/delivery?state=skipped",
    "/delivery/1",
    "/baseline",
    "/attention",
    "/service",
    "/first-steps",
    "/shared",
    "/goals",
    "/settings",
    "/incidents/",
    "/on-call/",
    "/data-health",
    "/check-counts",
    "/mapping",
    "/words",
    "/words?language=ar",
    "/password",
    "/cases/1/help",
    "/resources",
    "/resources/new",
    "/me/details",
    "/me/mail",
    "/me/sign-in",
    "/accounts",
    "/accounts/2/close",
    "/accounts/2/change",
    "/people",
    "/people/2",
    "/mentors",
    "/languages",
    "/search?q=Lopez",
    "/log?child=st1",
    "/students",
    "/packet",
    "/audit",
    "/cases/999",
)


def check(page: Page) -> None:
    """Fail with what a person would trip over."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{page.url} scrolls sideways by {wide} px"


@pytest.fixture
def said(page: Page) -> list[str]:
    """What the browser's console complains about."""
    words: list[str] = []
    page.on("console", lambda message: words.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: words.append(str(error)))
    return words


def test_every_screen_is_sound_at_both_widths(page: Page, said: list[str]) -> None:
    for screen in SCREENS:
        page.goto(screen)
        check(page)
    assert [words for words in said if "404" not in words] == []


def test_conversations_are_sound_in_any_script_and_with_hostile_words(page: Page, served: Served, said: list[str]) -> None:
    for case in (served.cases.maria, served.cases.omar, served.cases.jane, served.cases.stranger, served.cases.done):
        page.goto(f"/cases/{case}")
        check(page)
    assert said == [], "nothing ran that a family wrote"


def test_arabic_words_are_set_from_right_to_left(page: Page, served: Served) -> None:
    page.goto(f"/cases/{served.cases.omar}")
    words = page.locator(".bubble-family .bubble-words").first
    expect(words).to_have_css("direction", "rtl")


def test_the_sign_in_page_is_sound(browser: Browser, served: Served) -> None:
    for width in (1280, 390, 320):
        context = browser.new_context(viewport={"width": width, "height": 700}, base_url=served.url)
        page = context.new_page()
        for screen in ("/sign-in", "/sign-in/nonsense"):
            page.goto(screen)
            check(page)
        context.close()


def test_a_mentor_finds_the_children_given_to_them(browser: Browser, served: Served) -> None:
    with served.database.write() as session:
        mia = session.scalars(select(Account).where(Account.email == "mia@example.org")).one()
        mentors.tie(session, mia, by="boss@example.org", settings=load_settings(timezone="America/Chicago"), now=NOON, student_id="st1")
    context = browser.new_context(viewport={"width": 390, "height": 860}, base_url=served.url)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#email", "mia@example.org")
    page.fill("#password", PASSWORD)
    page.click("main button")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    page.goto("/my-children")
    expect(page.get_by_text("Luis Lopez").first).to_be_visible()
    check(page)
    context.close()


def test_pages_reflow_at_320_pixels(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    for screen in ("/inbox", f"/cases/{served.cases.maria}", "/delivery", "/baseline", "/attention", "/words"):
        page.goto(screen)
        check(page)


def test_a_coordinator_answers_and_goes_on(page: Page, served: Served) -> None:
    page.goto("/inbox")
    page.locator(f"#case-{served.cases.jane}").click()
    page.wait_for_url(f"**/cases/{served.cases.jane}")
    page.wait_for_load_state()  # what is typed before the script has come is counted at the next key only
    page.get_by_label("Answer to the family").fill("I am calling you now.")
    expect(page.locator("#size")).to_have_text(re.compile("1 text"))
    page.get_by_role("button", name="Send and next").click()
    expect(page.get_by_text("Your answer is on its way.")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/cases/{served.cases.omar}$"))
    page.goto("/inbox?queue=answered")
    expect(page.locator(f"#case-{served.cases.jane}")).to_be_visible()
    check(page)


def test_everything_essential_works_without_script(browser: Browser, served: Served, page: Page) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served.url, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(f"/cases/{served.cases.omar}")
    plain.fill("#text", "We will call.")
    plain.get_by_role("button", name="Send and next").click()
    expect(plain.locator(".bubble", has_text="We will call.").or_(plain.get_by_text("Your answer is on its way."))).to_be_visible()
    plain.click(".note-writer summary")
    plain.fill("#note", "Called")
    plain.get_by_role("button", name="Keep note").click()
    expect(plain.locator(".bubble-note", has_text="Called")).to_have_count(1)
    plain.get_by_role("button", name="Close", exact=True).click()
    expect(plain.locator("text=is closed")).to_have_count(1)
    context.close()


def test_a_keyboard_reaches_the_content_first_and_sees_where_it_is(page: Page) -> None:
    page.goto("/inbox")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


def test_a_correction_is_read_and_approved(page: Page, served: Served, tmp_path: Path) -> None:
    """In the family's language, with both numbers and the days behind them."""
    settings = load_settings(home=tmp_path / "home", district_name="Lincoln Schools", timezone="America/Chicago")
    case = a_wrong_number(served.database, settings, tmp_path / "feed", arabic=ARABIC)
    page.goto(f"/cases/{case}")
    expect(page.locator(".correction-words p")).to_have_css("direction", "rtl")
    check(page)
    page.locator(".correction .note-writer summary").click()
    check(page)
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_text("The correction is on its way.")).to_be_visible()
    check(page)


def test_a_danger_is_read_taken_and_closed_at_any_width(page: Page, served: Served, tmp_path: Path) -> None:
    """Arabic words, the state's number, a checklist; the first thing on a phone is what was written and what to do."""
    settings = load_settings(home=tmp_path / "home", district_name="Lincoln Schools", timezone="America/Chicago", state="IL")
    cry = {"MessageSid": "SMcry", "From": OMAR, "To": "+13125550100", "Body": "ابني يقول إنه يريد أن يموت", "NumMedia": "0"}
    intake.take(served.database, settings, Arrival("inbound", "SMcry", cry, "", NOON), NOON)
    page.goto("/incidents/")
    check(page)
    page.get_by_role("link", name="Incident 1").click()
    expect(page.locator(".words").first).to_have_css("direction", "rtl")
    check(page)
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("You have it. Nobody else is called.")).to_be_visible()
    page.get_by_role("button", name="Done: Call the family").click()
    expect(page.locator(".checklist .state-good")).to_have_count(1)
    page.get_by_label("Sealed note, or how it ended").fill("He is with the counselor.")
    page.get_by_role("button", name="Close: it is over").click()
    expect(page.get_by_role("button", name="Keep note")).to_have_count(0)
    check(page)

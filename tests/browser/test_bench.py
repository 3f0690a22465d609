"""The translator's bench at both widths: left to right and right to left, sound for everybody, and live while one types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from outreach.messages.editing import Hand, Spot, write
from tests.browser.conftest import WIDTHS, Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.bench_people import BOSS, translators
from tests.web.seed import PASSWORD

pytestmark = pytest.mark.browser

OWN = (
    "/bench",
    "/bench/glossary",
    "/bench/files",
    "/bench/delivered",
    "/bench/reach",
    "/bench/words/ur/help/sms",
    "/bench/words/ar/count/letter",
    "/bench/words/ar/family_page/page",
)


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width}px")
def desk(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Page]:
    """Zahra's browser, signed in through the form; the English of one of her texts has changed."""
    with served.database.write() as session:
        translators(session)
        write(
            session, Spot("help", "sms"), "{{ district }}: We text families about school days. Ask us anything. Reply STOP to stop.", BOSS
        )
    context = browser.new_context(viewport={"width": request.param, "height": 860}, base_url=served.url)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#email", "zahra@example.org")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/bench")
    yield page
    context.close()


def test_every_page_of_the_bench_is_sound(desk: Page) -> None:
    for screen in OWN:
        desk.goto(screen)
        check(desk)


def test_an_urdu_text_is_written_from_right_to_left_checked_as_it_is_typed_and_handed_in(desk: Page) -> None:
    desk.goto("/bench/words/ur/help/sms")
    field = desk.get_by_label("Urdu", exact=True)
    expect(field).to_have_css("direction", "rtl")
    expect(field).to_have_attribute("lang", "ur")
    expect(desk.locator(".diff ins").first).to_be_visible()
    field.fill("منجانب [district]: ہم اسکول کے دنوں کے بارے میں لکھتے ہیں۔")
    expect(desk.locator("#look")).to_contain_text("the word STOP is missing")
    field.fill("منجانب [district]: ہم اسکول کے دنوں کے بارے میں لکھتے ہیں۔ روکنے کے لیے STOP بھیجیں۔")
    expect(desk.locator("#look")).to_contain_text("Nothing to repair")
    expect(desk.locator(".handset-text")).to_have_css("direction", "rtl")
    check(desk)
    desk.get_by_role("button", name="Hand in").click()
    expect(desk.get_by_text("Waits for approval.")).to_be_visible()
    check(desk)
    desk.get_by_label("Add a note").fill("کیا یہ سب کے لیے ہے؟")
    desk.get_by_role("button", name="Add", exact=True).click()
    expect(desk.locator(".bench-notes .bubble-words")).to_have_css("direction", "rtl")
    check(desk)


@pytest.mark.long
def test_a_left_to_right_language_keeps_its_direction_and_an_administrator_gives_languages(page: Page, served: Served) -> None:
    with served.database.write() as session:
        translators(session)
        write(session, Spot("help", "sms", locale="so"), "{{ district }}: Fariin. STOP si aad u joojiso.", Hand("idil@example.org", NOON))
    page.goto("/bench/words/so/help/sms")
    expect(page.get_by_label("Somali", exact=True)).to_have_css("direction", "ltr")
    check(page)
    page.get_by_role("button", name="Approve these words").click()
    expect(page.get_by_text("Approved, and leaving.")).to_be_visible()
    for screen in ("/bench", "/bench/people", "/bench/reach"):
        page.goto(screen)
        check(page)

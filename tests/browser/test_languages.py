"""A family writes what nobody at school reads: a machine helps staff, a speaker sends the answer, and an interpreter comes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from outreach.cases import cover, speaking
from outreach.planning.tables import PlannedMessage
from outreach.settings import load_settings
from outreach.simulator.translation import TranslationHouse
from outreach.staff.tables import Account
from outreach.translation.choosing import translator_of
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.stages.families import hear
from tests.web.seed import OMAR

pytestmark = pytest.mark.browser
WROTE = "الحافلة لا تأتي في الصباح ولا نعرف لماذا"
DRAFT = "ستأتي الحافلة غدًا في السابعة صباحًا."


def test_a_family_is_read_by_machine_answered_by_a_speaker_and_heard_through_an_interpreter(page: Page, served: Served) -> None:
    house = TranslationHouse(
        "", says={WROTE: "The bus does not come in the morning and we do not know why", "The bus comes at seven tomorrow.": DRAFT}
    )
    settings = load_settings(translation="libretranslate", translation_api_base=house.listen())
    translator = translator_of(settings)
    with served.database.write() as session:
        hear(session, settings, WROTE, phone=OMAR, at=NOON)
    assert speaking.translate_due(served.database, translator, settings, NOON) == 1

    page.goto(f"/cases/{served.cases.omar}")
    expect(page.get_by_text("The bus does not come in the morning")).to_be_visible()
    expect(page.get_by_text("Machine-made").first).to_be_visible()
    expect(page.locator("p.bubble-words", has_text=WROTE)).to_have_attribute("dir", "rtl")
    check(page)
    page.get_by_role("link", name="Have a speaker send it").click()
    check(page)
    page.get_by_label("Say it in English").fill("The bus comes at seven tomorrow.")
    page.get_by_role("button", name="Ask a speaker to send it").click()
    expect(page.get_by_text("A speaker is asked")).to_be_visible()
    with served.database.write() as session:  # where no service is set, the speaker gets the English alone
        for account in session.scalars(select(Account)):
            cover.keep(session, account.id, cover.Details(languages=("ar",)), by="x", now=NOON)
    page.get_by_role("link", name=re.compile("Look at an answer")).click()
    check(page)
    box = page.get_by_label("The answer in Arabic")
    expect(box).to_have_attribute("dir", "rtl")
    box.fill(DRAFT)
    page.get_by_role("button", name="I read it: send it to the family").click()
    expect(page.get_by_text("Your answer is on its way")).to_be_visible()
    with served.database.read() as session:
        sent = session.scalars(select(PlannedMessage).where(PlannedMessage.body == DRAFT)).one()
        assert (sent.language, sent.phone) == ("ar", OMAR)
    house.stop()
    _interpreted(page, served)


def _interpreted(page: Page, served: Served) -> None:
    """An interpreter is asked for, stands under Attention, and was there."""
    page.goto(f"/cases/{served.cases.omar}/languages")
    page.get_by_label("Day").fill("2026-10-08")
    page.get_by_label("Time").fill("09:30")
    page.get_by_label("Where, and for what").fill("Room 204, about the bus")
    page.get_by_role("button", name="Ask for an interpreter").click()
    expect(page.get_by_text("It stands under Attention")).to_be_visible()
    page.goto("/attention")
    expect(page.get_by_text("An interpreter for Arabic is asked for.")).to_be_visible()
    check(page)
    page.goto("/languages")
    check(page)
    page.get_by_role("link", name=re.compile("Interpret")).click()
    page.get_by_label("What came of it").fill("The father waits at the corner from tomorrow on.")
    check(page)
    page.get_by_role("button", name="It is done").click()
    expect(page.get_by_text("Noted in the case")).to_be_visible()
    page.goto("/attention")
    expect(page.get_by_text("An interpreter for Arabic")).to_have_count(0)

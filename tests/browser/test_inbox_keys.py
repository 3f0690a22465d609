"""The inbox by keys alone, at the width of a zoomed page, and at two in the morning."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from outreach.arrivals import Arrival
from outreach.cases import intake, oncall
from outreach.cases.danger_tables import Incident
from outreach.clock import MovableClock
from outreach.messages.actions import approve
from outreach.planning.tables import PlannedMessage
from outreach.settings import load_settings
from outreach.staff import queries as accounts
from tests.browser.conftest import Served
from tests.browser.desks import Desks
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import OMAR

pytestmark = pytest.mark.browser


def test_every_key_does_what_the_sheet_says(desks: Desks, served: Served) -> None:
    with served.database.write() as session:
        approve(session, message=["positive_news"], language=None, by="made-up@example.org", now=NOON)
    page, here = desks.sign_in("ana"), f"/cases/{served.cases.omar}"
    page.goto(here)
    for key, focused in (("r", "#text"), ("n", "#note"), ("l", "#words"), ("s", ".aside-days button"), ("t", ".saved-reply")):
        page.keyboard.press(key)
        expect(page.locator(focused).first).to_be_focused()
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    expect(page.get_by_text("This case is yours.")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(f"/cases/{served.cases.maria}$"))
    page.wait_for_load_state()
    page.keyboard.press("i")
    expect(page).to_have_url(re.compile("/inbox$"))
    page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/search$"))


def test_a_saved_reply_stands_where_the_cursor_is_and_its_empty_place_is_marked(desks: Desks, served: Served) -> None:
    with served.database.write() as session:
        approve(session, message=["positive_news"], language=None, by="made-up@example.org", now=NOON)
    page = desks.sign_in("ana")
    page.goto(f"/cases/{served.cases.jane}")
    box = page.locator("#text")
    box.focus()
    page.keyboard.type("Good morning and/or noon ")
    expect(box).to_have_value("Good morning and/or noon ")
    page.keyboard.press("/")
    expect(page.locator(".saved-reply").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    expect(box).to_have_value(re.compile(r"^Good morning and/or noon \w.*\{\{ note \}\}", re.DOTALL))
    marked = page.evaluate("(({value, selectionStart, selectionEnd}) => value.slice(selectionStart, selectionEnd))(document.activeElement)")
    assert marked == "{{ note }}"
    page.keyboard.type("she read her first book")
    expect(box).to_have_value(re.compile("she read her first book"))


@pytest.mark.long
def test_a_page_at_four_hundred_percent_is_read_without_scrolling_sideways(desks: Desks, served: Served) -> None:
    """A window of 1280 by 1024 pixels, zoomed to 400 %, is one of 320 by 256."""
    page = desks.sign_in("boss", width=320)
    page.set_viewport_size({"width": 320, "height": 256})
    case = f"/cases/{served.cases.omar}"
    inbox = ("/today", "/inbox", "/inbox?queue=answered", "/inbox/all", case, f"{case}/help", f"{case}/languages", "/students")
    beside = ("/call-list", "/search?q=Lopez", "/log?child=st1", "/languages", "/me/details", "/me/mail", "/shared", "/resources")
    for screen in (*inbox, *beside, "/incidents/"):
        page.goto(screen)
        check(page)


@pytest.mark.long
def test_a_text_of_danger_at_two_in_the_morning_wakes_somebody_who_has_it_from_a_phone(
    desks: Desks, served: Served, tmp_path: Path
) -> None:
    night = datetime(2026, 10, 7, 2, 0, tzinfo=ZoneInfo("America/Chicago"))
    MovableClock(tmp_path / "home" / "demo-clock.json").move_to(night)
    settings = load_settings(home=tmp_path / "home", timezone="America/Chicago", state="IL", public_url=served.url)
    with served.database.write() as session:
        boss = accounts.by_email(session, "boss@example.org")
        assert boss is not None
        oncall.add_person(session, boss, "+13125550172", by="boss@example.org", now=night)
        approve(session, message=["safety", "after_hours"], language=None, by="made-up@example.org", now=NOON)
    cry = {"MessageSid": "SMcry", "From": OMAR, "To": "+13125550100", "Body": "ابني يقول إنه يريد أن يموت", "NumMedia": "0"}
    intake.take(served.database, settings, Arrival("inbound", "SMcry", cry, "", night), night)
    with served.database.read() as session:
        call = session.scalars(select(PlannedMessage).where(PlannedMessage.message_class == "page")).one()
        family = session.scalars(select(PlannedMessage).where(PlannedMessage.phone == OMAR, PlannedMessage.reply_to_id.is_not(None))).all()
    assert call.due_at == night, "nobody waits for the morning"
    assert [(row.message, row.due_at) for row in family] == [("safety", night)], "the family hears at once where help is"
    assert "Yusuf" not in call.body

    page = desks.stranger(width=390)
    link = re.search(r"http://\S+", call.body)
    assert link is not None
    page.goto(link[0])
    check(page)
    page.get_by_role("button", name="I have it").tap()
    expect(page.get_by_role("heading", name="You have it")).to_be_visible()
    check(page)
    with served.database.read() as session:
        assert session.scalars(select(Incident)).one().acknowledged_by == "boss@example.org"

    page = desks.sign_in("boss", width=390, touch=True)
    expect(page.locator(".case-row").first).to_contain_text("Urgent")
    page.goto("/incidents/1")
    expect(page.locator(".words").first).to_have_css("direction", "rtl")
    check(page)
    page.goto(f"/cases/{served.cases.omar}")
    expect(page.get_by_text("A text here may mean danger.")).to_be_visible()
    check(page)
    others = desks.sign_in("kim")
    others.goto(f"/cases/{served.cases.omar}")
    expect(others.get_by_text("يموت")).to_have_count(0)
    check(others)

"""A morning at the inbox: forty families by keyboard and by touch, two people at one family, a family that writes from right to left."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from outreach.cases.tables import Case
from outreach.database import Database
from outreach.messages.actions import approve
from outreach.planning.tables import PlannedMessage
from tests.browser.conftest import Served
from tests.browser.desks import Desks
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import ARABIC, case_of, heard

pytestmark = pytest.mark.browser

FORTY = 40
_PHONE_CALL = "I am calling you today."


def forty_waiting(database: Database) -> None:
    """Forty families at Lincoln, and nobody else, wait for an answer."""
    with database.write() as session:
        for case in session.scalars(select(Case)):
            case.state, case.open_key, case.closed_at, case.waiting_since = "closed", None, NOON, None
        for n in range(FORTY):
            at, phone = NOON - timedelta(hours=1, minutes=n), f"+1773555{100 + n:04d}"
            case = case_of(session, at, phone=phone, student_id="st4", contact_id="c3", open_key=f"phone:{phone}")
            heard(session, case, f"Question {n}: when does the bus come?", at)


def answered(database: Database) -> list[str]:
    """To which numbers answers were planned, each as often as it was."""
    with database.read() as session:
        return list(
            session.scalars(
                select(PlannedMessage.phone).where(PlannedMessage.message_class == "answer", PlannedMessage.body == _PHONE_CALL)
            )
        )


def waiting(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Case.state == "open", Case.queue == "needs_me")) or 0


@pytest.mark.long
def test_forty_waiting_families_are_answered_by_keyboard_alone(desks: Desks, served: Served) -> None:
    forty_waiting(served.database)
    page = desks.sign_in("ana")
    check(page)
    page.keyboard.press("j")
    expect(page.locator(".case-row").first).to_be_focused()
    page.keyboard.press("Enter")
    for left in range(FORTY, 0, -1):
        expect(page.locator(".desk-list .queues [aria-current] .count")).to_have_text(str(left))
        page.wait_for_load_state()
        page.keyboard.press("r")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type(_PHONE_CALL)
        page.keyboard.press("Control+Enter")
    page.wait_for_url("**/inbox")
    expect(page.get_by_text("Nobody is waiting. Well done.")).to_be_visible()
    check(page)
    assert waiting(served.database) == 0
    assert sorted(answered(served.database)) == sorted(f"+1773555{100 + n:04d}" for n in range(FORTY)), "each once"


@pytest.mark.long
def test_forty_waiting_families_are_cleared_by_touch_on_a_phone(desks: Desks, served: Served) -> None:
    forty_waiting(served.database)
    page = desks.sign_in("ana", width=390, touch=True)
    check(page)
    page.locator(".case-row").first.tap()
    for n in range(FORTY):
        here = page.locator("#who")
        expect(here).to_be_visible()
        before = page.url
        if n % 4 == 3:
            page.locator(".aside-menu summary").tap()
            page.locator(".aside-days button").first.tap()
        else:
            page.get_by_label("Answer to the family").fill(_PHONE_CALL)
            page.get_by_role("button", name="Send and next").tap()
        page.wait_for_url(lambda url, before=before: url != before)  # type: ignore[misc]  # playwright types it without defaults
        if n == 0:
            check(page)
    expect(page.get_by_text("Nobody is waiting. Well done.")).to_be_visible()
    assert len(answered(served.database)) == FORTY * 3 // 4
    with served.database.read() as session:
        assert session.scalar(select(func.count()).where(Case.snoozed_until.is_not(None))) == FORTY // 4


def test_a_held_key_acts_once_and_undo_takes_it_back(desks: Desks, served: Served) -> None:
    page = desks.sign_in("ana")
    page.goto(f"/cases/{served.cases.omar}")
    page.keyboard.press("r")
    page.keyboard.type(_PHONE_CALL)
    page.keyboard.down("Control")
    for _ in range(12):
        page.keyboard.down("Enter")  # the second and every later one repeats
    page.keyboard.up("Enter")
    page.keyboard.up("Control")
    expect(page).to_have_url(re.compile(f"/cases/{served.cases.maria}$"))
    assert len(answered(served.database)) == 1
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile(f"/cases/{served.cases.omar}$"))
    expect(page.locator("#text")).to_have_value(_PHONE_CALL)
    page.wait_for_load_state()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    check(page)
    for _ in range(5):
        page.keyboard.down("j")
    page.keyboard.up("j")
    expect(page).to_have_url(re.compile(f"/cases/{served.cases.maria}$"))


@pytest.mark.long
def test_two_people_at_one_family_see_each_other_and_lose_no_words(desks: Desks, served: Served) -> None:
    ana, boss = desks.sign_in("ana"), desks.sign_in("boss", width=390)
    for page in (ana, boss):
        page.goto(f"/cases/{served.cases.omar}")
    expect(boss.get_by_text("Ana Reyes has this open, too.")).to_be_visible()
    ana.fill("#text", "Ana writes this.")
    boss.fill("#text", _PHONE_CALL)
    boss.get_by_role("button", name="Send", exact=True).click()
    expect(boss.get_by_text("Your answer is on its way.")).to_be_visible()
    ana.get_by_role("button", name="Send and next").click()
    expect(ana.get_by_role("alert")).to_contain_text("Boss Reyes wrote while you were writing.")
    expect(ana.locator("#text")).to_have_value("Ana writes this.")
    expect(ana.locator(".bubble-us", has_text=_PHONE_CALL)).to_be_visible()
    check(ana)
    ana.get_by_role("button", name="Take over").click()
    expect(ana.get_by_role("alert")).to_contain_text("Boss Reyes")
    check(ana)
    ana.get_by_role("button", name="Take over all the same").click()
    expect(ana.get_by_text("This case is yours.")).to_be_visible()
    expect(ana.locator("#text")).to_have_value("Ana writes this.")


@pytest.mark.long
def test_a_family_that_writes_from_right_to_left_is_answered_with_reviewed_words(desks: Desks, served: Served) -> None:
    with served.database.write() as session:
        approve(session, message=["positive_news"], language=None, by="made-up@example.org", now=NOON)
    page = desks.sign_in("ana", width=390)
    page.goto(f"/cases/{served.cases.omar}")
    expect(page.locator(".bubble-family .bubble-words")).to_have_text(ARABIC)
    expect(page.locator(".bubble-family .bubble-words")).to_have_css("direction", "rtl")
    page.get_by_text("Saved replies", exact=True).click()
    reply = page.get_by_role("button", name=re.compile("Positive news"))
    expect(reply.locator(".saved-words")).to_have_css("direction", "rtl")
    check(page)
    reply.click()
    expect(page.locator("#text")).to_have_css("direction", "rtl")
    expect(page.locator("#text")).to_have_value(re.compile(r"\{\{ note \}\}"))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("still empty")
    page.fill("#text", page.locator("#text").input_value().replace("{{ note }}", "يوسف قرأ كتابه الأول."))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".bubble-us", has_text="يوسف")).to_be_visible()
    for screen in (f"/cases/{served.cases.omar}", "/students", "/search", "/log", "/inbox", "/inbox/all"):
        page.set_viewport_size({"width": 320, "height": 700})
        page.goto(screen)
        check(page)

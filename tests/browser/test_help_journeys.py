"""A family is helped and another is called: the page of help from a reason to the family's text, and the call list, one press a call."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from outreach.cases.resource_tables import Resource
from outreach.cases.tables import CaseEvent
from outreach.consent import queries as ledger
from outreach.planning.reasons import Reason
from outreach.planning.tables import PlannedMessage
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import JANE
from tests.web.test_call_list import put_on

pytestmark = pytest.mark.browser

_PANTRY, _TOLD = "Food pantry at Grace Church", "We found a food pantry near you, open on Saturdays. Boss"


def _pantry(served: Served) -> None:
    """Somebody who helps with food, with one place left."""
    with served.database.write() as session:
        session.add(
            Resource(
                name=_PANTRY, how="Ask for Ruth, (312) 555-0160", needs=["food"], schools=[], languages=[], grades=[], subgroups=[],
                capacity=1, checked_on=NOON.date(), checked_by="boss@example.org", ended_at=None,
            )
        )  # fmt: skip


def test_a_family_is_helped_from_the_reason_to_the_text(page: Page, served: Served) -> None:
    """Written down, pointed to help, heard back from, told, and the text taken back."""
    _pantry(served)
    page.goto(f"/cases/{served.cases.omar}/help")
    page.get_by_text("Write down what somebody told you").click()
    page.locator("#reason").select_option("food")
    page.get_by_label("In a few words").first.fill("No breakfast at home")
    check(page)
    page.get_by_role("button", name="Write it down").click()
    food = page.locator("#in-the-way ~ .help-list .help-item", has_text="No breakfast at home")
    food.get_by_text("Who can help").click()
    food.get_by_label(_PANTRY).check()
    check(page)
    food.get_by_role("button", name="Offered").click()
    step = page.locator("#steps ~ .help-list .help-item", has_text=_PANTRY)
    for became, said in (("Accepted", "accepted"), ("It helped", "it helped")):
        step.get_by_text("What became of it?").click()
        step.get_by_role("button", name=became, exact=True).click()
        expect(step.get_by_text("Referral:")).to_contain_text(said)
    check(page)
    step.get_by_text("Tell the family what we did").click()
    step.get_by_label("In the family's language").fill(_TOLD)
    step.get_by_role("button", name="Send").click()
    expect(step.get_by_text("We told the family")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(re.compile(f"/cases/{served.cases.omar}$"))
    page.goto(f"/cases/{served.cases.omar}/help")
    expect(step.get_by_text("Tell the family what we did")).to_be_visible()
    with served.database.read() as session:
        assert session.scalars(select(PlannedMessage.state).where(PlannedMessage.body == _TOLD)).all() == ["cancelled"]


def test_the_call_list_is_worked_through_with_one_press_a_call(page: Page, served: Served) -> None:
    """Nobody answers, the press is taken back; one is reached, another asks to stop; the list is empty."""
    with served.database.write() as session:
        put_on(session, "st3", "c2", reason=str(Reason.UNVERIFIED))
        put_on(session, "st4", "c3", rule="chronic_call")
    page.goto("/call-list")
    expect(page.get_by_text("2 families to call.")).to_be_visible()
    check(page)
    yusuf, sam = (page.locator(".call-row", has_text=name) for name in ("Yusuf", "Sam"))
    yusuf.get_by_role("button", name="No answer").click()
    expect(page.get_by_role("status")).to_contain_text("Noted: No answer.")
    page.get_by_role("button", name="Take it back").click()
    expect(yusuf.get_by_text("Called 1 time")).to_have_count(0)
    yusuf.get_by_label("What was said").fill("He is back on Monday")
    yusuf.get_by_role("button", name="Reached").click()
    expect(page.get_by_text("1 family to call.")).to_be_visible()
    check(page)
    sam.get_by_role("button", name="Asked to stop").click()
    expect(page.get_by_text("Nobody has to be called.")).to_be_visible()
    check(page)
    with served.database.read() as session:
        assert ledger.state(session, JANE).opted_out
        assert session.scalars(select(CaseEvent.text).where(CaseEvent.text == "He is back on Monday")).all()

"""The pages of letters are sound at both widths: a batch that waits, one with letters to pull, one taken back, and returned mail."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from outreach.delivery import letter_pulls
from outreach.district import corrections
from outreach.district.overlays import Act
from outreach.district.people import Address
from outreach.settings import load_settings
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.post import printed

pytestmark = pytest.mark.browser


def test_a_batch_is_looked_through_pulled_from_and_taken_back(page: Page, served: Served) -> None:
    settings = load_settings(district_name="Lincoln Schools", timezone="America/Chicago")
    posted = printed(served.database, settings)
    with served.database.write() as session:
        corrections.correct_address(session, "c1", Address("9 Elm St", "", "Chicago", "IL", "60602"), Act("ana", NOON))
        letter_pulls.look(session, settings, NOON)

    page.goto("/letters")
    check(page)
    page.get_by_role("link", name=f"Batch {posted.batch}").click()
    expect(page.get_by_text("Pull these: 1 to find")).to_be_visible()
    check(page)
    page.get_by_role("button", name="pulled").click()
    expect(page.get_by_text("the family was told nothing")).to_be_visible()
    check(page)

    page.get_by_label("Take the batch back").fill("the words were wrong")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("nothing prints them until you decide")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Put them into the next batch").click()
    expect(page.get_by_text("Nothing is left to do")).to_be_visible()

    page.goto("/returned-mail")
    check(page)


def test_a_letter_that_came_back_is_typed_in_and_its_family_found(page: Page, served: Served) -> None:
    posted = printed(served.database, load_settings(district_name="Lincoln Schools", timezone="America/Chicago"))
    page.goto("/returned-mail")
    page.get_by_label("Number of the letter").fill(next(iter(posted.letters.values())))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Where they live now")).to_be_visible()
    check(page)
    page.goto("/returned-mail")
    check(page)

"""A records officer hands a child's record over, in a browser, at both widths."""

from __future__ import annotations

import json
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_screens import check

pytestmark = pytest.mark.browser


def test_a_childs_record_is_asked_for_decided_handed_over_and_found_in_the_log(page: Page, served: Served) -> None:
    """A decision gives one note of the staff; the file tells the rest that is withheld by kind and number."""
    assert served.cases
    page.goto("/records")
    page.get_by_label("Name, or the last four").fill("Yusuf")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Yusuf Haddad").click()
    expect(page.get_by_role("heading", name="Everything held of Yusuf Haddad")).to_be_visible()
    for summary in page.locator("main details > summary").all():
        summary.click()
    check(page)
    asks = page.locator("form", has=page.get_by_role("button", name="Open the request"))
    asks.get_by_label("Omar Haddad").check()
    asks.get_by_label("What for").fill("He asked in writing")
    asks.get_by_role("button", name="Open the request").click()
    expect(page.get_by_role("heading", name="The record of Yusuf Haddad for Omar Haddad")).to_be_visible()
    check(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Give it: take the file").click()
    with zipfile.ZipFile(download.value.path()) as packed:
        record = json.loads(packed.read("record.json"))
        assert "Yusuf has missed 8 days" in packed.read("record.html").decode()
    assert record["given_to"] == "Omar Haddad"
    page.goto("/disclosures")
    expect(page.get_by_role("cell", name="He asked in writing")).to_be_visible()
    check(page)

"""The district in figures, proposing a study and reading what one found: sound at both widths, and nothing of it needs script."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from outreach.evidence import snapshots
from outreach.settings import load_settings
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.stages.nights import Nights
from tests.stages.studies import a_study

pytestmark = pytest.mark.browser


def _add_up(nights: Nights, now: datetime) -> None:
    with nights.database.write() as session:
        for day in snapshots.missing(session, nights.settings, now):
            snapshots.keep(session, snapshots.add_up(session, nights.settings, day, now), now)


def test_the_district_is_read_a_study_is_proposed_and_another_is_read(page: Page, served: Served, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", district_name="Lincoln Schools", timezone="America/Chicago")
    nights = Nights(served.database, settings, tmp_path, now=NOON - timedelta(days=40))
    a_study(nights)
    for days in (21, 14, 7, 0):
        _add_up(nights, NOON - timedelta(days=days))
    for place in ("", "?by=grade", "?by=language"):
        page.goto(f"/dashboard{place}")
        check(page)
    page.goto("/studies")
    page.get_by_label("What it asks").fill("Does the first text help?")
    page.get_by_label("First day").fill("2026-11-20")
    page.get_by_label("Last day").fill("2027-03-01")
    page.get_by_label("Holdout").check()
    page.get_by_text("Only some schools").click()
    check(page)
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", name="Before it starts")).to_be_visible()
    expect(page.get_by_text("You proposed it")).to_be_visible()
    check(page)
    page.get_by_role("link", name="All studies").click()
    page.get_by_role("link", name="Does it help?").click()
    expect(page.get_by_text("fewer school days missed per child").first).to_be_visible()
    check(page)

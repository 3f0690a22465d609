"""The data health page full of dirt: sound at both widths, and every fix works without script and by keyboard."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from outreach.attendance.importing import import_folder
from tests.browser.conftest import Served
from tests.browser.test_screens import check
from tests.conftest import NOON
from tests.web.seed import LINCOLN, ROOSEVELT

pytestmark = pytest.mark.browser

_MARKS = f"""\
st1,{LINCOLN},2026-09-29,UNV
st3,{LINCOLN},2026-10-01,UNV
st3,{LINCOLN},2026-09-28,E
st3,{LINCOLN},2026-09-28,U
st4,{LINCOLN},2026-09-28,E
st4,{LINCOLN},2026-09-28,U
nobody,{LINCOLN},2026-09-28,U
"""


@pytest.fixture
def dirty(page: Page, served: Served, tmp_path: Path) -> Page:
    """The page of a district with everything to fix, some of it about children with Arabic names."""
    feed = tmp_path / "feed"
    for name, more in (("attendance.csv", _MARKS), ("calendar.csv", f"{LINCOLN},2026-09-26,يوم رياضي مفتوح للعائلات\n")):
        (feed / name).write_text((feed / name).read_text() + more)
    students = (feed / "students.csv").read_text().replace("st3,Yusuf,Haddad", "st3,يوسف عبد الرحمن,الحداد")
    (feed / "students.csv").write_text(students)
    settings = (feed / "source.toml").read_text() + f'[schools."{ROOSEVELT}"]\nreporting = "affirmative"\n'
    (feed / "source.toml").write_text(settings)
    import_folder(served.database, feed, home=tmp_path / "home", now=NOON - timedelta(hours=1))
    page.goto("/data-health")
    return page


def test_a_page_full_of_dirt_is_sound(dirty: Page) -> None:
    expect(dirty.get_by_role("heading", name="Lincoln Elementary")).to_be_visible()
    check(dirty)
    dirty.set_viewport_size({"width": 320, "height": 700})
    check(dirty)


def test_a_coordinator_fixes_what_is_ours_to_fix(dirty: Page) -> None:
    school = dirty.get_by_role("region", name="Lincoln Elementary")
    school.get_by_label("What the code UNV means").select_option("Absent, unexcused")
    school.get_by_role("button", name="Save meaning").click()
    expect(dirty.get_by_text("has its meaning")).to_be_visible()

    school.get_by_label("Why: The calendar says").press("Enter")
    expect(school.get_by_role("button", name="No school")).to_be_visible()
    school.get_by_role("button", name="No school").click()
    expect(dirty.get_by_text("No school: 1 date noted")).to_be_visible()

    for _ in range(2):
        school.get_by_label("What the day of").first.select_option("Missed, excused")
        school.get_by_role("button", name="Settle").first.click()
        expect(dirty.get_by_text("The day is settled")).to_be_visible()
    expect(school).to_have_count(0)

    dirty.locator("#said summary").click()
    check(dirty)
    dirty.get_by_role("button", name="Take back: The code").click()
    expect(dirty.get_by_role("status").get_by_text("Taken back")).to_be_visible()
    expect(school).to_have_count(1)

"""From an unknown export to first counts in a browser: with Arabic names, and sound at every step and both widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WIDTHS, Served
from tests.browser.test_screens import check
from tests.web.seed import PASSWORD

pytestmark = pytest.mark.browser

EXPORT = {
    "أطفال.csv": "Pupil No;Vorname;Familienname;Mother Tongue;SSN\n1;يوسف عبد الرحمن;الحداد;لغة أخرى;9\n2;Ana;Muñoz;Spanish;9\n",
    "مدارس.csv": "Site Code;Site Name\n1;مدرسة لينكولن الابتدائية\n2;Roosevelt\n",
    "Stays.csv": "Pupil No;Site Code;Entered\n1;1;08/09/2026\n2;2;08/09/2026\n",
    "Days.csv": "Site Code;Day;Type\n"
    + "".join(f"{school};{day}/09/2026;{event}\n" for school in (1, 2) for day, event in (("08", "يوم دراسي"), ("09", "يوم دراسي"))),
    "Marks.csv": "Pupil No;Site Code;Day;Kürzel\n1;1;09/09/2026;غائب\n2;2;08/09/2026;EA\n",
}
"""Every date in it can be read in two ways; one of them makes a Sunday of the 8th of September."""


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A page that changes its width as it goes, signed in."""
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 860}, base_url=served.url)
    opened = context.new_page()
    opened.goto("/sign-in?next=/mapping")
    opened.fill("#email", "boss@example.org")
    opened.fill("#password", PASSWORD)
    opened.click("main button")
    opened.wait_for_url("**/mapping")
    yield opened
    context.close()


def sound(page: Page) -> None:
    """Fail with what a person would trip over, at both widths."""
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": 860})
        check(page)


def test_an_unknown_export_comes_to_first_counts(page: Page, tmp_path: Path) -> None:
    for name, text in EXPORT.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    expect(page.locator("nav.tabs a", has_text="Feeds")).to_have_attribute("aria-current", "page")
    sound(page)
    page.get_by_label("Files of one export").set_input_files([tmp_path / name for name in EXPORT])
    page.get_by_role("button", name="Upload and look").click()

    expect(page.get_by_text("Which column of Marks.csv is the code?")).to_be_visible()
    expect(page.get_by_text("Several ways fit every date")).to_be_visible()
    sound(page)
    page.get_by_label("Students: column of the first name").select_option("Vorname")
    page.get_by_label("Students: column of the last name").select_option("Familienname")
    page.get_by_label("Attendance: column of the code").select_option("Kürzel")
    page.get_by_label("DD/MM/YYYY").check()
    keep = page.get_by_role("button", name="Keep choices and count again")
    keep.click()

    counts = page.get_by_role("region", name="Counts by school")
    expect(counts.get_by_role("row", name="مدرسة لينكولن الابتدائية 1 0 0 0 2 2")).to_be_visible()
    page.get_by_label("What the code غائب means").select_option("Absent, unexcused")
    for code in ("غائب", "EA"):
        page.get_by_label(f"The code {code} means that").check()
    page.get_by_label("What يوم دراسي is").select_option("A school day")
    page.get_by_label("يوم دراسي is that").check()
    keep.click()

    expect(counts.get_by_role("row", name="مدرسة لينكولن الابتدائية 1 0 0 1 0 2")).to_be_visible()
    expect(counts.get_by_role("row", name="All schools 2 0 0 2 0 4")).to_be_visible()
    sound(page)

    page.get_by_role("button", name="Save as source.toml").click()
    expect(page.get_by_role("heading", name="Save as source.toml")).to_be_visible()
    expect(page.get_by_label("source.toml")).to_contain_text("confirmed by boss@example.org")
    sound(page)
    page.get_by_role("button", name="delete the sample").click()
    expect(page.get_by_text("The sample is deleted.")).to_be_visible()

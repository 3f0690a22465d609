"""A district too large to count while somebody waits shows one school, and says so; nobody sees more schools by it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert

from outreach.database import Database
from outreach.district.tables import Enrolment, Student
from outreach.evidence.snapshot_tables import Snapshot, SnapshotGroup
from tests.conftest import NOON
from tests.web.conftest import SignedIn
from tests.web.seed import LINCOLN, ROOSEVELT

FROM_FEED = {"source": "made-up", "import_id": 1, "line": 1}
MANY = 4_100


@pytest.fixture
def large(sqlite_database: Database, signed_in: SignedIn) -> SignedIn:
    """The seed with thousands of children more at Lincoln, of whom two may be one; Roosevelt has most unknown counts."""
    with sqlite_database.write() as session:
        students = [
            {"student_id": f"x{n}", "first_name": f"Child{max(n, 1)}", "last_name": "Sand", "birth_date": date(2016, 1, 1)}
            for n in range(MANY)
        ]
        session.execute(insert(Student), [{**blank(Student), **row} for row in students])
        session.execute(
            insert(Enrolment),
            [{**blank(Enrolment), "student_id": f"x{n}", "school_id": LINCOLN, "entry_date": date(2026, 8, 17)} for n in range(MANY)],
        )
        kept = Snapshot(as_of=date(2026, 10, 5), made_at=NOON, import_id=1, overlay_id=0)
        session.add(kept)
        session.flush()
        for school, number in ((LINCOLN, 3), (ROOSEVELT, 5)):
            session.add(
                SnapshotGroup(
                    snapshot_id=kept.id, school_id=school, dimension="all", value="", children=9, tiers={"unknown": number},
                    enrolled=0, absent_halves=0,
                )
            )  # fmt: skip
    return signed_in


def blank(model: type[Student | Enrolment]) -> dict[str, object]:
    """A row of nothing but its feed."""
    table = model.__table__
    return {column.name: None if column.nullable else "" for column in table.columns if column.name != "id"} | FROM_FEED


def test_the_data_page_shows_the_school_with_most_unknown_counts_and_leads_to_the_others(large: SignedIn) -> None:
    shown = large("boss").get("/data-health").text
    assert "this is the school with most unknown counts" in shown
    assert f'value="{ROOSEVELT}" selected' in shown
    assert f'href="/data-health?school={LINCOLN}"' in shown
    assert "Sand" not in shown
    chosen = large("boss").get(f"/data-health?school={LINCOLN}").text
    assert "too many children" not in chosen
    assert "Child1" in chosen, "two who may be one child are found at their own school"


def test_my_students_shows_one_school_and_says_so(large: SignedIn) -> None:
    shown = large("boss").get("/students").text
    assert "too many children to count at once" in shown
    assert f'value="{LINCOLN}" selected' in shown


def test_a_school_of_somebody_else_is_not_chosen_by_its_address(large: SignedIn) -> None:
    for page in ("/students", "/data-health"):
        shown = large("raj").get(f"{page}?school={LINCOLN}").text
        assert "Lincoln Elementary" not in shown
        assert "too many" not in shown


def test_after_something_was_fixed_the_same_school_is_shown(large: SignedIn) -> None:
    boss = large("boss")
    token = boss.get("/data-health").text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = boss.post("/data-health/days", data={"csrf_token": token, "school": LINCOLN, "said": "closed", "day": "2026-10-05"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/data-health?school={LINCOLN}#school-{LINCOLN}")

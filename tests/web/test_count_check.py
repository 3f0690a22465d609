"""Checking the counts: the children are those of the reader, and what was found is kept as it was seen."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from outreach.database import Database
from outreach.staff.tables import AuditEntry
from outreach.thresholds import spot_checks
from tests.conftest import NOON
from tests.web.conftest import SignedIn, token_of

ZONE = "America/Chicago"


def form_of(page: str, answer: str) -> dict[str, str]:
    """The page's form with the same answer for each child."""
    seen = dict(re.findall(r'name="(seen\.[^"]+)" value="([^"]*)"', page))
    return {"csrf_token": token_of(page), **seen, **{name.replace("seen.", "child."): answer for name in seen}}


def test_what_a_person_found_of_each_child_is_kept_with_the_count_they_saw(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    sent = form_of(boss.get("/check-counts").text, "agrees")
    first = next(name for name in sent if name.startswith("child."))
    assert boss.post("/check-counts", data=sent | {first: "differs"}).headers["Location"] == "/data-health"
    with sqlite_database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == spot_checks.CHECKED)).all()
        said = spot_checks.standing(session)
    assert {f"{row.detail['days_absent']} of {row.detail['days_enrolled']}" for row in entries} == {
        value for name, value in sent.items() if name.startswith("seen.")
    }
    assert [student for student, agrees in said.items() if not agrees] == [first.removeprefix("child.")]
    assert "Last found to differ." in boss.get("/check-counts").text


def test_a_child_without_an_answer_or_with_another_count_keeps_nothing(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    sent = form_of(boss.get("/check-counts").text, "agrees")
    for name in (next(name for name in sent if name.startswith(start)) for start in ("child.", "seen.")):
        boss.post("/check-counts", data=sent | {name: "31 of 32"})
        boss.post("/check-counts", data={key: value for key, value in sent.items() if key != name})
    with sqlite_database.read() as session:
        assert spot_checks.standing(session) == {}


def test_a_school_s_coordinator_compares_its_children_alone(signed_in: SignedIn) -> None:
    theirs = {name for name in form_of(signed_in("raj").get("/check-counts").text, "agrees") if name.startswith("seen.")}
    every = {name for name in form_of(signed_in("boss").get("/check-counts").text, "agrees") if name.startswith("seen.")}
    assert (theirs and not theirs & every) or theirs < every


@pytest.mark.usefixtures("seeded")
def test_the_same_children_are_chosen_twice_and_the_range_is_there(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        once, again = (spot_checks.choose(session, None, NOON, ZONE) for _ in range(2))
    assert [one.student_id for one in once] == [one.student_id for one in again]
    assert [one.count.absent for one in once] == sorted((one.count.absent for one in once), reverse=True)
    assert len(once) <= spot_checks.CHILDREN

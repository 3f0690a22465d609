"""A study on its pages: proposed by one person, started by another, and read by an evaluator who sees no family."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import update

from outreach.cases.tables import Case
from outreach.database import Database
from outreach.planning import study_queries
from outreach.planning.studies import Arm
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN

FIRST = NOON.date() + timedelta(days=1)
ASKED = {
    "name": "Does the first text help?",
    "kind": "staggered",
    "first_day": FIRST.isoformat(),
    "last_day": (FIRST + timedelta(days=100)).isoformat(),
    "groups": "2",
    "weeks": "6",
}


@pytest.fixture
def head(sqlite_database: Database, signed_in: SignedIn) -> SignedIn:
    """One more district administrator; only Omar's family still has a case."""
    with sqlite_database.write() as session:
        session.execute(update(Case).where(Case.student_id != "st3").values(open_key=None, household="", student_id=""))
        staff.add_account(session, email="head@example.org", name="Head Reyes", role=Role.DISTRICT_ADMINISTRATOR, schools=[], now=NOON)
    return signed_in


def test_one_person_proposes_another_starts_and_anybody_ends_it(head: SignedIn, sqlite_database: Database) -> None:
    boss, other = head("boss"), head("head")
    status, where, _ = send(boss, "/studies", "/studies", **ASKED)
    assert status == 302
    shown = boss.get(where).text
    assert "another district administrator starts it" in shown
    assert "1 (20 % or more of the days missed)" in shown, "who needs somebody does not take part, and the page says how many"
    send(boss, "/studies/1", "/studies/1/start")
    with sqlite_database.read() as session:
        assert study_queries.running(session) == []
    send(other, "/studies/1", "/studies/1/start")
    shown = other.get("/studies/1").text
    assert "needs 20 households" in shown, "five families prove nothing"
    assert "Seal of the assignment" in shown
    with sqlite_database.read() as session:
        [study] = study_queries.running(session)
        assert study.started_by == "head@example.org"
        assert study_queries.design(study).arms == (
            Arm("second group", 50, FIRST + timedelta(weeks=6)),
            Arm("first group", 50, FIRST),
        )
    send(boss, "/studies/1", "/studies/1/end")
    with sqlite_database.read() as session:
        assert study_queries.running(session) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": " "}, "needs a name"),
        ({"kind": "other"}, "how the groups differ"),
        ({"first_day": "soon"}, "first day is a date"),
        ({"groups": "9"}, "number of groups is a number from 2 to 4"),
        ({"weeks": "٣"}, "number of weeks is a number"),
        ({"kind": "holdout", "share": "60"}, "from 5 to 50"),
        ({"kind": "wording"}, "two messages"),
        ({"weeks": "20"}, "before the study is over"),
    ],
)
def test_what_cannot_be_followed_is_said_and_what_was_typed_stays(head: SignedIn, changed: dict[str, str], sentence: str) -> None:
    status, _, shown = send(head("boss"), "/studies", "/studies", **{**ASKED, **changed})
    assert status == 422
    assert sentence in shown
    assert ASKED["last_day"] in shown


def test_an_evaluator_reads_what_was_found_and_nothing_of_a_family(head: SignedIn) -> None:
    boss, other, eve = head("boss"), head("head"), head("eve")
    send(boss, "/studies", "/studies", **{**ASKED, "kind": "holdout", "share": "50"}, school=LINCOLN)
    send(other, "/studies/1", "/studies/1/start")
    assert "Does the first text help?" in eve.get("/studies").text
    assert eve.get("/studies/1").status_code == 200
    assert "Propose a study" not in eve.get("/studies").text
    assert send(eve, "/studies", "/studies", **ASKED)[0] == 403
    text = eve.get("/studies/1/rows.csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0] if rows else csv.DictReader(io.StringIO(text)).fieldnames or ()) == [
        "arm", "stratum", "prior", "enrolled", "absent", "absent_first", "chronic", "told", "delivered",
    ]  # fmt: skip
    assert eve.get("/").status_code != 500
    assert eve.get("/inbox").status_code == 403
    assert head("ana").get("/studies").status_code == 403

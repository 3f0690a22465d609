"""Shared reasons: what was done once is written into every family's conversation, by somebody of that school."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from outreach.cases.barrier_reports import new_barrier
from outreach.cases.help_states import SaidBy
from outreach.cases.help_tables import Step
from outreach.cases.shared_tables import SharedTask, SharedTaskCase
from outreach.cases.tables import Case
from outreach.database import Database
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded

KEY = "S1:transportation"


@pytest.fixture
def task_id(sqlite_database: Database, seeded: Seeded) -> int:
    """Three families of Lincoln name the way to school."""
    with sqlite_database.write() as session:
        row = SharedTask(
            school_id="S1",
            reason="transportation",
            open_key=KEY,
            households=3,
            opened_at=NOON,
            ended_at=None,
            ended_by="",
            done="",
            why_not="",
        )
        session.add(row)
        session.flush()
        for case in (seeded.maria, seeded.omar, seeded.jane):
            session.add(new_barrier(session.get_one(Case, case), "transportation", SaidBy.TEXT, NOON, sealed=False, urgent=False))
        session.add_all(SharedTaskCase(task_id=row.id, case_id=case, step_id=None) for case in (seeded.maria, seeded.omar, seeded.jane))
        return row.id


def steps(database: Database) -> list[tuple[int, str, str]]:
    with database.read() as session:
        return [(row.case_id, row.words, row.state) for row in session.scalars(select(Step).order_by(Step.id))]


def test_what_was_done_for_all_stands_in_every_conversation_once_and_waits_to_be_told(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database, task_id: int
) -> None:
    client = signed_in("ana")
    page = client.get("/shared").text
    assert ("3 families since" in page, "Done for all" in page) == (True, True)
    send(client, "/shared", "/shared", task=str(task_id), do="done", words=" ")
    assert "Say what was done" in client.get("/shared").text
    assert steps(sqlite_database) == []
    said = "The bus stops at Elm again"
    for _ in range(2):  # a doubled click
        send(client, "/shared", "/shared", task=str(task_id), do="done", words=said)
    assert sorted(steps(sqlite_database)) == sorted((case, said, "done") for case in (seeded.maria, seeded.omar, seeded.jane))
    page = client.get("/shared").text
    assert ("Done for all" in page, said in page, page.count("To be told"), "by Ana Reyes" in page) == (False, True, 3, True)
    assert said in client.get(f"/cases/{seeded.maria}/help").text, "from there the family is told"


def test_it_is_put_aside_with_a_reason_and_no_family_is_told(signed_in: SignedIn, sqlite_database: Database, task_id: int) -> None:
    client = signed_in("ana")
    send(client, "/shared", "/shared", task=str(task_id), do="aside", words="The road is closed until May")
    page = client.get("/shared").text
    assert ("Put aside" in page, "The road is closed until May" in page, steps(sqlite_database)) == (True, True, [])


def test_only_people_of_the_school_end_it_and_whoever_may_read_alone_finds_no_form(
    signed_in: SignedIn, sqlite_database: Database, task_id: int
) -> None:
    page = signed_in("kim").get("/shared").text
    assert ("3 families since" in page, "Done for all" in page) == (True, False)
    assert send(signed_in("kim"), "/shared", "/shared", task=str(task_id), do="done", words="x")[0] == 403
    raj = signed_in("raj")
    assert "3 families since" not in raj.get("/shared").text, "his school is another"
    send(raj, "/shared", "/shared", task=str(task_id), do="done", words="x")
    send(raj, "/shared", "/shared", task="", do="done", words="x")
    assert steps(sqlite_database) == []
    with sqlite_database.read() as session:
        assert session.get_one(SharedTask, task_id).open_key == KEY

"""What a language helper sees of a family: the conversation of a task that waits, and nothing of it once that is done."""

from __future__ import annotations

from sqlalchemy import select

from outreach.cases import speaking
from outreach.cases.language_states import TaskKind, TaskState
from outreach.cases.language_tables import LanguageTask
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded

WROTE = "autobús"


def test_a_helper_reads_a_conversation_only_for_as_long_as_her_task_waits(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        account = staff.add_account(session, email="hana@example.org", name="Hana", role=Role.LANGUAGE_HELPER, schools=["S1"], now=NOON)
        case = session.get_one(Case, seeded.maria)
        task = speaking.new_task(case, TaskKind.READ, "es", NOON, helper_id=account.id, wanted_at=None, why="")
        task_id = speaking.put(session, case, task, NOON).id
    page = f"/languages/{task_id}"
    assert WROTE in signed_in("hana").get(page).text
    with sqlite_database.write() as session:
        speaking.end(session, session.get_one(LanguageTask, task_id), TaskState.DONE, by="x", now=NOON, result="Read.")
    assert WROTE not in signed_in("hana").get(page).text
    assert WROTE in signed_in("ana").get(page).text, "who sees the case sees it here too"


def test_nobody_of_another_school_is_let_into_a_conversation_as_its_interpreter(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        other = staff.add_account(session, email="rita@example.org", name="Rita", role=Role.COORDINATOR, schools=["S2"], now=NOON).id
    page = f"/cases/{seeded.maria}/languages"
    asked = {"language": "es", "day": "2026-10-08", "time": "09:30", "helper": str(other)}
    status, _, text = send(signed_in("ana"), page, f"{page}/interpreter", **asked)
    assert (status, "may help here" in text) == (422, True)
    with sqlite_database.read() as session:
        assert session.scalars(select(LanguageTask)).all() == []

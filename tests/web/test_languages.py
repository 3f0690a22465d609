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


def _hana(database: Database) -> int:
    with database.write() as session:
        return staff.add_account(session, email="hana@example.org", name="Hana", role=Role.LANGUAGE_HELPER, schools=["S1"], now=NOON).id


def test_a_helper_says_what_she_reads_and_then_has_what_waits_in_it_and_nothing_else(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    hana = _hana(sqlite_database)
    with sqlite_database.write() as session:
        for language, case in (("so", session.get_one(Case, seeded.maria)), ("vi", session.get_one(Case, seeded.omar))):
            speaking.put(
                session, case, speaking.new_task(case, TaskKind.READ, language, NOON, helper_id=None, wanted_at=None, why=""), NOON
            )
    client = signed_in("hana")
    assert "Nobody knows yet what you read." in client.get("/languages").text
    page = client.get("/me/details").text
    assert ('name="language"' in page, 'name="grade"' in page, 'name="reason"' in page, 'name="cover"' in page) == (
        True,
        False,
        False,
        False,
    )
    assert send(client, "/me/details", "/me/details", language="so")[0] == 302
    page = client.get("/languages").text
    assert ("You read Somali." in page, page.count("Yours"), "Vietnamese" in page) == (True, 1, False)
    with sqlite_database.read() as session:
        assert dict(session.execute(select(LanguageTask.language, LanguageTask.helper_id)).all()) == {"so": hana, "vi": None}
    assert send(signed_in("boss"), f"/people/{hana}", f"/people/{hana}", language="vi")[0] == 302, "an administrator says it of her, too"
    assert "Vietnamese" in signed_in("hana").get("/languages").text


def test_a_helper_gets_e_mails_at_once_until_she_chooses(signed_in: SignedIn, sqlite_database: Database) -> None:
    _hana(sqlite_database)
    client = signed_in("hana")
    for chosen, told in (("help_at_once", "Kept. You get these"), ("help_hourly", "Kept. You get these"), ("help_never", "no e-mails")):
        before = client.get("/me/mail").text
        if chosen == "help_at_once":
            assert f'value="{chosen}" checked' in before, "nobody chose yet"
        send(client, "/me/mail", "/me/mail", help=chosen)
        page = client.get("/me/mail").text
        assert (f'value="{chosen}" checked' in page, told in page, "When families wait" in page) == (True, True, False)


def test_a_clerk_reads_who_answers_and_who_asks_for_a_speaker_and_finds_no_form_for_it(signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("kim")
    case = client.get(f"/cases/{seeded.omar}").text
    assert "answers this family." in case
    assert f'href="/cases/{seeded.omar}/languages"' in case
    page = client.get(f"/cases/{seeded.omar}/languages").text
    assert ("asks for speakers and interpreters" in page, "<form" in page.partition("<main")[2]) == (True, False)
    assert "answers this family." not in signed_in("ana").get(f"/cases/{seeded.omar}").text

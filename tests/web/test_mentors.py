"""Mentors see the children given to them and nobody else's, however they ask; an administrator gives them, by name or one by one."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select, update

from outreach.cases import mentors
from outreach.cases.mentor_tables import CheckIn
from outreach.cases.mentors import MentorError
from outreach.database import Database
from outreach.district.overlays import Act, merge
from outreach.district.tables import Enrolment, StudentAdult
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.tables import Account, AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send

PAGE = "/my-children"


@pytest.fixture
def named(signed_in: SignedIn, sqlite_database: Database) -> SignedIn:
    """The feed names Mr Bell beside Luis and Yusuf at Lincoln, and beside Mei at Roosevelt; Mia, a mentor at Lincoln, is Mr Bell."""
    with sqlite_database.write() as session:
        for line, child in enumerate(("st1", "st3", "st5"), start=2):
            session.add(StudentAdult(student_id=child, name="Mr Bell", role="mentor", source="seed", import_id=1, line=line))
    return signed_in


def mia(database: Database) -> Account:
    """The mentor of the seed."""
    with database.read() as session:
        found = staff.by_email(session, "mia@example.org")
        assert found is not None
        return found


def theirs(database: Database, settings: Settings) -> set[str]:
    """Whose mentor Mia is today."""
    account = mia(database)
    with database.read() as session:
        return mentors.children(session, account.id, settings, NOON)


def give(database: Database, settings: Settings, **what: str) -> None:
    """Give Mia children."""
    account = mia(database)
    with database.write() as session:
        mentors.tie(session, session.merge(account), by="boss@example.org", settings=settings, now=NOON, **what)


def test_nobody_has_a_child_because_of_a_name_until_an_administrator_says_so(
    named: SignedIn, sqlite_database: Database, settings: Settings
) -> None:
    with sqlite_database.write() as session:
        session.execute(update(Account).where(Account.email == "mia@example.org").values(name="Mr Bell"))
    assert "No child is in your care" in named("mia").get(PAGE).text
    page = named("boss").get("/mentors").text
    assert '<option value="Mr Bell" selected>' in page.replace("  ", " ").replace(" >", ">")
    assert "(2 children)" in page, "those of Mia's own school"
    send(named("boss"), "/mentors", "/mentors", mentor=str(mia(sqlite_database).id), name="Mr Bell")
    assert theirs(sqlite_database, settings) == {"st1", "st3"}, "and not Mei, who is at another school"
    mine = named("mia").get(PAGE).text
    assert "Luis Lopez" in mine
    assert re.search(r"<strong>6</strong> of 3\d days missed", mine)
    assert "Mei" not in mine
    assert "Elena" not in mine, "a sibling is nobody's child for that"


def test_one_child_is_given_by_name_and_taken_back_at_once(named: SignedIn, sqlite_database: Database, settings: Settings) -> None:
    boss, account = named("boss"), mia(sqlite_database)
    for query, said in (("Mei", "No child of this mentor"), ("Elena", "No child of this mentor"), ("sam", "Kept.")):
        send(boss, "/mentors", "/mentors", mentor=str(account.id), child=query)
        assert said in boss.get("/mentors").text
    assert theirs(sqlite_database, settings) == {"st4"}
    with sqlite_database.read() as session:
        [tie] = mentors.of_account(session, account.id)
    send(boss, "/mentors", "/mentors", mentor=str(account.id), tie=str(tie.id))
    assert theirs(sqlite_database, settings) == set()
    assert send(named("raj"), "/inbox", "/mentors", mentor=str(account.id), child="Sam")[0] == 403
    with sqlite_database.read() as session:
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("mentor."))))
    assert actions == ["mentor.tied", "mentor.untied"]


def test_a_check_in_is_about_an_own_child_or_nobody(named: SignedIn, sqlite_database: Database, settings: Settings) -> None:
    give(sqlite_database, settings, student_id="st1")
    browser = named("mia")
    for child in ("st2", "st3", "st5", "", "st99"):
        status, _, page = send(browser, PAGE, PAGE, student=child, kind="child", words="x")
        assert (status, "This child is not one of yours" in page) == (422, True), child
    assert send(browser, PAGE, PAGE, student="st1", kind="child", next_on="2026-10-05")[0] == 422, "yesterday is not next"
    assert send(browser, PAGE, PAGE, student="st1", kind="", next_on="")[0] == 422
    send(browser, PAGE, PAGE, student="st1", kind="child", words="He likes the new bus", next_on="2026-10-13")
    with sqlite_database.read() as session:
        [row] = session.scalars(select(CheckIn)).all()
        assert (row.student_id, row.kind, row.words, row.next_on) == ("st1", "child", "He likes the new bus", date(2026, 10, 13))
    assert "Next: Tue, Oct 13" in browser.get(PAGE).text
    assert "A mentor talked with the child: He likes the new bus" in named("ana").get("/cases/1").text


def test_a_child_who_left_the_school_is_no_longer_theirs(named: SignedIn, sqlite_database: Database, settings: Settings) -> None:
    give(sqlite_database, settings, student_id="st1")
    give(sqlite_database, settings, name="Mr Bell")
    with sqlite_database.write() as session:
        session.execute(update(Enrolment).where(Enrolment.student_id == "st1").values(exit_date=date(2026, 10, 5)))
    assert theirs(sqlite_database, settings) == {"st3"}
    assert "Luis" not in named("mia").get(PAGE).text


def test_two_ids_of_one_child_are_one(named: SignedIn, sqlite_database: Database, settings: Settings) -> None:  # noqa: ARG001 - seeded
    give(sqlite_database, settings, student_id="st3")
    with sqlite_database.write() as session:
        merge(session, "st3", "st4", Act("boss@example.org", NOON))
    assert theirs(sqlite_database, settings) == {"st4"}


@pytest.mark.parametrize("what", [{"student_id": "st5"}, {"name": "Nobody"}, {}, {"student_id": "st1", "name": "Mr Bell"}])
def test_only_what_the_mentors_schools_have_can_be_given(
    named: SignedIn,  # noqa: ARG001 - seeded
    sqlite_database: Database,
    settings: Settings,
    what: dict[str, str],
) -> None:
    with pytest.raises(MentorError):
        give(sqlite_database, settings, **what)

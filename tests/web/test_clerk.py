"""Notes and disputes: whose list it is, one press for what came of a word, and words that are sealed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from outreach.cases.clerk_tables import RecordWord
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import HOSTILE, Seeded, heard

PAGE = "/notes"


@pytest.fixture
def said(signed_in: SignedIn, sqlite_database: Database, seeded: Seeded) -> SignedIn:
    """Omar says a mark is wrong; Wei, at another school, sent a note (by the seed)."""
    with sqlite_database.write() as session:
        case = session.get_one(Case, seeded.omar)
        heard(session, case, f"He was in class on October 5 {HOSTILE}", NOON - timedelta(hours=1), intent="dispute_count", locale="en")
    return signed_in


def test_each_office_sees_its_own_with_the_dates_the_words_and_what_our_data_say(said: SignedIn) -> None:
    kim, raj = (said(name).get(PAGE).text for name in ("kim", "raj"))
    assert "Yusuf Haddad" in kim
    assert "Mon, Oct 5: absent, excused (E)" in kim
    assert "Says a mark is wrong" in kim
    assert "<script>alert(1)" not in kim
    assert "Mei" not in kim
    assert "Mei Chen" in raj
    assert "Absence note" in raj
    assert said("ira").get(PAGE).status_code == 403


def test_one_press_says_what_came_of_it_and_the_case_tells_it(said: SignedIn, sqlite_database: Database) -> None:
    kim = said("kim")
    word = re.search(r'name="word" value="(\d+)"', kim.get(PAGE).text)
    assert word is not None
    send(kim, PAGE, PAGE, word=word[1], outcome="stands", why="")
    assert "Write why the mark stands" in kim.get(PAGE).text
    send(kim, PAGE, PAGE, word=word[1], outcome="stands", why="Two teachers marked him away.")
    assert "Two teachers marked him away." in kim.get(f"{PAGE}?view=stands").text
    with sqlite_database.read() as session:
        note = session.scalars(select(CaseEvent).order_by(CaseEvent.id.desc())).first()
        assert note is not None
        assert (note.kind, note.text) == ("note", "Attendance: the mark stands. Two teachers marked him away.")
    assert send(said("raj"), PAGE, f"{PAGE}/close", word=word[1])[0] == 404, "another school's"
    send(kim, f"{PAGE}?view=stands", f"{PAGE}/close", word=word[1])
    with sqlite_database.read() as session:
        assert session.get_one(RecordWord, int(word[1])).state == "closed"


def test_the_days_are_not_texted_where_nobody_approved_them_and_the_page_says_what_else_to_do(
    said: SignedIn, sqlite_database: Database
) -> None:
    kim = said("kim")
    word = re.search(r'name="word" value="(\d+)"', kim.get(PAGE).text)
    assert word is not None
    send(kim, PAGE, PAGE, word=word[1], outcome="days")
    page = kim.get(PAGE).text
    assert "Nobody has approved the words of this text (which days) yet. Call them, or answer in the conversation." in page
    assert send(said("raj"), PAGE, PAGE, word=word[1], outcome="days")[0] == 404, "another school's"
    with sqlite_database.read() as session:
        assert session.get_one(RecordWord, int(word[1])).state == "waiting"


def test_sealed_words_show_neither_themselves_nor_their_dates(said: SignedIn, sqlite_database: Database, seeded: Seeded) -> None:
    with sqlite_database.write() as session:
        session.get_one(Case, seeded.omar).sealed_since = NOON - timedelta(hours=2)
        for word in session.scalars(select(RecordWord).where(RecordWord.case_id == seeded.omar)):
            word.shown = ["2026-10-05"]
    page = said("kim").get(PAGE).text
    assert "Sealed: only the person who looks after this case" in page
    assert "He was in class" not in page
    assert "The feed now says what the family said" in page
    assert "Oct 5" not in page


def test_a_text_that_was_taken_for_something_else_is_given_to_the_office_by_a_person(said: SignedIn, seeded: Seeded) -> None:
    ana, case = said("ana"), f"/cases/{seeded.maria}"
    assert "For the attendance office" in ana.get(case).text
    for _ in range(2):
        send(ana, case, f"{PAGE}/give", case=str(seeded.maria), kind="dispute")
    assert said("kim").get(PAGE).text.count("Luis Lopez</bdi>") == 1
    assert send(said("raj"), "/inbox", f"{PAGE}/give", case=str(seeded.omar), kind="note")[0] == 404

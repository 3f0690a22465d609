"""Search, the quick log, and acts on a whole list."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.cases import actions
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded, case_of
from tests.web.test_inbox import listed


@pytest.fixture
def noted(seeded: Seeded, sqlite_database: Database) -> Seeded:
    """Two conversations in which a heron is spoken of: one at Lincoln, one at Roosevelt."""
    with sqlite_database.write() as session:
        for case in (seeded.omar, seeded.wei):
            actions.note(session, session.get_one(Case, case), "A green heron", by="ana@example.org", now=NOON)
    return seeded


def looked_for(client: FlaskClient, query: str) -> str:
    return send(client, "/search", "/search", query=query)[2]


def test_words_are_found_in_ones_own_schools_only_and_stand_in_no_address(signed_in: SignedIn, noted: Seeded) -> None:
    found = {name: listed(looked_for(signed_in(name), "HERON gree")) for name in ("ana", "raj", "boss")}
    assert found == {"ana": [noted.omar], "raj": [noted.wei], "boss": [noted.wei, noted.omar]}
    assert "heron" not in " ".join(re.findall(r'(?:href|action)="([^"]+)"', looked_for(signed_in("boss"), "heron")))


@pytest.mark.parametrize("query", ["luis", "Lopez lu", "LÓPEZ", "maria lopez", "(312) 555-0142", "0142"])
def test_children_are_found_by_names_and_numbers_of_theirs_and_their_adults(signed_in: SignedIn, query: str) -> None:
    page = looked_for(signed_in("ana"), query)
    assert "Luis Lopez" in page
    assert "Elena" not in page, "she is at another school"


@pytest.mark.parametrize("query", ["", "zebra", "luis maria", "%", "'", "5"])
def test_what_is_nobody_is_said_to_be_nobody(signed_in: SignedIn, query: str) -> None:
    assert "Nothing of your schools is found by that." in looked_for(signed_in("ana"), query)


def test_a_call_is_written_down_in_two_fields_and_who_was_reached_waits_no_more(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    ana = signed_in("ana")
    status, where, _ = send(ana, "/log", "/log", who="yusuf", words="Father will bring a note", kind="call")
    assert (status, where) == (302, f"/cases/{seeded.omar}")
    page = ana.get(where).text
    assert ("Spoke on the phone" in page, "Father will bring a note" in page) == (True, True)
    assert seeded.omar not in listed(ana.get("/inbox").text)
    assert listed(looked_for(ana, "note bring")) == [seeded.omar]
    with sqlite_database.read() as session:
        assert session.get_one(Case, seeded.omar).waiting_since is None


def test_where_nobody_answered_the_family_waits_on(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, case = signed_in("ana"), f"/cases/{seeded.omar}"
    assert send(ana, case, f"{case}/log", words="", kind="no_answer")[0] == 302
    assert "Called, no answer" in ana.get(case).text
    assert seeded.omar in listed(ana.get("/inbox").text)


def test_a_child_nobody_wrote_about_gets_a_case_of_its_own(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    _, where, _ = send(boss, "/log", "/log", who="elena", words="Met at the gate", kind="visit")
    with sqlite_database.read() as session:
        case = session.scalars(select(Case).where(Case.student_id == "st2")).one()
        assert (case.school_id, case.open_key, where) == ("S2", "student:st2", f"/cases/{case.id}")
        assert session.scalars(select(CaseEvent.kind).where(CaseEvent.case_id == case.id)).all() == ["opened", "visit"]


def test_of_several_children_one_is_chosen_and_nothing_typed_is_lost(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    status, _, page = send(boss, "/log", "/log", who="lopez", words="Bus again", kind="call")
    assert (status, "Which child was it?" in page, "Bus again</textarea>" in page) == (422, True, True)
    assert send(boss, "/log", "/log", who="lopez", child="st1", words="Bus again", kind="call")[0] == 302
    assert send(signed_in("ana"), "/log", "/log", child="st2", words="x", kind="call")[0] == 422, "not of her school"
    assert send(boss, "/log", "/log", who="zebra", words="x", kind="call")[0] == 422
    assert send(boss, "/log", "/log", who="luis", words="x", kind="nonsense")[0] == 422


def fill(database: Database, count: int, **values: object) -> None:
    with database.write() as session:
        for n in range(count):
            case_of(session, NOON, open_key=f"student:x{n}", student_id=f"x{n}", waiting_since=None, **values)


def test_all_that_match_are_closed_where_their_number_is_typed_and_taken_back(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    fill(sqlite_database, 60, queue="information")
    ana, here = signed_in("ana"), "/inbox/all?queue=information"
    page = ana.get(here).text
    assert "All 61 at once" in page
    fields = {"queue": "information", "act": "close"}
    status, _, page = send(ana, here, "/inbox/all", **fields, total="40")
    assert (status, "There are 61 now. Type exactly that number." in page) == (422, True)
    assert send(ana, here, "/inbox/all", **fields, total="61")[0] == 302
    page = ana.get("/inbox?queue=information").text
    assert (listed(page), "61 closed." in page) == ([], True)
    undo = re.search(r'action="(/inbox/undo/\d+)"', page)
    assert undo is not None
    send(ana, "/inbox", undo[1])
    assert "All 61 at once" in ana.get(here).text
    assert seeded.wei in listed(signed_in("raj").get("/inbox").text), "another school's list is untouched"


def test_families_that_wait_are_never_closed_in_bulk(signed_in: SignedIn) -> None:
    ana = signed_in("ana")
    assert "Close all" not in ana.get("/inbox/all").text
    assert send(ana, "/inbox/all", "/inbox/all", act="close", total="3")[0] == 422


def test_a_whole_list_is_taken_and_put_aside(signed_in: SignedIn, seeded: Seeded) -> None:
    ana = signed_in("ana")
    assert send(ana, "/inbox/all", "/inbox/all", act="take", total="3")[0] == 302
    assert listed(ana.get("/inbox?whose=mine").text) == [seeded.jane, seeded.omar, seeded.maria]
    assert send(ana, "/inbox/all", "/inbox/all", act="snooze", total="3", day="")[0] == 422
    assert send(ana, "/inbox/all", "/inbox/all", act="snooze", total="3", day="2026-10-08")[0] == 302
    assert listed(ana.get("/inbox").text) == []
    assert send(ana, "/inbox/all?queue=snoozed", "/inbox/all", queue="snoozed", act="wake", total="3")[0] == 302
    assert len(listed(ana.get("/inbox").text)) == 3


def test_a_clerk_searches_and_logs_and_does_nothing_in_bulk(signed_in: SignedIn) -> None:
    kim = signed_in("kim")
    assert (kim.get("/search").status_code, kim.get("/log").status_code, kim.get("/inbox/all").status_code) == (200, 200, 403)

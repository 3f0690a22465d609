"""One lead for a household's thread, others who take part, and a case that goes along when its child changes school."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.cases import leads, queries
from outreach.cases.leads import lead
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from outreach.web import conversations, panel
from outreach.web.views import View
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.families import hear
from tests.stages.nights import Nights

ANA, BEN = "+13125550142", "+13125550143"


@pytest.fixture
def nights(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Lia at Lincoln has missed little, Sol at Roosevelt much; both are Ana's. A coordinator at each school."""
    made = Nights(sqlite_database, settings, tmp_path)
    made.district.child("lia", absent=2)
    made.district.child("sol", absent=12, school=ROOSEVELT)
    made.district.adult("ana", ["lia", "sol"], phone=ANA, language="Spanish")
    made.load()
    with sqlite_database.write() as session:
        for name, school in (("kim", LINCOLN), ("raj", ROOSEVELT)):
            staff.add_account(
                session, email=f"{name}@example.org", name=name.capitalize(), role=Role.COORDINATOR, schools=[school], now=made.now
            )
    return made


def _hear(nights: Nights, words: str, phone: str = ANA) -> Case:
    with nights.database.write() as session:
        _, case = hear(session, nights.settings, words, phone=phone, at=nights.now)
        session.expunge_all()
    return case


def _who(school: str) -> SignedIn:
    name = "kim" if school == LINCOLN else "raj"
    return SignedIn(
        1,
        f"{name}@example.org",
        name,
        Role.COORDINATOR,
        frozenset({school}),
        by_link=False,
        has_password=True,
        has_factor=False,
        session_id="",
    )


def test_the_school_of_the_child_who_missed_most_leads_and_the_others_see_only_their_own_child(nights: Nights) -> None:
    case = _hear(nights, "the bus never comes")
    assert case.school_id == ROOSEVELT
    with nights.database.read() as session:
        for school, child in ((LINCOLN, "Lia"), (ROOSEVELT, "Sol")):
            rows, _ = conversations.listed(session, _who(school), View(), nights.now)
            assert [row.case.id for row in rows] == [case.id], "both find it in their inbox"
            found = queries.one(session, case.id, {school})
            beside = panel.about(session, ["lia", "sol"], frozenset({school}), settings=nights.settings, now=nights.now)
            assert ([one.name.name for one in beside.children], beside.elsewhere) == ([f"{child} Reyes"], 1)
            assert len(conversations.thread(session, found, _who(school))) >= 2
        with pytest.raises(queries.CaseNotFoundError):
            queries.one(session, case.id, {"S9"})


def test_a_number_of_two_homes_and_an_unknown_one_are_led_by_nobody(nights: Nights) -> None:
    nights.district.adult("ana", ["lia"], phone=BEN, address="1 Elm St")
    nights.district.adult("eve", [nights.district.child("tom", school=ROOSEVELT)], phone=BEN, address="9 Oak St")
    nights.load()
    for phone in (BEN, "+13125550177"):
        case = _hear(nights, "the bus never comes", phone)
        assert case.school_id == ""
        with nights.database.read() as session, pytest.raises(queries.CaseNotFoundError):
            queries.one(session, case.id, {LINCOLN, ROOSEVELT})


def test_an_open_case_goes_along_to_the_new_school_with_a_note_and_nobody_starts_over(nights: Nights) -> None:
    nights.district.adult("ben", [nights.district.child("kit", absent=4)], phone=BEN, language="Spanish")
    nights.load()
    case = _hear(nights, "no tenemos transporte, el bus no pasa", BEN)
    with nights.database.write() as session:
        session.get_one(Case, case.id).owner_id = session.scalars(select(Account.id).where(Account.name == "Kim")).one()
    assert leads.follow(nights.database, nights.settings, nights.now) == 0
    nights.district.move("kit", ROOSEVELT, date(2026, 10, 7))
    nights.now += timedelta(days=1)
    nights.load()
    assert leads.follow(nights.database, nights.settings, nights.now) == 1
    assert leads.follow(nights.database, nights.settings, nights.now) == 0
    with nights.database.read() as session:
        moved = queries.one(session, case.id, {ROOSEVELT})
        raj = session.scalars(select(Account.id).where(Account.name == "Raj")).one()
        assert (moved.school_id, moved.owner_id, moved.phone, moved.queue) == (ROOSEVELT, raj, BEN, "needs_me")
        assert moved.waiting_since == case.waiting_since
        [note] = session.scalars(select(CaseEvent.text).where(CaseEvent.case_id == case.id, CaseEvent.kind == "handover"))
        assert note == (
            "From Lincoln Elementary to Roosevelt Middle. Kim looked after it. What makes it hard: getting to school. Language: Spanish. "
            "The family has waited since October 6. They last wrote on October 6."
        )
        with pytest.raises(queries.CaseNotFoundError):
            queries.one(session, case.id, {LINCOLN})
    assert _hear(nights, "gracias", BEN).id == case.id


def test_a_school_goes_on_leading_while_a_child_of_the_family_attends_it(nights: Nights) -> None:
    case = _hear(nights, "the bus never comes")
    nights.district.move("sol", LINCOLN, date(2026, 10, 7))
    nights.now += timedelta(days=1)
    nights.load()
    assert leads.follow(nights.database, nights.settings, nights.now) == 1, "nobody of the family is at Roosevelt any more"
    with nights.database.read() as session:
        assert queries.one(session, case.id, {LINCOLN}).school_id == LINCOLN


@pytest.mark.parametrize(
    ("schools", "tiers", "first", "leads"),
    [
        ({}, {}, "", ""),
        ({"a": "S1"}, {}, "", "S1"),
        ({"a": "S1", "b": "S2"}, {"a": "at_risk", "b": "severe"}, "a", "S2"),
        ({"a": "S1", "b": "S2"}, {"a": "moderate", "b": "moderate"}, "b", "S2"),
        ({"a": "S2", "b": "S1"}, {"a": "unknown", "b": "too_early"}, "", "S1"),
        ({"a": "S1", "b": "S2"}, {"a": "unknown", "b": "satisfactory"}, "a", "S2"),
    ],
)
def test_the_highest_tier_leads(schools: dict[str, str], tiers: dict[str, str], first: str, leads: str) -> None:
    assert lead(schools, tiers, first) == leads

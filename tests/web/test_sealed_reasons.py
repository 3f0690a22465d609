"""Attacks on a sealed reason: everybody but the person who looks after the case asks for it in every way the pages offer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.cases import actions, barriers, referrals, resource_actions, steps
from outreach.cases.barriers import Told
from outreach.cases.referrals import Offer
from outreach.cases.resource_actions import Entry
from outreach.cases.steps import Plan
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.queries import SignedIn as Person
from outreach.staff.roles import Role
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN, Seeded, heard

SECRETS = ("zebra", "quagga", "okapi", "gnu-shelter")
"""Words of the family, of a note, of a step and of a partner."""


@dataclass(frozen=True)
class Sealed:
    """A case of Ana's with a sealed reason, and everything that was written about it."""

    case_id: int
    answer_id: int
    barrier_id: int
    referral_id: int


@pytest.fixture
def sealed(sqlite_database: Database, settings: Settings, seeded: Seeded) -> Sealed:
    with sqlite_database.write() as session:
        staff.add_account(session, email="lea@example.org", name="Lea Reyes", role=Role.COORDINATOR, schools=[LINCOLN], now=NOON)
        ana = accounts.by_email(session, "ana@example.org")
        assert ana is not None
        boss = Person(
            1,
            "boss@example.org",
            "Boss",
            Role.DISTRICT_ADMINISTRATOR,
            None,
            by_link=False,
            has_password=True,
            has_factor=False,
            session_id="",
        )
        case, who = session.get_one(Case, seeded.maria), ana.email
        actions.assign(session, case, ana.id, by=who, now=NOON)
        heard(session, case, "We sleep in the car, zebra", NOON, intent="barrier_report", barrier="housing")
        answer = actions.answer(session, case, "We know a quagga", account_id=ana.id, by=who, now=NOON)
        actions.note(session, case, "They are near the okapi", by=who, now=NOON)
        row = barriers.note(session, case, Told("food", words="okapi", sealed=True), by=who, now=NOON)
        steps.plan(session, case, Plan("visit", "okapi", date(2026, 10, 9), row.id), account_id=ana.id, by=who, now=NOON)
        shelter = resource_actions.save(session, Entry("gnu-shelter", ("food",)), boss, today=NOON.date(), now=NOON)
        wanted = Offer(row.id, shelter.id, date(2026, 10, 9), "okapi")
        sent = referrals.offer(session, case, wanted, account_id=ana.id, by=who, settings=settings, now=NOON)
        return Sealed(case.id, answer.id, row.id, sent.id)


def told_of(page: str) -> list[str]:
    return [word for word in SECRETS if word in page.casefold()]


def test_only_the_owner_reads_it_and_who_takes_the_case_over_is_on_record(sealed: Sealed, signed_in: SignedIn) -> None:
    ana, lea, page = signed_in("ana"), signed_in("lea"), f"/cases/{sealed.case_id}"
    assert told_of(ana.get(page).text) == ["zebra", "quagga", "okapi"]
    helping = ana.get(f"{page}/help").text
    assert "<span>Housing</span>" in helping
    assert told_of(helping) == ["okapi", "gnu-shelter"]
    assert send(lea, page, f"{page}/take", sure="1")[0] == 302
    assert told_of(lea.get(page).text) == ["zebra", "quagga", "okapi"]
    assert told_of(ana.get(page).text) == []
    assert "case.taken,case 1" in signed_in("boss").get("/audit.csv").text


@pytest.mark.parametrize("name", ["lea", "boss", pytest.param("kim", marks=pytest.mark.long)])
def test_nobody_else_learns_of_it_in_any_way(app: Flask, sealed: Sealed, signed_in: SignedIn, name: str) -> None:
    """Another coordinator of the school, an administrator of the district, a clerk: every page, every search, every act, /log."""
    stranger = signed_in(name)
    assert _pages_that_tell(app, stranger, sealed) == []
    _says_that_it_is_sealed(stranger, sealed)
    for words in ("zebra", "quagga", "okapi", "housing"):
        assert f"/cases/{sealed.case_id}" not in send(stranger, "/search", "/search", query=words)[2], words
    for address, fields in _acts(sealed):
        status, _, answer = send(stranger, f"/cases/{sealed.case_id}/help", address, **fields)
        assert status in {403, 422}, address
        assert told_of(answer) == []
    _writes_a_call_down(stranger, sealed)


def _pages_that_tell(app: Flask, stranger: FlaskClient, sealed: Sealed) -> list[str]:
    """Every address that can be opened, files to take away among them; the list of partners is everybody's."""
    ids = {"case_id": sealed.case_id, "planned_id": sealed.answer_id, "message_id": sealed.answer_id, "barrier_id": sealed.barrier_id}
    asked, found = 0, []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments - ids.keys() or rule.endpoint.startswith("resources."):
            continue
        values: dict[str, Any] = {name: ids[name] for name in rule.arguments}
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **values)
        asked += 1
        found += [f"{address}: {word}" for word in told_of(stranger.get(address, follow_redirects=True).get_data().decode("latin-1"))]
    assert asked > 40
    return found


def _says_that_it_is_sealed(stranger: FlaskClient, sealed: Sealed) -> None:
    """The root cause stands there, and that more is sealed."""
    assert "Sealed: something in the way" in stranger.get(f"/cases/{sealed.case_id}").text
    page = stranger.get(f"/cases/{sealed.case_id}/help").text
    assert page.count("Only the person who looks after this case can read what it is") == 2
    assert re.findall(r"<h3><span>([^<]*)</span> <span class=\"tag\">Sealed", page) == ["Something in the way"] * 2
    assert page.count("A sealed step") == 2
    assert "Sealed: only the person who looks after this case can read it." in stranger.get("/inbox?queue=answered").text


def _acts(sealed: Sealed) -> list[tuple[str, dict[str, str]]]:
    page = f"/cases/{sealed.case_id}/help"
    return [
        (f"{page}/barriers/{sealed.barrier_id}/confirm", {"reason": "food"}),
        (f"{page}/barriers/{sealed.barrier_id}/close", {"why": "x"}),
        (f"{page}/barriers/{sealed.barrier_id}/reopen", {}),
        (f"{page}/barriers/{sealed.barrier_id}/referrals", {"resource": "1", "day": "2026-10-09"}),
        (f"{page}/referrals/{sealed.referral_id}", {"to": "declined", "why": "x"}),
        (f"{page}/steps/1/done", {"outcome": "x"}),
        (f"{page}/steps/1/drop", {"outcome": "x"}),
    ]


def _writes_a_call_down(stranger: FlaskClient, sealed: Sealed) -> None:
    """A call opens nothing, and what is written from then on is for the owner, too."""
    status, where, _ = send(stranger, "/log", "/log", who="Luis Lopez", kind="call", words="The giraffe is fine")
    assert (status, where) == (302, f"/cases/{sealed.case_id}")
    assert "giraffe" not in stranger.get(where).text

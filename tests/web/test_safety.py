"""The pages of danger: who finds them, what they show, and that nobody else reads a sealed word anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from outreach.arrivals import Arrival
from outreach.cases import actions, danger, danger_queries, intake, oncall
from outreach.cases.danger_tables import Incident
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff import queries as accounts
from outreach.staff.actions import digest
from outreach.staff.oncall_tables import OnCallPage, OnCallPerson
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import HOSTILE, OMAR, Seeded

CRY = f"Yusuf says he will kill himself tonight {HOSTILE}"
LATER_WORDS = "he took the blue pills from the cabinet"
STAFF_WORDS = "we are with you, the counselor calls now"
NOTE = "neighbour at the green house has the key"
RAJ = "+13125550172"


@dataclass
class Danger:
    """An incident about a child at Lincoln: Omar wrote, Ana answered and noted; Raj of another school is on call."""

    incident: int
    case: int
    answer: int


@pytest.fixture
def cried(sqlite_database: Database, settings: Settings, seeded: Seeded) -> Danger:
    with sqlite_database.write() as session:
        raj = accounts.by_email(session, "raj@example.org")
        assert raj is not None
        oncall.add_person(session, raj, RAJ, by="boss@example.org", now=NOON)
    for number, words in enumerate((CRY, LATER_WORDS)):
        params = {"MessageSid": f"SMcry{number}", "From": OMAR, "To": "+13125550100", "Body": words, "NumMedia": "0"}
        at = NOON + timedelta(minutes=number)
        intake.take(sqlite_database, settings, Arrival("inbound", f"SMcry{number}", params, "", at), at)
    with sqlite_database.write() as session:
        case = session.get_one(Case, seeded.omar)
        told = actions.answer(session, case, STAFF_WORDS, account_id=2, by="ana@example.org", now=NOON + timedelta(minutes=2))
        actions.note(session, case, NOTE, by="ana@example.org", now=NOON + timedelta(minutes=3))
        return Danger(session.scalars(select(Incident.id)).one(), case.id, told.id)


def test_who_may_not_know_reads_no_sealed_word_on_any_page(app: Flask, cried: Danger, signed_in: SignedIn) -> None:
    """Every page that a clerk, IT or an evaluator can open is searched, lists and fragments too."""
    secrets = ("kill himself", "blue pills", "counselor calls", "green house")
    addresses = [f"/cases/{cried.case}", f"/cases/{cried.case}/live", f"/delivery/{cried.answer}", f"/incidents/{cried.incident}"]
    plain = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    lists = [f"/inbox?queue={queue}" for queue in ("needs_me", "information", "answered", "closed")]
    for name in ("kim", "ira", "eve"):
        browser = signed_in(name)
        for address in [*addresses, *plain, *lists]:
            shown = browser.get(address).text
            assert not any(secret in shown for secret in secrets), (name, address)
    sealed = signed_in("kim").get(f"/cases/{cried.case}").text
    assert sealed.count("Sealed: only the people named for a danger") >= 4
    assert "الحضور" in sealed, "what came before the danger is not sealed"
    assert "crisis" not in sealed


def test_who_needs_to_know_reads_it_and_that_is_kept_on_record(cried: Danger, signed_in: SignedIn, sqlite_database: Database) -> None:
    page = signed_in("ana").get(f"/incidents/{cried.incident}").text
    assert "will kill himself tonight &lt;script&gt;" in page
    assert "blue pills" in page
    assert "800-422-4453" in page
    assert "the duty is yours in person" in page
    signed_in("ana").get(f"/incidents/{cried.incident}")
    with sqlite_database.read() as session:
        read = [step.by for step in danger_queries.steps(session, cried.incident) if step.kind == danger.Step.OPENED]
    assert read == ["ana@example.org"]


@pytest.mark.parametrize(("name", "status"), [("ana", 200), ("boss", 200), ("raj", 200), ("kim", 403), ("ira", 403), ("eve", 403)])
def test_the_incident_is_open_to_need_to_know_roles_and_to_who_was_called(
    cried: Danger, signed_in: SignedIn, name: str, status: int
) -> None:
    assert signed_in(name).get(f"/incidents/{cried.incident}").status_code == status
    assert signed_in(name).get("/incidents/").status_code == (200 if status == 200 else 403)


def test_another_schools_coordinator_who_was_not_called_finds_nothing(
    cried: Danger, signed_in: SignedIn, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        for page in session.scalars(select(OnCallPage)):
            session.delete(page)
    browser = signed_in("raj")
    assert browser.get(f"/incidents/{cried.incident}").status_code == 404
    assert f"Incident {cried.incident}" not in browser.get("/incidents/").text
    status, _, _ = send(browser, "/inbox", f"/incidents/{cried.incident}/close", text="over")
    assert status == 404


def test_a_person_takes_it_goes_through_the_list_and_closes_it(cried: Danger, signed_in: SignedIn, sqlite_database: Database) -> None:
    browser, here = signed_in("ana"), f"/incidents/{cried.incident}"
    assert "Nobody has it" in browser.get("/incidents/").text
    assert send(browser, here, f"{here}/acknowledge")[0] == 302
    assert send(browser, here, f"{here}/check", item="call")[0] == 302
    assert send(browser, here, f"{here}/check", item="nonsense")[0] == 422
    assert send(browser, here, f"{here}/note", text="Called the father.")[0] == 302
    assert send(browser, here, f"{here}/close", text=" ")[0] == 422
    assert send(browser, here, f"{here}/close", text="With the counselor.")[0] == 302
    page = browser.get(here).text
    for words in ("Ana Reyes", "Called the father.", "With the counselor.", "closed"):
        assert words in page
    with sqlite_database.read() as session:
        assert session.get_one(Incident, cried.incident).closed_by == "ana@example.org"


def test_the_words_of_a_call_are_shown_to_nobody_for_they_hold_its_key(
    cried: Danger, signed_in: SignedIn, sqlite_database: Database
) -> None:
    with sqlite_database.read() as session:
        call = session.scalars(select(PlannedMessage).where(PlannedMessage.message_class == "page")).one()
        code = session.scalars(select(OnCallPage.code)).one()
    page = signed_in("boss").get(f"/delivery/{call.id}").text
    assert "hold the key" in page
    assert f"reply {code}" not in page
    assert RAJ not in page
    assert cried.incident


def test_the_link_in_a_call_asks_before_it_is_spent_and_needs_no_sign_in(app: Flask, sqlite_database: Database, seeded: Seeded) -> None:
    linked = app.extensions["outreach"].settings.model_copy(update={"public_url": "http://localhost"})
    with sqlite_database.write() as session:
        raj = accounts.by_email(session, "raj@example.org")
        assert raj is not None
        row = oncall.add_person(session, raj, RAJ, by="boss@example.org", now=NOON)
        oncall.test(session, row, linked, by="boss@example.org", now=NOON)
    with sqlite_database.read() as session:
        body = session.scalars(select(PlannedMessage.body).where(PlannedMessage.message_class == "page")).one()
    found = re.search(r"http://localhost(/on-call/answer/\S+)", body)
    assert found is not None
    stranger = app.test_client()
    assert "It reached me" in stranger.get(found[1]).text
    with sqlite_database.read() as session:
        assert session.scalars(select(OnCallPage.acknowledged_at)).one() is None, "looking does not acknowledge"
    assert send(stranger, found[1], found[1])[0] == 302
    assert "Thank you" in stranger.get(found[1]).text
    assert stranger.get("/on-call/answer/nonsense").status_code == 410
    assert seeded.omar


def test_a_late_click_finds_that_somebody_has_it_already(app: Flask, cried: Danger, signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        session.scalars(select(OnCallPage)).one().token_hash = digest("late")
    here = f"/incidents/{cried.incident}"
    stranger = app.test_client()
    assert "I have it" in stranger.get("/on-call/answer/late").text
    send(signed_in("ana"), here, f"{here}/acknowledge")
    page = stranger.get("/on-call/answer/late").text
    assert "Somebody has it already" in page
    assert "Ana" not in page


def test_an_administrator_sets_the_chain_up_and_others_see_it_without_numbers(
    seeded: Seeded, signed_in: SignedIn, sqlite_database: Database
) -> None:
    boss = signed_in("boss")
    with sqlite_database.read() as session:
        raj = accounts.by_email(session, "raj@example.org")
        assert raj is not None
    form = {"account": str(raj.id), "phone": "(312) 555-0172", "begins": "16:00", "ends": "08:00", "days": "0"}
    assert send(boss, "/on-call/", "/on-call/people", **{**form, "phone": "12"})[0] == 422
    assert send(boss, "/on-call/", "/on-call/people", **{**form, "begins": "soon"})[0] == 422
    assert send(boss, "/on-call/", "/on-call/people", **{**form, "account": "999"})[0] == 422
    assert send(boss, "/on-call/", "/on-call/people", **{**form, "account": "9" * 20})[0] == 422
    assert send(boss, "/on-call/", "/on-call/people", **form)[0] == 302
    with sqlite_database.read() as session:
        row = session.scalars(select(OnCallPerson)).one()
    assert send(boss, "/on-call/", f"/on-call/people/{row.id}/last-resort")[0] == 302
    assert send(boss, "/on-call/", f"/on-call/people/{row.id}/test")[0] == 302
    assert "(312) 555-0172" in boss.get("/on-call/").text
    ana = signed_in("ana").get("/on-call/").text
    assert "number ending in 72" in ana
    assert "555-0172" not in ana
    assert signed_in("kim").get("/on-call/").status_code == 403
    assert send(signed_in("ana"), "/inbox", f"/on-call/people/{row.id}/remove")[0] == 403
    assert send(boss, "/on-call/", f"/on-call/people/{row.id}/remove")[0] == 302
    assert send(boss, "/on-call/", f"/on-call/people/{row.id}/test")[0] == 404
    assert seeded.maria


def test_what_needs_nobody_is_closed_in_one_go_by_a_person_and_what_changed_stays(
    seeded: Seeded, signed_in: SignedIn, sqlite_database: Database
) -> None:
    browser = signed_in("ana")
    page = browser.get("/inbox?queue=information").text
    [shown] = re.findall(r'name="read" value="(\d+:\d+)"', page)
    case, last = shown.split(":")
    assert send(browser, "/inbox", "/inbox/close", read=f"{case}:{int(last) - 1}", queue="information")[0] == 302
    assert send(browser, "/inbox", "/inbox/close", read=f"{seeded.omar}:1")[0] == 302
    assert send(browser, "/inbox", "/inbox/close", read=f"{'9' * 20}:{'9' * 5000}")[0] == 302
    assert browser.get(f"/inbox/live?case={'9' * 5000}").status_code == 200
    assert send(signed_in("raj"), "/inbox", "/inbox/close", read=shown)[0] == 302
    assert send(signed_in("kim"), "/inbox", "/inbox/close", read=shown)[0] == 403
    with sqlite_database.read() as session:
        assert {session.get_one(Case, int(case)).state, session.get_one(Case, seeded.omar).state} == {"open"}
    assert send(browser, "/inbox", "/inbox/close", read=shown, queue="information")[1].endswith("queue=information")
    with sqlite_database.read() as session:
        closed = session.get_one(Case, int(case))
        assert (closed.state, closed.closed_by) == ("closed", "ana@example.org")
    assert 'name="read"' not in browser.get("/inbox?queue=information").text

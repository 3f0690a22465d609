"""The *Today* page: every figure is the list's own, and each person sees what is theirs."""

from __future__ import annotations

import re
from datetime import date

from flask.testing import FlaskClient
from sqlalchemy import select, update

from outreach.cases import speaking
from outreach.cases.help_tables import Step
from outreach.cases.language_states import TaskKind
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN, Seeded

COUNT = re.compile(r'class="day-count">([\d,]+)</span>.*?class="row-main">([^<]+)', re.DOTALL)


def shown(client: FlaskClient) -> dict[str, int]:
    """Words → number, as the page has them."""
    return {words.strip(): int(number) for number, words in COUNT.findall(client.get("/today").text)}


def figure(client: FlaskClient, start: str) -> int:
    return sum(number for words, number in shown(client).items() if words.startswith(start))


def test_sign_in_leads_to_today_and_every_figure_is_the_lists_own(signed_in: SignedIn, sqlite_database: Database) -> None:
    ana = signed_in("ana")
    assert ana.get("/").headers["Location"] == "/today"
    tiles = re.search(r"Needs me\D*?(\d+)", ana.get("/inbox").text)
    assert tiles is not None
    assert figure(ana, "conversation") == int(tiles[1]) > 0
    assert figure(ana, "family to call") + figure(ana, "families to call") == ana.get("/call-list").text.count('class="call-row"')
    attention = re.search(r"(\d+) open\.", ana.get("/attention").text)
    assert attention is not None
    assert figure(ana, "thing") == int(attention[1])
    with sqlite_database.read() as session:
        held = [row for row in session.scalars(select(PlannedMessage)) if row.state == "held"]
    assert figure(ana, "message") == sum(row.school_id == LINCOLN for row in held)
    assert figure(signed_in("boss"), "message") == len(held) > 0


def test_what_waits_for_a_speaker_stands_on_the_page_of_those_whose_school_it_is(
    signed_in: SignedIn, sqlite_database: Database, seeded: Seeded
) -> None:
    with sqlite_database.write() as session:
        case = session.get_one(Case, seeded.maria)
        for kind, wanted in ((TaskKind.READ, None), (TaskKind.INTERPRET, NOON)):
            task = speaking.new_task(case, kind, "es", NOON, helper_id=None, wanted_at=wanted, why="")
            speaking.put(session, case, task, NOON)
    assert figure(signed_in("ana"), "texts or calls wait for a speaker") == 2
    assert figure(signed_in("boss"), "texts or calls wait for a speaker") == 2
    assert figure(signed_in("raj"), "text") == 0, "nothing of another school"


def test_until_a_count_reached_a_family_today_leads_its_administrator_to_the_first_steps(
    signed_in: SignedIn, sqlite_database: Database
) -> None:
    told = signed_in("boss").get("/today").text
    assert "First steps</a> leads there" not in told, "a count has left here"
    with sqlite_database.write() as session:
        session.execute(update(PlannedMessage).values(state=State.PLANNED))
    assert "First steps</a> leads there" in signed_in("boss").get("/today").text
    assert "First steps</a> leads there" not in signed_in("ana").get("/today").text, "only who may open them"


def test_a_follow_up_waits_for_whoever_does_it_from_its_day_on(signed_in: SignedIn, sqlite_database: Database, seeded: Seeded) -> None:
    with sqlite_database.write() as session:
        ana = session.scalars(select(Account.id).where(Account.email == "ana@example.org")).one()
        for due_on, owner in (
            (date(2026, 10, 5), ana),
            (date(2026, 10, 6), ana),
            (date(2026, 10, 8), ana),
            (date(2026, 10, 6), None),
        ):
            session.add(a_step(seeded.maria, due_on, owner))
        session.get_one(Case, seeded.maria).owner_id = None
    ana_sees = signed_in("ana")
    assert figure(ana_sees, "follow-up") == 2, "what nobody does in nobody's conversation is nobody's follow-up"
    html = ana_sees.get("/today/follow-ups").text
    assert html.count("day-link") == 3
    assert html.count(">Late<") == html.count(">Today</span>") == 1
    with sqlite_database.write() as session:
        session.get_one(Case, seeded.maria).owner_id = ana
    assert figure(ana_sees, "follow-up") == 3
    assert figure(signed_in("raj"), "follow-up") == 0


def a_step(case_id: int, due_on: date, owner: int | None) -> Step:
    return Step(
        case_id=case_id, barrier_id=None, kind="call", layer="problem_solving", words="", owner_id=owner, state="planned", due_on=due_on,
        planned_at=NOON, planned_by="ana@example.org", done_at=None, outcome="", told_id=None, asked_id=None,
    )  # fmt: skip


def test_the_playbook_is_an_administrators_and_shows_on_the_days_of_those_it_names(signed_in: SignedIn) -> None:
    boss, ana = signed_in("boss"), signed_in("ana")
    assert "Call the families whom no message reached." in ana.get("/today").text, "it is a Tuesday"
    assert "Ask for registers" in signed_in("kim").get("/today").text
    assert ana.post("/playbook").status_code in {302, 400, 403}
    fields = {"version": "0", "number": "1", "role-0": "coordinator", "on-0": "a date", "date-0": "2026-10-08", "list-0": "in_figures"}
    status, _, html = send(boss, "/playbook", "/playbook", **fields, **{"step-0": "Meet <b>the bus company</b>."})
    assert status == 302, html
    html = ana.get("/today").text
    assert "Meet &lt;b&gt;the bus company&lt;/b&gt;." in html
    assert "Thursday" in html
    assert "Call the families" not in html
    status, _, html = send(boss, "/playbook", "/playbook", **{**fields, "version": "1", "date-0": "", "step-0": "Kept as typed."})
    assert status == 422
    assert "Kept as typed." in html
    assert "meanwhile" in send(boss, "/playbook", "/playbook", **{**fields, "step-0": "Too late."})[2]
    assert send(boss, "/playbook", "/playbook/again", version="1", wanted="0")[0] == 302
    assert "Call the families" in ana.get("/today").text


def test_who_may_open_no_inbox_has_no_day_page(signed_in: SignedIn) -> None:
    for name in ("ira", "mia", "eve"):
        browser = signed_in(name)
        assert browser.get("/today").status_code == 403
        assert browser.get("/").headers["Location"] != "/today"
    assert Role.COORDINATOR.words in signed_in("ana").get("/today").text

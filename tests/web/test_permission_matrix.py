"""Every route with every role and with another school's rows, made from the application's own map: nothing here lists routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from outreach.attention import actions as attention
from outreach.attention.tables import AttentionItem
from outreach.cases import surveys
from outreach.cases.danger_tables import Incident
from outreach.cases.language_tables import LanguageTask
from outreach.cases.mentor_tables import MentorTie
from outreach.cases.surveys import Audience, Plan
from outreach.cases.tables import Case
from outreach.consent import blocks
from outreach.database import Database
from outreach.evidence.goal_tables import Goal
from outreach.messages.actions import approve
from outreach.planning.tables import PlannedMessage
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import GRANTS, Permission, Reach, Role
from outreach.staff.tables import AuditEntry
from outreach.web.context import SESSION_KEY
from outreach.web.permissions import access
from tests.conftest import NOON
from tests.rules.house import told
from tests.web.seed import LINCOLN, ROOSEVELT, Seeded

PLAIN = {"int": "1", "default": "one", "string": "one", "path": "one"}
"""For parts of an address that name no school's row."""
_REFUSED = {403, 404}
TODAY = NOON.date()


@dataclass(frozen=True)
class Rows:
    """Ids of rows at one school, by the name that routes give them."""

    ids: Mapping[str, int]


@pytest.fixture
def browsers(app: Flask, sqlite_database: Database, seeded: Seeded) -> dict[Role, FlaskClient]:  # noqa: ARG001 - rows to look at
    """One person of each role signed in, at Lincoln where the role is of schools. The guards must hold without form tokens."""
    app.config["WTF_CSRF_ENABLED"] = False
    found = {}
    for role in Role:
        with sqlite_database.write() as session:
            schools = [] if GRANTS[role].reach is Reach.DISTRICT else [LINCOLN]
            account = staff.add_account(session, email=f"{role}@example.org", name=role.words, role=role, schools=schools, now=NOON)
            if GRANTS[role].reach is Reach.CHILDREN:
                session.add(MentorTie(account_id=account.id, student_id="st1", name="", by="boss@example.org", at=NOON))
            key = staff.begin_session(session, account, NOON)
        found[role] = app.test_client()
        with found[role].session_transaction() as cookie:
            cookie[SESSION_KEY] = key
    return found


@pytest.fixture
def elsewhere(sqlite_database: Database, seeded: Seeded) -> Rows:
    """Rows of Roosevelt, one of each kind that an address can name."""
    with sqlite_database.write() as session:
        attention.raise_item(session, kind="x", key="x", sentence="Somebody should look.", now=NOON, school_id=ROOSEVELT)
        incident = Incident(
            case_id=seeded.wei, open_key=seeded.wei, opened_at=NOON - timedelta(hours=1), round=1, next_step_at=None, acknowledged_at=None,
            acknowledged_by="", closed_at=None, closed_by="",
        )  # fmt: skip
        session.add(incident)
        session.flush()
        block = blocks.place(session, "c4", reason="a court's order", by="boss@example.org", now=NOON, student_id="st5")
        nothing = dict.fromkeys(("why", "asked_by", "ended_by", "result"), "")
        never = dict.fromkeys(("open_key", "inbound_id", "machine_id", "helper_id", "wanted_at", "ended_at"))
        approve(session, message="survey", language=None, by="boss@example.org", now=NOON)
        task = LanguageTask(
            **nothing, **never, case_id=seeded.wei, kind="read", state="open", language="zh-Hans", asked_at=NOON, given_at=NOON
        )
        session.add(task)
        session.flush()
        survey = surveys.open_round(
            session, Plan(ROOSEVELT, Audience.STUDENTS, ("6",), TODAY, TODAY), by="boss@example.org", today=TODAY, now=NOON
        )
        goal = Goal(
            school_id=ROOSEVELT, open_key="x", dimension="all", value="", measure="chronic", permille=150, until=TODAY,
            set_by="boss@example.org", set_at=NOON, ended_by="", ended_at=None,
        )  # fmt: skip
        session.add(goal)
        session.flush()
        planned = _one(session, select(PlannedMessage.id).where(PlannedMessage.school_id == ROOSEVELT))
        return Rows(
            {
                "block_id": block.id,
                "case_id": _one(session, select(Case.id).where(Case.school_id == ROOSEVELT)),
                "item_id": _one(session, select(AttentionItem.id).where(AttentionItem.school_id == ROOSEVELT)),
                "goal_id": goal.id,
                "incident_id": incident.id,
                "message_id": planned,
                "planned_id": planned,
                "round_id": survey.id,
                "task_id": task.id,
            }
        )


def _one(session: Session, statement: object) -> int:
    found = session.scalars(statement).first()  # type: ignore[call-overload]
    assert found is not None, f"the seed has no row for {statement}"
    return int(found)


def _guarded(app: Flask) -> list[tuple[Rule, str, Permission]]:
    declared = access(app)
    return [
        (rule, method, Permission(declared[rule.endpoint]))
        for rule in app.url_map.iter_rules()
        if not declared[rule.endpoint].startswith("open:")
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
    ]


def _address(app: Flask, rule: Rule, ids: Mapping[str, int]) -> str:
    values: dict[str, Any] = {name: ids.get(name, PLAIN[_kind(rule, name)]) for name in rule.arguments}
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)


def _kind(rule: Rule, name: str) -> str:
    converter = type(rule._converters[name]).__name__.removesuffix("Converter").lower()
    return {"integer": "int", "unicode": "default"}.get(converter, converter)


def test_every_route_refuses_every_role_that_may_not_and_breaks_for_none_that_may(app: Flask, browsers: dict[Role, FlaskClient]) -> None:
    routes, broken = _guarded(app), []
    for role, browser in browsers.items():
        for rule, method, permission in routes:
            may = permission in GRANTS[role].permissions
            if may and method != "GET":
                continue  # what it does is for the tests of its page; here only whether it lets in
            status = browser.open(_address(app, rule, {}), method=method).status_code
            if (status == 403) is may or status >= 500:
                broken.append(f"{role.words}: {method} {rule.rule} answers {status}")
    assert len(routes) > 100
    assert not broken, told(broken)


def test_nobody_of_one_school_reaches_a_row_of_another(
    app: Flask, browsers: dict[Role, FlaskClient], elsewhere: Rows, sqlite_database: Database
) -> None:
    asked, broken = 0, []
    with sqlite_database.read() as session:
        before = session.scalar(select(func.count()).select_from(AuditEntry))
    for rule, method, permission in _guarded(app):
        if not elsewhere.ids.keys() & rule.arguments:
            continue
        for role, browser in browsers.items():
            if GRANTS[role].reach is Reach.SCHOOLS and permission in GRANTS[role].permissions:
                status = browser.open(_address(app, rule, elsewhere.ids), method=method).status_code
                asked += 1
                if status not in _REFUSED:
                    broken.append(f"{role.words}: {method} {rule.rule} answers {status}")
    assert asked > 30
    assert not broken, told(broken)
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before, "nothing was done on the way to the refusal"


def test_no_role_of_one_school_reads_a_name_of_another_on_any_page(app: Flask, browsers: dict[Role, FlaskClient]) -> None:
    """Mei and Wei Chen belong to Roosevelt; a page for Lincoln's people that shows them shows too much."""
    broken = []
    for rule, method, permission in _guarded(app):
        if method != "GET" or rule.arguments:
            continue
        for role, browser in browsers.items():
            if GRANTS[role].reach is Reach.SCHOOLS and permission in GRANTS[role].permissions:
                shown = browser.get(_address(app, rule, {})).text
                broken += [
                    f"{role.words}: {rule.rule} shows {word}" for word in ("Mei", "Wei Chen", "555-0145", "5550145") if word in shown
                ]
    assert not broken, told(broken)


def test_whose_reach_is_children_reads_no_other_child_on_any_page_and_no_row_of_their_own_school(
    app: Flask, browsers: dict[Role, FlaskClient], seeded: Seeded
) -> None:
    """Luis is theirs. Elena is his sister at Roosevelt, Yusuf and Sam are at his school, and Maria is his mother."""
    broken, shown = [], {role: "" for role in Role if GRANTS[role].reach is Reach.CHILDREN}
    for rule, method, permission in _guarded(app):
        for role in shown:
            browser, may = browsers[role], permission in GRANTS[role].permissions
            answer = browser.open(
                _address(app, rule, {"case_id": seeded.maria}), method=method, data={"student": "st2", "child": "st2", "query": "Elena"}
            )
            if not may and answer.status_code != 403:
                broken.append(f"{role.words}: {method} {rule.rule} answers {answer.status_code}")
            shown[role] += answer.text if may else ""
    for role, text in shown.items():
        broken += [f"{role.words} reads {word}" for word in ("Elena", "Yusuf", "Maria", "Sam O", "autobús") if word in text]
        assert "Luis Lopez" in text, role.words
    assert shown
    assert not broken, told(broken)


def test_every_part_of_an_address_is_known_to_belong_to_a_school_or_to_none(app: Flask, elsewhere: Rows) -> None:
    """A new kind of row in an address has to be sorted here once, so that it cannot be forgotten above."""
    of_nobody = (
        "account_id act_id answer_id barrier_id batch_id campaign_id channel form hold_id locale media_id message number overlay_id "
        "person_id referral_id request_id resource_id source step_id study_id text_id told_id wish_id "
    )
    named = {name for rule, _, _ in _guarded(app) for name in rule.arguments}
    assert named - set(of_nobody.split()) == elsewhere.ids.keys()


def test_accounts_of_the_matrix_are_of_every_role(sqlite_database: Database, browsers: dict[Role, FlaskClient]) -> None:
    assert set(browsers) == set(Role)
    with sqlite_database.read() as session:
        assert all(accounts.by_email(session, f"{role}@example.org") for role in Role)

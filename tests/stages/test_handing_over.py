"""Somebody leaves: work of every kind is found again with whoever has it now, and being on call never ends unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from outreach.attention.queries import open_items
from outreach.cases import acts, cover, danger, desk, handing_over, oncall, steps
from outreach.cases.danger_tables import Incident
from outreach.cases.desk import DraftKind
from outreach.cases.handing_over import LeavingError, Work
from outreach.cases.help_tables import Step
from outreach.cases.language_tables import LanguageTask
from outreach.cases.mentor_tables import MentorTie
from outreach.cases.routing_tables import StaffAbsence
from outreach.cases.states import CaseState
from outreach.cases.steps import Plan
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Base, Database
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.oncall_tables import OnCallPage
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family, hear

BY = "boss@example.org"
OTHER, THIRD, FOURTH = "+13125550143", "+13125550144", "+13125550146"
NOTHING = Work(0, 0, 0, 0, 0, 0, 0, 0, 0, on_call=False, alone_on_call=False)
HANDED = {
    "cases.owner_id", "case_steps.owner_id", "case_drafts.account_id", "case_presences.account_id", "staff_absences.cover_id",
    "on_call_people.account_id", "language_tasks.helper_id", "mentor_ties.account_id", "staff_sessions.account_id",
    "sign_in_links.account_id",
}  # fmt: skip
STAYS = {
    "account_schools.account_id", "former_emails.account_id", "calendar_links.account_id", "check_ins.account_id", "emails.account_id",
    "inbox_acts.account_id", "linked_identities.account_id", "machine_texts.approved_by_id", "mail_choices.account_id",
    "recovery_codes.account_id",
    "second_factors.account_id", "staff_absences.account_id", "staff_details.account_id", "translator_languages.account_id",
}  # fmt: skip
"""What is the person's own, or history."""


@pytest.fixture
def people(database: Database, settings: Settings) -> dict[str, int]:  # noqa: ARG001 - the database is made with them
    """Ana sees two schools, Raj and Jo one, Sue the other; Ben and Mo are mentors."""
    with database.write() as session:
        return {
            name: staff.add_account(session, email=f"{name}@example.org", name=name.capitalize(), role=role, schools=schools, now=NOON).id
            for name, role, schools in (
                ("ana", Role.COORDINATOR, ["S1", "S2"]),
                ("raj", Role.COORDINATOR, ["S1"]),
                ("sue", Role.COORDINATOR, ["S2"]),
                ("boss", Role.DISTRICT_ADMINISTRATOR, []),
                ("ben", Role.MENTOR, ["S1"]),
                ("mo", Role.MENTOR, ["S1"]),
            )
        }


@pytest.fixture
def planted(database: Database, settings: Settings, people: dict[str, int]) -> dict[str, int]:
    """Work of each kind that Ana has: cases that wait, are answered, put aside and sealed, and all that hangs on her."""
    ana, cases = people["ana"], {}
    with database.write() as session:
        for name, phone, child, school in (
            ("waits", PHONE, "st1", "S1"),
            ("answered", OTHER, "st2", "S1"),
            ("aside", THIRD, "st3", "S1"),
            ("elsewhere", FOURTH, "st4", "S2"),
        ):
            a_family(session, f"C-{name}", {child: school}, phone=phone)
            case = hear(session, settings, "the bus never comes", phone=phone)[1]
            case.owner_id, cases[name] = ana, case.id
        answered = session.get_one(Case, cases["answered"])
        answered.state, answered.waiting_since = CaseState.ANSWERED.value, None
        session.get_one(Case, cases["waits"]).sealed_since = NOON
        acts.snooze(session, session.get_one(Case, cases["aside"]), NOON + timedelta(days=3), by="ana@example.org", now=NOON)
        waits = session.get_one(Case, cases["waits"])
        steps.plan(session, waits, Plan("call", due_on=date(2026, 10, 9)), account_id=ana, by="ana@example.org", now=NOON)
        desk.keep_draft(session, cases["waits"], ana, DraftKind.ANSWER, "Hello, I will", NOON)
        desk.keep_draft(session, cases["answered"], ana, DraftKind.NOTE, "Ask about the stop", NOON)
        desk.keep_draft(session, cases["answered"], people["raj"], DraftKind.NOTE, "Mine", NOON)
        cover.go_away(session, people["raj"], date(2026, 10, 7), date(2026, 10, 9), cover_id=ana, by=BY, now=NOON)
        session.add(_task(cases["waits"], ana))
        for name, phone, last in (("ana", "+13125550150", True), ("boss", "+13125550151", False)):
            oncall.add_person(session, session.get_one(Account, people[name]), phone, by=BY, now=NOON, last_resort=last)
        _danger(cases["elsewhere"], session)
        staff.begin_session(session, session.get_one(Account, ana), NOON)
    return cases


def _task(case_id: int, helper_id: int) -> LanguageTask:
    return LanguageTask(
        open_key=f"read:{case_id}", case_id=case_id, kind="read", state="open", language="vi", inbound_id=None, machine_id=None,
        helper_id=helper_id, given_at=NOON, wanted_at=None, why="", asked_by="", asked_at=NOON, ended_at=None, ended_by="", result="",
    )  # fmt: skip


def _danger(case_id: int, session: object) -> None:
    incident = Incident(
        case_id=case_id, open_key=case_id, opened_at=NOON, round=1, next_step_at=None, acknowledged_at=NOON,
        acknowledged_by="ana@example.org", closed_at=None, closed_by="",
    )  # fmt: skip
    session.add(incident)  # type: ignore[attr-defined]
    session.flush()  # type: ignore[attr-defined]


def closes(database: Database, settings: Settings, who: int, to: int | None, *, known: bool = True) -> Work:
    """Close an account, knowing of the chain unless told otherwise."""
    with database.write() as session:
        return handing_over.close(
            session, session.get_one(Account, who), to, leave_on_call_empty=known, by=BY, settings=settings, now=NOON + timedelta(minutes=5)
        )


def of(database: Database, who: int, settings: Settings) -> Work:
    """What somebody has."""
    with database.read() as session:
        return handing_over.work_of(session, who, settings, NOON)


def owners(database: Database, planted: dict[str, int]) -> dict[str, int | None]:
    """Who has each case."""
    with database.read() as session:
        return {name: session.get_one(Case, case_id).owner_id for name, case_id in planted.items()}


def test_all_of_it_is_found_at_the_colleague_who_is_named(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    ana, raj, sue = people["ana"], people["raj"], people["sue"]
    counted = Work(
        waiting=3, answered=1, sealed=1, steps=1, drafts=2, covers=1, incidents=1, tasks=1, children=0, on_call=True, alone_on_call=True
    )
    assert of(database, ana, settings) == counted
    with database.write() as session:
        cover.keep(session, raj, cover.Details(languages=("vi",)), by=BY, now=NOON)
    assert closes(database, settings, ana, raj) == counted
    assert of(database, ana, settings) == NOTHING
    assert owners(database, planted) == {"waits": raj, "answered": raj, "aside": raj, "elsewhere": sue}, "Raj does not see the other school"
    with database.read() as session:
        assert session.scalars(select(Step.owner_id)).all() == [raj]
        assert desk.drafts(session, planted["waits"], raj) == {"answer": "Hello, I will"}
        assert desk.drafts(session, planted["answered"], raj) == {"note": "Mine"}, "nobody's words are overwritten"
        texts = list(session.scalars(select(CaseEvent.text).where(CaseEvent.case_id == planted["answered"])))
        assert "Ana had written, and not sent: Ask about the stop" in texts
        assert "Ana had it, and works here no more. Raj looks after it now." in texts
        assert session.scalars(select(StaffAbsence.cover_id)).all() == [None], "Raj cannot stand in for himself"
        assert session.scalars(select(LanguageTask.helper_id)).all() == [raj]
        assert session.get_one(Case, planted["aside"]).snoozed_until is not None
        assert accounts.by_email(session, "ana@example.org").disabled_at is not None  # type: ignore[union-attr]


def test_without_a_name_routing_finds_somebody_for_each_and_says_so_in_its_record(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    closes(database, settings, people["ana"], None)
    raj, sue = people["raj"], people["sue"]
    assert owners(database, planted) == {"waits": raj, "answered": raj, "aside": raj, "elsewhere": sue}
    with database.read() as session:
        told = session.execute(select(CaseEvent.case_id, CaseEvent.text).where(CaseEvent.text.startswith("Ana had it"))).all()
        assert {case_id for case_id, _ in told} == set(planted.values())
        assert session.scalars(select(LanguageTask.helper_id)).all() == [None]
        assert "language" in {item.kind for item in open_items(session, None)}


def test_where_nobody_can_have_it_nothing_is_lost_and_the_district_is_told_of_who_waits(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    with database.write() as session:
        session.execute(update(Account).where(Account.id.in_([people["raj"], people["sue"], people["boss"]])).values(disabled_at=NOON))
    closes(database, settings, people["ana"], None)
    assert set(owners(database, planted).values()) == {None}
    with database.read() as session:
        notes = list(session.scalars(select(CaseEvent.text).where(CaseEvent.kind == "note")))
        assert sorted(notes) == ["Ana had written, and not sent: Ask about the stop", "Ana had written, and not sent: Hello, I will"]
        assert sum(item.kind == "unrouted" for item in open_items(session, None)) == 3


def test_nobody_leaves_the_chain_empty_without_saying_so(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    with pytest.raises(LeavingError, match="on call"):
        closes(database, settings, people["ana"], people["raj"], known=False)
    assert owners(database, planted)["waits"] == people["ana"], "nothing was half done"
    closes(database, settings, people["ana"], people["raj"])
    with database.read() as session:
        assert [item.urgent for item in open_items(session, None) if item.kind == "on_call"] == [True]
        incident = session.scalars(select(Incident)).one()
        assert (incident.acknowledged_by, incident.round) == ("", 2), "whoever had a danger is gone: the next is called at once"
        assert len(session.scalars(select(OnCallPage)).all()) == 1


def test_who_may_not_be_closed_or_named(database: Database, settings: Settings, people: dict[str, int]) -> None:
    for who, to in ((people["boss"], None), (people["ana"], people["ben"]), (people["ana"], people["ana"]), (people["ben"], people["raj"])):
        with pytest.raises(LeavingError):
            closes(database, settings, who, to)
    closes(database, settings, people["sue"], None)
    with pytest.raises(LeavingError, match="already"):
        closes(database, settings, people["sue"], None)


@pytest.mark.parametrize("named", [True, False])
def test_a_mentors_children_go_to_another_or_before_the_district(
    database: Database, settings: Settings, people: dict[str, int], named: bool
) -> None:
    ben, mo = people["ben"], people["mo"]
    with database.write() as session:
        session.add_all(
            MentorTie(account_id=who, student_id=child, name="", by=BY, at=NOON) for who, child in ((ben, "a"), (ben, "b"), (mo, "b"))
        )
    assert of(database, ben, settings) == replace(NOTHING, children=2)
    closes(database, settings, ben, mo if named else None)
    with database.read() as session:
        theirs = sorted(session.scalars(select(MentorTie.student_id).where(MentorTie.account_id == mo)))
        assert theirs == (["a", "b"] if named else ["b"])
        assert ("mentor" in {item.kind for item in open_items(session, None)}) is not named


def test_sign_ins_and_links_end_at_once(database: Database, settings: Settings, people: dict[str, int]) -> None:
    with database.write() as session:
        sue = session.get_one(Account, people["sue"])
        key, link = staff.begin_session(session, sue, NOON), staff.one_time_link(session, sue, NOON)
        assert accounts.signed_in(session, key, NOON) is not None
    closes(database, settings, people["sue"], None)
    with database.write() as session:
        session.execute(update(Account).where(Account.id == people["sue"]).values(disabled_at=None))
        assert accounts.signed_in(session, key, NOON) is None, "not even if the account is opened again"
        assert not accounts.link_is_good(session, link, NOON)


def test_every_column_that_names_an_account_is_handed_over_or_stays() -> None:
    """A new kind of work has to be sorted here once, so that nobody leaves with it."""
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in {"owner_id", "helper_id"} or any(key.target_fullname == "accounts.id" for key in column.foreign_keys)
    }
    assert found == HANDED | STAYS


def test_the_incident_of_somebody_who_stays_is_not_touched(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    closes(database, settings, people["sue"], None)
    assert owners(database, planted)["elsewhere"] == people["ana"]
    with database.write() as session:
        incident = session.scalars(select(Incident)).one()
        assert incident.acknowledged_by == "ana@example.org"
        incident.closed_at = NOON
        danger.ask_others(session, incident, settings, NOON)
        assert incident.round == 1

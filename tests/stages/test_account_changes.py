"""Somebody's role, schools, name or e-mail changes: the rest is handed over, and one person stays one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from outreach.cases import account_changes, handing_over
from outreach.cases.account_changes import Changed, Wanted
from outreach.cases.danger_tables import Incident
from outreach.cases.handing_over import LeavingError
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff import identities
from outreach.staff import queries as accounts
from outreach.staff.actions import AccountError
from outreach.staff.identities import Told, UnknownPersonError
from outreach.staff.roles import Role
from outreach.staff.tables import Account, AuditEntry
from tests.conftest import NOON
from tests.stages.test_handing_over import BY, owners, people, planted

__all__ = ["people", "planted"]
LATER = NOON + timedelta(minutes=5)


def changes(
    database: Database, settings: Settings, who: int, to: int | None = None, *, by: str = BY, known: bool = True, **other: Any
) -> Changed:
    """Change an account in what is named."""
    with database.write() as session:
        account = session.get_one(Account, who)
        fields: dict[str, Any] = {
            "name": account.name,
            "email": account.email,
            "role": Role(account.role),
            "schools": accounts.own_schools(session, who),
        }
        wanted = Wanted(**(fields | other))
        return account_changes.change(session, account, wanted, to, leave_on_call_empty=known, by=by, settings=settings, now=LATER)


def test_who_loses_a_school_gives_away_what_is_there_and_keeps_the_rest(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    ana, raj, sue = people["ana"], people["raj"], people["sue"]
    done = changes(database, settings, ana, schools=frozenset({"S1"}))
    work = done.handed_over
    assert (work.waiting, work.steps, work.drafts, work.covers, work.incidents, work.tasks, work.on_call) == (1, 0, 0, 0, 1, 0, False)
    assert owners(database, planted) == {"waits": ana, "answered": ana, "aside": ana, "elsewhere": sue}
    assert done.signed_out == 1
    with database.read() as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.acknowledged_by, incident.round) == ("", 2), "the danger at the lost school calls somebody else at once"
    assert changes(database, settings, ana, raj, schools=frozenset({"S2"})).handed_over.waiting == 2
    assert owners(database, planted) == {"waits": raj, "answered": raj, "aside": raj, "elsewhere": sue}


def test_who_may_answer_no_more_gives_away_everything_and_is_off_the_chain_only_if_that_is_known(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    with pytest.raises(LeavingError, match="on call"):
        changes(database, settings, people["ana"], known=False, role=Role.MENTOR)
    assert owners(database, planted)["waits"] == people["ana"], "nothing was half done"
    with database.read() as session:
        assert session.get_one(Account, people["ana"]).role == Role.COORDINATOR
    done = changes(database, settings, people["ana"], people["raj"], role=Role.MENTOR)
    assert (done.handed_over.waiting, done.handed_over.on_call) == (3, True)
    assert people["ana"] not in owners(database, planted).values()
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.changed")).one()
        assert (entry.actor, entry.detail["role"]) == (BY, ["coordinator", "mentor"])


def test_the_last_administrator_stays_one_and_nobody_changes_their_own_reach(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    boss = people["boss"]
    with pytest.raises(LeavingError, match="last district administrator"):
        changes(database, settings, boss, role=Role.IT)
    changes(database, settings, people["sue"], role=Role.DISTRICT_ADMINISTRATOR)
    with pytest.raises(LeavingError, match="last district administrator who ever signed in"):
        changes(database, settings, boss, by="sue@example.org", role=Role.IT)
    with database.write() as session:
        sue = session.get_one(Account, people["sue"])
        staff.begin_session(session, sue, NOON, waits_for_code=True)
        assert handing_over.is_last_administrator(session, session.get_one(Account, boss)), "a password without its code came nowhere"
        staff.begin_session(session, sue, NOON)
    with pytest.raises(LeavingError, match="your own role"):
        changes(database, settings, boss, role=Role.IT)
    with pytest.raises(LeavingError, match="your own role"):
        changes(database, settings, people["ana"], by="ana@example.org", schools=frozenset({"S1", "S2", "S3"}))
    changes(database, settings, boss, by="sue@example.org", role=Role.IT)
    with pytest.raises(LeavingError, match="last district administrator"):
        changes(database, settings, people["sue"], role=Role.COORDINATOR, schools=frozenset({"S1"}))


@pytest.mark.parametrize(
    ("other", "ends"),
    [
        ({"name": "Ana Ruiz"}, 0),
        ({"schools": frozenset({"S1", "S2", "S3"})}, 0),
        ({"schools": frozenset({"S1"})}, 1),
        ({"role": Role.SCHOOL_ADMINISTRATOR}, 1),
        ({"email": "ruiz@example.org"}, 1),
    ],
)
def test_whatever_takes_something_away_ends_the_sign_ins(
    database: Database, settings: Settings, people: dict[str, int], other: dict[str, Any], ends: int
) -> None:
    with database.write() as session:
        key = staff.begin_session(session, session.get_one(Account, people["ana"]), NOON)
    assert changes(database, settings, people["ana"], **other).signed_out == ends
    with database.read() as session:
        known = accounts.signed_in(session, key, NOON)
        assert (known is None) == bool(ends)
        if "schools" in other and known is not None:
            assert known.schools == other["schools"], "a new school is in reach at once"


def test_a_new_e_mail_makes_no_second_person(
    database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]
) -> None:
    with database.write() as session:
        link = staff.one_time_link(session, session.get_one(Account, people["ana"]), NOON)
        staff.audit(session, actor="ana@example.org", action="case.noted", subject="case 1", now=NOON)
    changes(database, settings, people["ana"], email="Ruiz@Example.org", name="Ana Ruiz")
    with database.write() as session:
        both = {"ana@example.org", "ruiz@example.org"}
        assert accounts.addresses(session, "ana@example.org") == accounts.addresses(session, "ruiz@example.org") == both
        assert accounts.names_by_email(session, both) == dict.fromkeys(both, "Ana Ruiz"), "what was done before keeps its name"
        assert accounts.by_email(session, "ana@example.org") is None, "and the former address signs nobody in"
        assert not accounts.link_is_good(session, link, LATER), "a link in the former mailbox opens nothing"
        assert session.scalars(select(Incident.acknowledged_by)).all() == ["ruiz@example.org"]
        staff.audit(session, actor="ruiz@example.org", action="case.closed", subject="case 1", now=LATER)
        by_name = [[(entry.actor, entry.action) for entry in accounts.trail(session, actor=name, limit=50)] for name in sorted(both)]
        assert by_name[0] == by_name[1]
        assert by_name[0][:2] == [("ruiz@example.org", "case.closed"), ("ana@example.org", "case.noted")]
        with pytest.raises(AccountError, match="Somebody else was known"):
            staff.add_account(session, email="ana@example.org", name="Another Ana", role=Role.IT, schools=[], now=LATER)
    with pytest.raises(AccountError, match="Somebody else was known"):
        changes(database, settings, people["raj"], email="ana@example.org")
    with pytest.raises(AccountError, match="already an account"):
        changes(database, settings, people["raj"], email="ruiz@example.org")
    changes(database, settings, people["ana"], email="ana@example.org")
    assert owners(database, planted)["waits"] == people["ana"]


def test_the_districts_sign_in_knows_the_person_through_a_new_e_mail_and_a_stranger_by_neither(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    def comes(subject: str, email: str) -> int:
        with database.write() as session:
            return identities.recognise(session, Told("https://idp.test", subject, email, verified=True), NOON).id

    with database.write() as session:
        staff.set_password(session, session.get_one(Account, people["ana"]), "five loud red kestrels", NOON)
    assert comes("1", "ana@example.org") == people["ana"]
    changes(database, settings, people["ana"], email="ruiz@example.org")
    assert comes("1", "whatever@example.org") == people["ana"], "the same person, whatever the address"
    for subject, email in (("2", "ana@example.org"), ("2", "ruiz@example.org")):
        with pytest.raises(UnknownPersonError):
            comes(subject, email)
    changes(database, settings, people["ana"], forget_identity=True)
    assert comes("2", "ruiz@example.org") == people["ana"], "the service gave them a new account"
    with pytest.raises(UnknownPersonError):
        comes("1", "ana@example.org")


def test_what_is_refused_changes_nothing(database: Database, settings: Settings, people: dict[str, int], planted: dict[str, int]) -> None:
    asked: list[tuple[str, int | None, dict[str, Any], type[Exception]]] = [
        ("ana", people["ben"], {"schools": frozenset({"S1"})}, LeavingError),
        ("ana", None, {"schools": frozenset()}, AccountError),
        ("ana", None, {"email": "no address"}, AccountError),
        ("ana", None, {"name": "  "}, LeavingError),
    ]
    for who, to, other, error in asked:
        with pytest.raises(error):
            changes(database, settings, people[who], to, **other)
    with database.read() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "account.changed")) == 0
        assert set(session.scalars(select(Case.owner_id))) == {people["ana"]}
    assert planted

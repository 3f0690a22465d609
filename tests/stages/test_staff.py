"""Accounts, links, passwords and sign-ins on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.staff import actions, queries, tries
from outreach.staff.roles import Role
from outreach.staff.tables import Account, AuditEntry, SignInLink, StaffSession
from tests.conftest import NOON

PASSWORD = "three calm green herons"


def ana(session: Session) -> Account:
    return actions.add_account(
        session, email=" Ana@Example.org ", name="Ana Ruiz", role=Role.COORDINATOR, schools=["S2", "S1", "S1"], now=NOON
    )


def test_an_account_keeps_its_address_in_lower_case_and_its_schools_once(database: Database) -> None:
    with database.write() as session:
        account = ana(session)
        assert account.email == "ana@example.org"
        assert queries.scope(session, account) == frozenset({"S1", "S2"})
        assert queries.by_email(session, "ANA@example.org") is account


def test_a_district_wide_role_sees_every_school(database: Database) -> None:
    with database.write() as session:
        boss = actions.add_account(session, email="boss@example.org", name="", role=Role.DISTRICT_ADMINISTRATOR, schools=[], now=NOON)
        assert queries.scope(session, boss) is None
        assert boss.name == "boss@example.org"


@pytest.mark.parametrize("email", ["", "ana", "@example.org", "ana@", "a@b@c", "an a@example.org"])
def test_what_is_no_address_makes_no_account(database: Database, email: str) -> None:
    with database.write() as session, pytest.raises(actions.AccountError, match="not an e-mail"):
        actions.add_account(session, email=email, name="", role=Role.IT, schools=[], now=NOON)


def test_a_second_account_with_the_same_address_is_refused(database: Database) -> None:
    with database.write() as session:
        ana(session)
        with pytest.raises(actions.AccountError, match="already"):
            ana(session)


def test_a_role_that_works_by_school_needs_one(database: Database) -> None:
    with database.write() as session, pytest.raises(actions.AccountError, match="at least one school"):
        actions.add_account(session, email="c@example.org", name="", role=Role.COORDINATOR, schools=[], now=NOON)


def test_a_link_is_stored_as_a_hash_and_works_once(database: Database) -> None:
    with database.write() as session:
        token = actions.one_time_link(session, ana(session), NOON)
        assert token not in {link.token_hash for link in session.scalars(select(SignInLink))}
        assert queries.link_is_good(session, token, NOON)
    with database.write() as session:
        assert actions.use_link(session, token, NOON).email == "ana@example.org"
    with database.write() as session:
        assert not queries.link_is_good(session, token, NOON)
        with pytest.raises(actions.LinkError, match="ask your administrator"):
            actions.use_link(session, token, NOON)


def test_an_old_or_unknown_link_signs_nobody_in(database: Database) -> None:
    with database.write() as session:
        token = actions.one_time_link(session, ana(session), NOON)
        for wrong, when in [(token, NOON + actions.LINK_LIFETIME), ("nonsense", NOON), ("", NOON), ("\ud800", NOON)]:
            with pytest.raises(actions.LinkError):
                actions.use_link(session, wrong, when)


def test_a_disabled_account_is_shut_out_everywhere(database: Database) -> None:
    with database.write() as session:
        account = ana(session)
        actions.set_password(session, account, PASSWORD, NOON)
        token, key = actions.one_time_link(session, account, NOON), actions.begin_session(session, account, NOON)
        account.disabled_at = NOON
        session.flush()
        assert actions.check_password(session, account.email, PASSWORD) is None
        assert queries.signed_in(session, key, NOON) is None
        with pytest.raises(actions.LinkError):
            actions.use_link(session, token, NOON)


def test_only_the_right_password_opens_and_only_its_hash_is_kept(database: Database) -> None:
    with database.write() as session:
        account = ana(session)
        assert actions.check_password(session, account.email, "") is None
        actions.set_password(session, account, PASSWORD, NOON)
        assert account.password_hash is not None
        assert account.password_hash.startswith("$argon2id$")
        assert actions.check_password(session, "ANA@example.org", PASSWORD) is account
        for email, password in [("ana@example.org", PASSWORD.upper()), ("eve@example.org", PASSWORD), ("ana@example.org", PASSWORD * 50)]:
            assert actions.check_password(session, email, password) is None


@pytest.mark.parametrize(("password", "why"), [("short", "at least 12"), ("x" * 257, "at most 256"), ("ana ana ana ana", "e-mail name")])
def test_a_weak_password_is_refused_with_a_reason(database: Database, password: str, why: str) -> None:
    with database.write() as session:
        account = ana(session)
        with pytest.raises(actions.PasswordError, match=why):
            actions.set_password(session, account, password, NOON)
        assert account.password_hash is None


def test_a_new_password_ends_every_running_sign_in(database: Database) -> None:
    with database.write() as session:
        account = ana(session)
        key = actions.begin_session(session, account, NOON, by_link=True)
        before = queries.signed_in(session, key, NOON)
        assert before is not None
        assert (before.name, before.schools, before.by_link, before.has_password) == ("Ana Ruiz", frozenset({"S1", "S2"}), True, False)
        actions.set_password(session, account, PASSWORD, NOON)
        assert queries.signed_in(session, key, NOON) is None


def test_signing_out_ends_that_sign_in_only_and_keeps_its_first_end(database: Database) -> None:
    with database.write() as session:
        account = ana(session)
        here, there = actions.begin_session(session, account, NOON), actions.begin_session(session, account, NOON)
        actions.end_session(session, here, NOON)
        actions.end_session(session, here, NOON + timedelta(hours=1))
        assert queries.signed_in(session, here, NOON) is None
        assert queries.signed_in(session, there, NOON) is not None
        ended = session.scalars(select(StaffSession.ended_at).where(StaffSession.ended_at.is_not(None))).all()
        assert ended == [NOON]


def test_the_audit_trail_keeps_who_did_what_when(database: Database) -> None:
    with database.write() as session:
        actions.audit(session, actor="ana@example.org", action="baseline.released", subject="baseline", now=NOON, detail={"released": 3})
    with database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.at, entry.actor, entry.action, entry.detail) == (NOON, "ana@example.org", "baseline.released", {"released": 3})


def test_a_crowd_that_tries_at_once_gets_as_many_tries_as_one_person(database: Database) -> None:
    def spend(_: int) -> bool:
        with database.write() as session:
            return tries.spend(session, "ana@example.org", NOON)

    with ThreadPoolExecutor(16) as crowd:
        assert sum(crowd.map(spend, range(2 * tries.MOST))) == tries.MOST
    with database.write() as session:
        tries.forget(session, "ana@example.org")
        assert tries.spend(session, "ana@example.org", NOON)

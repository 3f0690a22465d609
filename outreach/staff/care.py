"""Who looks after whose account: an administrator of schools after the people of these schools, one of the district after everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.staff.queries import SignedIn
from outreach.staff.roles import Role
from outreach.staff.tables import Account, AccountSchool, SignInLink

OF_SCHOOLS = (Role.COORDINATOR, Role.ATTENDANCE_CLERK, Role.MENTOR, Role.LANGUAGE_HELPER)
"""Roles that an administrator of schools gives: none of them may do what that administrator may not."""


@dataclass(frozen=True)
class Cared:
    """An account in somebody's care."""

    account: Account
    schools: frozenset[str]
    link_until: datetime | None
    """Until when the link that was sent last works; None where none does."""


def roles_given_by(known: SignedIn) -> Sequence[Role]:
    """The roles that this administrator may give."""
    return tuple(Role) if known.schools is None else OF_SCHOOLS


def may_care(known: SignedIn, role: Role, schools: Collection[str]) -> bool:
    """Whether an account of that role, at these schools, is this administrator's to look after."""
    return known.schools is None or (role in OF_SCHOOLS and bool(schools) and known.schools.issuperset(schools))


def in_care(session: Session, known: SignedIn, now: datetime) -> list[Cared]:
    """The accounts that this administrator looks after, by name; closed ones last."""
    schools, links = _schools(session), _links(session, now)
    rows = session.scalars(select(Account).order_by(Account.disabled_at.is_not(None), Account.name, Account.id))
    found = [Cared(row, schools.get(row.id, frozenset()), links.get(row.id)) for row in rows]
    return [one for one in found if may_care(known, Role(one.account.role), one.schools)]


def one_in_care(session: Session, known: SignedIn, account_id: int, now: datetime) -> Cared | None:
    """One of them; None for everybody else, as for nobody."""
    return next((one for one in in_care(session, known, now) if one.account.id == account_id), None)


def _schools(session: Session) -> Mapping[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for row in session.scalars(select(AccountSchool)):
        found.setdefault(row.account_id, set()).add(row.school_id)
    return {account_id: frozenset(schools) for account_id, schools in found.items()}


def _links(session: Session, now: datetime) -> Mapping[int, datetime]:
    good = select(SignInLink.account_id, SignInLink.expires_at).where(SignInLink.used_at.is_(None), SignInLink.expires_at > now)
    return {row.account_id: row.expires_at for row in session.execute(good)}

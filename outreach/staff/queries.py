"""Reads of staff accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from outreach.staff.actions import digest
from outreach.staff.roles import GRANTS, Permission, Reach, Role
from outreach.staff.tables import Account, AccountSchool, AuditEntry, FormerEmail, SecondFactor, SignInLink, StaffSession


@dataclass(frozen=True)
class SignedIn:
    """A person who is signed in, as pages need them."""

    id: int
    email: str
    name: str
    role: Role
    schools: frozenset[str] | None
    """The schools whose rows they see; None is the whole district."""
    by_link: bool
    """Came in by a one-time link just now, and may choose a password without telling the present one."""
    has_password: bool
    has_factor: bool
    """Whether a second factor is asked of them at sign-in."""
    session_id: str
    """What pages call this sign-in by; it opens nothing."""

    def may(self, permission: Permission) -> bool:
        """Whether their role has *permission*."""
        return permission in GRANTS[self.role].permissions

    def sees(self, school_id: str) -> bool:
        """Whether rows of this school are theirs; rows of no school are the district's."""
        return self.schools is None or (school_id != "" and school_id in self.schools)


def scope(session: Session, account: Account) -> frozenset[str] | None:
    """The schools whose rows an account sees; None is the whole district, an empty set is nothing."""
    reach = GRANTS[Role(account.role)].reach
    if reach is Reach.SCHOOLS:
        return own_schools(session, account.id)
    return None if reach is Reach.DISTRICT else frozenset()


def own_schools(session: Session, account_id: int) -> frozenset[str]:
    """The schools that are named for an account."""
    return frozenset(session.scalars(select(AccountSchool.school_id).where(AccountSchool.account_id == account_id)))


def coordinators(session: Session) -> dict[str, str]:
    """School → the name of a coordinator who answers its families, the first who came where there are several."""
    rows = (
        select(AccountSchool.school_id, Account.name)
        .join(Account, Account.id == AccountSchool.account_id)
        .where(Account.role == Role.COORDINATOR.value, Account.disabled_at.is_(None), Account.name != "")
        .order_by(Account.id.desc())
    )
    return dict(session.execute(rows).all())


def coordinators_of(session: Session) -> dict[str, int]:
    """School → how many coordinators answer its families; schools without any are left out."""
    rows = (
        select(AccountSchool.school_id, func.count())
        .join(Account, Account.id == AccountSchool.account_id)
        .where(Account.role == Role.COORDINATOR.value, Account.disabled_at.is_(None))
        .group_by(AccountSchool.school_id)
    )
    return {row[0]: row[1] for row in session.execute(rows)}


LONGEST_SIGN_IN = timedelta(days=30)
"""After this a sign-in ends, used or not; a cookie that nobody uses ends in half a day (``web.security``)."""
CODE_TIME = timedelta(minutes=10)
"""How long a right password waits for its second factor."""
LINK_TIME = timedelta(hours=1)
"""How long whoever came by a link may choose a password; a browser left open must not give the account away for a month."""


def signed_in(session: Session, key: str, now: datetime) -> SignedIn | None:
    """Whose running sign-in *key* belongs to; None once it has ended or the account is disabled, and before the second factor."""
    whose = (
        select(StaffSession, Account, SecondFactor.confirmed_at)
        .join(Account, Account.id == StaffSession.account_id)
        .outerjoin(SecondFactor, SecondFactor.account_id == Account.id)
        .where(*_running(key), StaffSession.waits_for_code.is_(False), StaffSession.started_at > now - LONGEST_SIGN_IN)
    )
    if (row := session.execute(whose).one_or_none()) is None:
        return None
    found, account, confirmed_at = row
    return replace(
        as_reader(session, account),
        by_link=found.by_link and found.started_at > now - LINK_TIME,
        has_password=account.password_hash is not None,
        has_factor=confirmed_at is not None,
        session_id=found.public_id,
    )


def as_reader(session: Session, account: Account) -> SignedIn:
    """A person as pages know them but without a sign-in, for what is put together for them: e-mails, a calendar."""
    return SignedIn(
        id=account.id,
        email=account.email,
        name=account.name,
        role=Role(account.role),
        schools=scope(session, account),
        by_link=False,
        has_password=False,
        has_factor=False,
        session_id="",
    )


def awaiting_code(session: Session, key: str, now: datetime) -> StaffSession | None:
    """The sign-in of *key* whose second factor has not been given yet; None after CODE_TIME, and for any other."""
    found = running(session, key)
    return found if found is not None and found.waits_for_code and found.started_at > now - CODE_TIME else None


def running(session: Session, key: str) -> StaffSession | None:
    """The sign-in of *key* that nobody has ended, of an account that is open."""
    return session.scalars(select(StaffSession).join(Account, Account.id == StaffSession.account_id).where(*_running(key))).one_or_none()


def _running(key: str) -> tuple[ColumnElement[bool], ...]:
    return StaffSession.key_hash == digest(key), StaffSession.ended_at.is_(None), Account.disabled_at.is_(None)


def sessions(session: Session, account_id: int, now: datetime) -> Sequence[StaffSession]:
    """The sign-ins of a person that have not ended, the newest first."""
    mine = StaffSession.account_id == account_id, StaffSession.ended_at.is_(None), StaffSession.waits_for_code.is_(False)
    lately = StaffSession.started_at > now - LONGEST_SIGN_IN
    return session.scalars(select(StaffSession).where(*mine, lately).order_by(StaffSession.started_at.desc())).all()


def link_is_good(session: Session, token: str, now: datetime) -> bool:
    """Whether a one-time link would sign somebody in now; asking does not spend it."""
    good = select(SignInLink.token_hash).where(
        SignInLink.token_hash == digest(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now
    )
    return session.scalar(good) is not None


def by_email(session: Session, email: str) -> Account | None:
    """The account of an e-mail address in any letter case."""
    return session.scalars(select(Account).where(Account.email == email.strip().lower())).one_or_none()


def names(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    """Names of accounts by id."""
    rows: Sequence[Account] = session.scalars(select(Account).where(Account.id.in_(set(account_ids)))).all()
    return {row.id: row.name for row in rows}


def names_by_email(session: Session, emails: Collection[str]) -> dict[str, str]:
    """Names of accounts by e-mail, a former one too; whatever is and was no account's e-mail is left out."""
    asked = set(emails)
    once = select(FormerEmail.email, Account.name).join(Account, Account.id == FormerEmail.account_id).where(FormerEmail.email.in_(asked))
    today = {row.email: row.name for row in session.scalars(select(Account).where(Account.email.in_(asked)))}
    return {row.email: row.name for row in session.execute(once)} | today


def addresses(session: Session, email: str) -> frozenset[str]:
    """All e-mails by which the person of this one is or was known here, itself included: a new address makes no second person."""
    whose = session.scalar(select(Account.id).where(Account.email == email))
    if whose is None:
        whose = session.scalar(select(FormerEmail.account_id).where(FormerEmail.email == email))
    theirs = select(Account.email).where(Account.id == whose).union_all(select(FormerEmail.email).where(FormerEmail.account_id == whose))
    return frozenset({email, *session.scalars(theirs)})


def trail(session: Session, *, actor: str = "", action: str = "", subject: str = "", limit: int, before: int = 0) -> Sequence[AuditEntry]:
    """Entries of the audit trail, the newest first: of one actor, of actions that begin so, about one subject, older than id *before*."""
    found = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if actor:
        found = found.where(AuditEntry.actor.in_(addresses(session, actor)))
    if action:
        found = found.where(AuditEntry.action.startswith(action, autoescape=True))
    if subject:
        found = found.where(AuditEntry.subject == subject)
    return session.scalars(found.where(AuditEntry.id < before) if before else found).all()

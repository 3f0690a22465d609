"""Accounts, passwords, one-time links, sign-ins, and the audit trail. The caller commits."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from outreach.database import Json
from outreach.staff.roles import GRANTS, Reach, Role
from outreach.staff.tables import Account, AccountSchool, AuditEntry, FormerEmail, SignInLink, StaffSession

LINK_LIFETIME = timedelta(days=2)
SHORTEST_PASSWORD = 12
"""Characters; length is what counts (NIST SP 800-63B §3.1.1), so no other rule is made."""
LONGEST_PASSWORD = 256
"""Characters; hashing a book would cost the server, not the guesser."""


class AccountError(ValueError):
    """The account cannot be made as asked."""


class PasswordError(ValueError):
    """The password is too short or too long, or names the account."""


class LinkError(ValueError):
    """The sign-in link is unknown, has been used or is too old; ask your administrator for a new one."""


def add_account(session: Session, *, email: str, name: str, role: Role, schools: Collection[str], now: datetime) -> Account:
    """Add a person without a password; they sign in first with ``one_time_link``. Raises AccountError."""
    address = free_address(session, email)
    needs_schools(role, schools)
    account = Account(email=address, name=name.strip() or address, role=role.value, password_hash=None, created_at=now, disabled_at=None)
    session.add(account)
    session.flush()
    session.add_all(AccountSchool(account_id=account.id, school_id=school) for school in sorted(set(schools)))
    session.flush()
    return account


def free_address(session: Session, email: str, account_id: int | None = None) -> str:
    """An e-mail as it is stored, if it is one, and nobody's but perhaps this account's, now or formerly. Raises AccountError."""
    address = email.strip().lower()
    if address.count("@") != 1 or not all(address.split("@")) or any(character.isspace() for character in address):
        message = f"{email!r} is not an e-mail address."
        raise AccountError(message)
    now_theirs = session.scalars(select(Account.id).where(Account.email == address)).first()
    once_theirs = session.scalars(select(FormerEmail.account_id).where(FormerEmail.email == address)).first()
    if now_theirs not in {None, account_id}:
        message = f"There is already an account for {address}."
        raise AccountError(message)
    if once_theirs not in {None, account_id}:
        message = f"Somebody else was known here as {address}, and what they did stands under it. Use another address."
        raise AccountError(message)
    return address


def needs_schools(role: Role, schools: Collection[str]) -> None:
    """Refuse a role of schools without one. Raises AccountError."""
    if GRANTS[role].reach is not Reach.DISTRICT and not schools and role is not Role.TRANSLATOR:
        message = f"The role {role.words} needs at least one school."
        raise AccountError(message)


def one_time_link(session: Session, account: Account, now: datetime, lifetime: timedelta = LINK_LIFETIME) -> str:
    """Return a fresh token for ``/sign-in/<token>``; only its hash is stored. It works once, and those before it no more."""
    take_links_back(session, account, now)
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(token_hash=digest(token), account_id=account.id, expires_at=now + lifetime, used_at=None))
    session.flush()
    return token


def take_links_back(session: Session, account: Account, now: datetime) -> int:
    """Let no link of this account work any more; return how many would have."""
    good = SignInLink.account_id == account.id, SignInLink.used_at.is_(None), SignInLink.expires_at > now
    taken = session.scalars(update(SignInLink).where(*good).values(expires_at=now).returning(SignInLink.token_hash))
    return len(taken.all())


def use_link(session: Session, token: str, now: datetime) -> Account:
    """Spend a one-time link and return its account; raises LinkError. Of two that come at once, one wins."""
    spent = session.execute(
        update(SignInLink)
        .where(SignInLink.token_hash == digest(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .returning(SignInLink.account_id)
    ).scalar_one_or_none()
    account = None if spent is None else session.get(Account, spent)
    if account is None or account.disabled_at is not None:
        raise LinkError(LinkError.__doc__)
    return account


def set_password(session: Session, account: Account, password: str, now: datetime) -> None:
    """Store the argon2 hash of a new password and end all sign-ins of the account. Raises PasswordError."""
    if len(password) < SHORTEST_PASSWORD:
        message = f"Please use at least {SHORTEST_PASSWORD} characters; a few words in a row are good."
        raise PasswordError(message)
    if len(password) > LONGEST_PASSWORD:
        message = f"Please use at most {LONGEST_PASSWORD} characters."
        raise PasswordError(message)
    if account.email.split("@")[0] in password.lower():
        message = "Please use a password that does not contain your e-mail name."
        raise PasswordError(message)
    account.password_hash = PasswordHash.recommended().hash(password)
    end_sessions(session, account.id, now)
    session.flush()


def check_password(session: Session, email: str, password: str) -> Account | None:
    """Return the account that this e-mail and password open, or None.

    An unknown e-mail takes as long as a wrong password, so that the time tells nothing.
    """
    hasher = PasswordHash.recommended()
    account = session.scalars(select(Account).where(Account.email == email.strip().lower())).one_or_none()
    stored = None if account is None or account.disabled_at is not None else account.password_hash
    if account is None or stored is None or len(password) > LONGEST_PASSWORD:
        hasher.hash(password[:LONGEST_PASSWORD])
        return None
    return account if hasher.verify(password, stored) else None


def renew_password(account: Account, password: str) -> None:
    """Hash a password that was right anew where its hash is of an older strength."""
    hasher = PasswordHash.recommended()
    if account.password_hash is not None and hasher.current_hasher.check_needs_rehash(account.password_hash):
        account.password_hash = hasher.hash(password)


def begin_session(
    session: Session, account: Account, now: datetime, *, by_link: bool = False, waits_for_code: bool = False, browser: str = ""
) -> str:
    """Sign a person in: return the key that their cookie carries; only its hash is stored."""
    key = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            key_hash=digest(key),
            public_id=secrets.token_hex(8),
            account_id=account.id,
            started_at=now,
            browser=browser,
            waits_for_code=waits_for_code,
            by_link=by_link,
            ended_at=None,
        )
    )
    session.flush()
    return key


def close_account(session: Session, account: Account, now: datetime) -> None:
    """Close an account: its sign-ins end now, its links open nothing, and its person is given no more families. Again changes nothing.

    What they had is handed over by ``cases.handing_over``, which is how people close accounts.
    """
    if account.disabled_at is None:
        account.disabled_at = now
    end_sessions(session, account.id, now)
    session.execute(update(SignInLink).where(SignInLink.account_id == account.id, SignInLink.used_at.is_(None)).values(used_at=now))
    session.flush()


def end_session(session: Session, key: str, now: datetime) -> None:
    """Sign a person out in the browser that holds *key*; again changes nothing."""
    session.execute(
        update(StaffSession).where(StaffSession.key_hash == digest(key)).values(ended_at=func.coalesce(StaffSession.ended_at, now))
    )


def end_sessions(session: Session, account_id: int, now: datetime, *, public_id: str | None = None) -> int:
    """End the sign-ins of a person, or the one that pages call *public_id*; return how many were still running."""
    mine = [StaffSession.account_id == account_id, StaffSession.ended_at.is_(None)]
    if public_id is not None:
        mine.append(StaffSession.public_id == public_id)
    ended = session.scalars(update(StaffSession).where(*mine).values(ended_at=now).returning(StaffSession.waits_for_code))
    return sum(not waited for waited in ended)


def audit(session: Session, *, actor: str, action: str, subject: str, now: datetime, detail: Json | None = None) -> None:
    """Add one entry to the audit trail; ids and figures in *detail*, never a family's words."""
    session.add(AuditEntry(at=now, actor=actor, action=action, subject=subject, detail=detail or {}))
    session.flush()


def digest(secret: str) -> str:
    """SHA-256 of a long random secret, as it is stored; such secrets need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

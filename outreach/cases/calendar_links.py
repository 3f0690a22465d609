"""Secret addresses for calendar programs, which cannot sign in: one a person, kept as a hash, gone when they say so or may no more."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.team_tables import CalendarLink
from outreach.staff import queries as staff
from outreach.staff.actions import audit, digest
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.staff.tables import Account

_SEEN = timedelta(days=1)


def make(session: Session, account_id: int, *, by: str, now: datetime) -> str:
    """Give a person a new address, and return its secret, which is kept nowhere; the one before opens nothing any more."""
    revoke(session, account_id, by=by, now=now)
    token = secrets.token_urlsafe(32)
    link = CalendarLink(account_id=account_id, open_key=account_id, token_hash=digest(token), made_at=now, read_at=None, revoked_at=None)
    session.add(link)
    session.flush()
    audit(session, actor=by, action="calendar.made", subject=f"account {account_id}", now=now)
    return token


def revoke(session: Session, account_id: int, *, by: str, now: datetime) -> bool:
    """Let a person's address open nothing from now on; False where there was none."""
    link = of_account(session, account_id)
    if link is None:
        return False
    link.open_key, link.revoked_at = None, now
    session.flush()
    audit(session, actor=by, action="calendar.revoked", subject=f"account {account_id}", now=now)
    return True


def of_account(session: Session, account_id: int) -> CalendarLink | None:
    """The address a person has now."""
    return session.scalars(select(CalendarLink).where(CalendarLink.open_key == account_id)).one_or_none()


def reader(session: Session, token: str) -> tuple[CalendarLink, SignedIn] | None:
    """Whose calendar *token* opens; None for a wrong or revoked one, a closed account, and a role that may see no follow-ups."""
    rows = select(CalendarLink, Account).join(Account, Account.id == CalendarLink.account_id)
    good = CalendarLink.token_hash == digest(token), CalendarLink.open_key.is_not(None), Account.disabled_at.is_(None)
    found = session.execute(rows.where(*good)).one_or_none()
    person = staff.as_reader(session, found[1]) if found is not None else None
    return (found[0], person) if found is not None and person is not None and person.may(Permission.INBOX_ANSWER) else None


def note_read(link: CalendarLink, now: datetime) -> None:
    """Keep, to the day, that somebody's program still asks."""
    if link.read_at is None or link.read_at < now - _SEEN:
        link.read_at = now

"""Wrong passwords, counted by the e-mail that was typed, whether an account has it or not."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from outreach.staff.tables import WrongPassword

WINDOW = timedelta(minutes=15)
MOST = 10
"""Wrong tries in that time, after which it waits; a guess a minute finds no password of fifteen letters."""


def must_wait(session: Session, email: str, now: datetime) -> bool:
    """Whether so many wrong passwords came for this e-mail that none is looked at now."""
    lately = WrongPassword.typed == _typed(email), WrongPassword.at > now - WINDOW
    return (session.scalar(select(func.count()).where(*lately)) or 0) >= MOST


def note(session: Session, email: str, now: datetime) -> None:
    """Count a wrong password, and forget those that no longer count."""
    session.execute(delete(WrongPassword).where(WrongPassword.at <= now - WINDOW))
    session.add(WrongPassword(typed=_typed(email), at=now))
    session.flush()


def forget(session: Session, email: str) -> None:
    """Start anew after a right one."""
    session.execute(delete(WrongPassword).where(WrongPassword.typed == _typed(email)))


def _typed(email: str) -> str:
    """A digest: what strangers type into the form is nothing to keep."""
    return hashlib.sha256(email.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()

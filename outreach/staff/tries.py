"""Wrong passwords, counted by the e-mail that was typed, whether an account has it or not; and wrong codes, by whose they were to be."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from outreach.database import take_turns
from outreach.staff.tables import WrongPassword

WINDOW = timedelta(minutes=15)
MOST = 10
"""Wrong tries in that time, after which it waits; a guess a minute finds no password of fifteen letters."""


PASSWORD, CODE = "password", "code"
"""What was tried. They are counted apart, so that nobody who types "code of 7" for an e-mail keeps somebody's codes waiting."""


def must_wait(session: Session, whose: str, now: datetime, *, what: str = PASSWORD) -> bool:
    """Whether so many wrong ones came for this e-mail (of codes: this account) that none is looked at now."""
    lately = WrongPassword.typed == _typed(what, whose), WrongPassword.at > now - WINDOW
    return (session.scalar(select(func.count()).where(*lately)) or 0) >= MOST


def spend(session: Session, whose: str, now: datetime, *, what: str = PASSWORD) -> bool:
    """Take one try before it is looked at; False where none is left. It counts as wrong until ``forget``.

    However many ask at the same moment, no more than MOST get one: they are counted one after the other, before the slow hash is made.
    """
    take_turns(session, f"tries of {_typed(what, whose)}")
    if must_wait(session, whose, now, what=what):
        return False
    note(session, whose, now, what=what)
    return True


def note(session: Session, whose: str, now: datetime, *, what: str = PASSWORD) -> None:
    """Count a wrong one, and forget those that no longer count."""
    session.execute(delete(WrongPassword).where(WrongPassword.at <= now - WINDOW))
    session.add(WrongPassword(typed=_typed(what, whose), at=now))
    session.flush()


def forget(session: Session, whose: str, *, what: str = PASSWORD) -> None:
    """Start anew after a right one."""
    session.execute(delete(WrongPassword).where(WrongPassword.typed == _typed(what, whose)))


def _typed(what: str, whose: str) -> str:
    """A digest: what strangers type into the form is nothing to keep."""
    return hashlib.sha256(f"{what} {whose.strip()}".lower().encode("utf-8", "surrogatepass")).hexdigest()

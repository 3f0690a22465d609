"""Opening the family page: a letter's code and a child's birth date make a visit; wrong tries are counted and end a code.

Whatever is wrong (no such code, another date, an ended code, a right that ended), the caller learns the same: nothing.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import family_rights
from outreach.cases.family_rights import Seen
from outreach.delivery import family_codes
from outreach.delivery.family_tables import FamilyCode, FamilyTry, FamilyVisit
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

LASTS = timedelta(minutes=45)
"""How long a visit lasts: time to read slowly and to write, and not until somebody else picks up the phone."""
MOST_WRONG = 5
"""Wrong birth dates in a row that end a code."""
_STRETCH = timedelta(minutes=15)
_MOST_FROM_ADDRESS = 20
"""Wrong tries from one address in a stretch; a school's or a carrier's address stands for many families."""
_KEPT = timedelta(days=1)


def open_page(session: Session, code: str, born: date | None, *, address: str, settings: Settings, now: datetime) -> str | None:
    """Begin a visit and return its key, or None; *address* is a keyed hash of where the request came from.

    A try that fails is written too, so the caller commits in either case.
    """
    since = _stretch(now)
    tried = session.scalar(select(FamilyTry.wrong).where(FamilyTry.address == address, FamilyTry.since == since)) or 0
    found = session.scalars(
        select(FamilyCode).where(FamilyCode.code_hash == family_codes.digest(family_codes.read(code))).with_for_update()
    ).one_or_none()
    if tried >= _MOST_FROM_ADDRESS:
        return None
    shown = family_rights.seen(session, found, settings, now) if found is not None else None
    if found is None or shown is None or born is None or born not in shown.birth_dates:
        _wrong(session, found if shown is not None else None, address, since, now)
        return None
    found.wrong_tries = 0
    key = secrets.token_urlsafe(32)
    session.add(FamilyVisit(key_hash=family_codes.digest(key), code_id=found.id, opened_at=now, ended_at=None))
    session.flush()
    return key


def visited(session: Session, key: str, settings: Settings, now: datetime) -> tuple[FamilyCode, Seen] | None:
    """What the visit of *key* shows now; None once it is over, or the code shows nothing any more."""
    row = session.execute(
        select(FamilyVisit, FamilyCode)
        .join(FamilyCode, FamilyCode.id == FamilyVisit.code_id)
        .where(FamilyVisit.key_hash == family_codes.digest(key), FamilyVisit.ended_at.is_(None), FamilyVisit.opened_at > now - LASTS)
    ).one_or_none()
    if row is None:
        return None
    code: FamilyCode = row[1]
    shown = family_rights.seen(session, code, settings, now)
    return None if shown is None else (code, shown)


def leave(session: Session, key: str, now: datetime) -> None:
    """End a visit; again, or one that never was, changes nothing."""
    visit = session.scalars(select(FamilyVisit).where(FamilyVisit.key_hash == family_codes.digest(key))).one_or_none()
    if visit is not None and visit.ended_at is None:
        visit.ended_at = now


def _wrong(session: Session, code: FamilyCode | None, address: str, since: datetime, now: datetime) -> None:
    """Count a wrong try against its address and against the code, if it is one that still shows something."""
    session.execute(delete(FamilyTry).where(FamilyTry.since < now - _KEPT))
    session.execute(delete(FamilyVisit).where(FamilyVisit.opened_at < now - _KEPT))
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(FamilyTry)
    counted = insert.values(address=address, since=since, wrong=1)
    session.execute(counted.on_conflict_do_update(index_elements=[FamilyTry.address, FamilyTry.since], set_={"wrong": FamilyTry.wrong + 1}))
    if code is None:
        return
    code.wrong_tries += 1
    if code.wrong_tries >= MOST_WRONG:
        code.ended_at, code.ended_because = now, "wrong birth dates"
        letter = session.get(PlannedMessage, code.planned_id)
        attention.raise_item(
            session,
            kind="family_page",
            key=f"family_page:{code.id}",
            sentence="Somebody entered a letter's code with wrong birth dates, so the code was ended. Call the family: was it them? "
            "They can be helped on the phone, and the next letter has a new code.",
            now=now,
            school_id=letter.school_id if letter else "",
            detail={"planned": code.planned_id},
        )


def _stretch(now: datetime) -> datetime:
    """When the present stretch of time began."""
    return now - (now - datetime.fromtimestamp(0, tz=now.tzinfo)) % _STRETCH

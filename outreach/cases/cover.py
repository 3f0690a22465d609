"""What a person of the staff reads and takes, and when they are away and who covers: theirs to say, or an administrator's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.routing_facts import RUNGS
from outreach.cases.routing_tables import StaffAbsence, StaffDetail
from outreach.messages.languages import languages
from outreach.replies.reasons import CATEGORY_OF, Category
from outreach.staff import queries as staff
from outreach.staff.actions import audit
from outreach.staff.roles import Role
from outreach.staff.tables import Account

_LONGEST_DAYS = 366


class CoverError(ValueError):
    """What was said of somebody cannot be kept."""


@dataclass(frozen=True)
class Details:
    """What somebody reads and takes."""

    languages: tuple[str, ...] = ()
    """Locales, besides English."""
    grades: tuple[str, ...] = ()
    """Empty takes every grade."""
    reasons: tuple[str, ...] = ()
    """Reasons or root causes; empty takes every reason."""


def details(session: Session, account_id: int) -> Details:
    """What an account said of itself; nothing where it has said nothing."""
    row = session.get(StaffDetail, account_id)
    return Details(tuple(row.languages), tuple(row.grades), tuple(row.reasons)) if row else Details()


def keep(session: Session, account_id: int, said: Details, *, by: str, now: datetime) -> None:
    """Keep what somebody reads and takes. Raises CoverError for a language or a reason that nobody knows."""
    known = {*CATEGORY_OF, *(category.value for category in Category)}
    if strange := [*(set(said.languages) - set(languages())), *(set(said.reasons) - known)]:
        message = f"{strange[0]} is not in our list."
        raise CoverError(message)
    row = session.get(StaffDetail, account_id)
    if row is None:
        row = StaffDetail(account_id=account_id, languages=[], grades=[], reasons=[])
        session.add(row)
    row.languages, row.grades, row.reasons = sorted(set(said.languages)), sorted(set(said.grades)), sorted(set(said.reasons))
    audit(session, actor=by, action="staff.details", subject=f"account {account_id}", now=now)


def go_away(session: Session, account_id: int, begins: date, ends: date, *, cover_id: int | None, by: str, now: datetime) -> StaffAbsence:
    """Say that somebody is away from one day to another, both included, and who covers. Raises CoverError."""
    if not 0 <= (ends - begins).days < _LONGEST_DAYS:
        message = "The last day away comes after the first, and within a year."
        raise CoverError(message)
    if cover_id is not None and cover_id not in {account.id for account in stand_ins(session, account_id)}:
        message = "Whoever covers must be able to see families of one of the same schools; choose somebody from the list."
        raise CoverError(message)
    row = StaffAbsence(account_id=account_id, begins=begins, ends=ends, cover_id=cover_id)
    session.add(row)
    detail = {"begins": begins.isoformat(), "ends": ends.isoformat(), "cover": cover_id}
    audit(session, actor=by, action="staff.away", subject=f"account {account_id}", now=now, detail=detail)
    return row


def come_back(session: Session, absence: StaffAbsence, *, by: str, now: datetime) -> None:
    """Take an absence back; families that went to somebody meanwhile stay there."""
    session.delete(absence)
    audit(session, actor=by, action="staff.not_away", subject=f"account {absence.account_id}", now=now)


def absences(session: Session, account_ids: Collection[int], today: date) -> list[StaffAbsence]:
    """Absences that are not over, the first one first."""
    rows = select(StaffAbsence).where(StaffAbsence.account_id.in_(account_ids), StaffAbsence.ends >= today)
    return list(session.scalars(rows.order_by(StaffAbsence.begins, StaffAbsence.id)))


def stand_ins(session: Session, account_id: int) -> list[Account]:
    """Who may cover for somebody: whoever may be given families of one of the same schools."""
    mine = staff.scope(session, session.get_one(Account, account_id))
    return [account for account in takers(session, mine) if account.id != account_id]


def takers(session: Session, schools: Collection[str] | None, *, helpers: bool = False) -> list[Account]:
    """Whoever may be given families of one of *schools* (None: any), by name; with *helpers* those who only help with a language, too."""
    roles = [role.value for role in (*RUNGS, *([Role.LANGUAGE_HELPER] if helpers else []))]
    rows = session.scalars(select(Account).where(Account.disabled_at.is_(None), Account.role.in_(roles)).order_by(Account.name, Account.id))
    return [account for account in rows if _shares(staff.scope(session, account), schools)]


def may_take(role: Role) -> bool:
    """Whether people of a role are given families."""
    return role in RUNGS


def _shares(theirs: Collection[str] | None, mine: Collection[str] | None) -> bool:
    return theirs is None or mine is None or bool(set(theirs) & set(mine))

"""What routing decides upon, read from the rows: the family, and everybody who may see its school."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from outreach.cases.barrier_words import shipped
from outreach.cases.help_tables import Barrier
from outreach.cases.routing import Family, Person, Rung
from outreach.cases.routing_tables import StaffAbsence, StaffDetail
from outreach.cases.saved_replies import locale_of
from outreach.cases.states import CaseState
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.messages.languages import languages
from outreach.planning.situation import zone_of
from outreach.replies.reasons import CATEGORY_OF
from outreach.settings import Settings
from outreach.staff.roles import GRANTS, Reach, Role
from outreach.staff.tables import Account, AccountSchool

RUNGS: Mapping[Role, Rung] = MappingProxyType(
    {
        Role.COORDINATOR: Rung.COORDINATOR,
        Role.SCHOOL_ADMINISTRATOR: Rung.SCHOOL_ADMINISTRATOR,
        Role.DISTRICT_ADMINISTRATOR: Rung.DISTRICT_ADMINISTRATOR,
    }
)
"""Who may be given families, and how far up they stand."""
_SEALED = "what this family named"
_DISTRICT_WIDE = [role.value for role in RUNGS if GRANTS[role].reach is Reach.DISTRICT]


def family_of(session: Session, case: Case, settings: Settings, reason: str = "") -> Family:
    """What is known of the family of *case*; *reason* is what it named just now, else the last one that the case holds.

    A sealed reason is matched, and not named: why somebody was chosen is read by more people than the reason.
    """
    school = district.schools(session, [case.school_id]).get(case.school_id) if case.school_id else None
    child = district.students(session, [case.student_id]).get(case.student_id) if case.student_id else None
    locale, words, sealed = locale_of(session, case, settings), shipped(), reason in shipped().sealed
    if not reason and (last := session.scalars(select(Barrier).where(Barrier.case_id == case.id).order_by(Barrier.id.desc())).first()):
        reason, sealed = last.reason, last.sealed
    return Family(
        school=case.school_id,
        school_name=school.name or case.school_id if school else case.school_id,
        grade=child.grade if child else "",
        reason=reason,
        category=CATEGORY_OF[reason].value if reason in CATEGORY_OF else "",
        reason_words=_SEALED if sealed else words.reason(reason).lower(),
        language=locale,
        language_words=languages()[locale].english if locale in languages() else locale,
        owner=case.owner_id,
    )


def people_of(session: Session, school_id: str, settings: Settings, now: datetime) -> list[Person]:
    """Everybody who may be given a family of a school (of no school: nobody), as routing needs to know them."""
    if not school_id:
        return []
    accounts = session.scalars(select(Account).where(*_able(school_id)).order_by(Account.id)).all()
    ids = [account.id for account in accounts]
    details = {row.account_id: row for row in session.scalars(select(StaffDetail).where(StaffDetail.account_id.in_(ids)))}
    zone = zone_of(district.schools(session, [school_id]).get(school_id), settings)
    away, loads = absences(session, ids, local_date(now, zone)), _loads(session, ids)
    return [_person(account, school_id, details.get(account.id), away.get(account.id), loads.get(account.id, 0)) for account in accounts]


def languages_at(session: Session, school_id: str, settings: Settings, now: datetime) -> frozenset[str]:
    """The languages, besides English, of everybody who may be given a family of a school and is there: one question, for every text."""
    if not school_id:
        return frozenset()
    today = local_date(now, zone_of(district.schools(session, [school_id]).get(school_id), settings))
    gone = StaffAbsence.account_id == Account.id, StaffAbsence.begins <= today, StaffAbsence.ends >= today
    rows = (
        select(StaffDetail.languages).join(Account, Account.id == StaffDetail.account_id).where(*_able(school_id), ~exists().where(*gone))
    )
    return frozenset().union(*session.scalars(rows))


def _able(school_id: str) -> tuple[ColumnElement[bool], ...]:
    """Accounts that may be given families of a school."""
    at_school = select(AccountSchool.account_id).where(AccountSchool.school_id == school_id)
    return (
        Account.disabled_at.is_(None),
        Account.role.in_([role.value for role in RUNGS]),
        or_(Account.role.in_(_DISTRICT_WIDE), Account.id.in_(at_school)),
    )


def _person(account: Account, school_id: str, detail: StaffDetail | None, absence: StaffAbsence | None, load: int) -> Person:
    rung = RUNGS[Role(account.role)]
    return Person(
        id=account.id,
        name=account.name or account.email,
        rung=rung,
        schools=None if account.role in _DISTRICT_WIDE else frozenset({school_id}),
        languages=frozenset(detail.languages if detail else ()),
        grades=frozenset(detail.grades if detail else ()),
        reasons=frozenset(detail.reasons if detail else ()),
        away_until=absence.ends if absence else None,
        cover=absence.cover_id if absence else None,
        load=load,
    )


def absences(session: Session, account_ids: Collection[int], today: date) -> dict[int, StaffAbsence]:
    """Who of *account_ids* is away on a day: account → the absence that lasts longest."""
    rows = (
        select(StaffAbsence)
        .where(StaffAbsence.account_id.in_(account_ids), StaffAbsence.begins <= today, StaffAbsence.ends >= today)
        .order_by(StaffAbsence.ends, StaffAbsence.id)
    )
    return {row.account_id: row for row in session.scalars(rows)}


def _loads(session: Session, account_ids: Collection[int]) -> Mapping[int, int]:
    """Account → its open cases; answered ones, where the family has the last word, do not weigh."""
    mine = select(Case.owner_id, func.count()).where(Case.state == CaseState.OPEN.value, Case.owner_id.in_(account_ids))
    return {row[0]: row[1] for row in session.execute(mine.group_by(Case.owner_id)) if row[0] is not None}

"""An account changes: name, e-mail, role or schools. What its person may not have any more goes to a colleague at the same time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from outreach.cases import cover, handing_over
from outreach.cases.danger_tables import Incident
from outreach.cases.desk import DraftKind
from outreach.cases.handing_over import (
    LAST_ADMINISTRATOR,
    NOT_FOUND,
    STRANDED,
    LeavingError,
    Load,
    Work,
    counted,
    load_of,
    reaches,
    takers,
)
from outreach.cases.help_tables import Step
from outreach.cases.inbox_tables import CaseDraft
from outreach.cases.language_tables import LanguageTask
from outreach.cases.routing_tables import StaffAbsence
from outreach.cases.tables import Case
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.actions import audit, end_sessions, free_address, needs_schools, take_links_back
from outreach.staff.roles import GRANTS, Permission, Reach, Role, may
from outreach.staff.tables import Account, AccountSchool, FormerEmail, LinkedIdentity

_WRITES = {DraftKind.ANSWER: Permission.INBOX_ANSWER, DraftKind.NOTE: Permission.INBOX_NOTE}


@dataclass(frozen=True)
class Wanted:
    """An account as an administrator wants it to be."""

    name: str
    email: str
    role: Role
    schools: frozenset[str]
    """Not looked at for a role of the whole district."""
    forget_identity: bool = False
    """The district's sign-in service has a new number for this person: know them by their e-mail once more."""

    @property
    def works_at(self) -> frozenset[str]:
        """The schools that are written down."""
        return frozenset() if GRANTS[self.role].reach is Reach.DISTRICT else self.schools


@dataclass(frozen=True)
class Changed:
    """What a change did."""

    handed_over: Work
    signed_out: int
    """Sign-ins that ended."""
    new_email: bool


def lost_by(session: Session, account: Account, wanted: Wanted, *, by: str, settings: Settings, now: datetime) -> Work:
    """Count what this person would have to give away; nothing changes. Raises LeavingError, AccountError."""
    _refuse(session, account, wanted, by)
    free_address(session, wanted.email, account.id)
    return counted(session, _lost(session, account, wanted, settings, now))


def change(
    session: Session,
    account: Account,
    wanted: Wanted,
    to: int | None,
    *,
    leave_on_call_empty: bool = False,
    by: str,
    settings: Settings,
    now: datetime,
) -> Changed:
    """Make an account what is wanted, and hand over what it may not have any more: to the account *to*, or (None) by routing.

    A lost school, another role and another e-mail end all its sign-ins; a link on its way to the former e-mail opens nothing. Rows keep
    the e-mail under which something was done. Raises LeavingError, AccountError.
    """
    _refuse(session, account, wanted, by)
    address = free_address(session, wanted.email, account.id)
    named = next((one for one in takers(session, account) if one.id == to), None)
    before, schools = (account.name, account.email, account.role), staff.own_schools(session, account.id)
    load = _lost(session, account, wanted, settings, now)
    work = counted(session, load)
    if to is not None and named is None:
        raise LeavingError(NOT_FOUND)
    if work.alone_on_call and not leave_on_call_empty:
        raise LeavingError(STRANDED)
    _write(session, account, wanted)
    handing_over.give(session, account, load, named, why="does other work now", by=by, settings=settings, now=now)
    new_email = address != before[1]
    if new_email:
        _known_by(session, account, before[1], address, now)
    forgotten = _forget_identity(session, account) if wanted.forget_identity else 0
    ends = new_email or account.role != before[2] or bool(schools - wanted.works_at) or bool(forgotten)
    detail = {
        **{key: [old, new] for key, old, new in zip(("name", "email", "role"), before, _today(account), strict=True) if old != new},
        **({"schools": [sorted(schools), sorted(wanted.works_at)]} if schools != wanted.works_at else {}),
        **({"identities_forgotten": forgotten} if forgotten else {}),
        **({"to": named.id if named else None} if not work.is_nothing else {}),
        **{one.name: getattr(work, one.name) for one in fields(work) if getattr(work, one.name)},
    }
    if detail:
        audit(session, actor=by, action="account.changed", subject=f"account {account.id}", now=now, detail=detail)
    return Changed(work, end_sessions(session, account.id, now) if ends else 0, new_email)


def _refuse(session: Session, account: Account, wanted: Wanted, by: str) -> None:
    """Say why not, before anything is done."""
    message = ""
    moved = account.role != wanted.role or staff.own_schools(session, account.id) != wanted.works_at
    if account.disabled_at is not None:
        message = "This account is closed; nothing of it changes any more."
    elif moved and account.role != wanted.role and handing_over.is_last_administrator(session, account):
        message = LAST_ADMINISTRATOR
    elif moved and account.email == by:
        message = "You cannot change your own role or schools; a colleague does."
    elif not wanted.name.strip():
        message = "Write the name by which families and colleagues know them."
    if message:
        raise LeavingError(message)
    needs_schools(wanted.role, wanted.works_at)


def _write(session: Session, account: Account, wanted: Wanted) -> None:
    """Name, role and schools; the e-mail has a history."""
    account.name, account.role = wanted.name.strip(), wanted.role.value
    session.execute(delete(AccountSchool).where(AccountSchool.account_id == account.id))
    session.add_all(AccountSchool(account_id=account.id, school_id=school) for school in sorted(wanted.works_at))
    session.flush()


def _lost(session: Session, account: Account, wanted: Wanted, settings: Settings, now: datetime) -> Load:
    """What the account has and may not have any more."""
    load, role = load_of(session, account.id, settings, now), wanted.role
    reach = GRANTS[role].reach
    schools = None if reach is Reach.DISTRICT else wanted.works_at if reach is Reach.SCHOOLS else frozenset()

    def keeps(case: Case, permission: Permission) -> bool:
        return reaches(role, schools, case, permission)

    def case_of(row: Step | CaseDraft | Incident | LanguageTask) -> Case:
        return session.get_one(Case, row.case_id)

    def stands_in(absence: StaffAbsence) -> bool:
        theirs = staff.scope(session, session.get_one(Account, absence.account_id))
        return cover.may_take(role) and (theirs is None or schools is None or bool(theirs & schools))

    return Load(
        cases=[case for case in load.cases if not keeps(case, Permission.INBOX_ANSWER)],
        steps=[step for step in load.steps if not keeps(case_of(step), Permission.INBOX_ANSWER)],
        drafts=[draft for draft in load.drafts if not keeps(case_of(draft), _WRITES[DraftKind(draft.kind)])],
        covers=[absence for absence in load.covers if not stands_in(absence)],
        incidents=[incident for incident in load.incidents if not keeps(case_of(incident), Permission.DANGER_READ)],
        tasks=[task for task in load.tasks if not keeps(case_of(task), Permission.LANGUAGE_HELP)],
        ties=[] if may(role, Permission.CHILDREN_OWN) else load.ties,
        place=None if may(role, Permission.DANGER_READ) else load.place,
    )


def _known_by(session: Session, account: Account, former: str, address: str, now: datetime) -> None:
    """Give the account another e-mail: open dangers follow the person, and links sent to the former one open nothing."""
    session.execute(delete(FormerEmail).where(FormerEmail.email == address))
    session.add(FormerEmail(email=former, account_id=account.id, until=now))
    for incident in handing_over.incidents_of(session, account.id):
        incident.acknowledged_by = address
    take_links_back(session, account, now)
    account.email = address
    session.flush()


def _forget_identity(session: Session, account: Account) -> int:
    gone = session.scalars(delete(LinkedIdentity).where(LinkedIdentity.account_id == account.id).returning(LinkedIdentity.subject))
    return len(gone.all())


def _today(account: Account) -> tuple[str, str, str]:
    return account.name, account.email, account.role

"""Somebody leaves: their account is closed, and everything they had goes to a colleague who is named, or by routing. Nothing is lost.

One transaction does all of it: no family ever waits for an account that is closed. What cannot go to the named colleague, because it
belongs to a school they do not see, goes by routing; what routing gives to nobody stands under *Nobody's*, and a family that waits is put
before the district.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import actions, cover, danger, desk, escalation, oncall
from outreach.cases.danger_tables import Incident
from outreach.cases.desk import DraftKind
from outreach.cases.events import add_event
from outreach.cases.help_states import StepState
from outreach.cases.help_tables import Step
from outreach.cases.inbox_tables import CaseDraft, CasePresence
from outreach.cases.language_states import TaskState
from outreach.cases.language_tables import LanguageTask
from outreach.cases.mentor_tables import MentorTie
from outreach.cases.routing_tables import StaffAbsence
from outreach.cases.states import CaseState, EventKind
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.actions import audit, close_account
from outreach.staff.oncall import chain, readiness
from outreach.staff.oncall_tables import OnCallPerson
from outreach.staff.roles import Permission, Role, may
from outreach.staff.tables import Account, StaffSession

LABELS = {
    "waiting": "Open conversations",
    "answered": "Conversations in which the family has the last word",
    "sealed": "Of both, with sealed words that only whoever takes over will read",
    "steps": "Planned steps",
    "drafts": "Unsent drafts",
    "covers": "Absences of colleagues for which they stand in",
    "incidents": "Open dangers that they have; somebody else is called at once",
    "tasks": "Texts to read in another language",
    "children": "Children, or groups of them, whose mentor they are",
}
"""What each count of ``Work`` is, for whoever decides."""
LAST_ADMINISTRATOR = "This is the last district administrator who ever signed in; first let another one come in."
NOT_FOUND = "Choose somebody from the list: whoever takes over must see families of one of the same schools."
STRANDED = "Without them nobody, or no last resort, is on call. Name somebody on the page On call first, or say below that you know."


class LeavingError(RuntimeError):
    """An account cannot be closed as asked."""


@dataclass(frozen=True)
class Work:
    """What one person has, counted."""

    waiting: int
    """Open cases under *Needs me* or for information, those put aside included."""
    answered: int
    """Cases in which the family has the last word."""
    sealed: int
    """Those of both whose words only they read: the seal goes with the case."""
    steps: int
    """Steps they planned to do."""
    drafts: int
    """Words they have not sent."""
    covers: int
    """Absences, of today or later, for which they stand in."""
    incidents: int
    """Open texts of danger that they have."""
    tasks: int
    """Things to read or interpret in a language."""
    children: int
    """What was said of whose mentor they are."""
    on_call: bool
    """In the chain that is called for danger."""
    alone_on_call: bool
    """Without them the chain has nobody, or no last resort."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to hand over."""
        return not any(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True)
class Load:
    """The rows of what one person has, all or some of them."""

    cases: Sequence[Case]
    steps: Sequence[Step]
    drafts: Sequence[CaseDraft]
    covers: Sequence[StaffAbsence]
    incidents: Sequence[Incident]
    tasks: Sequence[LanguageTask]
    ties: Sequence[MentorTie]
    place: OnCallPerson | None
    """In the chain that is called for danger."""


def load_of(session: Session, account_id: int, settings: Settings, now: datetime) -> Load:
    """All that a person has; it changes nothing."""
    open_tasks = LanguageTask.helper_id == account_id, LanguageTask.state == TaskState.OPEN.value
    return Load(
        _cases(session, account_id),
        _steps(session, account_id),
        session.scalars(select(CaseDraft).where(CaseDraft.account_id == account_id)).all(),
        _covers(session, account_id, settings, now),
        incidents_of(session, account_id),
        session.scalars(select(LanguageTask).where(*open_tasks)).all(),
        session.scalars(select(MentorTie).where(MentorTie.account_id == account_id)).all(),
        _place(session, account_id),
    )


def work_of(session: Session, account_id: int, settings: Settings, now: datetime) -> Work:
    """Count what a person has; it changes nothing."""
    return counted(session, load_of(session, account_id, settings, now))


def counted(session: Session, load: Load) -> Work:
    """Count what somebody would give away."""
    left = [duty for duty in chain(session) if load.place is None or duty.person_id != load.place.id]
    return Work(
        waiting=sum(case.state == CaseState.OPEN for case in load.cases),
        answered=sum(case.state == CaseState.ANSWERED for case in load.cases),
        sealed=sum(case.sealed_since is not None for case in load.cases),
        steps=len(load.steps),
        drafts=len(load.drafts),
        covers=len(load.covers),
        incidents=len(load.incidents),
        tasks=len(load.tasks),
        children=len(load.ties),
        on_call=load.place is not None,
        alone_on_call=load.place is not None and not any(duty.last_resort for duty in left),
    )


def takers(session: Session, account: Account) -> list[Account]:
    """Who may be named: whoever may be given families of one of the same schools; for a mentor, another mentor."""
    if account.role == Role.MENTOR:
        mine = staff.own_schools(session, account.id)
        rows = select(Account).where(Account.role == Role.MENTOR.value, Account.disabled_at.is_(None), Account.id != account.id)
        return [row for row in session.scalars(rows.order_by(Account.name, Account.id)) if staff.own_schools(session, row.id) & mine]
    return cover.stand_ins(session, account.id)


def close(
    session: Session, account: Account, to: int | None, *, leave_on_call_empty: bool = False, by: str, settings: Settings, now: datetime
) -> Work:
    """Close an account and hand over all it had, to the account *to* or (None) by routing; return what that was.

    Where nobody, or no last resort, would be on call any more it is refused, unless *leave_on_call_empty* says that this is known; then
    the district sees it at once. Raises LeavingError.
    """
    named = next((one for one in takers(session, account) if one.id == to), None)
    load = load_of(session, account.id, settings, now)
    work = counted(session, load)
    _refuse(session, account, by, is_found=to is None or named is not None, is_stranded=work.alone_on_call and not leave_on_call_empty)
    close_account(session, account, now)
    session.execute(delete(CasePresence).where(CasePresence.account_id == account.id))
    give(session, account, load, named, why="works here no more", by=by, settings=settings, now=now)
    detail = {"to": named.id if named else None, **{one.name: getattr(work, one.name) for one in fields(work)}}
    audit(session, actor=by, action="account.closed", subject=f"account {account.id}", now=now, detail=detail)
    return work


def give(
    session: Session, account: Account, load: Load, named: Account | None, *, why: str, by: str, settings: Settings, now: datetime
) -> None:
    """Hand *load* over to *named*, as far as they may have it, or by routing; *why* says in the record what became of whoever had it.

    What the account is and sees from now on must be written down before.
    """
    work = counted(session, load)
    for absence in load.covers:
        stand_ins = {one.id for one in cover.stand_ins(session, absence.account_id)}
        absence.cover_id = named.id if named is not None and named.id in stand_ins else None
    for case in load.cases:
        _pass_on(session, case, account, named, why=why, by=by, settings=settings, now=now)
    _steps_go_along(session, load.steps, account, named, why=why, by=by, now=now)
    _drafts_go_along(session, load.drafts, account, by, now)
    _tasks_go_along(session, load.tasks, account, named, why, now)
    _children_go_along(session, load.ties, account, named, why, now)
    _leave_on_call(session, load, work, by=by, settings=settings, now=now)


def _refuse(session: Session, account: Account, by: str, *, is_found: bool, is_stranded: bool) -> None:
    message = ""
    if account.disabled_at is not None:
        message = "This account is closed already."
    elif account.email == by:
        message = "You cannot close your own account; a colleague does."
    elif is_last_administrator(session, account):
        message = LAST_ADMINISTRATOR
    elif not is_found:
        message = NOT_FOUND
    elif is_stranded:
        message = STRANDED
    if message:
        raise LeavingError(message)


def is_last_administrator(session: Session, account: Account) -> bool:
    """Whether nobody else could put things right for the district; who was invited and never came in may never come."""
    signed_in = exists().where(StaffSession.account_id == Account.id, StaffSession.waits_for_code.is_(False))
    came_in = Account.password_hash.is_not(None) | signed_in
    others = select(func.count()).where(
        Account.role == Role.DISTRICT_ADMINISTRATOR.value, Account.disabled_at.is_(None), Account.id != account.id, came_in
    )
    return account.role == Role.DISTRICT_ADMINISTRATOR and not session.scalar(others)


# --- families -------------------------------------------------------------------------------------------------------------------


def _cases(session: Session, account_id: int) -> Sequence[Case]:
    mine = select(Case).where(Case.owner_id == account_id, Case.state != CaseState.CLOSED.value)
    return session.scalars(mine.order_by(Case.waiting_since.is_(None), Case.waiting_since, Case.id)).all()


def _pass_on(
    session: Session, case: Case, account: Account, named: Account | None, *, why: str, by: str, settings: Settings, now: datetime
) -> None:
    """Give one case on, with a sentence in its record."""
    if named is not None and _sees(session, named, case):
        actions.assign(session, case, named.id, by=by, now=now)
    else:
        actions.assign(session, case, None, by=by, now=now)
        escalation.pass_on(session, case, settings, now)
    who = staff.names(session, {case.owner_id}).get(case.owner_id, "") if case.owner_id else ""
    there = f"{who} looks after it now." if who else "Nobody has it yet."
    words = f"{account.name} had it, and {why}. {there}"
    add_event(session, case, EventKind.HANDOVER, by=by, now=now, text=words)


def _sees(session: Session, account: Account, case: Case) -> bool:
    return reaches(Role(account.role), staff.scope(session, account), case, Permission.INBOX_ANSWER)


def reaches(role: Role, schools: Collection[str] | None, case: Case, permission: Permission) -> bool:
    """Whether somebody of that role, with these schools in reach (None: all), may do that with a case."""
    return may(role, permission) and (schools is None or case.school_id in schools)


def _steps(session: Session, account_id: int) -> Sequence[Step]:
    return session.scalars(select(Step).where(Step.owner_id == account_id, Step.state == StepState.PLANNED.value).order_by(Step.id)).all()


def _steps_go_along(
    session: Session, steps: Sequence[Step], account: Account, named: Account | None, *, why: str, by: str, now: datetime
) -> None:
    """A step is done by whoever has its case now; where the case was a colleague's, that colleague, else whoever is named."""
    for step in steps:
        case = session.get_one(Case, step.case_id)
        can = named is not None and _sees(session, named, case)
        step.owner_id = case.owner_id if case.owner_id not in {None, account.id} else named.id if can and named else None
        due = f", due {step.due_on:%B} {step.due_on.day}" if step.due_on else ""
        words = f"{account.name} {why}: a planned step{due} has {'another person' if step.owner_id else 'nobody'} now."
        add_event(session, case, EventKind.HANDOVER, by=by, now=now, text=words)


def _drafts_go_along(session: Session, drafts: Sequence[CaseDraft], account: Account, by: str, now: datetime) -> None:
    """Unsent words become the draft of whoever has the case now; where nobody has, or has words of their own, a note for all."""
    for draft in drafts:
        case = session.get_one(Case, draft.case_id)
        kind, text = DraftKind(draft.kind), draft.text
        session.delete(draft)
        session.flush()
        if case.owner_id not in {None, account.id} and kind not in desk.drafts(session, case.id, case.owner_id or 0):
            desk.keep_draft(session, case.id, case.owner_id or 0, kind, text, now)
        else:
            add_event(session, case, EventKind.NOTE, by=by, now=now, text=f"{account.name} had written, and not sent: {text}")


# --- the rest -------------------------------------------------------------------------------------------------------------------


def _covers(session: Session, account_id: int, settings: Settings, now: datetime) -> Sequence[StaffAbsence]:
    still = StaffAbsence.cover_id == account_id, StaffAbsence.ends >= local_date(now, settings.zone)
    return session.scalars(select(StaffAbsence).where(*still)).all()


def _tasks_go_along(
    session: Session, tasks: Sequence[LanguageTask], account: Account, named: Account | None, why: str, now: datetime
) -> None:
    """Tasks in a language go to the named one, who reads it; of those that go to nobody the district is told."""
    reads = cover.details(session, named.id).languages if named is not None else ()
    left = 0
    for task in tasks:
        task.helper_id, task.given_at = (named.id if named is not None and task.language in reads else None), now
        left += task.helper_id is None
    if left:
        sentence = (
            f"{account.name} {why}, and nobody has the texts in another language that were theirs to read ({left}). Name a language helper."
        )
        attention.raise_item(session, kind="language", key=f"language:left:{account.id}", sentence=sentence, now=now)


def _children_go_along(
    session: Session, ties: Sequence[MentorTie], account: Account, named: Account | None, why: str, now: datetime
) -> None:
    """A mentor's children go to another mentor; where they go to nobody the district is told."""
    if named is not None and named.role == Role.MENTOR:
        theirs = {(tie.student_id, tie.name) for tie in session.scalars(select(MentorTie).where(MentorTie.account_id == named.id))}
        for tie in ties:
            if (tie.student_id, tie.name) not in theirs:
                tie.account_id = named.id
    elif ties:
        sentence = f"{account.name}, a mentor, {why}, and nobody looks after their children. Give them to another mentor (People, Mentors)."
        attention.raise_item(session, kind="mentor", key=f"mentor:left:{account.id}", sentence=sentence, now=now)


def _place(session: Session, account_id: int) -> OnCallPerson | None:
    return session.scalars(select(OnCallPerson).where(OnCallPerson.open_key == account_id)).one_or_none()


def incidents_of(session: Session, account_id: int) -> Sequence[Incident]:
    """Open texts of danger that somebody said they have."""
    email = select(Account.email).where(Account.id == account_id).scalar_subquery()
    mine = Incident.acknowledged_by == email, Incident.acknowledged_at.is_not(None), Incident.closed_at.is_(None)
    return session.scalars(select(Incident).where(*mine).order_by(Incident.id)).all()


def _leave_on_call(session: Session, load: Load, work: Work, *, by: str, settings: Settings, now: datetime) -> None:
    """Take them off the chain, and let the others be called for every danger that they had."""
    if load.place is not None:
        oncall.remove(session, load.place, by=by, now=now)
    for incident in load.incidents:
        danger.ask_others(session, incident, settings, now)
    if work.on_call and (work.alone_on_call or not readiness(session, now).on_call):
        sentence = "Somebody who was on call left, and too few people are left to be called for a danger. Look at the page On call."
        attention.raise_item(session, kind="on_call", key="on_call:left", sentence=sentence, now=now, urgent=True)

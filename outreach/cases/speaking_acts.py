"""What people do about languages: read for a colleague, write or look at an answer, ask for an interpreter and say what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.cases import actions, cover, queries, speaking, speaking_queries
from outreach.cases.actions import CaseError
from outreach.cases.events import add_event
from outreach.cases.language_states import TaskKind, TaskState
from outreach.cases.language_tables import LanguageTask
from outreach.cases.states import EventKind
from outreach.cases.tables import Case
from outreach.messages.languages import languages
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.actions import audit
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.staff.tables import Account
from outreach.translation.states import MachineState
from outreach.translation.tables import MachineText

IN_ENGLISH = "What the family wrote, in English: "
"""How a note begins that tells a family's words; it goes when they are taken out (``records.redaction``)."""


class NotASpeakerError(CaseError):
    """Somebody who does not read a language would have sent words in it."""


def one(session: Session, task_id: int, person: SignedIn) -> LanguageTask:
    """A task that a person may see: their own, or of their schools' cases for who reads those. Raises CaseNotFoundError."""
    task = session.get(LanguageTask, task_id, with_for_update=True)
    if task is None or (task.helper_id != person.id and not person.may(Permission.INBOX_READ)):
        message = "There is no such task for you."
        raise queries.CaseNotFoundError(message)
    if task.helper_id != person.id:
        queries.one(session, task.case_id, person.schools)
    return task


def reads(session: Session, account_id: int, language: str) -> bool:
    """Whether a person said that they read a language."""
    return language in cover.details(session, account_id).languages


def ask(session: Session, case: Case, words: str, *, by: str, settings: Settings, now: datetime) -> MachineText:
    """Ask a speaker to send *words* in the family's language; a machine drafts it where it may. Raises CaseError."""
    language = speaking_queries.family_language(session, case, settings)
    if not words.strip():
        message = "Write in English what the family should hear, then ask for it in their language."
        raise CaseError(message)
    if "{{" in words:
        message = "A place in your words is still empty: fill in what stands between {{ and }}."
        raise CaseError(message)
    if not case.phone:
        message = "This family has not written from a number yet; call them or write a letter."
        raise CaseError(message)
    audit(session, actor=by, action="language.asked", subject=f"case {case.id}", now=now)
    return speaking.ask_for_draft(session, case, words.strip(), language, by=by, settings=settings, now=now)


def interpreter(
    session: Session, case: Case, *, language: str, when: datetime, helper_id: int | None, why: str, by: str, now: datetime
) -> LanguageTask:
    """Ask for an interpreter. Raises CaseError."""
    if when <= now:
        message = "Choose a time that is still to come."
        raise CaseError(message)
    if language not in languages() and not language:
        message = "Choose a language."
        raise CaseError(message)
    helper = session.get(Account, helper_id) if helper_id else None
    task = speaking.new_task(
        case, TaskKind.INTERPRET, language, now, helper_id=helper.id if helper else None, wanted_at=when, why=why.strip()
    )
    task.asked_by = by
    audit(session, actor=by, action="language.interpreter", subject=f"case {case.id}", now=now)
    return speaking.put(session, case, task, now)


def tell(session: Session, task: LanguageTask, words: str, *, by: str, now: datetime) -> None:
    """Say in English what a family wrote: it stands in the case as a note. The family still waits for its answer. Raises CaseError."""
    _is_open(task)
    if not words.strip():
        message = "Write what the family's words say."
        raise CaseError(message)
    case = session.get_one(Case, task.case_id)
    add_event(session, case, EventKind.NOTE, by=by, now=now, text=f"{IN_ENGLISH}{words.strip()}")
    speaking.end(session, task, TaskState.DONE, by=by, now=now, result=words.strip())
    audit(session, actor=by, action="language.read", subject=f"case {case.id}", now=now)


def answer(session: Session, task: LanguageTask, words: str, person: SignedIn, *, once: str, now: datetime) -> PlannedMessage:
    """Send *words* to the family in its language: a speaker's own, or a draft that they looked at. Raises CaseError."""
    _is_open(task)
    if not reads(session, person.id, task.language):
        message = "Only somebody who reads this language sends words in it. Say under My details what you read."
        raise NotASpeakerError(message)
    case = session.get_one(Case, task.case_id)
    if task.machine_id is not None:
        draft = session.get_one(MachineText, task.machine_id)
        draft.state, draft.approved_by_id, draft.approved_at = MachineState.APPROVED.value, person.id, now
        session.flush()
    owner = case.owner_id
    sent = actions.answer(session, case, words, account_id=person.id, by=person.email, now=now, once=once)
    if not person.may(Permission.INBOX_ANSWER):  # a helper is no owner: the family stays with the school
        case.owner_id = owner
    sent.language = task.language if task.language in languages() else ""
    if task.state == TaskState.OPEN:
        speaking.end(session, task, TaskState.DONE, by=person.email, now=now, result="Sent.")
    return sent


def give_back(session: Session, task: LanguageTask, why: str, *, by: str, now: datetime) -> None:
    """Say that a task could not be done, and why; a draft is dropped with it. Raises CaseError."""
    _is_open(task)
    if not why.strip():
        message = "Say in a few words why, so that somebody can go on from there."
        raise CaseError(message)
    case = session.get_one(Case, task.case_id)
    if task.machine_id is not None:
        session.get_one(MachineText, task.machine_id).state = MachineState.DROPPED.value
    was = {TaskKind.READ: "Nobody read this yet", TaskKind.CHECK: "The answer was not sent", TaskKind.INTERPRET: "No interpreter"}
    add_event(session, case, EventKind.NOTE, by=by, now=now, text=f"{was[TaskKind(task.kind)]}: {why.strip()}")
    speaking.end(session, task, TaskState.FAILED, by=by, now=now, result=why.strip())
    audit(session, actor=by, action="language.failed", subject=f"case {case.id}", now=now)


def interpreted(session: Session, task: LanguageTask, words: str, *, by: str, now: datetime) -> None:
    """Say that an interpreter was there, and what came of it. Raises CaseError."""
    _is_open(task)
    case = session.get_one(Case, task.case_id)
    add_event(session, case, EventKind.NOTE, by=by, now=now, text=f"With an interpreter: {words.strip() or 'done'}")
    speaking.end(session, task, TaskState.DONE, by=by, now=now, result=words.strip())
    audit(session, actor=by, action="language.interpreted", subject=f"case {case.id}", now=now)


def _is_open(task: LanguageTask) -> None:
    if task.state != TaskState.OPEN:
        message = "This was settled meanwhile."
        raise CaseError(message)

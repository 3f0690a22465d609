"""Families in other languages: what waits for somebody who reads them, and in a case what to ask of such a person. It needs no script."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import cover, queries, seals, speaking, speaking_acts, speaking_queries
from outreach.cases.actions import CaseError
from outreach.cases.language_states import TaskKind, TaskState
from outreach.cases.language_tables import LanguageTask
from outreach.cases.tables import Case
from outreach.messages.languages import DEFAULT, languages
from outreach.replies.normalise import storable
from outreach.replies.tables import Inbound
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.translation.tables import MachineText
from outreach.web import conversations, people
from outreach.web.case_page import LONGEST_ANSWER, LONGEST_NOTE, found
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("languages", __name__)

WORDS = {TaskKind.READ: "Read what a family wrote", TaskKind.CHECK: "Look at an answer", TaskKind.INTERPRET: "Interpret"}
_SAID = frozenset({"family", "us", "automatic"})
"""What of a conversation a helper sees: not the notes of staff, nor what happened to the case."""


@blueprint.get("/languages")
@needs(Permission.LANGUAGE_HELP)
def page() -> ResponseReturnValue:
    """What waits for me, and at my schools."""
    with services().database.read() as session:
        tasks = speaking_queries.open_tasks(session, person())
        names = accounts.names(session, {task.helper_id for task in tasks if task.helper_id})
        reads = [speaking_queries.name_of(locale) for locale in cover.details(session, person().id).languages]
        return render_template("languages.html", tasks=tasks, names=names, kinds=WORDS, language=speaking_queries.name_of, reads=reads)


@blueprint.get("/languages/<int:task_id>")
@needs(Permission.LANGUAGE_HELP)
def one(task_id: int) -> ResponseReturnValue:
    """One task, with the words it is about."""
    return _show(task_id)


def _show(task_id: int, *, problem: str = "", typed: str = "") -> str:
    known = person()
    with services().database.read() as session:
        task = speaking_acts.one(session, task_id, known)
        case, draft = session.get_one(Case, task.case_id), session.get(MachineText, task.machine_id or 0)
        sealed = _sealed(session, task)
        thread = [item for item in conversations.thread(session, case, known) if item.side in _SAID]
        return render_template(
            "language_task.html",
            task=task,
            case=case,
            draft=draft if not sealed else None,
            sealed=sealed,
            items=thread[-20:] if _still_theirs(session, task) else [],
            child=people.children(session, {case.student_id}, None).get(case.student_id) if case.student_id else None,
            helper=accounts.names(session, {task.helper_id}).get(task.helper_id, "") if task.helper_id else "",
            asked_by=accounts.names_by_email(session, [task.asked_by]).get(task.asked_by, ""),
            reads=speaking_acts.reads(session, known.id, task.language),
            may_open=known.may(Permission.INBOX_READ),
            kinds=WORDS,
            name=speaking_queries.name_of(task.language),
            once=secrets.token_urlsafe(12),
            longest=LONGEST_ANSWER,
            problem=problem,
            typed=typed,
        )


def _still_theirs(session: Session, task: LanguageTask) -> bool:
    """Whether the conversation is this person's to see: of a task that is done, only for who sees the case anyhow."""
    known = person()
    if task.state == TaskState.OPEN:
        return True
    mine = select(Case.id).where(Case.id == task.case_id)
    if known.schools is not None:
        mine = mine.where(queries.of_schools(known.schools))
    return known.may(Permission.INBOX_READ) and session.scalar(mine) is not None


def _sealed(session: Session, task: LanguageTask) -> str:
    """What stands in the place of a task's words where this person may not read them."""
    inbound = session.get(Inbound, task.inbound_id or 0)
    closed = seals.of_case(session, session.get_one(Case, task.case_id), person())
    return closed.over(inbound.received_at if inbound else task.asked_at, urgent=inbound is not None and inbound.urgent)


def _refuse_sealed(session: Session, task: LanguageTask) -> None:
    if sealed := _sealed(session, task):
        raise CaseError(sealed)


@blueprint.post("/languages/<int:task_id>/tell")
@needs(Permission.LANGUAGE_HELP)
def tell(task_id: int) -> ResponseReturnValue:
    """Say in English what the family wrote."""
    return _do(
        task_id,
        partial(speaking_acts.tell, words=_words("words", LONGEST_NOTE), by=person().email, now=now()),
        "Thank you. It stands in the case.",
    )


@blueprint.post("/languages/<int:task_id>/answer")
@needs(Permission.LANGUAGE_HELP)
def answer(task_id: int) -> ResponseReturnValue:
    """Send words in the family's language: a speaker's own, or a draft that they looked at."""
    send = partial(
        speaking_acts.answer, words=_words("words", LONGEST_ANSWER), person=person(), once=request.form.get("once", ""), now=now()
    )
    return _do(task_id, send, "Your answer is on its way.")


@blueprint.post("/languages/<int:task_id>/back")
@needs(Permission.LANGUAGE_HELP)
def back(task_id: int) -> ResponseReturnValue:
    """Say that it could not be done, and why."""
    return _do(
        task_id, partial(speaking_acts.give_back, why=_words("why", LONGEST_NOTE), by=person().email, now=now()), "Noted in the case."
    )


@blueprint.post("/languages/<int:task_id>/interpreted")
@needs(Permission.LANGUAGE_HELP)
def interpreted(task_id: int) -> ResponseReturnValue:
    """Say that an interpreter was there."""
    return _do(
        task_id, partial(speaking_acts.interpreted, words=_words("words", LONGEST_NOTE), by=person().email, now=now()), "Noted in the case."
    )


def _do(task_id: int, act: Callable[[Session, LanguageTask], object], said: str) -> ResponseReturnValue:
    try:
        with services().database.write() as session:
            task = speaking_acts.one(session, task_id, person())
            _refuse_sealed(session, task)
            act(session, task)
    except CaseError as refusal:
        return _show(task_id, problem=str(refusal), typed=request.form.get("words", "")), 422
    flash(said)
    return redirect(url_for("languages.page"))


# --- in a case ------------------------------------------------------------------------------------------------------------------


@blueprint.get("/cases/<int:case_id>/languages")
@needs(Permission.INBOX_READ)
def of_case(case_id: int) -> ResponseReturnValue:
    """What was asked of speakers in a case, and the forms to ask."""
    return _show_case(case_id)


def _show_case(case_id: int, *, problem: str = "", typed: str = "") -> str:
    known, settings = person(), services().settings
    with services().database.read() as session:
        case = found(session, case_id)
        tasks = speaking_queries.of_case(session, case_id)
        language = speaking_queries.family_language(session, case, settings)
        return render_template(
            "case_languages.html",
            case=case,
            adult=people.contact_names(session, {case.contact_id}).get(case.contact_id, ""),
            tasks=tasks,
            owner=accounts.names(session, {case.owner_id}).get(case.owner_id, "") if case.owner_id else "",
            names=accounts.names(session, {task.helper_id for task in tasks if task.helper_id}),
            results=seals.of_case(session, case, known),
            helpers=speaking.speakers(session, case, language, settings, now()),
            name=speaking_queries.name_of,
            language=language,
            foreign=language != DEFAULT,
            machine=speaking.may_draft(session, case, settings),
            locales={locale: one.english for locale, one in languages().items() if locale != DEFAULT},
            kinds=WORDS,
            states=TaskState,
            problem=problem,
            typed=typed,
            longest=LONGEST_ANSWER,
        )


@blueprint.post("/cases/<int:case_id>/languages/ask")
@needs(Permission.INBOX_ANSWER)
def ask(case_id: int) -> ResponseReturnValue:
    """Ask a speaker to send an answer in the family's language."""
    words = _words("words", LONGEST_ANSWER)
    return _in_case(
        case_id,
        lambda session, case: speaking_acts.ask(session, case, words, by=person().email, settings=services().settings, now=now()),
        "A speaker is asked. The family hears it once they have looked at it.",
    )


@blueprint.post("/cases/<int:case_id>/languages/interpreter")
@needs(Permission.INBOX_ANSWER)
def interpreter(case_id: int) -> ResponseReturnValue:
    """Ask for an interpreter at a time."""
    form = request.form

    def act(session: Session, case: Case) -> None:
        try:
            when = datetime.fromisoformat(f"{form.get('day', '')}T{form.get('time', '')}").replace(
                tzinfo=ZoneInfo(services().settings.zone)
            )
        except ValueError as error:
            message = "Choose a day and a time."
            raise CaseError(message) from error
        helper, settings = small_number(form.get("helper", "")), services().settings
        language = speaking_queries.family_language(session, case, settings)
        if helper and helper not in speaking.speakers(session, case, language, settings, now()):
            message = "Choose somebody who reads the family's language and may help here."
            raise CaseError(message)
        speaking_acts.interpreter(
            session,
            case,
            language=form.get("language", ""),
            when=when,
            helper_id=helper,
            why=_words("why", LONGEST_NOTE),
            by=person().email,
            now=now(),
        )

    return _in_case(case_id, act, "An interpreter is asked for. It stands under Attention until it is done.")


def _in_case(case_id: int, act: Callable[[Session, Case], object], said: str) -> ResponseReturnValue:
    try:
        with services().database.write() as session:
            act(session, found(session, case_id))
    except CaseError as refusal:
        return _show_case(case_id, problem=str(refusal), typed=request.form.get("words", "")), 422
    flash(said)
    return redirect(url_for("languages.of_case", case_id=case_id))


def _words(name: str, longest: int) -> str:
    return storable(request.form.get(name, ""))[:longest]

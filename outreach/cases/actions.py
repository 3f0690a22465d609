"""What happens to cases: a family's text opens or joins one, a person answers, notes, hands over and closes.

Nothing here closes a case by itself. Every act of a person is an event of the case and an entry of the audit trail.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import (
    answers,
    barrier_reports,
    clerk_hearing,
    danger,
    desk,
    did_it_help,
    escalation,
    leads,
    proposals,
    queries,
    speaking,
    speaking_queries,
)
from outreach.cases.events import add_event
from outreach.cases.matching import Match, match
from outreach.cases.states import CaseState, EventKind, Queue, move
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.planning import actions as planning
from outreach.planning import study_actions as studies
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.actions import audit

_Stood = Literal["on this number", "without a number", "closed or nowhere"]
_BLANK = "{{"
"""Begins a place that a saved reply leaves for the person who sends it."""


class CaseError(RuntimeError):
    """What was asked of a case cannot be done."""


class OvertakenError(CaseError):
    """Somebody wrote in this case meanwhile, and whoever answers has not seen it."""


# --- families -------------------------------------------------------------------------------------------------------------------


def take_in(session: Session, inbound: Inbound, settings: Settings, now: datetime, *, spoken: bool = False) -> Case:
    """Put a family's text into the open case of its number, or open one; the same text again changes nothing.

    *spoken* is a phone call that nobody answered: whoever phoned has heard what there is to hear, and gets no text.

    The case waits since the first text that nobody answered; a second one does not reset the clock. Danger is before a person at
    once: an urgent item without words or names, and a call for whoever is on call.
    """
    taken = session.scalars(select(CaseEvent).where(CaseEvent.inbound_id == inbound.id)).first()
    if taken is not None:
        return session.get_one(Case, taken.case_id)
    found = match(session, inbound.phone, local_date(now, settings.zone))
    case, stood = _case_of_phone(session, inbound, found, now)
    _fill(case, found)
    if stood != "on this number":
        leads.settle(session, case, settings, now, anew=stood == "closed or nowhere")
    is_new_danger = inbound.urgent and danger.notice(session, case, inbound, settings, now)
    told = None if spoken else answers.answer(session, inbound, found, settings, now, first=is_new_danger)
    if is_new_danger:
        danger.told_family(session, case, told, now)
    proposals.hear(session, inbound, now)
    did_it_help.hear(session, case, inbound, now)
    if inbound.to_human:
        case.queue = Queue.NEEDS_ME.value
        case.waiting_since = case.waiting_since or inbound.received_at
    elif CaseState(case.state) is CaseState.ANSWERED:
        case.queue = Queue.INFORMATION.value
    case.state, case.snoozed_until = move(CaseState(case.state), CaseState.OPEN).value, None
    case.urgent = case.urgent or inbound.urgent
    escalation.place(session, case, settings, now, reason=inbound.barrier)
    barrier_reports.hear(session, case, inbound)
    clerk_hearing.hear(session, case, inbound, settings.zone)
    speaking.hear(session, case, inbound, settings, now, spoken=spoken)
    add_event(session, case, EventKind.INBOUND, by="", now=inbound.received_at, inbound_id=inbound.id)
    for planned in session.scalars(select(PlannedMessage).where(PlannedMessage.reply_to_id == inbound.id)):
        add_event(session, case, EventKind.AUTOMATIC, by="", now=now, planned_id=planned.id)
    _tell(session, case, inbound, now)
    return case


def take_over_unsaid(session: Session, settings: Settings, now: datetime) -> int:
    """Let a person answer where the automatic answer to "which days?" could not leave or arrive; return how many there were."""
    unsaid = answers.left_unsaid(session, now)
    for inbound in unsaid:
        event = session.scalars(select(CaseEvent).where(CaseEvent.inbound_id == inbound.id)).one_or_none()
        case = session.get(Case, event.case_id, with_for_update=True) if event else None
        if case is not None and CaseState(case.state) is not CaseState.CLOSED:
            case.queue, case.waiting_since = Queue.NEEDS_ME.value, case.waiting_since or inbound.received_at
            escalation.place(session, case, settings, now)
    return len(unsaid)


def _case_of_phone(session: Session, inbound: Inbound, found: Match, now: datetime) -> tuple[Case, _Stood]:
    """Return the case this text belongs to, locked until commit, and where it stood before.

    That is the open case of the number, else what its own adult wrote on the family page, else the child's own that a crossing
    opened, else the number's last closed one, which the text opens again with all its history, else a new one.
    """
    key = f"phone:{inbound.phone}"
    if (standing := _locked(session, key)) is not None:
        return standing, "on this number"
    own = [key_of_report(found.student_id, found.contact_id)] if _is_one_persons(session, inbound.phone) else []
    for numberless in (*own, f"student:{found.student_id}") if found.student_id else ():
        if (standing := _locked(session, numberless)) is not None:
            standing.open_key, standing.phone = key, inbound.phone
            return standing, "without a number"
    last_closed = select(Case).where(Case.phone == inbound.phone, Case.state == CaseState.CLOSED.value).order_by(Case.id.desc()).limit(1)
    if (last := session.scalars(last_closed.with_for_update()).first()) is not None:
        _open_again(session, last, key, by="", now=now)
        last.queue, last.urgent = Queue.INFORMATION.value, False
        return last, "closed or nowhere"
    return open_case(session, key, found, now, phone=inbound.phone, because=f"reply: {inbound.intent}"), "closed or nowhere"


def _is_one_persons(session: Session, phone: str) -> bool:
    """Whether nobody else reads what is written to a number."""
    return len(district.adults_of_phone(session, phone)) == 1


def key_of_report(student_id: str, contact_id: str) -> str:
    """What a case is about that the family page opened: one child, and one adult where it is certain who wrote."""
    return f"page:{student_id}:{contact_id}"


def _key_of(case: Case) -> str:
    """What a closed case is about when it is opened again."""
    if case.phone:
        return f"phone:{case.phone}"
    wrote = case.opened_because.startswith("reply:")  # without a number that is the family page
    return key_of_report(case.student_id, case.contact_id) if wrote else f"student:{case.student_id}"


def _locked(session: Session, key: str) -> Case | None:
    return session.scalars(select(Case).where(Case.open_key == key).with_for_update()).one_or_none()


def open_case(session: Session, key: str, found: Match, now: datetime, *, phone: str, because: str) -> Case:
    """Open a case under *key*, or return the one that another worker opened under it meanwhile."""
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(Case)
    new = insert.values(
        open_key=key,
        state=CaseState.OPEN.value,
        queue=Queue.INFORMATION.value,
        phone=phone,
        household=found.household,
        contact_id=found.contact_id,
        student_id=found.student_id,
        school_id=found.school_id,
        owner_id=None,
        opened_at=now,
        waiting_since=None,
        urgent=False,
        opened_because=because,
        closed_at=None,
        closed_by="",
    )
    made = session.scalar(new.on_conflict_do_nothing(index_elements=[Case.open_key]).returning(Case.id))
    case = session.scalars(select(Case).where(Case.open_key == key).with_for_update()).one()
    if made is not None:
        add_event(session, case, EventKind.OPENED, by="", now=now, text=because)
        studies.needs_somebody(session, household=found.household, student_id=found.student_id, why="case")
    return case


def _fill(case: Case, found: Match) -> None:
    """Add what has become certain since the case was opened; what a case already knows stays."""
    for name in ("household", "contact_id", "student_id", "school_id"):
        if not getattr(case, name):
            setattr(case, name, getattr(found, name))


def _tell(session: Session, case: Case, inbound: Inbound, now: datetime) -> None:
    if inbound.to_human and not case.school_id:
        attention.raise_item(
            session,
            kind="unmatched_reply",
            key=f"unmatched_reply:{case.id}",
            sentence="A text came from a number that belongs to no school for certain. Read it and say whose it is.",
            now=now,
            detail={"case": case.id},
        )


# --- staff ----------------------------------------------------------------------------------------------------------------------
# Whoever calls these found the case through ``queries.one``, which knows who may see it.


def answer(  # noqa: PLR0913 - what a coordinator's answer consists of, by name
    session: Session,
    case: Case,
    text: str,
    *,
    account_id: int,
    by: str,
    now: datetime,
    once: str = "",
    seen: int | None = None,
    leaves_in: timedelta = timedelta(),
) -> PlannedMessage:
    """Plan *text* as an answer to the family; the case then waits for nobody, and belongs to whoever answered first.

    *once* names the act of sending (a form's key), so that a doubled click is one message. *seen* is the last event that the writer
    saw: words of the family or of a colleague that came later refuse the answer (OvertakenError). For *leaves_in* it can be taken
    back. Quiet hours, opt-outs and blocks bind the answer at its release. Raises CaseError.
    """
    lock(session, case)
    words = _words(text, "Write something before you send it.")
    _refuse_unanswerable(session, case, words)
    last = queries.last_inbound(session, case.id)
    planned = planning.plan_answer(
        session,
        phone=case.phone,
        body=words,
        inbound_id=last.id if last else None,
        household=case.household,
        contact_id=case.contact_id,
        student_ids=[case.student_id] if case.student_id else [],
        school_id=case.school_id,
        created_by=by,
        now=now,
        once=once,
        family_wrote_at=last.received_at if last else None,
    )
    if session.scalars(select(CaseEvent.id).where(CaseEvent.planned_id == planned.id)).first() is None:
        _refuse_overtaken(session, case, seen, by)
        case.state = move(CaseState(case.state), CaseState.ANSWERED).value
        planned.due_at = now + leaves_in
        case.waiting_since, case.snoozed_until = None, None
        case.owner_id = case.owner_id or account_id
        barrier_reports.route(session, case)
        desk.drop_draft(session, case.id, account_id, desk.DraftKind.ANSWER)
        speaking.settle(session, case.id, by=by, now=now, result="The family was answered.")
        add_event(session, case, EventKind.ANSWER, by=by, now=now, planned_id=planned.id)
        audit(session, actor=by, action="case.answered", subject=f"case {case.id}", now=now)
    return planned


def _refuse_unanswerable(session: Session, case: Case, words: str) -> None:
    message = ""
    if not case.phone:
        message = "This family has not written from a number yet; call them or write a letter."
    elif CaseState(case.state) is CaseState.CLOSED:
        message = "This case is closed; open it again before you answer."
    elif _BLANK in words:
        message = "A place in your words is still empty: fill in what stands between {{ and }}."
    elif speaking_queries.is_open_draft(session, case.phone, words):
        message = "A machine wrote these words, and nobody who reads them has looked at them yet: a speaker sends them, under Languages."
    if message:
        raise CaseError(message)


def _refuse_overtaken(session: Session, case: Case, seen: int | None, by: str) -> None:
    """Refuse words whose writer has not seen what stands above them; the caller's transaction ends without them."""
    unseen = None if seen is None else desk.unseen(session, case.id, seen, by)
    if unseen is None:
        return
    who = staff.names_by_email(session, [unseen.by]).get(unseen.by, "A colleague") if unseen.by else "The family"
    message = f"{who} wrote while you were writing. Read it first, then send your words if they still fit; they are kept below."
    raise OvertakenError(message)


def note(session: Session, case: Case, text: str, *, by: str, now: datetime) -> CaseEvent:
    """Write a note that only staff see. Raises CaseError."""
    words = _words(text, "Write something before you keep the note.")
    audit(session, actor=by, action="case.noted", subject=f"case {case.id}", now=now)
    return add_event(session, case, EventKind.NOTE, by=by, now=now, text=words)


def close(session: Session, case: Case, *, by: str, now: datetime, text: str = "") -> Case:
    """Close a case, with a few words why where a person gives them; closing a closed one changes nothing. Raises CaseError."""
    lock(session, case)
    if queries.undecided(session, case.id):
        message = "A correction in this case still waits: approve it or dismiss it first."
        raise CaseError(message)
    if danger.open_incident(session, case.id) is not None:
        message = "A text in this case may mean danger: say on its incident's page how it ended, then close the case."
        raise CaseError(message)
    if CaseState(case.state) is not CaseState.CLOSED:
        case.state = move(CaseState(case.state), CaseState.CLOSED).value
        case.open_key, case.waiting_since, case.snoozed_until = None, None, None
        case.closed_at, case.closed_by = now, by
        speaking.settle(session, case.id, by=by, now=now, result="The case was closed.")
        add_event(session, case, EventKind.CLOSED, by=by, now=now, text=text.strip())
        audit(session, actor=by, action="case.closed", subject=f"case {case.id}", now=now)
    return case


def close_read(session: Session, seen: Mapping[int, int], schools: Collection[str] | None, *, by: str, now: datetime) -> int:
    """Close what a person saw under *For your information*: case → the family's last text that they saw (0: none); return how many.

    What has changed since, or needs a person by now, stays open. *schools* are those of the person (None: the whole district).
    """
    closed = 0
    for case_id, last_seen in sorted(seen.items()):
        try:
            case = queries.one(session, case_id, schools, lock=True)
        except queries.CaseNotFoundError:
            continue
        last = queries.last_inbound(session, case_id)
        unchanged = case.queue == Queue.INFORMATION and case.state == CaseState.OPEN and (last.id if last else 0) == last_seen
        if unchanged and danger.open_incident(session, case_id) is None and not queries.undecided(session, case_id):
            close(session, case, by=by, now=now)
            closed += 1
    return closed


def reopen(session: Session, case: Case, *, by: str, settings: Settings, now: datetime) -> Case:
    """Open a closed case again, and see that somebody has it; opening an open one changes nothing.

    Raises CaseError where the family has a newer open case.
    """
    lock(session, case)
    if CaseState(case.state) is CaseState.CLOSED:
        key = _key_of(case)
        if _locked(session, key) is not None:
            message = "This family has a newer open case; go on there."
            raise CaseError(message)
        _open_again(session, case, key, by=by, now=now)
        case.queue = Queue.NEEDS_ME.value
        audit(session, actor=by, action="case.reopened", subject=f"case {case.id}", now=now)
        escalation.place(session, case, settings, now)
    return case


def assign(session: Session, case: Case, owner_id: int | None, *, by: str, now: datetime) -> Case:
    """Give a case to a colleague, or to nobody; giving it to its owner changes nothing."""
    lock(session, case)
    if case.owner_id != owner_id:
        case.owner_id = owner_id
        barrier_reports.route(session, case)
        action = "case.given_back" if owner_id is None else "case.taken"
        add_event(session, case, EventKind.ASSIGNED, by=by, now=now)
        audit(session, actor=by, action=action, subject=f"case {case.id}", now=now, detail={"owner": owner_id})
    return case


def _open_again(session: Session, case: Case, key: str, *, by: str, now: datetime) -> None:
    case.state = move(CaseState(case.state), CaseState.OPEN).value
    case.open_key, case.closed_at, case.closed_by = key, None, ""
    add_event(session, case, EventKind.REOPENED, by=by, now=now)
    studies.needs_somebody(session, household=case.household, student_id=case.student_id, why="case")


def lock(session: Session, case: Case) -> None:
    """See the case as it stands now, and keep it so until the caller commits."""
    session.flush()
    session.refresh(case, with_for_update=True)


def _words(text: str, otherwise: str) -> str:
    words = text.strip()
    if not words:
        raise CaseError(otherwise)
    return words

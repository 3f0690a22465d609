"""A text that may mean danger: somebody is called at any hour, then the next one, until a person has it; every step is kept.

Who is asked and when is decided by the rules of ``staff.oncall``; here it is done and written down. The words of the family stand in
no call, no item and no step: they are read on the incident's page, by whose role may (``Permission.DANGER_READ``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import danger_guidance as guidance
from outreach.cases import oncall as chain
from outreach.cases.danger_tables import Incident, IncidentStep
from outreach.cases.tables import Case
from outreach.database import Database, Json
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff import oncall
from outreach.staff.actions import audit
from outreach.staff.oncall_tables import OnCallPage, OnCallPerson
from outreach.staff.tables import Account

_AN_HOUR = timedelta(hours=1)
_NOT_SENT = (State.CANCELLED, State.SKIPPED, State.FAILED, State.UNDELIVERED)


class Step(StrEnum):
    """What can happen in an incident."""

    NOTICED = "noticed"
    FAMILY_TOLD = "family_told"
    """The safety note was planned for the family."""
    FAMILY_NOT_TOLD = "family_not_told"
    CALLED = "called"
    NOT_REACHED = "not_reached"
    """The call itself could not be delivered."""
    NO_ANSWER = "no_answer"
    ALL_ASKED = "all_asked"
    """Everybody was asked, the last resort too, and nobody answered: the chain begins again."""
    NOBODY_ON_CALL = "nobody_on_call"
    ACKNOWLEDGED = "acknowledged"
    OPENED = "opened"
    """A person read the incident's page."""
    CHECKED = "checked"
    NOTE = "note"
    CLOSED = "closed"


class DangerError(RuntimeError):
    """What was asked of an incident cannot be done."""


# --- by itself ------------------------------------------------------------------------------------------------------------------


def notice(session: Session, case: Case, inbound: Inbound, settings: Settings, now: datetime) -> bool:
    """Open an incident for an urgent text and call the first person, in this transaction; return whether it is a new incident.

    A further text of an open incident that somebody has already calls that person again, then the chain.
    """
    attention.raise_item(
        session,
        kind="danger",
        key=f"danger:{case.id}",
        sentence="A family's text may mean danger. Read it now and follow the district's safety steps.",
        now=now,
        school_id=case.school_id,
        detail={"case": case.id},
        urgent=True,
    )
    standing = session.scalars(select(Incident).where(Incident.open_key == case.id).with_for_update()).one_or_none()
    incident = standing or _opened(session, case, inbound.received_at)
    incident.opened_at = min(incident.opened_at, inbound.received_at)
    add_step(session, incident, Step.NOTICED, now=now, detail={"inbound": inbound.id})
    if standing is None:
        _ask_next(session, incident, settings, now)
    elif incident.acknowledged_at is not None:
        _ask_again(session, incident, settings, now)
    return standing is None


def told_family(session: Session, case: Case, planned: PlannedMessage | None, now: datetime) -> None:
    """Keep on record whether the safety note was planned for the family."""
    incident = open_incident(session, case.id)
    if incident is not None:
        detail = {"planned": planned.id} if planned else {}
        add_step(session, incident, Step.FAMILY_TOLD if planned else Step.FAMILY_NOT_TOLD, now=now, detail=detail)


def escalate(database: Database, settings: Settings, now: datetime) -> int:
    """Ask the next person wherever nobody has answered in time, or could not be reached; return how many calls were made."""
    with database.read() as session:
        waiting = session.scalars(select(Incident.id).where(_unanswered())).all()
    made = 0
    for incident_id in waiting:
        with database.write() as session:
            row = select(Incident).where(Incident.id == incident_id, _unanswered()).with_for_update(skip_locked=True)
            incident = session.scalars(row).one_or_none()
            if incident is not None:
                made += _escalate(session, incident, settings, now)
    return made


def _escalate(session: Session, incident: Incident, settings: Settings, now: datetime) -> bool:
    last = next(reversed(chain.calls(session, incident.id)), None)
    failed = last is not None and _could_not_be_sent(session, last)
    if not failed and incident.next_step_at is not None and now < incident.next_step_at:
        return False
    if last is not None:
        add_step(
            session, incident, Step.NOT_REACHED if failed else Step.NO_ANSWER, now=now, detail={"person": last.person_id, "call": last.id}
        )
    return _ask_next(session, incident, settings, now)


def _could_not_be_sent(session: Session, call: OnCallPage) -> bool:
    planned = session.get(PlannedMessage, call.planned_id) if call.planned_id else None
    return planned is not None and planned.state in _NOT_SENT


def _ask_next(session: Session, incident: Incident, settings: Settings, now: datetime) -> bool:
    """Call whoever is next, and set the timer; where everybody was asked, begin with the first again."""
    people = oncall.chain(session)
    asked = {call.person_id for call in chain.calls(session, incident.id) if call.round == incident.round}
    duty = oncall.next_person(people, asked, now, settings.zone)
    if duty is None and asked:
        add_step(session, incident, Step.ALL_ASKED, now=now)
        _alarm(session, incident, "Nobody on call has acknowledged a text that may mean danger. They are all being asked again.", now)
        incident.round += 1
        duty = oncall.next_person(people, (), now, settings.zone)
    incident.next_step_at = now + timedelta(minutes=settings.on_call_wait_minutes)
    if duty is None:
        if not _said_that_nobody_is_on_call(session, incident):
            add_step(session, incident, Step.NOBODY_ON_CALL, now=now)
            _alarm(session, incident, "A text may mean danger and nobody is on call. Read it now, and set up On call.", now)
        return False
    _call(session, incident, duty.person_id, settings, now)
    return True


def _ask_again(session: Session, incident: Incident, settings: Settings, now: datetime) -> None:
    """The family wrote again of danger: whoever has the incident is asked first, then the chain from its start."""
    person = session.scalars(
        select(OnCallPerson.id)
        .join(Account, Account.id == OnCallPerson.account_id)
        .where(OnCallPerson.removed_at.is_(None), Account.email == incident.acknowledged_by)
    ).one_or_none()
    incident.acknowledged_at, incident.acknowledged_by = None, ""
    incident.round += 1
    if person is None:
        _ask_next(session, incident, settings, now)
    else:
        incident.next_step_at = now + timedelta(minutes=settings.on_call_wait_minutes)
        _call(session, incident, person, settings, now)


def ask_others(session: Session, incident: Incident, settings: Settings, now: datetime) -> None:
    """Whoever has an incident left: somebody else is called at once. Take them off the chain first."""
    _lock(session, incident)
    if incident.closed_at is None and incident.acknowledged_at is not None:
        _ask_again(session, incident, settings, now)


def _call(session: Session, incident: Incident, person_id: int, settings: Settings, now: datetime) -> None:
    made = chain.call(session, session.get_one(OnCallPerson, person_id), settings, now, incident=incident)
    add_step(session, incident, Step.CALLED, now=now, detail={"person": person_id, "call": made.id})


def _alarm(session: Session, incident: Incident, sentence: str, now: datetime) -> None:
    """Put an incident that nobody has before the whole district as well."""
    detail = {"case": incident.case_id, "incident": incident.id}
    attention.raise_item(session, kind="danger", key=_alarm_key(incident), sentence=sentence, now=now, detail=detail, urgent=True)


def _alarm_key(incident: Incident) -> str:
    return f"danger:unanswered:{incident.id}"


def _said_that_nobody_is_on_call(session: Session, incident: Incident) -> bool:
    """Whether that is on record since the last call."""
    kinds = select(IncidentStep.kind).where(
        IncidentStep.incident_id == incident.id, IncidentStep.kind.in_((Step.CALLED, Step.NOBODY_ON_CALL))
    )
    return session.scalar(kinds.order_by(IncidentStep.id.desc()).limit(1)) == Step.NOBODY_ON_CALL


def _unanswered() -> ColumnElement[bool]:
    return and_(Incident.acknowledged_at.is_(None), Incident.closed_at.is_(None))


def _opened(session: Session, case: Case, since: datetime) -> Incident:
    incident = Incident(
        case_id=case.id,
        open_key=case.id,
        opened_at=since,
        round=1,
        next_step_at=None,
        acknowledged_at=None,
        acknowledged_by="",
        closed_at=None,
        closed_by="",
    )
    session.add(incident)
    session.flush()
    return incident


# --- people -----------------------------------------------------------------------------------------------------------------------
# Whoever calls these found the incident through ``danger_queries``, which knows who may see it.


def answer_call(session: Session, call: OnCallPage, *, how: str, now: datetime) -> None:
    """Somebody answered a call: a test counts for the month, a call in earnest stops the asking. Again changes nothing.

    The link or the code is the proof: whoever holds that phone has it.
    """
    if call.acknowledged_at is not None:
        return
    call.acknowledged_at, call.acknowledged_how = now, how
    person = session.get_one(OnCallPerson, call.person_id)
    email = session.get_one(Account, person.account_id).email
    audit(session, actor=email, action="on_call.acknowledged", subject=f"call {call.id}", now=now, detail={"how": how})
    if call.incident_id is not None:
        incident = session.get_one(Incident, call.incident_id, with_for_update=True)
        _acknowledged(session, incident, by=email, now=now, detail={"how": how, "call": call.id})


def answer_text(session: Session, params: Mapping[str, Any], now: datetime) -> bool:
    """Whether an inbound text (the carrier's parameters) answers a call; then it is no family's text, and has been dealt with."""
    call = chain.by_reply(session, str(params.get("From", "")).strip(), str(params.get("Body", "")))
    if call is None:
        return False
    answer_call(session, call, how="text", now=now)
    return True


def acknowledge(session: Session, incident: Incident, *, by: str, now: datetime) -> None:
    """A person who reads the incident's page has it; nobody else is called."""
    _lock(session, incident)
    _acknowledged(session, incident, by=by, now=now, detail={"how": "page"})


def opened(session: Session, incident: Incident, *, by: str, now: datetime) -> None:
    """Keep on record who read the sealed words, once an hour."""
    lately = select(IncidentStep.id).where(
        IncidentStep.incident_id == incident.id, IncidentStep.kind == Step.OPENED, IncidentStep.by == by, IncidentStep.at > now - _AN_HOUR
    )
    if session.scalar(lately.limit(1)) is None:
        add_step(session, incident, Step.OPENED, by=by, now=now)


def check_item(session: Session, incident: Incident, item: str, *, by: str, now: datetime) -> None:
    """A person did one thing of the checklist; again is a second entry by another person, never by the same."""
    if item not in guidance.checklist():
        message = "The checklist has no such step."
        raise DangerError(message)
    done = select(IncidentStep).where(IncidentStep.incident_id == incident.id, IncidentStep.kind == Step.CHECKED, IncidentStep.by == by)
    if not any(step.detail.get("item") == item for step in session.scalars(done)):
        add_step(session, incident, Step.CHECKED, by=by, now=now, detail={"item": item})


def note(session: Session, incident: Incident, text: str, *, by: str, now: datetime) -> None:
    """Keep a note that is sealed like the incident. Raises DangerError."""
    add_step(session, incident, Step.NOTE, by=by, now=now, text=_words(text, "Write something before you keep the note."))


def close(session: Session, incident: Incident, text: str, *, by: str, now: datetime) -> None:
    """Say that the danger is over or in others' hands, and how it ended; closing again changes nothing. Raises DangerError."""
    words = _words(text, "Write how it ended before you close it.")
    _lock(session, incident)
    if incident.closed_at is not None:
        return
    incident.closed_at, incident.closed_by, incident.open_key, incident.next_step_at = now, by, None, None
    add_step(session, incident, Step.CLOSED, by=by, now=now, text=words)
    for key in (f"danger:{incident.case_id}", _alarm_key(incident)):
        attention.resolve_key(session, key, by=by, now=now)
    audit(session, actor=by, action="danger.closed", subject=f"incident {incident.id}", now=now)


def open_incident(session: Session, case_id: int) -> Incident | None:
    """The open incident of a case."""
    return session.scalars(select(Incident).where(Incident.open_key == case_id)).one_or_none()


def add_step(
    session: Session, incident: Incident, kind: Step, *, now: datetime, by: str = "", text: str = "", detail: Json | None = None
) -> None:
    """Write down one thing that happened; nothing ever takes it back."""
    session.add(IncidentStep(incident_id=incident.id, at=now, kind=kind.value, by=by, text=text, detail=detail or {}))
    session.flush()


def _acknowledged(session: Session, incident: Incident, *, by: str, now: datetime, detail: Json) -> None:
    if incident.closed_at is not None:
        return
    add_step(session, incident, Step.ACKNOWLEDGED, by=by, now=now, detail=detail)
    if incident.acknowledged_at is None:
        incident.acknowledged_at, incident.acknowledged_by, incident.next_step_at = now, by, None
        attention.resolve_key(session, _alarm_key(incident), by=by, now=now)


def _lock(session: Session, incident: Incident) -> None:
    session.flush()
    session.refresh(incident, with_for_update=True)


def _words(text: str, otherwise: str) -> str:
    words = text.strip()
    if not words:
        raise DangerError(otherwise)
    return words

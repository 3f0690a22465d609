"""Ten school days after a step the family is asked whether it helps; a digit answers, and a person sees the answer.

The question is a planned message like any other: every check binds it at its release. Nothing here closes a barrier.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from outreach.attendance.school_year import SchoolYear
from outreach.cases import danger
from outreach.cases.events import add_event
from outreach.cases.help_states import BarrierState, ReferralState, SaidBy, StepState, move
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.resource_tables import Referral
from outreach.cases.saved_replies import locale_of
from outreach.cases.states import EventKind
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.database import Database
from outreach.district import queries as district
from outreach.messages import queries as messages
from outreach.planning.rows import new_row, write_once
from outreach.planning.school_days import closed_days
from outreach.planning.situation import window_of, zone_of
from outreach.planning.states import TOLD, Channel, MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.replies.reasons import Intent
from outreach.replies.tables import Inbound
from outreach.settings import Settings

MESSAGE = "did_it_help"
SCHOOL_DAYS = 10
_AT_LEAST = timedelta(days=SCHOOL_DAYS + 2)
"""Ten school days are never sooner than this: two weekend days lie between them."""
_AT_MOST = timedelta(days=90)
"""A step done longer ago is asked about no more: who would know which one is meant?"""
_STANDS = timedelta(days=14)
"""For so long a number is asked nothing else of this kind: its digit answers the last question."""
_OF_USE = timedelta(days=3)
_WEEKEND = 5
_BY_FAMILY = (SaidBy.TEXT.value, SaidBy.PAGE.value, SaidBy.FAMILY.value)
_WENT_ON = (ReferralState.ACCEPTED.value, ReferralState.HELPED.value)


def school_days_since(done: date, today: date, days: Iterable[date], *, known: bool) -> int:
    """School days after *done*, today included; where no calendar is known, Monday to Friday count. Pure."""
    if known:
        return sum(done < day <= today for day in days)
    return sum((done + timedelta(days=n)).weekday() < _WEEKEND for n in range(1, (today - done).days + 1))


def ask_due(database: Database, settings: Settings, now: datetime) -> int:
    """Plan every question that is due, each in a transaction of its own; return how many. Asking again changes nothing.

    A question is due ten school days after a step was done (a referral: accepted) against a barrier that still stands. Nobody is
    asked about what may mean danger, or what was sealed and not told by the family itself: the wrong person may read the phone.
    """
    with database.read() as session:
        waiting = [
            (step_id, case_id) for step_id, case_id in session.execute(_candidates(now)) if _is_time(session, step_id, settings, now)
        ]
    asked, cases = 0, set()
    for step_id, case_id in waiting:
        if case_id not in cases:
            with database.write() as session:
                case = session.get_one(Case, case_id, with_for_update=True)
                planned = _ask(session, case, session.get_one(Step, step_id), settings, now)
            cases.add(case_id)
            asked += planned is not None
    return asked


def _candidates(now: datetime) -> Select[int, int]:
    """Steps with their cases, the newest first."""
    told_by_them: ColumnElement[bool] = or_(Barrier.sealed.is_(False), Barrier.said_by.in_(_BY_FAMILY))
    stuck = select(Referral.id).where(Referral.step_id == Step.id, Referral.state.not_in(_WENT_ON))
    return (
        select(Step.id, Step.case_id)
        .join(Barrier, Barrier.id == Step.barrier_id)
        .join(Case, Case.id == Step.case_id)
        .where(
            Step.state == StepState.DONE.value,
            Step.asked_id.is_(None),
            Step.done_at > now - _AT_MOST,
            Step.done_at <= now - _AT_LEAST,
            Barrier.state == BarrierState.OPEN.value,
            Barrier.urgent.is_(False),
            told_by_them,
            Case.urgent.is_(False),
            Case.phone != "",
            Case.contact_id != "",
            Case.student_id != "",
            ~stuck.exists(),
        )
        .order_by(Step.done_at.desc(), Step.id.desc())
    )


def _is_time(session: Session, step_id: int, settings: Settings, now: datetime) -> bool:
    step = session.get_one(Step, step_id)
    case = session.get_one(Case, step.case_id)
    zone = zone_of(district.schools(session, [case.school_id]).get(case.school_id), settings)
    if step.done_at is None:
        return False
    today, done = local_date(now, zone), local_date(step.done_at, zone)
    calendar = SchoolYear.of(session, today).calendar(case.school_id, "", "")
    return school_days_since(done, today, calendar.days, known=calendar.known) >= SCHOOL_DAYS


def _ask(session: Session, case: Case, step: Step, settings: Settings, now: datetime) -> PlannedMessage | None:
    """Plan one question; None where the number was asked lately, something may mean danger, or nobody approved the words."""
    lately = PlannedMessage.phone == case.phone, PlannedMessage.message == MESSAGE, PlannedMessage.created_at > now - _STANDS
    if session.scalar(select(PlannedMessage.id).where(*lately).limit(1)) is not None or danger.open_incident(session, case.id) is not None:
        return None
    locale = locale_of(session, case, settings)
    words = messages.choose(session, MESSAGE, Channel.SMS, locale, default=settings.default_language, school_id=case.school_id)
    if words is None:
        return None
    school = district.schools(session, [case.school_id]).get(case.school_id)
    due = window_of(school, settings, case.phone, closed_days(session, case.school_id, settings, now)).next_open(now)
    question = write_once(
        session,
        new_row(
            now,
            once_key=f"{MESSAGE}:{step.id}:{step.done_at:%Y%m%d}",
            message_class=MessageClass.CAMPAIGN,
            household=case.household,
            contact_id=case.contact_id,
            phone=case.phone,
            student_ids=[case.student_id],
            school_id=case.school_id,
            message=MESSAGE,
            language=words.locale,
            family_language=locale,
            facts={"step": step.id},
            approval_id=words.approval_id,
            due_at=due,
            expires_at=due + _OF_USE,
            created_by="did it help",
        ),
    )
    if question is not None:
        session.flush()
        step.asked_id = question.id
        add_event(session, case, EventKind.AUTOMATIC, by="", now=now, planned_id=question.id)
    return question


def hear(session: Session, case: Case, inbound: Inbound, now: datetime) -> Barrier | None:
    """Note on the barrier what the family answered to our last question; None where the text answers none.

    A yes waits for the person who looks after the case; a "not yet" takes an earlier yes back.
    """
    if inbound.intent not in {Intent.HELPED, Intent.NOT_YET}:
        return None
    asked = (
        select(Barrier)
        .join(Step, Step.barrier_id == Barrier.id)
        .join(PlannedMessage, PlannedMessage.id == Step.asked_id)
        .where(PlannedMessage.phone == inbound.phone, PlannedMessage.state.in_(TOLD), PlannedMessage.claimed_at <= inbound.received_at)
        .order_by(PlannedMessage.claimed_at.desc(), PlannedMessage.id.desc())
    )
    barrier = session.scalars(asked.limit(1).with_for_update()).first()
    if barrier is None or barrier.state == BarrierState.CLOSED:
        return None
    yes = inbound.intent == Intent.HELPED
    barrier.state = move(BarrierState(barrier.state), BarrierState.SAID_YES if yes else BarrierState.OPEN).value
    barrier.said_yes_at = (barrier.said_yes_at or inbound.received_at) if yes else None
    text = "the family says it is better: look, and close it" if yes else "the family says: not yet"
    add_event(session, case, EventKind.BARRIER, by="", now=now, text=text)
    return barrier

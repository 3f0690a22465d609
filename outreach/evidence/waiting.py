"""What waits for one person now, in numbers: for their *Today* page, their e-mails and their calendar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from outreach.attendance.school_year import SchoolYear
from outreach.attention import queries as attention
from outreach.cases import call_list, clerk_list, danger_queries, queries, speaking_queries
from outreach.cases.help_states import StepState
from outreach.cases.help_tables import Step
from outreach.cases.states import CaseState, Queue
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission

_WEEK = timedelta(days=7)
_WEEKEND = 5


class What(StrEnum):
    """What may wait, the most pressing first."""

    DANGER = "danger"
    """Open incidents that nobody has yet."""
    NEEDS_ME = "needs_me"
    """Conversations under *Needs me*."""
    FOLLOW_UPS = "follow_ups"
    """Planned steps whose day has come, of this person or in their cases."""
    LANGUAGES = "languages"
    """What waits for a speaker or an interpreter: given to this person, or at their schools."""
    CALLS = "calls"
    """Children on the call list."""
    DISPUTES = "disputes"
    """What families said of the record, not settled."""
    ATTENTION = "attention"
    HELD = "held"
    """Messages that could not leave."""


@dataclass(frozen=True)
class Waits:
    """One kind of thing that waits."""

    what: What
    number: int
    mine: int = 0
    """How many of them this person has taken; only of conversations."""


def read(session: Session, person: SignedIn, settings: Settings, now: datetime) -> list[Waits]:
    """What waits in the scope of *person*, of what their role may see; kinds of which nothing waits are left out."""
    schools, today, found = person.schools, local_date(now, settings.zone), []
    if person.may(Permission.DANGER_READ):
        found.append(Waits(What.DANGER, danger_queries.unanswered(session, person)))
    if person.may(Permission.INBOX_ANSWER):
        found.append(_conversations(session, person, now))
        due = due_steps(person, today)
        found.append(Waits(What.FOLLOW_UPS, session.scalar(due.with_only_columns(func.count(Step.id)).order_by(None)) or 0))
        found.append(Waits(What.CALLS, call_list.number(session, schools, settings=settings, now=now)))
    if person.may(Permission.LANGUAGE_HELP):
        found.append(Waits(What.LANGUAGES, len(speaking_queries.open_tasks(session, person))))
    if person.may(Permission.NOTES_SETTLE):
        found.append(Waits(What.DISPUTES, sum(clerk_list.counts(session, schools).values())))
    if person.may(Permission.ATTENTION_READ):
        found.append(Waits(What.ATTENTION, sum(attention.open_counts(session, schools).values())))
    if person.may(Permission.DELIVERY_READ):
        found.append(Waits(What.HELD, _held(session, schools)))
    return [one for one in found if one.number]


def due_steps(person: SignedIn, until: date) -> Select[Step, Case]:
    """The planned steps that this person does, or that nobody does in a case of theirs, up to a day; the first day first."""
    theirs = or_(Step.owner_id == person.id, Step.owner_id.is_(None) & (Case.owner_id == person.id))
    scope: list[ColumnElement[bool]] = [] if person.schools is None else [queries.of_schools(person.schools)]
    return (
        select(Step, Case)
        .join(Case, Case.id == Step.case_id)
        .where(Step.state == StepState.PLANNED.value, Step.due_on <= until, theirs, *scope)
        .order_by(Step.due_on, Step.id)
    )


def school_days(session: Session, schools: Collection[str] | None, today: date) -> frozenset[date]:
    """Those of the seven days from *today* on which one of *schools* (None: any) has school; without any calendar Monday to Friday."""
    days = frozenset(today + timedelta(days=ahead) for ahead in range(_WEEK.days))
    known = SchoolYear.of(session, today).open_between(schools, min(days), max(days))
    return known if known is not None else frozenset(day for day in days if day.weekday() < _WEEKEND)


def _conversations(session: Session, person: SignedIn, now: datetime) -> Waits:
    here = [Case.state == CaseState.OPEN.value, Case.queue == Queue.NEEDS_ME.value]
    here.append(or_(Case.snoozed_until.is_(None), Case.snoozed_until <= now))
    if person.schools is not None:
        here.append(queries.of_schools(person.schools))
    mine = func.count(Case.id).filter(Case.owner_id == person.id)
    number, taken = session.execute(select(func.count(Case.id), mine).where(*here)).one()
    return Waits(What.NEEDS_ME, number, taken)


def _held(session: Session, schools: Collection[str] | None) -> int:
    held = select(func.count()).where(PlannedMessage.state == State.HELD.value)
    return session.scalar(held if schools is None else held.where(PlannedMessage.school_id.in_(schools))) or 0

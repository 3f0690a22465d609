"""What else stands beside a conversation: how far up the ladder a child is, the last contacts, what stood in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import danger_queries as danger
from outreach.cases.contact_log import KINDS
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.district.tables import OtherContact, StudentAdult
from outreach.planning.states import TOLD
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.thresholds.tables import Episode

_LAST = 5


@dataclass(frozen=True)
class Touch:
    """One contact with the family, the last ones first."""

    on: date
    what: str


@dataclass(frozen=True)
class Beside:
    """About one child."""

    ladder: tuple[Episode, ...]
    """This child's crossings, the newest first."""
    contacts: tuple[Touch, ...]
    barriers: tuple[tuple[str, date], ...]
    """Reasons the family gave, with the day it last did; none that are sealed for this person."""
    knows: tuple[str, ...]
    """Adults at school who know the child."""


def of_child(session: Session, student_id: str, person: SignedIn, zone: str) -> Beside:
    """Gather it for a child whom this person may see."""
    episodes = session.scalars(select(Episode).where(Episode.student_id == student_id).order_by(Episode.opened_at.desc())).all()
    cases = session.scalars(select(Case.id).where(Case.student_id == student_id)).all()
    knows = session.scalars(select(StudentAdult).where(StudentAdult.student_id == student_id).order_by(StudentAdult.id))
    touches = [*_messages(session, student_id, zone), *_logged(session, cases, zone), *_elsewhere(session, student_id)]
    return Beside(
        ladder=tuple(episode for episode in episodes if episode.school_year == episodes[0].school_year),
        contacts=tuple(sorted(touches, key=lambda touch: touch.on, reverse=True)[:_LAST]),
        barriers=_barriers(session, cases, person, zone),
        knows=tuple(f"{row.name}, {row.role}" if row.role else row.name for row in knows),
    )


def _messages(session: Session, student_id: str, zone: str) -> list[Touch]:
    contacts = [adult.contact_id for adult in district.load_adults(session, [student_id])]
    told = (
        select(PlannedMessage)
        .where(PlannedMessage.contact_id.in_(contacts), PlannedMessage.state.in_(TOLD))
        .order_by(PlannedMessage.id.desc())
        .limit(10 * _LAST)
    )
    found = []
    for row in session.scalars(told):
        if student_id in row.student_ids and (at := row.sent_at or row.claimed_at):
            name = row.message.replace("_", " ") if row.message else "an answer"
            found.append(Touch(local_date(at, zone), f"{'Letter' if row.channel == 'letter' else 'Text'}: {name}"))
    return found[:_LAST]


def _logged(session: Session, cases: Sequence[int], zone: str) -> list[Touch]:
    kinds = {kind.value: words for kind, words in KINDS.items()} | {EventKind.INBOUND.value: "The family wrote"}
    newest = select(CaseEvent).where(CaseEvent.case_id.in_(cases), CaseEvent.kind.in_(kinds)).order_by(CaseEvent.at.desc()).limit(_LAST)
    return [Touch(local_date(row.at, zone), kinds[row.kind]) for row in session.scalars(newest)]


def _elsewhere(session: Session, student_id: str) -> list[Touch]:
    rows = select(OtherContact).where(OtherContact.student_id == student_id).order_by(OtherContact.date.desc()).limit(_LAST)
    return [Touch(row.date, f"{(row.kind or row.channel).capitalize()}, by another system") for row in session.scalars(rows)]


def _barriers(session: Session, cases: Sequence[int], person: SignedIn, zone: str) -> tuple[tuple[str, date], ...]:
    since = {} if person.may(Permission.DANGER_READ) else danger.sealed_since(session, cases)
    said = (
        select(Inbound, CaseEvent.case_id)
        .join(CaseEvent, CaseEvent.inbound_id == Inbound.id)
        .where(CaseEvent.case_id.in_(cases), Inbound.barrier != "")
        .order_by(Inbound.received_at)
    )
    found: dict[str, date] = {}
    for row, case_id in session.execute(said):
        if person.may(Permission.DANGER_READ) or not (row.urgent or (case_id in since and row.received_at >= since[case_id])):
            found[row.barrier] = local_date(row.received_at, zone)
    return tuple(sorted(found.items(), key=lambda pair: pair[1], reverse=True))

"""What else stands beside a conversation: how far up the ladder a child is, the last contacts, what stood in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import help_queries
from outreach.cases.contact_log import KINDS
from outreach.cases.help_queries import ShownBarrier
from outreach.cases.mentor_tables import CheckIn
from outreach.cases.mentors import KINDS as CHECKED
from outreach.cases.mentors import CheckInKind
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.district.tables import OtherContact, StudentAdult
from outreach.planning import peace
from outreach.planning.peace import Hold
from outreach.planning.states import TOLD
from outreach.planning.tables import PlannedMessage
from outreach.staff.queries import SignedIn, names_by_email
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
    barriers: tuple[ShownBarrier, ...]
    """What stands in the way now; of a reason that is sealed for this person, the root cause."""
    next_on: date | None
    next_step: str
    """The next planned step, and its day; only the day where this person may not read which."""
    knows: tuple[str, ...]
    """Adults at school who know the child."""
    quiet: Hold | None
    """The family is left in peace."""
    quiet_by: str
    """Who asked for that."""


def of_child(session: Session, student_id: str, person: SignedIn, zone: str, today: date) -> Beside:
    """Gather it for a child whom this person may see."""
    quiet = peace.of_child(session, student_id, today) if person.may(Permission.DATA_CHILDREN) else None
    episodes = session.scalars(select(Episode).where(Episode.student_id == student_id).order_by(Episode.opened_at.desc())).all()
    cases = session.scalars(select(Case).where(Case.student_id == student_id)).all()
    steps = help_queries.next_steps(session, [case for case in cases if case.open_key is not None], person)
    next_on, next_step = min(steps.values(), default=(None, ""))
    knows = session.scalars(select(StudentAdult).where(StudentAdult.student_id == student_id).order_by(StudentAdult.id))
    touches = [
        *_messages(session, student_id, zone),
        *_logged(session, [case.id for case in cases], zone),
        *_checked_in(session, student_id, zone),
        *_elsewhere(session, student_id),
    ]
    return Beside(
        ladder=tuple(episode for episode in episodes if episode.school_year == episodes[0].school_year),
        contacts=tuple(sorted(touches, key=lambda touch: touch.on, reverse=True)[:_LAST]),
        barriers=tuple(one for one in help_queries.barriers(session, cases, person) if one.is_open),
        next_on=next_on,
        next_step=next_step,
        knows=tuple(f"{row.name}, {row.role}" if row.role else row.name for row in knows),
        quiet=quiet,
        quiet_by=names_by_email(session, {quiet.by}).get(quiet.by, quiet.by) if quiet else "",
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


def _checked_in(session: Session, student_id: str, zone: str) -> list[Touch]:
    """A mentor's check-ins, with what was said: it is for those who look after the child."""
    rows = session.scalars(select(CheckIn).where(CheckIn.student_id == student_id).order_by(CheckIn.at.desc()).limit(_LAST))
    return [
        Touch(local_date(row.at, zone), ": ".join(filter(None, (f"A mentor {CHECKED[CheckInKind(row.kind)].lower()}", row.words))))
        for row in rows
    ]


def _elsewhere(session: Session, student_id: str) -> list[Touch]:
    rows = select(OtherContact).where(OtherContact.student_id == student_id).order_by(OtherContact.date.desc()).limit(_LAST)
    return [Touch(row.date, f"{(row.kind or row.channel).capitalize()}, by another system") for row in session.scalars(rows)]

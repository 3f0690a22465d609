"""Whom messages reached this school year: households, not messages, because a family that was told twice is one family."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.school_year import SchoolYear
from outreach.cases.tables import Case, CaseEvent
from outreach.evidence.snapshot_tables import WHOLE, SnapshotReach
from outreach.planning.states import TOLD, Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage


@dataclass
class Reached:
    """The households of one school and language."""

    households: int = 0
    told: int = 0
    delivered: int = 0
    answered: int = 0
    unreached: Counter[str] = field(default_factory=Counter)

    def add(self, more: Reached | SnapshotReach) -> None:
        """Add other households."""
        self.households += more.households
        self.told += more.told
        self.delivered += more.delivered
        self.answered += more.answered
        self.unreached.update(more.unreached)


@dataclass
class _Home:
    """What became of one household's nudges, the newest reason last."""

    told: bool = False
    delivered: bool = False
    why: str = ""


def reached(session: Session, as_of: date) -> Mapping[tuple[str, str], Reached]:
    """(school, the family's language) → whom the nudges of this school year reached, and the sums over all schools (no school).

    Each household counts at one school and language.
    """
    since = datetime.combine(_year_began(session, as_of), time(), UTC)
    homes: defaultdict[tuple[str, str, str], _Home] = defaultdict(_Home)
    columns = (
        PlannedMessage.school_id,
        PlannedMessage.family_language,
        PlannedMessage.household,
        PlannedMessage.state,
        PlannedMessage.reason,
    )
    nudges = select(*columns, PlannedMessage.channel).where(
        PlannedMessage.message_class == MessageClass.NUDGE, PlannedMessage.created_at >= since
    )
    for row in session.execute(nudges.order_by(PlannedMessage.id)):
        home = homes[row.school_id, row.family_language, row.household]
        home.told |= row.state in TOLD or row.state in {State.UNDELIVERED, State.FAILED}
        home.delivered |= row.state == State.DELIVERED or (row.channel == Channel.LETTER and row.state == State.PRINTED)
        home.why = row.reason.partition(":")[0] or home.why
    answered = _answered(session, since)
    found: defaultdict[tuple[str, str], Reached] = defaultdict(Reached)
    for (school_id, language, household), home in homes.items():
        group = found[school_id, language]
        group.households += 1
        group.told += home.told
        group.delivered += home.delivered
        group.answered += household in answered
        if not home.told:
            group.unreached[home.why or "not sent yet"] += 1
    for (school_id, language), group in list(found.items()):
        if school_id != WHOLE:
            found[WHOLE, language].add(group)
    return found


def _answered(session: Session, since: datetime) -> frozenset[str]:
    """Households whose conversation holds a text of theirs."""
    statement = select(Case.household).join(CaseEvent, CaseEvent.case_id == Case.id)
    return frozenset(session.scalars(statement.where(CaseEvent.inbound_id.is_not(None), CaseEvent.at >= since, Case.household != "")))


def _year_began(session: Session, as_of: date) -> date:
    year = SchoolYear.of(session, as_of)
    schools: Iterable[str] = session.scalars(select(PlannedMessage.school_id).distinct())
    return min((year.start(school_id) for school_id in schools), default=as_of)

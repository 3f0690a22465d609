"""How long families wait for help: from the moment a barrier was heard to the moment the family says that it is better.

A barrier that a person closed without the family's yes is no help that anybody confirmed: it is counted apart, and has no time. A
report goes by root cause and never by reason, so a sealed reason is in it and cannot be read from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.help_states import BarrierState
from outreach.cases.help_tables import Barrier
from outreach.cases.tables import Case
from outreach.replies.reasons import CATEGORY_OF


@dataclass(frozen=True)
class Heard:
    """One barrier that was reported, and when it was over for the family."""

    school_id: str
    category: str
    heard_at: datetime
    said_yes_at: datetime | None
    closed: bool

    @property
    def took(self) -> timedelta | None:
        """From hearing it to the family's yes; None without a yes."""
        return None if self.said_yes_at is None else self.said_yes_at - self.heard_at


@dataclass(frozen=True)
class Waits:
    """What became of some barriers."""

    heard: int
    helped: int
    """The family said yes."""
    closed_without_yes: int
    open: int
    median: timedelta | None
    """Of those that were helped."""


def barriers(session: Session, since: datetime, until: datetime, schools: Collection[str] | None = None) -> list[Heard]:
    """The barriers heard from *since* on and before *until* at *schools* (None: the district), in the order in which they were heard."""
    rows = (
        select(Case.school_id, Barrier.reason, Barrier.heard_at, Barrier.said_yes_at, Barrier.state)
        .join(Case, Case.id == Barrier.case_id)
        .where(Barrier.heard_at >= since, Barrier.heard_at < until)
        .order_by(Barrier.heard_at, Barrier.id)
    )
    if schools is not None:
        rows = rows.where(Case.school_id.in_(set(schools) - {""}))
    return [
        Heard(school, CATEGORY_OF[reason].value, heard, yes, state == BarrierState.CLOSED)
        for school, reason, heard, yes, state in session.execute(rows)
    ]


def waits(found: Iterable[Heard]) -> Waits:
    """Add barriers up. Pure."""
    every = list(found)
    times = [one.took for one in every if one.took is not None]
    without = sum(one.closed and one.took is None for one in every)
    middle = timedelta(seconds=median(time.total_seconds() for time in times)) if times else None
    return Waits(len(every), len(times), without, len(every) - len(times) - without, middle)


def by_category(found: Iterable[Heard]) -> dict[str, Waits]:
    """The same by root cause."""
    groups: defaultdict[str, list[Heard]] = defaultdict(list)
    for one in found:
        groups[one.category].append(one)
    return {category: waits(some) for category, some in sorted(groups.items())}

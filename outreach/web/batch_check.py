"""What a person looks at before a batch leaves: how many, on how old data, who is left out and why, a sample in each language, the cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.planning import release
from outreach.planning.release import Go
from outreach.planning.states import Channel, State
from outreach.planning.tables import MessageBatch, PlannedMessage
from outreach.settings import Settings
from outreach.web.corrections import paragraphs

_TRIED = 3
"""Messages of a language looked at until one may leave as things are."""


@dataclass(frozen=True)
class Sample:
    """One message as it would leave now, in one language."""

    language: str
    channel: str
    messages: int
    words: tuple[str, ...]
    """A paragraph each; empty where none of the first few may leave."""
    hindered: str
    """Why not."""


@dataclass(frozen=True)
class Look:
    """A batch as its page shows it."""

    states: dict[State, int]
    texts: int
    letters: int
    oldest: date | None
    """The earliest day up to which one of its numbers counts."""
    days: list[tuple[date, int]]
    """Local days on which its texts are due."""
    excluded: list[tuple[str, int]]
    """Reasons for which the same planning left messages out."""
    samples: list[Sample]
    cost: Decimal
    """In dollars, texts and letters together."""
    waiting: int
    may_still_leave: int


def look(session: Session, batch: MessageBatch, settings: Settings, now: datetime) -> Look:
    """Read a batch."""
    rows = session.scalars(select(PlannedMessage).where(PlannedMessage.batch_id == batch.id).order_by(PlannedMessage.id)).all()
    texts = [row for row in rows if row.channel == Channel.SMS]
    samples = [_sample(session, mine, settings, now) for mine in _by_language(rows)]
    segments = sum(max(1, sample[1]) * sample[0].messages for sample in samples if sample[0].channel == Channel.SMS)
    letters = len(rows) - len(texts)
    states = Counter(State(row.state) for row in rows)
    days = Counter(row.due_at.astimezone(ZoneInfo(settings.zone)).date() for row in texts)
    return Look(
        states=dict(states),
        texts=len(texts),
        letters=letters,
        oldest=min((date.fromisoformat(child["as_of"]) for row in rows for child in row.facts.get("children", ())), default=None),
        days=sorted(days.items()),
        excluded=_excluded(session, batch),
        samples=[sample for sample, _ in samples],
        cost=settings.segment_price * segments + settings.letter_price * letters,
        waiting=states[State.WAITING],
        may_still_leave=states[State.PLANNED] + states[State.HELD],
    )


def _by_language(rows: Sequence[PlannedMessage]) -> list[list[PlannedMessage]]:
    found: dict[tuple[str, str], list[PlannedMessage]] = {}
    for row in rows:
        found.setdefault((row.channel, row.language), []).append(row)
    return sorted(found.values(), key=lambda mine: (mine[0].channel != Channel.SMS, -len(mine), mine[0].language))


def _sample(session: Session, mine: Sequence[PlannedMessage], settings: Settings, now: datetime) -> tuple[Sample, int]:
    """The first of some messages that may leave, in its words and the segments it takes."""
    first, hindered = mine[0], ""
    for row in mine[:_TRIED]:
        found = release.preview(session, row, settings, now)
        if isinstance(found, Go):
            words = paragraphs(found.letter) if found.letter else (found.body,)
            return Sample(found.language, row.channel, len(mine), words, ""), found.segments or 0
        hindered = hindered or found.reason
    return Sample(first.language, first.channel, len(mine), (), hindered), 1


def _excluded(session: Session, batch: MessageBatch) -> list[tuple[str, int]]:
    """Skips of the same planning, by reason, the most frequent first; each counts one message to one household."""
    left_out = select(PlannedMessage.reason, func.count()).where(
        PlannedMessage.state == State.SKIPPED, PlannedMessage.created_at == batch.planned_at, PlannedMessage.created_by == batch.planned_by
    )
    rows = session.execute(left_out.group_by(PlannedMessage.reason))
    return sorted(((reason, number) for reason, number in rows), key=lambda pair: (-pair[1], pair[0]))

"""Reads for the top of the delivery page: what will leave today and what holds the rest, and what left today on every way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.cases.call_tables import CallMade
from outreach.clock import local_date, start_of_day
from outreach.delivery.letter_rules import BatchState
from outreach.delivery.letter_tables import LetterBatch
from outreach.delivery.mail import MailState
from outreach.delivery.mail_tables import Email
from outreach.district.tables import Enrolment
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.web import outbox, whys
from outreach.web.whys import Why


@dataclass
class Kind:
    """One message on one channel: what of it is to leave today, school by school, and what holds the rest."""

    channel: str
    message: str
    leaves: Counter[str] = field(default_factory=Counter)
    """School → messages that leave today as things are."""
    first: datetime | None = None
    last: datetime | None = None
    held: Counter[str] = field(default_factory=Counter)
    """Reason → messages."""

    @property
    def total(self) -> int:
        """Messages that leave today."""
        return sum(self.leaves.values())

    @property
    def holds(self) -> list[tuple[Why, int]]:
        """What holds the rest, in plain words with the next step, the most first; reasons of the same words together."""
        found: Counter[Why] = Counter()
        for reason, number in self.held.items():
            found[whys.of(reason)] += number
        return found.most_common()


@dataclass(frozen=True)
class Today:
    """The day so far, and what is still to come of it."""

    kinds: list[Kind]
    printing: Sequence[LetterBatch]
    """Released batches of letters that go to print today."""
    left: dict[str, int]
    """Texts, letters, e-mails and calls → how many of them left, or were made, today."""


def read(session: Session, schools: frozenset[str] | None, settings: Settings, now: datetime) -> Today:
    """Read the day of some schools (None: the district), in a number of statements that no number of messages changes."""
    day = local_date(now, settings.zone)
    begins, ends = start_of_day(day, settings.zone), start_of_day(day + timedelta(days=1), settings.zone)
    printing = select(LetterBatch).where(
        LetterBatch.state == BatchState.RELEASED, LetterBatch.print_at > now, LetterBatch.print_at < ends
    )  # fmt: skip
    return Today(
        kinds=_kinds(session, schools, now, ends),
        printing=session.scalars(printing.order_by(LetterBatch.print_at)).all(),
        left=_left(session, schools, begins, ends),
    )


def _kinds(session: Session, schools: frozenset[str] | None, now: datetime, ends: datetime) -> list[Kind]:
    row = PlannedMessage
    groups = row.channel, row.message, row.school_id, row.state, row.reason
    rows = select(*groups, func.count().label("number"), func.min(row.due_at).label("first"), func.max(row.due_at).label("last"))
    rows = rows.where(row.state.in_(outbox.WAITING), row.due_at < ends).group_by(*groups)
    found: dict[tuple[str, str], Kind] = {}
    for one in session.execute(rows if schools is None else rows.where(row.school_id.in_(schools))):
        kind = found.setdefault((one.channel, one.message), Kind(one.channel, one.message))
        if one.state == State.PLANNED:
            kind.leaves[one.school_id] += one.number
            kind.first = min(kind.first or ends, max(one.first, now))
            kind.last = max(kind.last or now, one.last)
        else:
            kind.held[one.reason] += one.number
    return sorted(found.values(), key=lambda kind: (kind.channel != Channel.SMS, -kind.total, kind.message))


def _left(session: Session, schools: frozenset[str] | None, begins: datetime, ends: datetime) -> dict[str, int]:
    row = PlannedMessage
    gone = row.state.in_((*outbox.MOVING, *outbox.ARRIVED, *outbox.TROUBLE))
    sent = select(row.channel, func.count()).where(gone, row.sent_at >= begins, row.sent_at < ends).group_by(row.channel)
    messages = {one[0]: one[1] for one in session.execute(sent if schools is None else sent.where(row.school_id.in_(schools)))}
    calls = select(func.count()).where(CallMade.at >= begins, CallMade.at < ends, CallMade.undone_at.is_(None))
    if schools is not None:
        calls = calls.where(CallMade.student_id.in_(select(Enrolment.student_id).where(Enrolment.school_id.in_(schools))))
    found = {
        "Texts": messages.get(Channel.SMS, 0),
        "Letters": messages.get(Channel.LETTER, 0),
        "Calls": session.scalar(calls) or 0,
    }
    if schools is None:
        mails = select(func.count()).where(Email.state == MailState.SENT, Email.ended_at >= begins, Email.ended_at < ends)
        found["E-mails to staff"] = session.scalar(mails) or 0
    return found

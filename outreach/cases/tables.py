"""Cases: one open case per number or child, with everything that happened in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Case(Base):
    """A family that someone is looking after."""

    __tablename__ = "cases"
    __table_args__ = (
        Index(None, "phone"),
        Index(None, "student_id"),
        Index(None, "state", "closed_at"),
        Index("ix_cases_open_key", "open_key", unique=True),
        # the inbox counts and orders its queues from this index alone, without the rows, and counts in its order, without sorting
        Index("ix_cases_queue", "state", "queue", "owner_id", "snoozed_until", "urgent", "waiting_since", "opened_at", "school_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    open_key: Mapped[str | None]
    """What this case is about while it is not closed (``phone:+1…`` or ``student:…``): the database keeps one."""
    state: Mapped[str]
    """A ``cases.states.CaseState``."""
    queue: Mapped[str]
    """``needs_me`` or ``information``."""
    phone: Mapped[str]
    household: Mapped[str]
    contact_id: Mapped[str]
    student_id: Mapped[str]
    """The child it is about first; empty where the number is unknown."""
    school_id: Mapped[str]
    owner_id: Mapped[int | None]
    opened_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    """Since when the family waits for a person; empty when nobody waits."""
    snoozed_until: Mapped[datetime | None]
    """Until when a person put it aside; the family's next word brings it back at once."""
    urgent: Mapped[bool]
    sealed_since: Mapped[datetime | None]
    """From when on its words are for its owner alone, because a sealed reason was given (``cases.seals``)."""
    opened_because: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str]


class CaseSchool(Base):
    """A school that takes part in a case which another one leads: a child of the same household attends it."""

    __tablename__ = "case_schools"
    __table_args__ = (Index(None, "school_id", "case_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    school_id: Mapped[str] = mapped_column(primary_key=True)


class CaseEvent(Base):
    """One thing that happened in a case."""

    __tablename__ = "case_events"
    __table_args__ = (
        Index(None, "case_id", "at"),
        UniqueConstraint("inbound_id"),
        UniqueConstraint("episode_id"),
        Index(None, "planned_id"),
        Index(None, "kind", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    """A ``cases.states.EventKind``."""
    by: Mapped[str]
    text: Mapped[str]
    """A note's words; empty where another row holds them."""
    inbound_id: Mapped[int | None]
    planned_id: Mapped[int | None]
    episode_id: Mapped[int | None]
    """The crossing that opened the case or joined it."""


class WrongCount(Base):
    """A number that one message told of one child, and that what is known now says otherwise."""

    __tablename__ = "wrong_counts"
    __table_args__ = (UniqueConstraint("planned_id", "student_id", "told"), Index(None, "case_id"), Index(None, "message_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"))
    """The message that told it."""
    student_id: Mapped[str]
    as_of: Mapped[date]
    """The day it was told for."""
    told: Mapped[str]
    """As the family read it: 12 or 12.5."""
    true_now: Mapped[str]
    """The same days counted with what is known now; empty while that is not known."""
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The days behind it: ``date``, ``then``, ``now`` (present, absent, a verdict), ``import_id`` (empty: no mark of that day changed)."""
    state: Mapped[str]
    """A ``cases.states.WrongState``."""
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    message_id: Mapped[int | None]
    """The planned message that corrects it; empty while the right number is not known."""
    found_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    decided_by: Mapped[str]
    note: Mapped[str]
    """Why it was dismissed."""


class RecountRun(Base):
    """One recount of the numbers that were told: what was known by then, and how many were wrong."""

    __tablename__ = "recount_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    import_id: Mapped[int]
    overlay_id: Mapped[int]
    checked: Mapped[int]
    wrong: Mapped[int]

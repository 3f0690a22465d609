"""What stands in a child's way, and what people do about it: rows of a case."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Barrier(Base):
    """One reason that keeps a child from school, as somebody reported it."""

    __tablename__ = "barriers"
    __table_args__ = (Index(None, "case_id"), Index(None, "heard_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    reason: Mapped[str]
    """One of the thirty of ``replies.reasons``; the root cause follows from it."""
    sealed: Mapped[bool]
    """Only the person who looks after the case may read it; it stays so, whatever becomes of the barrier."""
    urgent: Mapped[bool]
    """It came with a text that may mean danger, which has a seal of its own."""
    severity: Mapped[str]
    """A ``help_states.Severity``."""
    said_by: Mapped[str]
    """A ``help_states.SaidBy``."""
    words: Mapped[str]
    """What a person wrote down of it."""
    heard_at: Mapped[datetime]
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound_messages.id"))
    """The family's own text, where there is one."""
    confirmed_by: Mapped[str]
    """Who looked at what software read; empty while nobody did."""
    state: Mapped[str]
    """A ``help_states.BarrierState``."""
    said_yes_at: Mapped[datetime | None]
    """When the family said that it is better."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str]
    closed_why: Mapped[str]
    """A person's reasoned note; empty where the family's yes closed it."""


class Step(Base):
    """One thing that a person does, or did, about a child's absence."""

    __tablename__ = "case_steps"
    __table_args__ = (Index(None, "case_id"), Index(None, "state", "done_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    barrier_id: Mapped[int | None] = mapped_column(ForeignKey("barriers.id"))
    """What it is meant to take out of the way; empty where it is about the child as a whole."""
    kind: Mapped[str]
    """A name under ``steps`` in ``config/barriers.toml``."""
    layer: Mapped[str]
    """A ``help_states.Layer``, as it was when this was written."""
    words: Mapped[str]
    owner_id: Mapped[int | None]
    """Who does it."""
    state: Mapped[str]
    """A ``help_states.StepState``."""
    due_on: Mapped[date | None]
    """The school's local date; empty for what was written down after it was done."""
    planned_at: Mapped[datetime]
    planned_by: Mapped[str]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str]
    """What came of it, or why it was dropped or is open again."""
    told_id: Mapped[int | None] = mapped_column(ForeignKey("planned_messages.id"))
    """The message that told the family what was done."""
    asked_id: Mapped[int | None] = mapped_column(ForeignKey("planned_messages.id"))
    """The message that asks the family whether it helped."""

"""What several families of one school name at once: one task for the district, and the cases it is about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class SharedTask(Base):
    """One reason that several households of a school named within two weeks."""

    __tablename__ = "shared_tasks"
    __table_args__ = (Index(None, "school_id", "reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    """School and reason, while it is open: there is one at a time."""
    school_id: Mapped[str]
    reason: Mapped[str]
    """One of the thirty; never a sealed report."""
    households: Mapped[int]
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    done: Mapped[str]
    """What was done for all of them; empty where nothing was."""
    why_not: Mapped[str]
    """Why it was put aside."""


class SharedTaskCase(Base):
    """A family that a task is about."""

    __tablename__ = "shared_task_cases"

    task_id: Mapped[int] = mapped_column(ForeignKey("shared_tasks.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    step_id: Mapped[int | None] = mapped_column(ForeignKey("case_steps.id"))
    """What was done, as a step of this family's case, for a person to tell them of."""

"""What came of the calls that staff made from the call list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class CallMade(Base):
    """One call, on one number, about one child; the case has the same as an event."""

    __tablename__ = "calls_made"
    __table_args__ = (Index(None, "student_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    contact_id: Mapped[str]
    phone: Mapped[str]
    outcome: Mapped[str]
    """A ``cases.call_outcomes.Outcome``."""
    at: Mapped[datetime]
    by: Mapped[str]
    event_id: Mapped[int] = mapped_column(ForeignKey("case_events.id"))
    overlay_id: Mapped[int | None]
    """Where the number turned out wrong: what says so."""
    before: Mapped[Json] = mapped_column(JSON)
    """How the case stood, so that the call can be taken back."""
    undone_at: Mapped[datetime | None]

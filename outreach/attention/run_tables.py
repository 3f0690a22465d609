"""How the jobs fare."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class JobRun(Base):
    """When a job last came to its good end, wherever it ran; noted at most once a minute (``attention.runs``)."""

    __tablename__ = "job_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    every_seconds: Mapped[int]
    """How often it looks."""
    ended_at: Mapped[datetime | None]
    """Its last good end; None before the first."""
    failures: Mapped[int]
    """In a row, since then."""
    problem: Mapped[str]
    """Kind and place of the last failure, never its words: they may quote a family. Empty after a good end."""
    noted_at: Mapped[datetime]

"""Campaigns: messages on a calendar of their own, each planned as one batch."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Campaign(Base):
    """One campaign as a person planned it: what kind, for whom, when. Its messages and skips hold its id in their ``once_key``."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """A ``planning.campaigns.Kind``."""
    schools: Mapped[list[str]] = mapped_column(JSON)
    grades: Mapped[list[str]] = mapped_column(JSON)
    """Empty for all."""
    first_day: Mapped[date]
    last_day: Mapped[date]
    children: Mapped[int]
    """Whom the kind and the choice named, before anybody was left out."""
    planned_by: Mapped[str]
    planned_at: Mapped[datetime]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("message_batches.id"))
    """None where everybody was left out."""
    called_off_by: Mapped[str]
    called_off_at: Mapped[datetime | None]

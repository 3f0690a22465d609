"""Approvals: which pair of English source and translation a named person released."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Approval(Base):
    """One approved pair; what goes out is the latest row of its message, channel and locale, from the texts kept here.

    Words that go back to an earlier wording are a new row: history only grows.
    """

    __tablename__ = "approvals"
    __table_args__ = (Index(None, "message", "channel", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    source_hash: Mapped[str]
    translation_hash: Mapped[str]
    source_text: Mapped[str]
    translation_text: Mapped[str]
    approved_by: Mapped[str]
    approved_at: Mapped[datetime]

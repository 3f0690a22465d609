"""The one table of things a person must see, written by every stage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class AttentionItem(Base):
    """Something software could not settle. ``key`` names the thing, so that the same trouble is one open row."""

    __tablename__ = "attention_items"
    __table_args__ = (Index(None, "key"), Index(None, "resolved_at"), Index("ix_attention_items_open_key", "open_key", unique=True))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    open_key: Mapped[str | None]
    """The key while nobody has resolved it: the database keeps one open row."""
    school_id: Mapped[str]
    """Whose staff sees it; empty for the district's."""
    sentence: Mapped[str]
    """What happened and what to do, without a family's name or number."""
    detail: Mapped[Json] = mapped_column(JSON)
    urgent: Mapped[bool]
    opened_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    times_seen: Mapped[int]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str]

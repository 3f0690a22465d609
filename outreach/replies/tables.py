"""What families wrote, and what it was understood to mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Inbound(Base):
    """One text from a family."""

    __tablename__ = "inbound_messages"
    __table_args__ = (Index(None, "phone", "received_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_sid: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str]
    body: Mapped[str]
    media: Mapped[int]
    received_at: Mapped[datetime]
    locale: Mapped[str]
    """The language of the words that decided; empty where none did."""
    intent: Mapped[str]
    barrier: Mapped[str]
    category: Mapped[str]
    urgent: Mapped[bool]
    suppress: Mapped[bool]
    to_human: Mapped[bool]
    why: Mapped[str]
    """Which words and which rule decided."""

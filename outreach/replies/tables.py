"""What families wrote, what it was understood to mean, and the photos that came with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
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


class InboundMedia(Base):
    """One photo or document that came with a text."""

    __tablename__ = "inbound_media"
    __table_args__ = (UniqueConstraint("inbound_id", "number"), Index(None, "state", "due_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound_messages.id"))
    number: Mapped[int]
    """Its place among those of its text, from 1."""
    path: Mapped[str]
    """Where the carrier keeps it, on the carrier's own server; empty where it told no place."""
    state: Mapped[str]
    """A ``replies.media.MediaState``."""
    type: Mapped[str]
    """What its first bytes say it is, such as image/jpeg; empty until it is kept."""
    size: Mapped[int]
    """Bytes."""
    name: Mapped[str]
    """Its random name in the home's folder ``media``; empty unless it is kept."""
    tries: Mapped[int]
    due_at: Mapped[datetime]
    """When it is fetched, or tried again."""
    changed_at: Mapped[datetime]

"""What must be kept, how long the rest is, and what was taken out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class LegalHold(Base):
    """Nothing of a child, or of a contact, may be redacted or deleted until a person lifts this."""

    __tablename__ = "legal_holds"
    __table_args__ = (Index(None, "student_id"), Index(None, "contact_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    contact_id: Mapped[str]
    """One of the two is empty. A hold on a child holds its adults' conversations, too."""
    why: Mapped[str]
    set_at: Mapped[datetime]
    set_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str]
    lifted_why: Mapped[str]


class TextRedaction(Base):
    """A family's text whose words were taken out; that it came, and what it counted as, stays."""

    __tablename__ = "text_redactions"

    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound_messages.id"), primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    """A person's e-mail, or ``retention``."""
    why: Mapped[str]


class RecordStatement(Base):
    """What a family says about a record it holds to be wrong; it goes with the record wherever that is given (34 CFR 99.21(c))."""

    __tablename__ = "record_statements"
    __table_args__ = (Index(None, "student_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    """Who wrote it down."""


class RetentionRule(Base):
    """How long one kind of data is kept here, where that differs from what is shipped."""

    __tablename__ = "retention_rules"

    kind: Mapped[str] = mapped_column(primary_key=True)
    """A ``records.retention.Kind``."""
    days: Mapped[int]
    by_itself: Mapped[bool]
    """Whether the service deletes by itself what is older."""
    set_at: Mapped[datetime]
    set_by: Mapped[str]


class RetentionRun(Base):
    """One deletion by schedule, or of one child's words on request."""

    __tablename__ = "retention_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    student_id: Mapped[str]
    """Empty for the schedule of the whole district."""
    at: Mapped[datetime]
    by: Mapped[str]
    before: Mapped[datetime]
    """What ended earlier went."""
    gone: Mapped[int]
    held: Mapped[int]
    """How many would have gone and were kept by a hold or an open request."""

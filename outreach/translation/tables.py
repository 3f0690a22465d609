"""What machines translated, apart from what people wrote."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class MachineText(Base):
    """One text in another language, made by a machine. The database refuses its words as an answer until a speaker approved them."""

    __tablename__ = "machine_texts"
    __table_args__ = (
        UniqueConstraint("inbound_id"),
        Index(None, "state", "due_at"),
        Index(None, "phone"),
        CheckConstraint("state <> 'approved' OR (kind = 'draft' AND approved_by_id IS NOT NULL)", name="approved_by_a_person"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """A ``translation.states.Kind``."""
    state: Mapped[str]
    """A ``translation.states.MachineState``."""
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound_messages.id"))
    """The family's text; empty for a draft."""
    phone: Mapped[str]
    """The family's number, in E.164."""
    source: Mapped[str]
    """Locale of the words as they were written."""
    target: Mapped[str]
    original: Mapped[str]
    """The words of a draft as staff wrote them; empty where the family's text has them."""
    words: Mapped[str]
    """What the machine made of them; empty until it did."""
    provider: Mapped[str]
    """Whose machine, as staff read it."""
    asked_by: Mapped[str]
    """Who wrote a draft; empty for a reading."""
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """When the service is asked, or asked again."""
    tries: Mapped[int]
    made_at: Mapped[datetime | None]
    reason: Mapped[str]
    """Why there is none."""
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """The speaker who looked at a draft and sent it."""
    approved_at: Mapped[datetime | None]

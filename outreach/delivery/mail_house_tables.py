"""Letters that a mail house prints and posts for the district."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Mailing(Base):
    """One released letter on its way to the mail house; the row of its message says what became of it for the family."""

    __tablename__ = "mailings"
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "batch_id"), Index(None, "house_id"))

    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("letter_batches.id"))
    state: Mapped[str]
    """A ``delivery.mail_house.MailingState``."""
    reason: Mapped[str]
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    clean_passes: Mapped[int]
    """How often the mail house's list did not have it since it was asked last."""
    asked_again: Mapped[int]
    """How often it was asked once more after its list did not have it; once at most."""
    house_id: Mapped[str]
    """The mail house's name for it; empty before it was taken."""
    taken_at: Mapped[datetime | None]

"""E-mails to staff, and who chose which."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Email(Base):
    """One e-mail to one person of the district; the row is committed before the mail server is asked."""

    __tablename__ = "emails"
    __table_args__ = (Index(None, "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """A ``delivery.mail.Kind``."""
    key: Mapped[str] = mapped_column(unique=True)
    """What it is about and for whom: the database refuses a second one."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """Whose; None where the recipient has no account yet (an invitation)."""
    address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    html: Mapped[str]
    locale: Mapped[str]
    state: Mapped[str]
    """A ``delivery.mail.MailState``."""
    reason: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """After this nobody wants to read it any more."""
    claimed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    attempts: Mapped[int]
    message_id: Mapped[str]
    """Its Message-ID, by which a mail server's log tells what became of it."""


class MailChoice(Base):
    """A person of the staff wants e-mails of one kind."""

    __tablename__ = "mail_choices"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    locale: Mapped[str]
    """The language in which they read them."""
    chosen_at: Mapped[datetime]

"""What people leave at a conversation: words not sent yet, that they are looking, acts they may take back, and the words to find it by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class CaseDraft(Base):
    """Words a person has not sent yet: theirs, in this conversation, whoever looks after it by now."""

    __tablename__ = "case_drafts"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """A ``cases.desk.DraftKind``."""
    text: Mapped[str]
    at: Mapped[datetime]


class CasePresence(Base):
    """A person has a conversation open; the row says when it was last seen open, and is worth nothing a minute later."""

    __tablename__ = "case_presences"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    seen_at: Mapped[datetime]
    typed_at: Mapped[datetime | None]


class InboxAct(Base):
    """What a person did to one or many cases in one go, and how those stood before: what it needs to be taken back."""

    __tablename__ = "inbox_acts"
    __table_args__ = (Index(None, "account_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]
    said: Mapped[str]
    """What was done, as the page says it."""
    before: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Of each case: its columns, and ``event``, the last one it had when the act was done."""
    planned_id: Mapped[int | None]
    """The answer that the act planned."""
    good_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class CaseWord(Base):
    """A word that stands in a conversation, or in the names and numbers of its people, folded as ``cases.searching`` folds it."""

    __tablename__ = "case_words"
    __table_args__ = (Index(None, "case_id"), {"sqlite_with_rowid": False})

    # compared byte by byte on both databases, so that words with one beginning stand together in the index
    word: Mapped[str] = mapped_column(String().with_variant(String(collation="C"), "postgresql"), primary_key=True)
    is_name: Mapped[bool] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)

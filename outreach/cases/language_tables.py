"""What people who read a family's language are asked to do: read, look at a draft, or interpret."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class LanguageTask(Base):
    """One thing to do in one language for one family; done or failed by a person."""

    __tablename__ = "language_tasks"
    __table_args__ = (Index(None, "state", "helper_id"), Index(None, "case_id"), Index(None, "inbound_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    """What it is about while it is open: the database keeps one."""
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str]
    """A ``cases.language_states.TaskKind``."""
    state: Mapped[str]
    """A ``cases.language_states.TaskState``."""
    language: Mapped[str]
    """Locale, or the name that the feed has for it."""
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound_messages.id"))
    """The family's text to read; the newest one, where several wait."""
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machine_texts.id"))
    """The draft to look at."""
    helper_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """Who has it; empty where nobody reads the language."""
    given_at: Mapped[datetime]
    """When it came to whoever has it, or to nobody: an e-mail tells them once."""
    wanted_at: Mapped[datetime | None]
    """When somebody has to interpret, or by when a speaker answers."""
    why: Mapped[str]
    """Why it is asked, or where and for what an interpreter is needed."""
    asked_by: Mapped[str]
    """Empty where software asked."""
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    result: Mapped[str]
    """What the family's words say in English, or what came of it."""

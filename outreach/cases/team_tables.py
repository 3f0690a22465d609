"""The team's week: versions of the playbook, and the secret addresses of calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class PlaybookVersion(Base):
    """One wording of the whole playbook; the newest holds. Rows are only added."""

    __tablename__ = "playbook_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Of each line ``roles``, ``on``, ``list`` and ``step``, as in ``config/playbook.toml``."""
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    why: Mapped[str]


class CalendarLink(Base):
    """A secret address under which one person's calendar program reads how many follow-ups are due; worth nothing once it is revoked."""

    __tablename__ = "calendar_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    open_key: Mapped[int | None] = mapped_column(unique=True)
    """The account while the link is good: the database keeps one."""
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When it was last read, to the day."""
    revoked_at: Mapped[datetime | None]

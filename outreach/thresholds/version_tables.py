"""The district's rules as people changed them: versions that lie over the file, and only grow."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class RulesVersion(Base):
    """All rules as they hold from a day on, until a version with a higher number does."""

    __tablename__ = "rules_versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Counts from 1; version 0 is the file."""
    rules: Mapped[list[Json]] = mapped_column(JSON)
    """Each rule's definition, with its name; empty where the file stands again."""
    holds_from: Mapped[date]
    """The district's first day by these rules."""
    back_to: Mapped[int | None]
    """The number of the version it repeats; 0 for the file."""
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    why: Mapped[str]

"""The team's week: versions of the playbook."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
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

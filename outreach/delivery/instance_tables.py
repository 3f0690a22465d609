"""Which installation a database belongs to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Instance(Base):
    """The one row that says where this database lives, and whether it may send from there (``delivery.instance``)."""

    __tablename__ = "instance"

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str]
    """What the place looked like when the database was at home there; compared with what it looks like now."""
    demo: Mapped[bool]
    """Invented families: never with a real carrier."""
    settled_at: Mapped[datetime]
    settled_by: Mapped[str]
    """Who released it last; empty while it never was a copy."""
    held_since: Mapped[datetime | None]
    """Since when nothing leaves; None at home."""
    held_why: Mapped[str]

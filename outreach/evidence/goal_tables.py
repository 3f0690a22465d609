"""Goals that a district or a school sets itself, and whether the district shows its figures to everybody."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Goal(Base):
    """One goal; it is never changed, only ended, by a person or by the one that takes its place."""

    __tablename__ = "goals"
    __table_args__ = (Index(None, "school_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    """What it is about, until it is ended: the database keeps one of each."""
    school_id: Mapped[str]
    """Empty for the whole district."""
    dimension: Mapped[str]
    """``all``, ``grade``, ``subgroup`` or ``language``, as in the kept days."""
    value: Mapped[str]
    measure: Mapped[str]
    """A ``goals.Measure``."""
    permille: Mapped[int]
    """The share to reach, in thousandths."""
    until: Mapped[date]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class PublicSwitch(Base):
    """One decision whether everybody may see the district's figures; the newest holds, and without one nobody may."""

    __tablename__ = "public_switches"

    id: Mapped[int] = mapped_column(primary_key=True)
    is_on: Mapped[bool]
    by: Mapped[str]
    at: Mapped[datetime]

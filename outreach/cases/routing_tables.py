"""What routing knows of the staff, and what it decided."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class StaffDetail(Base):
    """What one person of the staff reads and takes; who has no row reads English and takes everything."""

    __tablename__ = "staff_details"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    languages: Mapped[list[str]] = mapped_column(JSON)
    """Locales, besides English."""
    grades: Mapped[list[str]] = mapped_column(JSON)
    """As the feed writes them; none is every grade."""
    reasons: Mapped[list[str]] = mapped_column(JSON)
    """Reasons or root causes; none is every reason."""


class StaffAbsence(Base):
    """Days on which a person of the staff is away."""

    __tablename__ = "staff_absences"
    __table_args__ = (Index(None, "account_id", "ends"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    begins: Mapped[date]
    ends: Mapped[date]
    """The last day away."""
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """Who stands in; empty where nobody was named."""


class CaseRoute(Base):
    """One decision of who looks after a case; the newest holds while that person has it."""

    __tablename__ = "case_routes"
    __table_args__ = (Index(None, "case_id", "id"), Index("ix_case_routes_due", "due_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    at: Mapped[datetime]
    account_id: Mapped[int | None]
    """Empty where nobody could take it."""
    because: Mapped[str]
    """After "because you" and "because they"; a sentence of its own where nobody has it."""
    due_at: Mapped[datetime | None]
    """When it goes further up if nobody has acted; empty once that is settled."""

"""Who can help a family in or around a school, and which families were pointed to them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Resource(Base):
    """A service or partner, by what it helps with and whom it takes. An empty list means everybody."""

    __tablename__ = "resources"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    how: Mapped[str]
    """How to reach it, for staff: a number, an address, whom to ask for."""
    needs: Mapped[list[str]] = mapped_column(JSON)
    """Reasons of ``replies.reasons`` that it helps with; never empty."""
    schools: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    """Locales in which it speaks with families."""
    grades: Mapped[list[str]] = mapped_column(JSON)
    subgroups: Mapped[list[str]] = mapped_column(JSON)
    """Any one of them is enough."""
    capacity: Mapped[int | None]
    """How many families of ours it takes at a time; empty where it takes any number."""
    checked_on: Mapped[date]
    """When somebody last made sure that all of this is so."""
    checked_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class Referral(Base):
    """A family that was pointed to a resource, as a step of its case."""

    __tablename__ = "referrals"
    __table_args__ = (Index(None, "resource_id", "state"), Index(None, "case_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    step_id: Mapped[int] = mapped_column(ForeignKey("case_steps.id"), unique=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    state: Mapped[str]
    """A ``help_states.ReferralState``."""
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    why: Mapped[str]
    """Why it was declined, or did not help."""

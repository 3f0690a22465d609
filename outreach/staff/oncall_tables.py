"""Who is called when a family's text may mean danger, and each call for them."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class OnCallPerson(Base):
    """One place in the chain. Rows stay when a person leaves it: what was once asked of whom can be read later."""

    __tablename__ = "on_call_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    open_key: Mapped[int | None] = mapped_column(unique=True)
    """The account while it is in the chain: the database keeps one place for each."""
    place: Mapped[int]
    """The order in which people are asked, the lowest first."""
    phone: Mapped[str]
    """E.164; empty where this person is reached by e-mail alone."""
    begins: Mapped[time]
    ends: Mapped[time]
    """Hours in the district's zone; equal ones mean around the clock, an earlier end lies on the next day."""
    days: Mapped[list[int]] = mapped_column(JSON)
    """Days of the week on which the hours begin (Monday 0)."""
    last_resort: Mapped[bool]
    """Asked at any hour, when nobody before has answered."""
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str]


class OnCallPage(Base):
    """One call for one person to look at an incident, or a test that they can be reached."""

    __tablename__ = "on_call_pages"
    __table_args__ = (UniqueConstraint("incident_id", "number"), Index(None, "person_id", "at"), Index(None, "acknowledged_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("on_call_people.id"))
    incident_id: Mapped[int | None]
    """Empty for a test."""
    number: Mapped[int]
    """Which call of its incident this is, from 1; 0 for a test."""
    round: Mapped[int]
    """How often the chain had been asked from its start by then, from 1; 0 for a test."""
    token_hash: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str]
    """What an answer by text holds."""
    planned_id: Mapped[int | None]
    """Its text in the outbox; empty where the person has no number."""
    at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_how: Mapped[str]
    """link, text or page; empty until then."""

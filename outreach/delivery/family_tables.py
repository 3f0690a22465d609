"""The codes that letters carry to the family page, who opened it with one, and wrong tries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class FamilyCode(Base):
    """One letter's code. It is bound to the letter's adults and children; what they may see is decided anew whenever it is used."""

    __tablename__ = "family_codes"
    __table_args__ = (Index(None, "planned_id"), Index(None, "household"))

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the code; the code itself stands on paper only, and in the content its page is printed from."""
    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"))
    """The letter."""
    household: Mapped[str]
    contact_ids: Mapped[list[str]] = mapped_column(JSON)
    """The adults the letter names."""
    student_ids: Mapped[list[str]] = mapped_column(JSON)
    locale: Mapped[str]
    """The letter's language."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    wrong_tries: Mapped[int]
    """Wrong birth dates in a row."""
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str]
    """Why it opens nothing any more before it expires."""


class FamilyVisit(Base):
    """One opening of the family page: a browser holds the key, and the page is read again from the code's rights at every request."""

    __tablename__ = "family_visits"
    __table_args__ = (Index(None, "opened_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(unique=True)
    code_id: Mapped[int] = mapped_column(ForeignKey("family_codes.id"))
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FamilyTry(Base):
    """Wrong tries from one network address within one stretch of time; the address itself is not kept."""

    __tablename__ = "family_tries"
    __table_args__ = (UniqueConstraint("address", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    """A keyed hash that nobody can turn back."""
    since: Mapped[datetime]
    wrong: Mapped[int]

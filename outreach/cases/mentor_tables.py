"""Whose mentor somebody is, and what mentors write down of their children."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class MentorTie(Base):
    """An administrator's word that a mentor has one child, or every child for whom the feed names an adult so."""

    __tablename__ = "mentor_ties"
    __table_args__ = (UniqueConstraint("account_id", "student_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    student_id: Mapped[str]
    """One child; empty where a name is given."""
    name: Mapped[str]
    """As student_adults.csv writes it; empty where one child is given."""
    by: Mapped[str]
    at: Mapped[datetime]


class CheckIn(Base):
    """One contact that a mentor had, or tried to have."""

    __tablename__ = "check_ins"
    __table_args__ = (Index(None, "student_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    """A ``cases.mentors.CheckInKind``."""
    words: Mapped[str]
    next_on: Mapped[date | None]
    """The school's local date of the next one."""

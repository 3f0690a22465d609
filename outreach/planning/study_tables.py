"""Studies and the households in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class Study(Base):
    """A comparison decided by chance: proposed by one person, started by another."""

    __tablename__ = "studies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    """A ``planning.studies.Kind``."""
    state: Mapped[str]
    """A ``planning.states.StudyState``."""
    first_day: Mapped[date]
    last_day: Mapped[date]
    arms: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Each with ``name``, ``share``, ``from_day`` (ISO date or None) and ``message``; the first is what the others are compared with."""
    schools: Mapped[list[str]] = mapped_column(JSON)
    grades: Mapped[list[str]] = mapped_column(JSON)
    subgroups: Mapped[list[str]] = mapped_column(JSON)
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    started_by: Mapped[str]
    started_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    seed: Mapped[str]
    """Gives the same assignment for the same households; empty before the start."""
    seal: Mapped[str]
    """Digest of the assignment."""
    left_out: Mapped[Json] = mapped_column(JSON)
    """Why households did not take part → how many."""


class StudyHome(Base):
    """One household of a study, with the arm that chance gave it; never changed."""

    __tablename__ = "study_homes"
    __table_args__ = (UniqueConstraint("study_id", "household"), UniqueConstraint("study_id", "student_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    household: Mapped[str]
    student_id: Mapped[str]
    """The child whose absences stand for the household."""
    school_id: Mapped[str]
    grade: Mapped[str]
    """Of that child at the start; with the school it is the stratum."""
    prior: Mapped[str]
    """Days that child missed last year; empty where unknown."""
    arm: Mapped[int]


class StudyChild(Base):
    """A child of a household in a study: what it asks when somebody is to be told of a child."""

    __tablename__ = "study_children"
    __table_args__ = (Index(None, "student_id"),)

    home_id: Mapped[int] = mapped_column(ForeignKey("study_homes.id"), primary_key=True)
    student_id: Mapped[str] = mapped_column(primary_key=True)
    needs: Mapped[str]
    """Why the family is told although its arm waits (a case was opened, a barrier reported); empty while it waits with its arm."""

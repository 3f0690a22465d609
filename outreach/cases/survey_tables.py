"""Survey rounds, the links behind their codes, and answers that nobody can be found by."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class SurveyRound(Base):
    """One survey at one school: who is asked, from when until when, and what the school did about it."""

    __tablename__ = "survey_rounds"
    __table_args__ = (Index(None, "school_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[str]
    audience: Mapped[str]
    """A ``cases.surveys.Audience``."""
    open_key: Mapped[str | None] = mapped_column(unique=True)
    """School and audience until it is over: the database keeps one of each open."""
    first_day: Mapped[date]
    last_day: Mapped[date]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    """When a person ended it before its last day."""
    did: Mapped[str]
    """What the school did about what it heard, to tell back."""
    did_by: Mapped[str]
    did_at: Mapped[datetime | None]


class SurveyLink(Base):
    """One grade's address in a round. It hangs on a wall, so it is kept as it is, and stands for nobody."""

    __tablename__ = "survey_links"
    __table_args__ = (UniqueConstraint("round_id", "grade"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("survey_rounds.id"))
    grade: Mapped[str]
    """Empty where the school's children have none on file."""
    token: Mapped[str] = mapped_column(unique=True)


class SurveyAnswer(Base):
    """One answer: what was chosen, in which grade's round, on which day. No address, language, device, hour or order is kept."""

    __tablename__ = "survey_answers"
    __table_args__ = (Index(None, "link_id"), {"sqlite_with_rowid": False})

    id: Mapped[str] = mapped_column(primary_key=True)
    """Chance, and the order in which rows lie: nothing tells which came first."""
    link_id: Mapped[int] = mapped_column(ForeignKey("survey_links.id"))
    day: Mapped[date]
    choices: Mapped[list[str]] = mapped_column(JSON)
    words: Mapped[str]
    danger: Mapped[bool]
    """Its words may mean danger: people on call read them at once."""

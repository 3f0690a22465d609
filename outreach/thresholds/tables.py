"""Crossings: one row per child, rule and episode, which the database keeps single."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class RuleVersion(Base):
    """A rule as it stood when it was first evaluated in this wording; episodes keep theirs."""

    __tablename__ = "rule_versions"
    __table_args__ = (UniqueConstraint("rule", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str]
    digest: Mapped[str]
    definition: Mapped[Json] = mapped_column(JSON)
    first_seen_at: Mapped[datetime]


class RuleStart(Base):
    """The first evaluation of a rule, as far as it reaches now, at a school whose counts were known; what it found is baseline."""

    __tablename__ = "rule_starts"

    rule: Mapped[str] = mapped_column(primary_key=True)
    reach: Mapped[str] = mapped_column(primary_key=True)
    """``Rule.reach``: a threshold that was moved starts anew."""
    school_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Episode(Base):
    """A child is over a rule's threshold: from the crossing until the count surely no longer meets it, or the year ends.

    A child who leaves keeps it: one who comes back has not crossed again.
    """

    __tablename__ = "episodes"
    __table_args__ = (UniqueConstraint("student_id", "rule", "school_year", "episode"), Index(None, "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    rule: Mapped[str]
    rule_version_id: Mapped[int]
    school_year: Mapped[date]
    """First day of the school year."""
    episode: Mapped[int]
    """1 for the first crossing of the year, then 2, …"""
    state: Mapped[str]
    """A ``thresholds.states.EpisodeState``."""
    baseline: Mapped[bool] = mapped_column(default=False)
    """Found at a first evaluation: it speaks only once a person has released it, whatever becomes of the count meanwhile."""
    tier: Mapped[str]
    days_absent: Mapped[str]
    """At the crossing; whole or half days as text."""
    days_enrolled: Mapped[int]
    as_of: Mapped[date]
    opened_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str]
    closed_at: Mapped[datetime | None]


class Evaluation(Base):
    """One evaluation of all rules: for which day, on which data; so that a tick knows whether there is news."""

    __tablename__ = "evaluations"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    as_of: Mapped[date]
    import_id: Mapped[int]
    """The newest import it knew."""
    overlay_id: Mapped[int]
    """The newest word of a person (``overlays``) it knew."""
    rules: Mapped[str]
    """Digest of the rules it used."""

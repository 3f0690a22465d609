"""The district on one day, added up: what dashboards read, so that no page counts a hundred thousand children."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base

WHOLE = ""
"""The school id of the district's own rows: what a page of the whole district reads, however many schools it has."""


class Snapshot(Base):
    """One day's sums, on what was known when they were made."""

    __tablename__ = "snapshots"

    id: Mapped[int] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    import_id: Mapped[int]
    overlay_id: Mapped[int]


class SnapshotGroup(Base):
    """The children of one group on that day."""

    __tablename__ = "snapshot_groups"
    __table_args__ = (UniqueConstraint("snapshot_id", "school_id", "dimension", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="CASCADE"))
    school_id: Mapped[str]
    """Empty for the whole district."""
    dimension: Mapped[str]
    """``all``, ``grade``, ``subgroup`` or ``language``."""
    value: Mapped[str]
    children: Mapped[int]
    tiers: Mapped[dict[str, int]] = mapped_column(JSON)
    """Tier (``too_early`` and ``unknown`` too) → children."""
    enrolled: Mapped[int]
    """Membership days of all of them, of children whose count is known."""
    absent_halves: Mapped[int]
    """Half days missed of those."""


class SnapshotReach(Base):
    """What reached the families of one school and language this school year, by that day."""

    __tablename__ = "snapshot_reach"
    __table_args__ = (UniqueConstraint("snapshot_id", "school_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="CASCADE"))
    school_id: Mapped[str]
    """Empty for the whole district."""
    language: Mapped[str]
    """The families' own, as messages name it."""
    households: Mapped[int]
    """Of which a child crossed a threshold that speaks."""
    told: Mapped[int]
    """To whom at least one count left, on any channel."""
    delivered: Mapped[int]
    """Whose text the carrier said it delivered, or whose letter went out and did not come back."""
    answered: Mapped[int]
    """Who wrote back."""
    unreached: Mapped[dict[str, int]] = mapped_column(JSON)
    """Why nothing left to the others: the reason up to its colon → households."""


class SnapshotPattern(Base):
    """How the days missed at one school lie, this school year up to that day."""

    __tablename__ = "snapshot_patterns"
    __table_args__ = (UniqueConstraint("snapshot_id", "school_id", "kind", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="CASCADE"))
    school_id: Mapped[str]
    """Empty for the whole district, which has no rows of ``class`` and ``alone``."""
    kind: Mapped[str]
    """``weekday``, ``month``, ``reason``, ``run``, ``class``; ``alone`` (whom no adult at school knows); ``before``, ``after`` a step;
    ``barrier`` (what families say stands in the way)."""
    value: Mapped[str]
    """The weekday (1 is Monday), the month (``2026-09``; with a reason or root cause after it), the least days in a row, a section, a kind
    of step."""
    part: Mapped[int]
    """Hundredths of days missed; of a run children in whom it lasts now; of a class meetings missed on days attended; children; of
    ``barrier`` how often it was heard."""
    whole: Mapped[int]
    """Membership days; of a run children who had one this year; of a class children who missed such a meeting; of ``alone`` all who are
    chronically absent; of ``before`` and ``after`` steps."""


class SnapshotWait(Base):
    """How long families of one school waited this school year, up to that day; and those of the district."""

    __tablename__ = "snapshot_waits"
    __table_args__ = (UniqueConstraint("snapshot_id", "school_id", "kind", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="CASCADE"))
    school_id: Mapped[str]
    """Empty for the whole district."""
    kind: Mapped[str]
    """``answer``: from a family's text to a person's first answer; ``help``: from hearing a barrier to the family's yes."""
    value: Mapped[str]
    """The family's language as a locale; a root cause, or empty for all."""
    number: Mapped[int]
    """Texts that were answered; barriers that were heard."""
    ended: Mapped[int]
    """Texts that were answered; barriers that ended with the family's yes."""
    closed: Mapped[int]
    """Barriers that a person closed without it."""
    seconds: Mapped[list[int]] = mapped_column(JSON)
    """The waits, the shortest first, so that the middle of several schools can be found; of the district they are left out."""
    middle: Mapped[float | None]
    """Their median in seconds; None where nothing ended."""

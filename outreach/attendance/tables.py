"""Feeds, their imports and problems, and the attendance marks with every version kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class FeedSource(Base):
    """A source of data: the settings of its last applied ``source.toml``."""

    __tablename__ = "feed_sources"

    name: Mapped[str] = mapped_column(primary_key=True)
    settings: Mapped[Json] = mapped_column(JSON)
    digest: Mapped[str]
    """Of the folder last applied: its files and its source.toml."""
    last_import_id: Mapped[int]
    last_delivered_at: Mapped[datetime]
    """When it last came, changed or not: what is known is as fresh as this."""
    files: Mapped[Json] = mapped_column(JSON)
    """Canonical file → rows it held when last delivered; which kinds this source brings."""
    looks: Mapped[list[list[Any]]] = mapped_column(JSON)
    """Name, size and time of the files last delivered: a folder that looks the same was not delivered again."""


class FeedImport(Base):
    """One applied delivery of one source; ids grow, so the newest id is the version of all that is known."""

    __tablename__ = "feed_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    folder: Mapped[str]
    digest: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    report: Mapped[Json] = mapped_column(JSON)
    """Canonical file → read, inserted, changed, unchanged, rejected, held, noted, deleted."""
    unchanged: Mapped[bool]
    """The same bytes as the delivery before: nothing was applied."""


class KeptFile(Base):
    """A delivered file as received, compressed, under its hash, in the home's ``feeds`` folder."""

    __tablename__ = "kept_files"

    import_id: Mapped[int] = mapped_column(primary_key=True)
    canonical: Mapped[str] = mapped_column(primary_key=True)
    """The canonical file it stands for, or ``source.toml``."""
    file: Mapped[str]
    """Its name in the delivery."""
    sha256: Mapped[str]


class ImportProblem(Base):
    """A row that was rejected, held or noted."""

    __tablename__ = "import_problems"
    __table_args__ = (Index(None, "import_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int]
    file: Mapped[str]
    line: Mapped[int]
    field: Mapped[str]
    value: Mapped[str]
    problem: Mapped[str]
    action: Mapped[str]
    """rejected, held, noted."""


class Mark(Base):
    """A live attendance mark; its key is its identity, so the same mark again is the same row.

    Clustered on the key and free of a second index: a first load of millions of sorted marks is one pass through one tree.
    """

    __tablename__ = "marks"
    __table_args__ = ({"sqlite_with_rowid": False},)

    student_id: Mapped[str] = mapped_column(primary_key=True)
    date: Mapped[date] = mapped_column(primary_key=True)
    school_id: Mapped[str] = mapped_column(primary_key=True)
    section_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    portion: Mapped[str]
    """Share of the day missed as an exact decimal text; empty where not given."""
    minutes: Mapped[int | None]
    reason: Mapped[str]
    import_id: Mapped[int]
    line: Mapped[int]
    """The import that last inserted or changed it, and the line of that import's attendance file."""


class MarkVersion(Base):
    """A mark as it was before an import changed or removed it."""

    __tablename__ = "mark_versions"
    __table_args__ = (Index(None, "student_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    date: Mapped[date]
    school_id: Mapped[str]
    section_id: Mapped[str]
    code: Mapped[str]
    source: Mapped[str]
    portion: Mapped[str]
    minutes: Mapped[int | None]
    reason: Mapped[str]
    import_id: Mapped[int]
    line: Mapped[int]
    ended_import_id: Mapped[int]


class ReportedDay(Base):
    """A date on which a school sent at least one mark; kept by the importer so that silence can be seen cheaply."""

    __tablename__ = "reported_days"

    school_id: Mapped[str] = mapped_column(primary_key=True)
    date: Mapped[date] = mapped_column(primary_key=True)
    marks: Mapped[int]


class SisDifference(Base):
    """A total of the student information system that our count does not equal; written whole whenever more is known."""

    __tablename__ = "sis_differences"

    student_id: Mapped[str] = mapped_column(primary_key=True)
    school_id: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(primary_key=True)
    sis_enrolled: Mapped[str]
    sis_absent: Mapped[str]
    enrolled: Mapped[str]
    """Ours; empty where we know of no enrolment."""
    absent: Mapped[str]


class SisComparison(Base):
    """Which knowledge the stored differences rest on: one row."""

    __tablename__ = "sis_comparisons"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    import_id: Mapped[int]
    overlay_id: Mapped[int]
    compared: Mapped[int]

"""Wordings written in the web, and approvals: which pair of English source and translation a named person released."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class WordingVersion(Base):
    """One wording of the district or of a school, over the file's; the newest row of a place stands, and history only grows.

    An empty text goes back to what lies under it: the file's words, and for a school the district's.
    """

    __tablename__ = "wording_versions"
    __table_args__ = (UniqueConstraint("message", "channel", "locale", "school_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    school_id: Mapped[str]
    """Whose copy it is; empty for the district's words."""
    number: Mapped[int]
    """Counts from 1 in its place; version 0 is the file, and for a school the district's words."""
    text: Mapped[str]
    source_hash: Mapped[str]
    """Of the English that a translation translates; of the text itself where it is English."""
    back_to: Mapped[int | None]
    """The number of the version it repeats."""
    written_by: Mapped[str]
    written_at: Mapped[datetime]
    why: Mapped[str]


class Approval(Base):
    """One approved pair; what goes out is the latest row of its message, channel, locale and school, from the texts kept here.

    Words that go back to an earlier wording are a new row: history only grows. A school that gives up its copy has a row with an empty
    translation, and hears the district's words again.
    """

    __tablename__ = "approvals"
    __table_args__ = (Index(None, "message", "channel", "locale", "school_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    school_id: Mapped[str] = mapped_column(default="")
    """Whose copy it is; empty for the district's words."""
    version_id: Mapped[int | None] = mapped_column(ForeignKey("wording_versions.id"))
    """The version of the English; none where it is the file's. A message pins it by its approval."""
    source_hash: Mapped[str]
    translation_hash: Mapped[str]
    source_text: Mapped[str]
    translation_text: Mapped[str]
    phrases_hash: Mapped[str]
    """Of the words around its numbers, dates and names; empty where it has none. With others it is no longer in force."""
    approved_by: Mapped[str]
    approved_at: Mapped[datetime]

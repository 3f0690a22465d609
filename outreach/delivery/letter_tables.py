"""Batches of letters: what was printed for whom, what is to be pulled out again, and what the post brought back."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class LetterBatch(Base):
    """Letters that are printed together into one PDF."""

    __tablename__ = "letter_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    """A ``delivery.letter_rules.BatchState``."""
    prepared_at: Mapped[datetime]
    prepared_by: Mapped[str]
    approved_by: Mapped[list[str]] = mapped_column(JSON)
    """The people who looked at it and let it go, in their order."""
    released_at: Mapped[datetime | None]
    released_by: Mapped[str]
    print_at: Mapped[datetime | None]
    """When a released batch goes to print: until then it can be taken back."""
    letters: Mapped[int]
    pages: Mapped[int]
    oldest_day: Mapped[date | None]
    """The earliest day up to which one of its numbers is counted."""
    left_out: Mapped[Json] = mapped_column(JSON)
    """Reason → letters that were due and are not in it."""
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str]
    why: Mapped[str]
    """Why it was taken back."""


class LetterPage(Base):
    """Where a letter stands in its batch, with the content it was printed from; of a batch that waits, as it would be printed."""

    __tablename__ = "letter_pages"
    __table_args__ = (Index(None, "batch_id"),)

    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("letter_batches.id"))
    letter_id: Mapped[str] = mapped_column(unique=True)
    """Short code printed on the letter, for returned mail."""
    page: Mapped[int]
    """The first of its pages."""
    pages: Mapped[int]
    content: Mapped[Json] = mapped_column(JSON)


class LetterPull(Base):
    """A printed letter that is no longer right: a person takes it out of the pile, or says that it has gone."""

    __tablename__ = "letter_pulls"

    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("letter_batches.id"))
    reason: Mapped[str]
    found_at: Mapped[datetime]
    outcome: Mapped[str]
    """``pulled``, ``gone``, or empty while nobody has said."""
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str]


class ReturnedMail(Base):
    """An address from which post came back: nothing is sent to that contact there until a person has confirmed it."""

    __tablename__ = "returned_mail"
    __table_args__ = (Index(None, "planned_id"),)

    contact_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    """The lines of the address below the names, as printed."""
    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"))
    """The letter that came back last."""
    returned_at: Mapped[datetime]
    returned_by: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    """When a person said that letters do arrive there."""
    settled_at: Mapped[datetime | None]
    """When nobody had to look for the family any more: the address was confirmed, or another is known."""
    settled_by: Mapped[str]


class LargePrint(Base):
    """An adult whose household reads large print."""

    __tablename__ = "large_print"

    contact_id: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    by: Mapped[str]

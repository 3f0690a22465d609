"""The translator's bench: who works in which language, drafts, notes, what was delivered and invoiced, and the glossary."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class TranslatorLanguage(Base):
    """One language that a translator works in."""

    __tablename__ = "translator_languages"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    locale: Mapped[str] = mapped_column(primary_key=True)
    reviews: Mapped[bool]
    """May approve words in this language, not only write them."""
    given_by: Mapped[str]
    given_at: Mapped[datetime]


class TranslationDraft(Base):
    """Words that are being written; gone once they are handed in. One a place, so that two translators see the same."""

    __tablename__ = "translation_drafts"
    __table_args__ = (UniqueConstraint("message", "channel", "locale", "school_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    school_id: Mapped[str]
    """Whose copy it translates; empty for the district's words."""
    source_text: Mapped[str]
    """The English it was begun for."""
    text: Mapped[str]
    """As typed: it may still have faults."""
    saved_by: Mapped[str]
    saved_at: Mapped[datetime]


class TranslationNote(Base):
    """One line of the talk between translators and administrators about some words; rows are only ever added."""

    __tablename__ = "translation_notes"
    __table_args__ = (Index(None, "message", "channel", "locale", "school_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    school_id: Mapped[str]
    text: Mapped[str]
    sends_back: Mapped[int | None] = mapped_column(ForeignKey("wording_versions.id"))
    """The words handed in that a reviewer sends back with this note."""
    written_by: Mapped[str]
    written_at: Mapped[datetime]


class TranslationDue(Base):
    """Until when somebody wants one translation of one English text, whatever the usual days say; the newest row stands."""

    __tablename__ = "translation_dues"
    __table_args__ = (Index(None, "message", "channel", "locale", "school_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    school_id: Mapped[str]
    source_hash: Mapped[str]
    """Of the English it was said for: a later one has its own days."""
    due_at: Mapped[datetime]
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class TranslationInvoice(Base):
    """The day up to which a translator's words stand on an invoice."""

    __tablename__ = "translation_invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    translator: Mapped[str]
    words: Mapped[int]
    marked_by: Mapped[str]
    marked_at: Mapped[datetime]


class TranslationDelivery(Base):
    """A translation that was handed in for one English text; mending it later is no second delivery."""

    __tablename__ = "translation_deliveries"
    __table_args__ = (UniqueConstraint("message", "channel", "locale", "school_id", "source_hash"), Index(None, "translator"))

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    school_id: Mapped[str]
    source_hash: Mapped[str]
    translator: Mapped[str]
    """The e-mail of who handed it in first."""
    words: Mapped[int]
    """Of the English."""
    words_changed: Mapped[int]
    """Of these, those that are new since the English was last approved in this language; all where it never was."""
    delivered_at: Mapped[datetime]
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("translation_invoices.id"))


class GlossaryVersion(Base):
    """What a term is called in one language; the newest row of a term stands, and history only grows."""

    __tablename__ = "glossary_versions"
    __table_args__ = (Index(None, "locale", "term"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    locale: Mapped[str]
    term: Mapped[str]
    """In English, lower case."""
    translation: Mapped[str]
    note: Mapped[str]
    removed: Mapped[bool]
    """The term is no longer listed in this language."""
    written_by: Mapped[str]
    written_at: Mapped[datetime]

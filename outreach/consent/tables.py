"""Who may be told what on which number."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class ConsentEntry(Base):
    """One statement about a number: an opt-out, an opt-in, a verification, a suppression. Rows are only ever added."""

    __tablename__ = "consent_entries"
    __table_args__ = (Index(None, "phone"), Index(None, "until"))

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str]
    """E.164; of letters ``consent.queries.post`` of the contact."""
    kind: Mapped[str]
    """A ``consent.states.Kind``."""
    source: Mapped[str]
    """``family``, ``feed``, ``carrier``, ``staff``."""
    by: Mapped[str]
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    """When a suppression ends by itself; empty where only a statement lifts it."""
    note: Mapped[str]


class PhoneState(Base):
    """What the ledger adds up to for one number; ``version`` grows with every entry, so a late reader sees a change."""

    __tablename__ = "phone_states"

    phone: Mapped[str] = mapped_column(primary_key=True)
    opted_out: Mapped[bool]
    opted_out_by: Mapped[str]
    """Sources whose opt-out stands, in alphabetical order, joined by a space; empty where none does."""
    feed_said: Mapped[str]
    """The feed's last ``opt_out`` or ``opt_in``; what it repeats every night is no news."""
    suppressed: Mapped[str]
    """Why the number cannot or must not be texted (wrong number, not a mobile); empty where nothing is known."""
    verified: Mapped[bool]
    version: Mapped[int]
    changed_at: Mapped[datetime]


class NumberReader(Base):
    """A contact who showed, by the first name of a child of theirs typed on it, that they read a number which strangers share."""

    __tablename__ = "number_readers"

    phone: Mapped[str] = mapped_column(primary_key=True)
    """E.164."""
    contact_id: Mapped[str] = mapped_column(primary_key=True)
    inbound_id: Mapped[int]
    """The text that said so."""
    at: Mapped[datetime]


class RestrictionClearance(Base):
    """A person read a contact's restriction text and found that it does not forbid messages; new text blocks again."""

    __tablename__ = "restriction_clearances"
    __table_args__ = (Index(None, "student_id", "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    contact_id: Mapped[str]
    restriction: Mapped[str]
    cleared_by: Mapped[str]
    cleared_at: Mapped[datetime]


class ContactBlock(Base):
    """A person's order that a contact is told nothing about a child (custody, no contact, address protection)."""

    __tablename__ = "contact_blocks"
    __table_args__ = (Index(None, "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[str]
    student_id: Mapped[str]
    """Empty: no child at all."""
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str]
    lifted_at: Mapped[datetime | None]

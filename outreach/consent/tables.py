"""Who may be told what on which number."""

from __future__ import annotations

from datetime import date, datetime

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


class RestrictionDecision(Base):
    """A person read a restriction text of the feed and said whether it forbids messages; new text blocks again.

    A decision holds until another one ends it; no row is changed besides that.
    """

    __tablename__ = "restriction_decisions"
    __table_args__ = (Index(None, "restriction"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    contact_id: Mapped[str]
    """Both empty: whoever has these words, now and later."""
    restriction: Mapped[str]
    forbids: Mapped[bool]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ContactBlock(Base):
    """A person's order that a contact is told nothing about a child (custody, no contact), or that an address is protected."""

    __tablename__ = "contact_blocks"
    __table_args__ = (Index(None, "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[str]
    student_id: Mapped[str]
    """Empty: no child at all."""
    kind: Mapped[str]
    """A ``consent.states.BlockKind``."""
    reason: Mapped[str]
    begins_on: Mapped[date | None]
    """The dates on the paper. The block itself holds from its placing until a person lifts it: it never ends by itself."""
    ends_on: Mapped[date | None]
    review_on: Mapped[date | None]
    """When a person looks at it again."""
    document: Mapped[str]
    """The paper's random name in the home's folder ``documents``; empty where there is none."""
    document_type: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_why: Mapped[str]

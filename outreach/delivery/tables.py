"""What the carrier was asked, and what it said."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class Attempt(Base):
    """One request to the provider; the row is committed before the request leaves."""

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "planned_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]
    """open, accepted, refused, uncertain, not_sent."""
    error_code: Mapped[str]
    detail: Mapped[str]
    clean_passes: Mapped[int]
    """Reconciliations that did not find it at the carrier."""
    last_pass_at: Mapped[datetime | None]


class FollowUp(Base):
    """What was done about a text that did not arrive; one row a text."""

    __tablename__ = "follow_ups"

    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"), primary_key=True)
    step: Mapped[str]
    """A ``delivery.following.Step``."""
    next_id: Mapped[int | None] = mapped_column(ForeignKey("planned_messages.id"))
    """The text or letter that follows."""
    at: Mapped[datetime]


class CarrierStatus(Base):
    """One status the carrier reported for one message; the same status again is no new row."""

    __tablename__ = "carrier_statuses"
    __table_args__ = (UniqueConstraint("provider_sid", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_sid: Mapped[str]
    ref: Mapped[str]
    planned_id: Mapped[int | None]
    """Empty for an orphan: a message we do not know."""
    status: Mapped[str]
    error_code: Mapped[str]
    received_at: Mapped[datetime]


class HeardUntil(Base):
    """How far the carrier's own list of families' texts was read, for each of our numbers and for all of them."""

    __tablename__ = "heard_until"

    number: Mapped[str] = mapped_column(primary_key=True)
    """Empty: all numbers, one after the other."""
    at: Mapped[datetime]


class NumberLookup(Base):
    """What the carrier said of a number when it was last looked up."""

    __tablename__ = "number_lookups"

    phone: Mapped[str] = mapped_column(primary_key=True)
    line_type: Mapped[str]
    """Twilio's word: mobile, landline, nonFixedVoip, …; empty where it does not know."""
    reassigned: Mapped[bool]
    """Given to somebody else since ``asked_for``; without that day nobody can tell, and it is false."""
    asked_for: Mapped[date | None]
    at: Mapped[datetime]


class WebhookEvent(Base):
    """A signed request from the carrier, stored raw before anything else is done with it."""

    __tablename__ = "webhook_events"
    __table_args__ = (UniqueConstraint("kind", "dedup_key"), Index(None, "processed_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """inbound or status."""
    dedup_key: Mapped[str]
    """MessageSid for inbound; MessageSid, status and error for callbacks."""
    params: Mapped[Json] = mapped_column(JSON)
    ref: Mapped[str]
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
    problem: Mapped[str]


class CarrierStop(Base):
    """A number to which the carrier refused a text because of a stop, or was told to; a text it took later shows that it is over."""

    __tablename__ = "carrier_stops"

    phone: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class SenderPace(Base):
    """From when on the next text may be asked for, whoever sends it; one row (``delivery.pacing``)."""

    __tablename__ = "sender_pace"

    id: Mapped[int] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]


class Redaction(Base):
    """A message whose words the carrier was asked to forget."""

    __tablename__ = "redactions"

    provider_sid: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class RedactionWish(Base):
    """A message whose words a person wants gone at the carrier, until the carrier was asked."""

    __tablename__ = "redaction_wishes"

    provider_sid: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]

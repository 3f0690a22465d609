"""Planned messages: the outbox. What was not sent is a row with a reason, too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class PlannedMessage(Base):
    """One message to one household or number on one channel, from its planning to its end."""

    __tablename__ = "planned_messages"
    __table_args__ = (
        Index(None, "state", "channel", "due_at", "school_id", "reason"),
        Index(None, "household"),
        Index(None, "phone"),
        Index(None, "contact_id"),
        Index(None, "provider_sid"),
        Index(None, "batch_id"),
        Index(None, "claimed_at", "message_class", "segments"),
        Index(None, "message_class", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    """Our reference with the carrier: unguessable, in the status callback's address."""
    once_key: Mapped[str] = mapped_column(unique=True)
    """What this message is, in words the planner can repeat; the database refuses the second one."""
    message_class: Mapped[str]
    """A ``planning.states.MessageClass``."""
    channel: Mapped[str]
    """sms or letter."""
    state: Mapped[str]
    """A ``planning.states.State``."""
    reason: Mapped[str]
    """Why it was skipped, held, cancelled or failed; empty otherwise."""
    household: Mapped[str]
    contact_id: Mapped[str]
    """The adult it is for; letters name all in ``facts``."""
    phone: Mapped[str]
    """E.164; empty for letters."""
    student_ids: Mapped[list[str]] = mapped_column(JSON)
    """The children it speaks of, the one with most absences first."""
    school_id: Mapped[str]
    """School of the first child: its zone, its staff."""
    message: Mapped[str]
    """Template name; empty for words a person typed."""
    language: Mapped[str]
    """Locale of the words."""
    family_language: Mapped[str]
    """Locale or feed name of the family's own language."""
    facts: Mapped[Json] = mapped_column(JSON)
    """What its number rests on: ``children`` (student_id, days_absent, days_enrolled, tier, as_of, dates) and ``contact_ids``.

    As planned, and from the release on as released. A correction also holds ``corrects`` (the message that told a wrong number), and
    ``days_told`` for each child. An answer holds ``family_wrote_at``, when the family wrote last.
    The wording of a study holds ``in_place_of``, the rule's own message.
    """
    body: Mapped[str]
    """The words: as typed for answers, as rendered at release for templates, empty before."""
    approval_id: Mapped[int | None]
    """The approved pair the words came from."""
    segments: Mapped[int | None]
    reply_to_id: Mapped[int | None]
    """The inbound message it answers."""
    retry_of_id: Mapped[int | None]
    batch_id: Mapped[int | None]
    """The ``MessageBatch`` it was planned with; empty for what was not planned by a night."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    requeued: Mapped[int]
    provider_sid: Mapped[str]
    carrier_status: Mapped[str]
    error_code: Mapped[str]
    sent_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class PlannedEpisode(Base):
    """Which crossings a planned message (or a skip) speaks for, lower rungs included; a crossing speaks once per household and channel."""

    __tablename__ = "planned_episodes"
    __table_args__ = (UniqueConstraint("episode_id", "household", "channel"),)

    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_messages.id"), primary_key=True)
    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id"), primary_key=True)
    household: Mapped[str]
    channel: Mapped[str]


class MessageBatch(Base):
    """What one planning run wants to send. A person looks at it, lets it go, and takes back what has not left."""

    __tablename__ = "message_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    planned_at: Mapped[datetime]
    planned_by: Mapped[str]
    messages: Mapped[int]
    started_by: Mapped[list[str]] = mapped_column(JSON)
    """The people whose release of a baseline led to it: another person lets a mass-send go."""
    waits: Mapped[str]
    """Why it waits for a person; empty while it is free to leave."""
    mass_send: Mapped[bool]
    """So many that a second person must let it go."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str]
    """Who let it go or took it back last."""


class Brake(Base):
    """What a person did to keep messages back in the district or at one school: who, when and why, and who took it off again."""

    __tablename__ = "brakes"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """A ``planning.brakes.Kind``."""
    school_id: Mapped[str]
    """Empty for the whole district."""
    open_key: Mapped[str | None] = mapped_column(unique=True)
    """Kind and school while it holds: the database keeps one of each."""
    set_at: Mapped[datetime]
    set_by: Mapped[str]
    why: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str]

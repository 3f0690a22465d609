"""What families said of the attendance record itself, until the record and the family agree."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class RecordWord(Base):
    """One word of a family about the record: a note for days missed, or that a mark is wrong. Child and school are those of its case."""

    __tablename__ = "record_words"
    __table_args__ = (Index(None, "case_id"), Index(None, "state", "heard_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound_messages.id"), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str]
    """A ``cases.clerk_states.WordKind``."""
    dates: Mapped[list[str]] = mapped_column(JSON)
    """The school dates it names, as far as software could read them."""
    heard_at: Mapped[datetime]
    import_id: Mapped[int]
    """The newest import when it was heard: what later ones change is news."""
    state: Mapped[str]
    """A ``cases.clerk_states.WordState``."""
    why: Mapped[str]
    """What the person who decided wrote."""
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    looked_import_id: Mapped[int]
    """The newest import whose marks were compared with it."""
    shown: Mapped[list[str]] = mapped_column(JSON)
    """The dates of which the feed now says what the family said; software closes nothing because of them."""
    thanks_id: Mapped[int | None] = mapped_column(ForeignKey("planned_messages.id"))
    """The message that thanked the family."""

"""Papers that were made for a school's team: by whom, and which children stood in the last ones."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class Packet(Base):
    """One paper."""

    __tablename__ = "packets"
    __table_args__ = (Index(None, "school_id", "kind", "made_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[str]
    kind: Mapped[str]
    """A ``evidence.packet.Kind``."""
    made_on: Mapped[date]
    """The district's local date."""
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    """The account's e-mail."""
    named: Mapped[int]
    """How many children it names."""
    tiers: Mapped[dict[str, str]] = mapped_column(JSON)
    """Child → its tier that day, of those who missed a tenth or more: what the next packet is set against, and emptied after it."""

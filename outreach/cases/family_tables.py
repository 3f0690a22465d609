"""What families asked to have changed on the family page, until somebody has made sure with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base


class ContactProposal(Base):
    """A new number or language that somebody with a letter's code named for a contact. Nothing uses it before a person accepts it."""

    __tablename__ = "contact_proposals"
    __table_args__ = (Index(None, "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    contact_id: Mapped[str]
    what: Mapped[str]
    """A ``cases.proposals.What``."""
    value: Mapped[str]
    """The number in E.164, or the locale."""
    at: Mapped[datetime]
    open_key: Mapped[str | None] = mapped_column(unique=True)
    """Contact and kind while nobody has decided: a newer proposal takes the place of an open one."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str]
    accepted: Mapped[bool]

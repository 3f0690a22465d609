"""Who asked for a child's record, what was decided of it, and to whom anything was given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from outreach.database import Base


class RecordRequest(Base):
    """Somebody asks for what is held of a child."""

    __tablename__ = "record_requests"
    __table_args__ = (Index(None, "student_id"), Index(None, "ended_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    contact_id: Mapped[str]
    """The adult on file who asks; empty for anybody else."""
    recipient: Mapped[str]
    """Who asks, by name, where it is nobody on file."""
    basis: Mapped[str]
    """A ``records.bases.Basis``."""
    purpose: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    """When it was given, or put aside; ``disclosures`` says which."""
    ended_by: Mapped[str]


class RecordDecision(Base):
    """A records officer's word on one item that is not given by itself. Rows are only added: of one item the newest holds."""

    __tablename__ = "record_decisions"
    __table_args__ = (Index(None, "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("record_requests.id"))
    item: Mapped[str]
    """Its ``records.items.Item.key``."""
    gives: Mapped[bool]
    why: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Disclosure(Base):
    """What somebody outside was given of one child. Rows are only added; changing or deleting one raises."""

    __tablename__ = "disclosures"
    __table_args__ = (Index(None, "student_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    student_id: Mapped[str]
    contact_id: Mapped[str]
    """The adult on file to whom it went; empty for anybody else."""
    recipient: Mapped[str]
    basis: Mapped[str]
    """A ``records.bases.Basis``."""
    purpose: Mapped[str]
    what: Mapped[str]
    request_id: Mapped[int | None]
    """The request it answers; empty where a person wrote it down."""
    sha256: Mapped[str]
    """Of the file that was given; empty where there is none."""
    by: Mapped[str]


class KeptLogError(RuntimeError):
    """The log of disclosures is only added to."""


@event.listens_for(Disclosure, "before_update")
@event.listens_for(Disclosure, "before_delete")
def _refuse(_mapper: Mapper[Disclosure], _connection: Connection, _row: Disclosure) -> None:
    raise KeptLogError(KeptLogError.__doc__)

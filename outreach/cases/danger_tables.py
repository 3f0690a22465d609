"""Texts that may mean danger: one incident while it lasts, and every step, which is only ever added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Connection, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from outreach.database import Base, Json


class Incident(Base):
    """A family's text that may mean danger, from the first one until a person says that it is over."""

    __tablename__ = "incidents"
    __table_args__ = (Index(None, "next_step_at"), Index(None, "case_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    open_key: Mapped[int | None] = mapped_column(unique=True)
    """The case while the incident is open: the database keeps one."""
    opened_at: Mapped[datetime]
    """When the first of its texts came; the conversation is sealed from then on."""
    round: Mapped[int]
    """How often the chain was asked from its start."""
    next_step_at: Mapped[datetime | None]
    """When the next person is asked; empty once somebody has it."""
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str]


class IncidentStep(Base):
    """One thing that happened in an incident. Rows are only added; changing or deleting one raises."""

    __tablename__ = "incident_steps"
    __table_args__ = (Index(None, "incident_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    """A ``cases.danger.Step``."""
    by: Mapped[str]
    """The account's e-mail; empty for the service itself."""
    text: Mapped[str]
    """What a person wrote; sealed like the incident."""
    detail: Mapped[Json] = mapped_column(JSON)
    """Ids: ``inbound``, ``person``, ``call``, ``planned``; ``how`` it was acknowledged; the ``item`` of the checklist."""


class SealedLogError(RuntimeError):
    """The log of an incident is only added to."""


@event.listens_for(IncidentStep, "before_update")
@event.listens_for(IncidentStep, "before_delete")
def _refuse(_mapper: Mapper[IncidentStep], _connection: Connection, _step: IncidentStep) -> None:
    raise SealedLogError(SealedLogError.__doc__)

"""What happens in a case, written down one by one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.cases import searching
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent


def add_event(  # noqa: PLR0913 - what an event consists of, by name
    session: Session,
    case: Case,
    kind: EventKind,
    *,
    by: str,
    now: datetime,
    text: str = "",
    inbound_id: int | None = None,
    planned_id: int | None = None,
    episode_id: int | None = None,
) -> CaseEvent:
    """Write one thing that happened in a case."""
    event = CaseEvent(
        case_id=case.id, at=now, kind=kind.value, by=by, text=text, inbound_id=inbound_id, planned_id=planned_id, episode_id=episode_id
    )
    session.add(event)
    session.flush()
    searching.note_event(session, case, event)
    return event

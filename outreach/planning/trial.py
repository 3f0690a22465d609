"""Words under work on a staff member's own pretended phone: through the same outbox, in a class that cannot reach a family."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.district import queries as district
from outreach.planning.reasons import Reason
from outreach.planning.rows import new_row
from outreach.planning.states import MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

_AREAS = (907, 808, 671, 684, 670)
"""Area codes of the fictional numbers (555-0100 to 555-0199) that staff get, a hundred people each."""


def number_of(account_id: int) -> str:
    """The pretended number of one staff member, E.164: nobody's in the world; beyond five hundred accounts two may share one."""
    return f"+1{_AREAS[account_id // 100 % len(_AREAS)]}55501{account_id % 100:02d}"


def plan_trial(session: Session, *, account_id: int, body: str, language: str, by: str, now: datetime) -> PlannedMessage:
    """Plan *body*, filled for a made-up family, to the pretended phone of whoever writes it."""
    row = new_row(
        now,
        once_key=f"trial:{account_id}:{secrets.token_hex(8)}",
        message_class=MessageClass.TRIAL,
        phone=number_of(account_id),
        body=body,
        language=language,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row


def refusal(session: Session, planned: PlannedMessage, settings: Settings) -> Reason | None:
    """Why a trial may not leave: no simulator, a number that is not the kind staff get, or one that a family has."""
    pretended = any(planned.phone.startswith(f"+1{area}55501") for area in _AREAS)
    known = district.adults_of_phone(session, planned.phone)
    return None if settings.provider == "simulator" and pretended and not known else Reason.NO_TRIAL

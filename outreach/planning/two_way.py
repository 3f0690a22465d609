"""Whether families may be invited to write: only where danger would reach a person at any hour, and somebody answers the rest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.planning.reasons import Reason
from outreach.settings import Settings
from outreach.staff import oncall


def refusal(session: Session, school_id: str, settings: Settings, now: datetime) -> Reason | None:
    """Why a text that invites an answer may not leave for a family of that school; None where it may.

    Where texts reach no family (the simulator), nobody has to be on call, unless the setting ``two_way_needs_on_call`` says always.
    """
    if settings.two_way_needs_on_call == "phones" and not settings.reaches_phones:
        return None
    found = oncall.readiness(session, now)
    if not found.on_call:
        return Reason.TWO_WAY_OFF
    return Reason.NOBODY_ANSWERS if school_id and not found.at(school_id) else None

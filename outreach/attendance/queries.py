"""Reads of what is known about attendance."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.tables import FeedImport


def newest_import(session: Session) -> int:
    """The id of the newest applied import: the version of everything feeds have told; 0 before the first."""
    return session.scalar(select(func.max(FeedImport.id))) or 0

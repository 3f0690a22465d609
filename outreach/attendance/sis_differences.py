"""The children whom the student information system counts otherwise, kept so that every message can ask: nothing is told of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from outreach.attendance.profiles import Days, in_figures
from outreach.attendance.queries import newest_version
from outreach.attendance.reconciling import differing
from outreach.attendance.tables import SisComparison, SisDifference
from outreach.district import overlays
from outreach.district.queries import slices
from outreach.district.tables import SisTotal

_ROW = 1
"""The comparison that holds is one row."""


def refresh(session: Session, now: datetime) -> None:
    """Compare every delivered total again when more is known than at the last time; without totals this is one small query."""
    known, last = newest_version(session), session.get(SisComparison, _ROW)
    if last is not None and (last.import_id, last.overlay_id) == known:
        return
    totals = list(session.scalars(select(SisTotal).order_by(SisTotal.as_of, SisTotal.school_id, SisTotal.student_id)))
    found = differing(session, totals, {})
    session.execute(delete(SisDifference))
    for start in range(0, len(found), 5_000):
        rows = [
            {
                "student_id": one.student_id,
                "school_id": one.school_id,
                "as_of": one.as_of,
                "sis_enrolled": in_figures(one.theirs[0]),
                "sis_absent": in_figures(one.theirs[1]),
                "enrolled": _figures(one.ours, 0),
                "absent": _figures(one.ours, 1),
            }
            for one in found[start : start + 5_000]
        ]
        session.execute(insert(SisDifference), rows)
    session.merge(SisComparison(id=_ROW, at=now, import_id=known.import_id, overlay_id=known.overlay_id, compared=len(totals)))


def held(session: Session, student_ids: Collection[str]) -> frozenset[str]:
    """The children among *student_ids* of whom no number may be told: those who differ.

    Until all that is known now has been compared, that is everybody of whom there is a total.
    """
    known, last = newest_version(session), session.get(SisComparison, _ROW)
    fresh = last is not None and (last.import_id, last.overlay_id) == known
    if last is not None and fresh and not last.compared:
        return frozenset()
    asked = SisDifference.student_id if fresh else SisTotal.student_id
    merged = overlays.merged(session)
    ids = student_ids if fresh else merged.ids(student_ids)
    found = (student_id for some in slices(ids) for student_id in session.scalars(select(asked).where(asked.in_(some)).distinct()))
    return frozenset(map(merged.of, found))


def differences(session: Session, schools: Collection[str] | None = None) -> list[SisDifference]:
    """The differences found last, by school, date and child; those of *schools* (None: of all)."""
    rows: Select[SisDifference] = select(SisDifference).order_by(SisDifference.school_id, SisDifference.as_of, SisDifference.student_id)
    return list(session.scalars(rows if schools is None else rows.where(SisDifference.school_id.in_(sorted(schools)))))


def _figures(ours: tuple[Days, Days] | None, which: int) -> str:
    return in_figures(ours[which]) if ours else ""

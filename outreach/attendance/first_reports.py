"""Marks as they first came: what each school said of each date in the first import that said anything of it.

Corrections afterwards are record cleaning. A study that shows an effect on corrected marks and none on first ones has changed the
records and not the attendance, so it reports both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select, union_all
from sqlalchemy.orm import Session

from outreach.attendance.tables import Mark, MarkVersion
from outreach.attendance.versions import of_children


@dataclass(frozen=True)
class FirstReports:
    """The import that first spoke of each (school, date, source) between two dates."""

    imports: dict[tuple[str, date, str], int]

    @classmethod
    def read(cls, session: Session, first: date, last: date) -> FirstReports:
        """Look through all marks and versions of those dates once."""
        pieces = [
            select(table.school_id, table.date, table.source, func.min(table.import_id).label("first"))
            .where(table.date >= first, table.date <= last)
            .group_by(table.school_id, table.date, table.source)
            for table in (Mark, MarkVersion)
        ]
        every = union_all(*pieces).subquery()
        statement = select(every.c.school_id, every.c.date, every.c.source, func.min(every.c.first))
        rows = session.execute(statement.group_by(every.c.school_id, every.c.date, every.c.source))
        return cls({(school_id, day, source): number for school_id, day, source, number in rows})

    def marks(self, session: Session, students: Collection[str], first: date, last: date) -> Iterator[tuple[Any, ...]]:
        """The children's marks as they first came, as ``versions.of_children`` tells them."""
        for row in session.execute(of_children(Mark, students, first, last)):
            if row.import_id <= self._first(row):
                yield tuple(row)
        for row in session.execute(of_children(MarkVersion, students, first, last).add_columns(MarkVersion.ended_import_id)):
            if row.import_id <= self._first(row) < row.ended_import_id:
                yield tuple(row)[:-1]

    def _first(self, row: Row[*tuple[Any, ...]]) -> int:
        return self.imports[row.school_id, row.date, row.source]

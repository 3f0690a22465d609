"""Which versions of marks were known after an import: every version of every mark is kept, with the import that ended it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from outreach.attendance.tables import Mark, MarkVersion


def tables_of(import_id: int | None) -> tuple[type[Mark | MarkVersion], ...]:
    """Where the marks stand that were known after an import (None: that are known now)."""
    return (Mark,) if import_id is None else (Mark, MarkVersion)


def known_after(table: type[Mark | MarkVersion], import_id: int | None) -> list[ColumnElement[bool]]:
    """What is true of the rows of *table* that were known after an import: they had begun, and had not ended."""
    if import_id is None:
        return []
    begun = table.import_id <= import_id
    return [begun, table.ended_import_id > import_id] if table is MarkVersion else [begun]


def of_children(table: type[Mark | MarkVersion], students: Collection[str], first: date, last: date) -> Select[*tuple[Any, ...]]:
    """The rows of some children between two dates: child, school, date, code, source, then all else that a ``DayMark`` holds."""
    columns = table.student_id, table.school_id, table.date, table.code, table.source, table.portion, table.minutes
    found = select(*columns, table.import_id, table.line, table.section_id)
    return found.where(table.date <= last, table.date >= first, table.student_id.in_(students))

"""CSV files that people open in a spreadsheet: what looks like a formula stays text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """A value as a spreadsheet must read it: a number as it is, and an apostrophe before text that would run (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    if isinstance(value, int | float) or not text.startswith(_STARTS_A_FORMULA):
        return text
    return f"'{text}"


def answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A CSV file to keep, called *name*."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return Response(text.getvalue(), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})

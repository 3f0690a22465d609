"""What a folder of exports nobody has described yet seems to be: a first proposal, and everything a person needs to confirm it.

Codes come with their frequency and what they probably mean; a code counts only once a person says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypedDict

import polars as pl

from outreach.attendance.canonical import ATTENDANCE, CALENDAR, CONTACTS, ENROLLMENTS, FILES, SCHOOLS, STUDENTS, Type
from outreach.attendance.reading import FAULT
from outreach.attendance.shaping import by_periods, only_rows
from outreach.feeds.choices import Choices, Placed
from outreach.feeds.dates import DateForm, fitting, tried
from outreach.feeds.presets import (
    Recognised,
    is_built_in,
    is_sensitive,
    period_columns,
    possible,
    presets,
    recognise,
    recognise_as,
    rows_to_read,
)
from outreach.feeds.sheets import Sheet, read_sheet, refuse_empty, tally, usual
from outreach.messages.languages import locale_of

NEEDED = (SCHOOLS.name, STUDENTS.name, ENROLLMENTS.name)
"""Without these nothing can be counted."""
_OF_SCHOOLS = {column.name for column in SCHOOLS.columns if not column.required}
_Sheets = Mapping[str, Sheet]


def draft(folder: Path, name: str = "") -> Look:
    """Look at every export in *folder*; the source is called *name*, else after its system.

    Raises RefusedError where there is none, or one cannot be read.
    """
    sheets = {path.name: read_sheet(path) for path in refuse_empty(folder)}
    found = _recognised(sheets, {})
    written = [sheets[one.file] for one in found.placed.values()] or list(sheets.values())
    choices = Choices(
        name=name or found.preset or "sis",
        preset=found.preset,
        delimiter=usual([sheet.delimiter for sheet in written], ","),
        encoding=next((sheet.encoding for sheet in sheets.values() if sheet.encoding != "utf-8"), "utf-8"),
        exit_day=presets()[found.preset].exit_day if found.preset else "inclusive",
        calendar="file" if CALENDAR.name in found.placed else "from-events",
        placed=found.placed,
        **odd_rows(found.placed, sheets, found.preset),
    )
    return with_dates(look(folder, choices))


def extend(folder: Path, choices: Choices) -> Choices:
    """The same choices with a place for exports that came since; what was placed stays as it is."""
    sheets = {path.name: read_sheet(path) for path in refuse_empty(folder)}
    kept = {kind: one for kind, one in choices.placed.items() if not {*one.columns.values()}.isdisjoint(sheets[one.file].columns)}
    found = _recognised(sheets, kept)
    preset = choices.preset or found.preset
    new = {kind: one for kind, one in found.placed.items() if kind not in kept}
    odd = odd_rows(new, sheets, preset)
    changes = {
        "placed": found.placed,
        "preset": preset,
        "calendar": "file" if CALENDAR.name in new else choices.calendar,
        "only": odd["only"] | choices.only,
        "periods": odd["periods"] or choices.periods,
    }
    return choices.model_copy(update=changes)


class OddRows(TypedDict):
    """Rows that a system writes in its own way, as ``Choices`` say it."""

    only: dict[str, dict[str, list[str]]]
    periods: dict[str, str]


def odd_rows(placed: Mapping[str, Placed], sheets: _Sheets, preset: str) -> OddRows:
    """What is known of the rows of a system's exports, by the columns that are there."""
    headers = {kind: sheets[one.file].columns for kind, one in placed.items()}
    only = {kind: rows for kind, header in headers.items() if (rows := rows_to_read(header, kind, preset))}
    return OddRows(only=only, periods=period_columns(headers.get(ATTENDANCE.name, ()), preset))


def look(folder: Path, choices: Choices) -> Look:
    """Read the exports of *folder* as *choices* say they are written. Raises RefusedError."""
    sheets = {
        path.name: read_sheet(path, delimiter=choices.delimiter, encoding=choices.encoding, headed=path.name not in choices.headerless)
        for path in refuse_empty(folder)
    }
    placed = {
        kind: Placed(file=one.file, columns={c: own for c, own in one.columns.items() if own in sheets[one.file].columns})
        for kind, one in choices.placed.items()
        if one.file in sheets
    }

    def there(kind: str) -> Sequence[str]:
        return sheets[placed[kind].file].columns if kind in placed else ()

    only = {kind: {c: v for c, v in wanted.items() if c in there(kind)} for kind, wanted in choices.only.items()}
    periods = {column: section for column, section in choices.periods.items() if column in there(ATTENDANCE.name)}
    return Look(choices.model_copy(update={"placed": placed, "only": {k: v for k, v in only.items() if v}, "periods": periods}), sheets)


def with_dates(found: Look) -> Look:
    """The same with its date format, where every date fits exactly one."""
    fits = fitting(found.dates)
    only = fits[0] if len(fits) == 1 else ""
    return Look(found.choices.model_copy(update={"date_format": found.choices.date_format or only}), found.sheets)


@dataclass(frozen=True)
class Look:
    """What the exports of a folder hold, read as *choices* say."""

    choices: Choices
    sheets: _Sheets

    @property
    def unplaced(self) -> tuple[str, ...]:
        """Exports that stand for no canonical file."""
        used = {one.file for one in self.choices.placed.values()}
        return tuple(name for name in self.sheets if name not in used)

    def missing(self, kind: str) -> tuple[str, ...]:
        """Required columns of a canonical file that nobody has named yet."""
        there = {*self.choices.placed[kind].columns, *(["code"] if kind == ATTENDANCE.name and self.choices.periods else [])}
        return tuple(one.name for one in FILES[kind].columns if one.required and one.name not in there)

    def left(self, kind: str) -> tuple[str, ...]:
        """Columns of its export that are not read, and that hold nothing sensitive."""
        return tuple(one for one in self._unread(kind) if not is_sensitive(one))

    def sensitive(self, kind: str) -> tuple[str, ...]:
        """Columns of its export that are never read."""
        return tuple(one for one in self._unread(kind) if is_sensitive(one))

    def _unread(self, kind: str) -> Iterator[str]:
        one = self.choices.placed[kind]
        read = {*one.columns.values(), *self.choices.only.get(kind, {}), *(self.choices.periods if kind == ATTENDANCE.name else {})}
        return (column for column in self.sheets[one.file].columns if column not in read)

    def rows(self, kind: str) -> pl.DataFrame:
        """The rows of its export as they are read: those of the right kind, wide ones turned."""
        one, choices = self.choices.placed[kind], self.choices
        frame = self.sheets[one.file].frame.filter(pl.col(FAULT) == "")
        frame = only_rows(frame, choices.only.get(kind, {}), one.file)
        if kind != ATTENDANCE.name:
            return frame
        code, section = (one.columns.get(column, column) for column in ("code", "section_id"))
        return by_periods(frame, choices.periods, one.file, code=code, section=section)

    def texts(self, kind: str, column: str) -> pl.Series:
        """The values of a canonical column; nothing where it is not there."""
        one = self.choices.placed.get(kind)
        own = one.columns.get(column, "code" if column == "code" and self.choices.periods else "") if one else ""
        rows = self.rows(kind) if own else pl.DataFrame()
        return rows[own].fill_null("").str.strip_chars() if own in rows.columns else pl.Series(dtype=pl.String)

    @cached_property
    def dates(self) -> pl.Series:
        """The dates that the feed tells: all, or, where no form reads them all, those without which a row is left out."""
        every = self._dates(strict=False)
        return every if fitting(every) else self._dates(strict=True)

    def _dates(self, *, strict: bool) -> pl.Series:
        """A birth date helps to tell a day from a month, but may be written otherwise: such a row is only noted."""
        columns = [(kind, one) for kind in self.choices.placed for one in FILES[kind].columns if one.type is Type.DATE]
        texts = [self.texts(kind, one.name) for kind, one in columns if one.strict or not strict]
        return pl.concat([pl.Series(dtype=pl.String), *texts])

    @cached_property
    def date_forms(self) -> list[DateForm]:
        """Every form that reads some of the dates, the likeliest first."""
        return tried(self.dates, self.texts(ATTENDANCE.name, "date"))

    @cached_property
    def codes(self) -> dict[str, int]:
        """Attendance code → how often it stands there."""
        return tally(self.texts(ATTENDANCE.name, "code"))

    @cached_property
    def events(self) -> dict[str, int]:
        """Calendar event → how often it stands there, without those that have their meaning from the start."""
        return {event: rows for event, rows in tally(self.texts(CALENDAR.name, "event")).items() if not is_built_in(event)}

    @cached_property
    def languages(self) -> dict[str, int]:
        """Language as the feed names it → how often it stands there."""
        told = pl.concat([self.texts(STUDENTS.name, "home_language"), self.texts(CONTACTS.name, "language")])
        return tally(told.filter(told != ""))

    def locale(self, language: str) -> str:
        """The locale of a language's name, by this feed's word or ours; empty where it is not known."""
        return locale_of(language, self.choices.languages)


@dataclass(frozen=True)
class _Found:
    preset: str
    placed: dict[str, Placed]


def _recognised(sheets: _Sheets, placed: Mapping[str, Placed]) -> _Found:
    """What each export is, the surest first; a canonical file has one. Then one export may hold what no other does."""
    used = {one.file for one in placed.values()}
    new = {name: sheet for name, sheet in sheets.items() if name not in used}
    systems = [one.preset for sheet in new.values() if (one := recognise(sheet.columns, _stem(sheet))) is not None and one.preset]
    preset = usual(systems, "")
    found = dict(placed)
    likely = [(one, name) for name, sheet in new.items() for one in possible(sheet.columns, _stem(sheet), preset)]
    for one, name in sorted(likely, key=lambda pair: pair[0].rank(Path(pair[1]).stem, preset), reverse=True):
        if one.file not in found and name not in used:
            found[one.file] = _placed(one, name)
            used.add(name)
    _share(found, sheets, preset)
    return _Found(preset, found)


def _share(found: dict[str, Placed], sheets: _Sheets, preset: str) -> None:
    """Systems that have no file of stays or schools write them into each child's row.

    Of schools only the ids are taken: a child's name or address must not become its school's.
    """
    for kind, sources in ((ENROLLMENTS.name, (STUDENTS.name,)), (SCHOOLS.name, (ENROLLMENTS.name, STUDENTS.name))):
        for source in sources:
            if kind in found or source not in found:
                continue
            one = recognise_as(sheets[found[source].file].columns, kind, preset)
            if not one.missing and (kind != SCHOOLS.name or _OF_SCHOOLS.isdisjoint(sheets[found[source].file].columns)):
                place = _placed(one, found[source].file)
                found[kind] = place if kind != SCHOOLS.name else Placed(file=place.file, columns={"school_id": place.columns["school_id"]})


def _placed(one: Recognised, file: str) -> Placed:
    return Placed(file=file, columns={column: own for column, own in one.columns.items() if not is_sensitive(own)})


def columns_for(sheet: Sheet, kind: str, preset: str) -> Placed:
    """The place of a canonical file that a person found in *sheet*, with the columns that can be recognised."""
    return _placed(recognise_as(sheet.columns, kind, preset), sheet.name)


def ready(found: Look) -> Sequence[str]:
    """What is still to be said before anything can be counted; empty where nothing is."""
    choices, wanted = found.choices, [*NEEDED, *([CALENDAR.name] if found.choices.calendar == "file" else [])]
    todo = [f"Which file holds the {kind}?" for kind in wanted if kind not in choices.placed]
    for kind, one in choices.placed.items():
        todo += [f"Which column of {one.file} is the {column.replace('_', ' ')}?" for column in found.missing(kind)]
    if ATTENDANCE.name not in choices.placed:
        todo.append("Which file holds the attendance?")
    if not choices.date_format:
        todo.append("How are dates written?")
    return todo


def _stem(sheet: Sheet) -> str:
    return Path(sheet.name).stem

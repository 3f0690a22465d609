"""The mapping page's form becomes choices. What a form says that the page did not offer is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from werkzeug.datastructures import MultiDict

from outreach.attendance.canonical import FILES
from outreach.feeds.choices import Choices, Confirmed, Placed
from outreach.feeds.dates import DATE_FORMATS
from outreach.feeds.drafting import Look, columns_for, look, odd_rows, with_dates
from outreach.feeds.presets import is_sensitive, presets
from outreach.feeds.sheets import Sheet
from outreach.messages.languages import languages
from outreach.web.data_findings import MEANINGS
from outreach.web.mapping_trial import counted_to

DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar |"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows (Western)",
    "latin-1": "Latin-1",
    "cp1250": "Windows (Central European)",
    "mac-roman": "Macintosh",
    "utf-16": "UTF-16",
}
YEAR_STARTS = {f"{month:02d}-01": date(2000, month, 1) for month in range(1, 13)}
_LITERALS = {
    "exit_day": ("inclusive", "exclusive"),
    "reporting": ("exceptions", "affirmative"),
    "calendar": ("file", "from-events"),
    "delimiter": tuple(DELIMITERS),
    "encoding": tuple(ENCODINGS),
    "school_year_start": tuple(YEAR_STARTS),
}
_LONGEST = 40
Form = MultiDict[str, str]


def read(form: Form, before: Look, folder: Path, *, by: str, today: date) -> Look:
    """The choices that *form* makes of those *before*, looked at again. Raises RefusedError where files cannot be read so."""
    changes: dict[str, Any] = {key: form[key] for key, known in _LITERALS.items() if form.get(key) in known}
    changes["name"] = source_name(form.get("name", "")) or before.choices.name
    changes["preset"] = form["preset"] if form.get("preset") in {"", *presets()} else before.choices.preset
    changes["date_format"] = form["date_format"] if form.get("date_format") in DATE_FORMATS else before.choices.date_format
    changes["headerless"] = [name for name in form.getlist("headerless") if name in before.sheets]
    said = _date(form.get("count_to", ""))
    changes["count_to"] = before.choices.count_to if said == counted_to(before, today) else said
    changes["codes"] = before.choices.codes | _codes(form, before.choices, by, today)
    for code in _unticked(form, "code", "confirm"):
        changes["codes"].pop(code, None)
    changes["events"] = _events(form, before.choices.events)
    changes["languages"] = _languages(form, before.choices.languages)
    changes["only"], changes["periods"] = _rows(form, before)
    changes["placed"] = {kind: place for kind in FILES if (place := _place(form, kind, before)) is not None}
    return _again(folder, before.choices.model_copy(update=changes))


def source_name(text: str) -> str:
    """A name that may stand in a path and an address: small letters, digits and hyphens; empty where nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())[:_LONGEST].strip("-")


def _again(folder: Path, choices: Choices) -> Look:
    """Look with the new choices; a file whose columns have other names now is recognised anew."""
    found = look(folder, choices)
    placed = {
        kind: place if place.columns else columns_for(found.sheets[place.file], kind, choices.preset)
        for kind, place in found.choices.placed.items()
    }
    return with_dates(Look(found.choices.model_copy(update={"placed": placed}), found.sheets))


def _rows(form: Form, before: Look) -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
    """Which rows are read, and which columns hold codes of classes: what is known of the system, where the person ticked it."""
    known = odd_rows(before.choices.placed, before.sheets, before.choices.preset)
    only = {kind: wanted for kind, wanted in known["only"].items() if form.get(f"only.{kind}") == "yes"}
    return only, known["periods"] if form.get("periods") == "yes" else {}


def _place(form: Form, kind: str, before: Look) -> Placed | None:
    """Where *kind* is: as it was, where the form does not ask for it."""
    was = before.choices.placed.get(kind)
    file = form.get(f"file.{kind}", was.file if was else "")
    sheet = before.sheets.get(file)
    if sheet is None:
        return None
    if was is None or was.file != file:
        return columns_for(sheet, kind, before.choices.preset)
    return Placed(file=file, columns=dict(_columns(form, kind, sheet, was)))


def _columns(form: Form, kind: str, sheet: Sheet, was: Placed) -> Iterator[tuple[str, str]]:
    for column in FILES[kind].columns:
        own = form.get(f"column.{kind}.{column.name}", was.columns.get(column.name, ""))
        if own in offered(sheet):
            yield column.name, own
        elif column.name in sheet.columns:  # a column of exactly this name is read unless another takes its place
            yield column.name, column.name


def offered(sheet: Sheet) -> list[str]:
    """The columns of an export that a person may choose."""
    return [column for column in sheet.columns if not is_sensitive(column)]


def _codes(form: Form, before: Choices, by: str, today: date) -> dict[str, Confirmed]:
    found = {}
    for number, code in _numbered(form, "code"):
        if form.get(f"confirm.{number}") != "yes" or form.get(f"meaning.{number}") not in MEANINGS:
            continue
        meaning = MEANINGS[form[f"meaning.{number}"]][1].model_copy(update={"hold": form.get(f"hold.{number}") == "yes"})
        was = before.codes.get(code)
        found[code] = was if was is not None and was.meaning == meaning else Confirmed(meaning=meaning, by=by, on=today)
    return found


def _unticked(form: Form, what: str, tick: str) -> list[str]:
    return [name for number, name in _numbered(form, what) if form.get(f"{tick}.{number}") != "yes"]


def _events(form: Form, before: Mapping[str, bool]) -> dict[str, bool]:
    found = dict(before)
    for number, event in _numbered(form, "event"):
        found.pop(event, None)
        if form.get(f"event_confirm.{number}") == "yes" and form.get(f"is_day.{number}") in {"yes", "no"}:
            found[event] = form[f"is_day.{number}"] == "yes"
    return found


def _languages(form: Form, before: Mapping[str, str]) -> dict[str, str]:
    found = dict(before)
    for number, name in _numbered(form, "language"):
        found.pop(name, None)
        if form.get(f"locale.{number}") in languages():
            found[name] = form[f"locale.{number}"]
    return found


def _numbered(form: Form, what: str) -> Iterator[tuple[str, str]]:
    """The entries ``what.0``, ``what.1``, … with their numbers."""
    for key, value in form.items():
        if key.startswith(f"{what}.") and (number := key.removeprefix(f"{what}.")).isdigit():
            yield number, value


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

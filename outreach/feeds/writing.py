"""Choices as the text of a ``source.toml``, with who confirmed which code, and what still waits for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator

from outreach.attendance.source_settings import Meaning, SourceSettings
from outreach.feeds.drafting import Look
from outreach.feeds.presets import presets, propose

_PLAIN = ("school_year_start", "exit_day", "reporting", "calendar", "encoding", "delimiter", "date_format")
WRITTEN = frozenset({"name", *_PLAIN, "files", "header", "columns", "only", "periods", "codes", "events", "languages"})
"""The keys of ``source.toml`` that choices may write."""


def written(found: Look) -> str:
    """The text of ``source.toml``. A code without a person's word stands behind a ``#``."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Look) -> Iterator[str]:
    choices = found.choices
    yield f"# Drafted from {', '.join(dict.fromkeys(one.file for one in choices.placed.values())) or 'no file that could be recognised'}."
    yield from (f"# Not read: {one}." for one in found.unplaced)
    yield f"name = {_text(choices.name)}"
    for key in _PLAIN:
        value = getattr(choices, key)
        if value and value != SourceSettings.model_fields[key].default:
            yield f"{key} = {_text(value)}{_why(found, key)}"
    if not choices.date_format:
        fits = " and ".join(one.form for one in found.date_forms if one.fits) or "none that is known"
        yield f"# date_format = ...  # fitting every date: {fits}; say which"
    yield from _tables(found)
    yield from _codes(found)
    if choices.events:
        yield from ("", "[events]", *(f"{_text(event)} = {str(is_day).lower()}" for event, is_day in choices.events.items()))
    if choices.languages:
        yield from ("", "[languages]", *(f"{_text(name)} = {_text(locale)}" for name, locale in choices.languages.items()))


def _why(found: Look, key: str) -> str:
    system = presets().get(found.choices.preset)
    if key == "exit_day" and system is not None and system.exit_day == found.choices.exit_day:
        return f"  # as {system.title} has it; look at a child who left"
    if key == "calendar":
        return "  # no calendar came: a school's days are those on which it sent any mark"
    return ""


def _tables(found: Look) -> Iterator[str]:
    placed = found.choices.placed
    if files := [f"{kind} = {_text(one.file)}" for kind, one in placed.items() if one.file != f"{kind}.csv"]:
        yield from ("", "[files]", *files)
    if headers := [kind for kind, one in placed.items() if one.file in found.choices.headerless]:
        yield from ("", "[header]")
        for kind in headers:
            sheet = found.sheets[placed[kind].file]
            yield f"{kind} = {json.dumps(list(sheet.columns), ensure_ascii=False)}"
    for kind, wanted in found.choices.only.items():
        yield from (
            "",
            f"[only.{kind}]",
            *(f"{_text(column)} = {json.dumps(values, ensure_ascii=False)}" for column, values in wanted.items()),
        )
    if found.choices.periods:
        yield from ("", "[periods]", *(f"{_text(column)} = {_text(section)}" for column, section in found.choices.periods.items()))
    for kind, one in placed.items():
        if renamed := {column: own for column, own in one.columns.items() if own != column}:
            yield from ("", f"[columns.{kind}]", *(f"{column} = {_text(own)}" for column, own in renamed.items()))
        if left := found.left(kind):
            yield f"# not read: {', '.join(_text(column) for column in left)}"
        if sensitive := found.sensitive(kind):
            yield f"# sensitive, never read: {', '.join(_text(column) for column in sensitive)}"


def _codes(found: Look) -> Iterator[str]:
    if not found.codes:
        return
    said = found.choices.codes
    yield from ("", "# What the codes mean. One that stands behind a mark waits for a person; until then its days are unknown.", "[codes]")
    for code, meaning in propose(found.codes, found.choices.preset).items():
        rows = f"{found.codes[code]} {'row' if found.codes[code] == 1 else 'rows'}"
        if code in said:
            yield f"{_text(code)} = {spelled(said[code].meaning)}  # {rows}; confirmed by {said[code].by}, {said[code].on.isoformat()}"
        else:
            yield f"# {_text(code)} = {spelled(meaning)}  # {rows}"
    for code, one in said.items():
        if code not in found.codes:
            yield f"{_text(code)} = {spelled(one.meaning)}  # confirmed by {one.by}, {one.on.isoformat()}"


def spelled(meaning: Meaning | None) -> str:
    """A meaning as TOML; a question where there is none."""
    if meaning is None:
        return '{ kind = "?" }'
    told = [f"kind = {_text(meaning.kind)}"]
    if meaning.kind == "absent":
        told.append(f"reason = {_text(meaning.reason)}")
    return f"{{ {', '.join([*told, *(['hold = true'] if meaning.hold else [])])} }}"


def _text(value: str) -> str:
    """A TOML text: JSON spells them in the same way, but for the one control character that JSON leaves alone."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

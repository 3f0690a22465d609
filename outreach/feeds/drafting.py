"""A first ``source.toml`` for a folder of exports nobody has described yet: what was recognised, and what a person must confirm.

Codes stand in it as comments with their frequency and what they probably mean: a code counts only once a person takes the mark away.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from outreach.attendance.canonical import ATTENDANCE, FILES, Type
from outreach.attendance.reading import decode, read_frame
from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import Meaning
from outreach.feeds.presets import Recognised, presets, propose, recognise

_DELIMITERS = (",", "\t", ";", "|")
_ENDINGS = {".csv", ".txt", ".tsv"}
_FALLBACK = "cp1252"
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%m-%d-%Y", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M")


@dataclass(frozen=True)
class Draft:
    """What was found in a folder."""

    files: Mapping[str, Recognised]
    """File name → what it is."""
    unknown: tuple[str, ...]
    """Files that nothing could be made of."""
    delimiter: str
    encoding: str
    date_formats: tuple[str, ...]
    """Every format that fits every date; one is certain, several are for a person to decide."""
    codes: Mapping[str, int]
    """Attendance code → how often it stands there."""
    preset: str
    """The system that most files come from; empty for canonical files."""


def draft(folder: Path) -> Draft:
    """Look at every export in *folder*. Raises RefusedError where there is none, or one cannot be read."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS) if folder.is_dir() else []
    if not paths:
        sentence = f"{folder} holds no exports (.csv, .txt, .tsv) to look at."
        raise RefusedError(sentence)
    frames = {path.name: _read(path) for path in paths}
    headers = {name: [column for column in frame.columns if not column.startswith("__")] for name, (frame, _, _) in frames.items()}
    systems = Counter(one.preset for one in _recognised(headers, "").values() if one.preset)
    preset = systems.most_common(1)[0][0] if systems else ""
    files = _recognised(headers, preset)
    read = {name: frames[name][0] for name in files}
    codes = [read[name][one.columns["code"]] for name, one in files.items() if one.file == ATTENDANCE.name]
    return Draft(
        files=files,
        preset=preset,
        unknown=tuple(name for name in frames if name not in files),
        delimiter=Counter(frames[name][1] for name in files or frames).most_common(1)[0][0],
        encoding=next((encoding for _, _, encoding in frames.values() if encoding != "utf-8"), "utf-8"),
        date_formats=fitting(pl.concat([pl.Series(dtype=pl.String), *_dates(files, read)])),
        codes=dict(Counter(code.strip() for column in codes for code in column.fill_null("").to_list()).most_common()),
    )


def _recognised(headers: Mapping[str, list[str]], likely: str) -> dict[str, Recognised]:
    """What each file is; of two that are the same kind, the first."""
    files: dict[str, Recognised] = {}
    for name, header in headers.items():
        found = recognise(header, Path(name).stem, likely)
        if found is not None and found.file not in {one.file for one in files.values()}:
            files[name] = found
    return files


def fitting(dates: pl.Series) -> tuple[str, ...]:
    """The formats in which every one of *dates* is a date of our time; empty values do not count."""
    told = dates.fill_null("").str.strip_chars()
    told = told.filter(told != "").unique()
    if not told.len():
        return ()
    return tuple(one for one in DATE_FORMATS if _fits(told, one))


def _fits(told: pl.Series, form: str) -> bool:
    read = told.str.to_datetime(form, strict=False) if "%H" in form else told.str.to_date(form, strict=False)
    return bool(read.dt.year().is_between(1900, 2100).fill_null(value=False).all())


def _dates(files: Mapping[str, Recognised], frames: Mapping[str, pl.DataFrame]) -> Iterator[pl.Series]:
    for name, one in files.items():
        for column in FILES[one.file].columns:
            if column.type is Type.DATE and column.name in one.columns:
                yield frames[name][one.columns[column.name]]


def _read(path: Path) -> tuple[pl.DataFrame, str, str]:
    """A file's rows, its delimiter and its encoding."""
    raw = path.read_bytes()
    try:
        raw.decode("utf-8-sig")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = _FALLBACK
    head = decode(raw, encoding, path.name).partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    return read_frame(path, encoding=encoding, delimiter=delimiter, header=None, wanted=[]), delimiter, encoding


def written(found: Draft, name: str) -> str:
    """The draft as the text of a ``source.toml`` of the source *name*."""
    return "\n".join(_lines(found, name)) + "\n"


def _lines(found: Draft, name: str) -> Iterator[str]:
    system = presets().get(found.preset)
    yield f"# Drafted from {', '.join(found.files) or 'no file that could be recognised'}; to be confirmed by a person."
    yield from (f"# Nothing could be made of {one}." for one in found.unknown)
    yield f"name = {_text(name)}"
    if system and system.exit_day != "inclusive":
        yield f"exit_day = {_text(system.exit_day)}  # as {system.title} has it; look at a child who left"
    if found.delimiter != ",":
        yield f"delimiter = {_text(found.delimiter)}"
    if found.encoding != "utf-8":
        yield f"encoding = {_text(found.encoding)}"
    if len(found.date_formats) == 1:
        yield f"date_format = {_text(found.date_formats[0])}"
    else:
        fits = " and ".join(found.date_formats) or "none that is known"
        yield f"# date_format = ...  # fitting every date: {fits}; say which"
    yield from ("", "[files]", *(f"{one.file} = {_text(file)}" for file, one in found.files.items() if file != f"{one.file}.csv"))
    for one in found.files.values():
        renamed = {column: own for column, own in one.columns.items() if own != column}
        if renamed:
            yield from ("", f"[columns.{one.file}]", *(f"{column} = {_text(own)}" for column, own in renamed.items()))
        if one.left:
            yield f"# not read: {', '.join(_text(column) for column in one.left)}"
    yield from ("", "# What the codes mean: take the mark away from each line that is right. A code without a meaning is held.", "[codes]")
    for code, meaning in propose(found.codes, found.preset).items():
        yield f"# {_text(code)} = {_meaning(meaning)}  # {found.codes[code]} rows"


def _meaning(meaning: Meaning | None) -> str:
    if meaning is None:
        return '{ kind = "?" }'
    told = [f"kind = {_text(meaning.kind)}"]
    if meaning.kind == "absent":
        told.append(f"reason = {_text(meaning.reason)}")
    return f"{{ {', '.join([*told, *(['hold = true'] if meaning.hold else [])])} }}"


def _text(value: str) -> str:
    """A TOML text: JSON spells them in the same way."""
    return json.dumps(value, ensure_ascii=False)

"""Bytes of a delivered file become a frame of texts, each row with the line it began on."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from outreach.attendance.refusal import RefusedError

LINE = "__line"
FAULT = "__fault"
"""Why a row cannot be read at all (too few or too many fields, a NUL); empty for a sound row."""

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


def decode(raw: bytes, encoding: str, name: str) -> str:
    """Turn bytes into text: by their byte-order mark, else as strict UTF-8, else as the declared encoding.

    Text of two or four bytes a letter may look like UTF-8 full of NULs; then a declared encoding of that kind is believed.
    Raises RefusedError with the line of the first byte that fits none of them: a letter of a name is never dropped.
    """
    for bom, encoded in _BOMS:
        if raw.startswith(bom):
            return _strictly(raw, encoded, name)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _strictly(raw, encoding, name)
    wide = "\x00" in text and "a".encode(encoding) != b"a"
    return _strictly(raw, encoding, name) if wide else text


def _strictly(raw: bytes, encoding: str, name: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        sentence = f"{name}, line {line}: the bytes are not {encoding}; say the file's encoding in source.toml."
        raise RefusedError(sentence) from error


def read_frame(path: Path, *, encoding: str, delimiter: str, header: list[str] | None, wanted: Collection[str]) -> pl.DataFrame:
    """Read a delimited file into a frame of texts with ``LINE`` and ``FAULT``; lines without a single value are skipped.

    *header* names the columns of a file that has no header row, *wanted* those that somebody will ask for. Raises RefusedError
    for undecodable bytes, an unreadable CSV, an empty file and a header that names a wanted column twice.
    """
    try:
        text = decode(path.read_bytes(), encoding, path.name)
    except OSError as error:
        sentence = f"{path.name} cannot be read: {error.strerror}."
        raise RefusedError(sentence) from error
    if header is None and not re.search(rf"[^{re.escape(delimiter)}\s]", text):
        sentence = f"{path.name} is empty: not even a header row; a file that means none has its header row."
        raise RefusedError(sentence)
    reads = _read_quoted if '"' in text else _read_plain
    return reads(text, path.name, delimiter, header, wanted)


_PIECE = 8_000_000
_NEVER_IN_TEXT = ("\x00", "\x1e", "\x1f")
"""No value holds these, so a record separator and a unit separator may stand between values (``told``)."""


def _checked(header: list[str], name: str, wanted: Collection[str]) -> list[str]:
    """The columns' names; one that nobody asks for may be empty or stand twice, for it is dropped anyway."""
    names = [column.strip().lstrip("\ufeff") for column in header]
    if doubled := next((column for column in names if column in wanted and names.count(column) > 1), None):
        sentence = f"{name}, line 1: the column {doubled!r} stands twice in the header."
        raise RefusedError(sentence)
    return [column if column and names.count(column) == 1 else f"__unnamed_{number}" for number, column in enumerate(names)]


def _read_plain(text: str, name: str, delimiter: str, header: list[str] | None, wanted: Collection[str]) -> pl.DataFrame:
    """Read a file without a single quotation mark: every line is a row, so the work is done in whole columns."""
    names = _checked(header, name, wanted) if header is not None else []
    frames = []
    for first_line, piece in _pieces(text):
        frame = (
            pl.DataFrame({"text": [piece]}).select(pl.col("text").str.split("\n")).explode("text").with_row_index(LINE, offset=first_line)
        )
        frame = frame.filter(pl.col("text").str.replace_all(delimiter, "", literal=True).str.strip_chars() != "")
        if not names and not frame.is_empty():
            names = _checked(frame.item(0, "text").split(delimiter), name, wanted)
            frame = frame.slice(1)
        if names:
            frames.append(_split(frame, names, delimiter))
    nothing = pl.DataFrame(schema={LINE: pl.Int64, FAULT: pl.String, **dict.fromkeys(names, pl.String)})
    return pl.concat([nothing, *frames])


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Whole lines, some megabytes together, each piece with the number of its first line: all lines at once would stand in memory twice."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    start, number = 0, 1
    while start < len(lines):
        end = lines.find("\n", start + _PIECE)
        piece = lines[start:] if end < 0 else lines[start:end]
        yield number, piece
        start, number = start + len(piece) + 1, number + piece.count("\n") + 1


def _split(frame: pl.DataFrame, names: list[str], delimiter: str) -> pl.DataFrame:
    fields = pl.col("text").str.count_matches(delimiter, literal=True) + 1
    parts = pl.col("text").str.split_exact(delimiter, len(names) - 1).struct.rename_fields(names).alias("parts")
    return frame.select(pl.col(LINE).cast(pl.Int64), _fault(fields, len(names), pl.col("text"), delimiter), parts).unnest("parts")


def _fault(fields: pl.Expr, expected: int, text: pl.Expr, delimiter: str) -> pl.Expr:
    return (
        pl.when(fields != expected)
        .then(pl.format("the row has {} fields where the header has " + str(expected), fields))
        .when(text.str.contains_any([character for character in _NEVER_IN_TEXT if character != delimiter]))
        .then(pl.lit("the row holds a control character that no text has (NUL, RS or US)"))
        .otherwise(pl.lit(""))
        .alias(FAULT)
    )


def _read_quoted(text: str, name: str, delimiter: str, header: list[str] | None, wanted: Collection[str]) -> pl.DataFrame:
    """Read a file with quoted fields, which may hold line breaks: row by row, so that each row knows its line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    counts: list[int] = []
    try:
        names = _checked(next(reader) if header is None else header, name, wanted)
        before = reader.line_num
        for row in reader:
            if any(field.strip() for field in row):
                counts.append(len(row))
                rows.append((row + [""] * len(names))[: len(names)])
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        sentence = f"{name}, line {reader.line_num}: the file is no readable CSV ({error}); nothing of it was taken."
        raise RefusedError(sentence) from error
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    numbered = frame.with_columns(pl.Series(LINE, lines, dtype=pl.Int64), pl.Series("fields", counts, dtype=pl.Int64))
    everything = pl.concat_str(names, separator="") if names else pl.lit("")
    return numbered.with_columns(_fault(pl.col("fields"), len(names), everything, delimiter)).select(LINE, FAULT, *names)

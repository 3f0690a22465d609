"""Taking translators' files back in: every line is checked first, and either all that is sound and not overtaken is kept, or nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path, PurePath

from babel.messages.pofile import PoFileError, read_po
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.database import take_turns
from outreach.formulas import as_written
from outreach.messages.bench_actions import hand_in_all
from outreach.messages.bench_checks import refusals
from outreach.messages.compose import Pair
from outreach.messages.editing import Hand, Spot
from outreach.messages.exchange import COLUMNS, VERSION_HEADER, context_of, texts
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.queries import in_force, overlay
from outreach.messages.tables import WordingVersion
from outreach.messages.templates import Source
from outreach.messages.wording import Overlay

_SHOWN = 5
"""Faults that a refusal names; a person mends these and tries again."""
_VERSION = re.compile(rf'"{VERSION_HEADER}: (\d{{1,18}})\\n"'.encode())


@dataclass(frozen=True)
class Remark:
    """What is said about one line of a file."""

    file: str
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        """Return it as one sentence."""
        return f"{self.file}, line {self.line}, {self.field}: {self.reason}"


class ImportRefusedError(ValueError):
    """The translation file was not taken; nothing was written."""

    def __init__(self, reason: str, remarks: Sequence[Remark] = ()) -> None:
        """Name the first faults in the sentence, and keep all."""
        self.remarks = tuple(remarks)
        more = f" There are {len(remarks) - _SHOWN} more." if len(remarks) > _SHOWN else ""
        super().__init__(" ".join([reason, *map(str, remarks[:_SHOWN])]) + more)


@dataclass(frozen=True)
class Taken:
    """What became of a file."""

    locale: str
    written: int
    unchanged: int
    left: tuple[Remark, ...]
    """Lines that were not taken because newer work stands there; a person looks at both."""


@dataclass(frozen=True)
class Row:
    """One translation as a file has it."""

    line: int
    context: str
    locale: str
    english: str
    words: str
    version: int
    """Up to which version of the web's words the file knows."""


def import_file(session: Session, file: Path, hand: Hand, *, home: Path | None = None) -> Taken:
    """Take a translator's PO or CSV file in, by its name; as ``take_in``."""
    if not file.is_file():
        refusal = f"There is no file {file}."
        raise ImportRefusedError(refusal)
    return take_in(session, file.name, file.read_bytes(), hand, home=home)


def take_in(
    session: Session, name: str, content: bytes, hand: Hand, *, home: Path | None = None, allowed: Collection[str] | None = None
) -> Taken:
    """Check each line of a PO or CSV file, and hand its new translations in; they wait for a reviewer like any other.

    Empty and fuzzy entries are passed over. Where somebody wrote in the web after the file was exported, or the English is another by
    now, the line is left and listed. *allowed* are the languages that this person may bring. Raises ImportRefusedError, with every
    fault, for a file that cannot be read or has a line with a problem: then nothing of it is kept.
    """
    rows = _rows(name, content)
    locale = _language(name, rows, allowed)
    take_turns(session, "wording")
    written = overlay(session)
    known = texts(locale, home, written)
    by_context = {context_of(source): (source, words) for source, words in known}
    _refuse_faults(name, rows, by_context)
    if not any(by_context[row.context][0].text == row.english for row in rows if row.context in by_context):
        refusal = f"The file has no translation of a text as it stands now; export fresh files for {locale} and translate those."
        raise ImportRefusedError(refusal)
    sorter = _Sorter(session, name, locale, by_context, written)
    new = [row for row in rows if sorter.is_new(row)]
    hand_in_all(session, locale, {_spot(by_context[row.context][0], locale): row.words for row in new}, hand, home=home)
    return Taken(locale, len(new), sorter.unchanged, tuple(sorter.left))


class _Sorter:
    """Says of each line whether it is new, unchanged, or overtaken."""

    def __init__(self, session: Session, name: str, locale: str, known: Mapping[str, tuple[Source, str]], written: Overlay) -> None:
        self._session, self._name, self._locale, self._known, self._written = session, name, locale, known, written
        self.unchanged = 0
        self.left: list[Remark] = []

    def is_new(self, row: Row) -> bool:
        if row.context not in self._known:
            return self._leave(row, "message", f"there is no message {row.context} here.")
        source, standing = self._known[row.context]
        if row.english != source.text:
            return self._leave(row, "english", "the English is another by now; translate it anew from a fresh file.")
        if row.words in {standing, self._as_exported(row, source)}:
            self.unchanged += 1
            return False
        newer = self._written.words(source.message, source.channel, locale=self._locale, school_id=source.school_id)
        if newer is not None and newer.version_id > row.version:
            return self._leave(row, "translation", "somebody wrote here after this file was exported; theirs stands. Compare both.")
        approval = in_force(self._session, school_id=source.school_id).get((source.message, source.channel, self._locale))
        if approval is not None and approval.translation_text == row.words and approval.source_text == row.english:
            self.unchanged += 1
            return False
        return True

    def _as_exported(self, row: Row, source: Source) -> str:
        """What stood there when the file was exported, as far as it was written in the web: words nobody touched since are no news."""
        if not row.version:
            return ""
        rows = select(WordingVersion.text).filter_by(
            message=source.message, channel=source.channel, locale=self._locale, school_id=source.school_id
        )
        return self._session.scalars(rows.where(WordingVersion.id <= row.version).order_by(WordingVersion.id.desc())).first() or ""

    def _leave(self, row: Row, field: str, reason: str) -> bool:
        self.left.append(Remark(self._name, row.line, field, reason))
        return False


def _spot(source: Source, locale: str) -> Spot:
    return Spot(source.message, source.channel, source.school_id, locale)


def _language(name: str, rows: Sequence[Row], allowed: Collection[str] | None) -> str:
    """The one language of a file, if it is one that this person may bring."""
    if not rows:
        refusal = f"{name} holds no translation that is finished."
        raise ImportRefusedError(refusal)
    found = {row.locale for row in rows}
    if len(found) > 1:
        odd = [
            Remark(name, row.line, "language", f"{row.locale} stands beside {rows[0].locale}.")
            for row in rows
            if row.locale != rows[0].locale
        ]
        refusal = "A file holds one language."
        raise ImportRefusedError(refusal, odd)
    locale = found.pop()
    if locale not in languages() or locale == DEFAULT:
        wanted = ", ".join(known for known in languages() if known != DEFAULT)
        refusal = f"The file's language is {locale or 'empty'}; it must be one of {wanted}."
        raise ImportRefusedError(refusal)
    if allowed is not None and locale not in allowed:
        refusal = f"You do not work in {languages()[locale].english}, so its files are not taken from you."
        raise ImportRefusedError(refusal)
    return locale


def _refuse_faults(name: str, rows: Sequence[Row], known: Mapping[str, tuple[Source, str]]) -> None:
    """Look at every line before anything is kept."""
    faults, seen = [], set()
    for row in rows:
        if row.context in seen:
            faults.append(Remark(name, row.line, "message", f"{row.context} stands there twice."))
        elif (found := known.get(row.context)) is not None and row.english == found[0].text:
            source = found[0]
            pair = Pair(source.message, source.channel, row.locale, source.text, row.words)
            faults += [Remark(name, row.line, "translation", reason) for reason in refusals(source, pair)]
        seen.add(row.context)
    if faults:
        refusal = "The file was not taken."
        raise ImportRefusedError(refusal, faults)


def _rows(name: str, content: bytes) -> list[Row]:
    suffix = PurePath(name).suffix.lower()
    if suffix not in {".po", ".csv"}:
        refusal = f"{name} is neither a PO nor a CSV file."
        raise ImportRefusedError(refusal)
    try:
        return list(_of_po(content) if suffix == ".po" else _of_csv(name, content))
    except ImportRefusedError:
        raise
    except (PoFileError, csv.Error, ValueError) as error:
        refusal = f"{name} cannot be read: {error}."
        raise ImportRefusedError(refusal) from error


def _of_po(content: bytes) -> Iterator[Row]:
    catalog = read_po(BytesIO(content), abort_invalid=True)
    locale = str(catalog.locale_identifier or "").replace("_", "-")
    version = _VERSION.search(content)  # Babel keeps no header that it does not know
    for entry in catalog:
        if entry.id and entry.string and not entry.fuzzy:
            yield Row(
                entry.lineno or 0, entry.context or "", locale, str(entry.id), str(entry.string).strip(), int(version[1]) if version else 0
            )


def _of_csv(name: str, content: bytes) -> Iterator[Row]:
    reader = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    head = next(reader, [])
    if missing := [column for column in COLUMNS if column not in head]:
        refusal = f"{name} lacks the column {', '.join(missing)}."
        raise ImportRefusedError(refusal)
    line = reader.line_num + 1
    for values in reader:
        cell = {column: as_written(value.replace("\r\n", "\n").strip()) for column, value in zip(head, values, strict=False)}
        if cell.get("translation"):
            yield _of_cells(line, {column: cell.get(column, "") for column in COLUMNS})
        line = reader.line_num + 1


def _of_cells(line: int, cell: Mapping[str, str]) -> Row:
    context = f"{cell['message']}/{cell['channel']}" + (f"@{cell['school']}" if cell["school"] else "")
    version = int(cell["version"][:18]) if cell["version"].isdecimal() else 0
    return Row(line, context, cell["language"], cell["english"], cell["translation"], version)

"""Translation files out to translators' own tools: PO and CSV, the same bytes for the same words. ``intake`` takes them back in."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.formulas import disarmed
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.pairs import current_pairs
from outreach.messages.placeholders import ALLOWED
from outreach.messages.queries import overlay
from outreach.messages.tables import WordingVersion
from outreach.messages.templates import Source, sources
from outreach.messages.translations import FILE
from outreach.messages.wording import NOTHING_WRITTEN, Overlay

VERSION_HEADER = "X-Wording-Version"
"""The PO header that says up to which version of the web's words a file knows; none where nothing was written in the web."""
COLUMNS = ("message", "channel", "school", "language", "english", "translation", "note", "version")
"""Of a CSV file; *version* as in the PO header."""
_WIDTH = 120
_DRAFTED = "# Drafted, not reviewed: these words leave only after a named person approved them.\n"
"""True of every file: what stands in one approves nothing."""


def export_po(folder: Path, home: Path | None = None, session: Session | None = None) -> list[Path]:
    """Write ``<locale>/LC_MESSAGES/messages.po`` for every language but English, with what is translated so far; return the files.

    Each entry tells the translator what the message is for and what its placeholders stand for. *home* is ``settings.home``. With
    *session* also what was written in the web, and the texts of schools that have copies of their own.
    """
    written = []
    for locale in languages():
        if locale != DEFAULT:
            path = folder / locale / FILE
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(po_file(locale, home, session))
            written.append(path)
    return written


def export_csv(folder: Path, home: Path | None, session: Session) -> list[Path]:
    """Write ``<locale>.csv`` for every language but English, for translators who work in a spreadsheet; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{locale}.csv" for locale in languages() if locale != DEFAULT]
    for file in files:
        file.write_bytes(csv_file(file.stem, home, session))
    return files


def po_file(locale: str, home: Path | None = None, session: Session | None = None) -> bytes:
    """Return the PO file of one language."""
    catalog = Catalog()
    for source, words in texts(locale, home, overlay(session) if session else NOTHING_WRITTEN):
        catalog.add(source.text, words, auto_comments=_notes(source), context=context_of(source))
    body = BytesIO()
    write_po(body, catalog, width=_WIDTH, omit_header=True)
    return _header(locale, latest_version(session, locale) if session else 0).encode() + body.getvalue()


def csv_file(locale: str, home: Path | None, session: Session) -> bytes:
    """Return the CSV file of one language, with the mark by which spreadsheets know UTF-8."""
    sheet, version = StringIO(), latest_version(session, locale)
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for source, words in texts(locale, home, overlay(session)):
        note = " ".join(_notes(source))
        row = (source.message, source.channel, source.school_id, locale, source.text, words, note, version)
        writer.writerow([disarmed(value) for value in row])
    return sheet.getvalue().encode("utf-8-sig")


def texts(locale: str, home: Path | None, written: Overlay) -> Sequence[tuple[Source, str]]:
    """Return each English text as it stands, of the district and of schools, with its translation or empty words."""
    found = []
    for school in ("", *written.schools()):
        pairs = current_pairs(home, written, school_id=school)
        known: Mapping[str, str] = {source.context: pair.translation for source, pair in pairs if pair.locale == locale}
        found += [(source, known.get(source.context, "")) for source in sources(home, written, school_id=school)]
    return found


def latest_version(session: Session, locale: str) -> int:
    """Return the newest version of any translation written in the web in this language; 0 where there is none."""
    return session.scalar(select(func.max(WordingVersion.id)).filter_by(locale=locale)) or 0


def context_of(source: Source) -> str:
    """Name a text in a translation file: ``count/sms``, or ``count/sms@S1`` for a school's copy."""
    return f"{source.context}@{source.school_id}" if source.school_id else source.context


def _header(locale: str, version: int) -> str:
    """Write the header by hand: Babel would add today's date, so that the same words would give another file."""
    lines = [f"Language: {locale}", "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"]
    if version:
        lines.append(f"{VERSION_HEADER}: {version}")
    head = f'# Words for families: {languages()[locale].english}.\n{_DRAFTED}msgid ""\nmsgstr ""\n'
    return head + "".join(f'"{line}\\n"\n' for line in lines) + "\n"


def _notes(source: Source) -> list[str]:
    slots = [f"{{{{ {name} }}}}: {meaning}." for name, meaning in ALLOWED.items() if f"{{{{ {name} }}}}" in source.text]
    return [source.purpose, source.note, *slots]

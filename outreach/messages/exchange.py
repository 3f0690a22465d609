"""PO files out to translators and back in; what comes back still waits for a person's approval."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from outreach.messages.check import problems_of
from outreach.messages.compose import Pair
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.placeholders import ALLOWED
from outreach.messages.templates import Source, sources
from outreach.messages.translations import FILE, Translations, read, words_of

_WIDTH = 120
_DRAFTED = "# Drafted, not reviewed: these words leave only after a named person approved them.\n"
"""True of every file: what stands in one approves nothing."""


class ImportRefusedError(ValueError):
    """The translation file was not taken; nothing was written."""


def export_po(folder: Path, home: Path | None = None) -> list[Path]:
    """Write ``<locale>/LC_MESSAGES/messages.po`` for every language but English, with what is translated so far; return the files.

    Each entry tells the translator what the message is for and what its placeholders stand for. *home* is ``settings.home``.
    """
    known, texts = Translations(home), sources(home)
    files = []
    for locale in languages():
        if locale != DEFAULT:
            entries = {source.context: known.of(source, locale) for source in texts}
            files.append(_write(folder / locale / FILE, locale, texts, entries))
    return files


def import_po(file: Path, home: Path) -> Path:
    """Check a translator's file and keep it in the home, where it is read before the shipped one; return where it went.

    The file's own ``Language`` header says which language it is. Entries that are empty or fuzzy are left
    out, and what the home had for them stays. Raises
    TranslationFileError for a file that is no PO file and ImportRefusedError where an entry has a problem or nothing fits.
    """
    if not file.is_file():
        refusal = f"There is no file {file}."
        raise ImportRefusedError(refusal)
    catalog = read(file)
    locale = str(catalog.locale_identifier or "").replace("_", "-")
    if locale not in languages() or locale == DEFAULT:
        wanted = ", ".join(known for known in languages() if known != DEFAULT)
        refusal = f"The file's Language header is {locale or 'empty'}; it must be one of {wanted}."
        raise ImportRefusedError(refusal)
    texts = sources(home)
    found = {source.context: words for source in texts if (words := words_of(catalog, source))}
    if not found:
        refusal = f"The file has no translation of a text as it stands now; export fresh files for {locale} and translate those."
        raise ImportRefusedError(refusal)
    pairs = [(s, Pair(s.message, s.channel, locale, s.text, found[s.context])) for s in texts if s.context in found]
    if faults := [str(problem) for source, pair in pairs for problem in problems_of(source, pair)]:
        refusal = "The file was not taken: " + " ".join(faults)
        raise ImportRefusedError(refusal)
    target = home / "translations" / locale / FILE
    kept = read(target) if target.is_file() else Catalog()
    return _write(target, locale, texts, {source.context: words_of(kept, source) for source in texts} | found)


def _write(path: Path, locale: str, texts: list[Source], entries: dict[str, str]) -> Path:
    catalog = Catalog()
    for source in texts:
        catalog.add(source.text, entries.get(source.context, ""), auto_comments=_notes(source), context=source.context)
    body = BytesIO()
    write_po(body, catalog, width=_WIDTH, omit_header=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_header(locale) + body.getvalue().decode(), encoding="utf-8")
    return path


def _header(locale: str) -> str:
    """Write the header by hand: Babel would add today's date, so that the same words would give another file."""
    lines = [f"Language: {locale}", "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"]
    head = f'# Words for families: {languages()[locale].english}.\n{_DRAFTED}msgid ""\nmsgstr ""\n'
    return head + "".join(f'"{line}\\n"\n' for line in lines) + "\n"


def _notes(source: Source) -> list[str]:
    slots = [f"{{{{ {name} }}}}: {meaning}." for name, meaning in ALLOWED.items() if f"{{{{ {name} }}}}" in source.text]
    return [source.purpose, source.note, *slots]

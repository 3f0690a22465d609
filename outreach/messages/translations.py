"""Translations of the source texts, read from PO files: a home's own file first, then the shipped one, entry by entry."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

from outreach.messages.languages import languages
from outreach.messages.templates import Source
from outreach.resources import data_folder

FILE = Path("LC_MESSAGES") / "messages.po"


class TranslationFileError(ValueError):
    """A translation file cannot be read."""


class Translations:
    """What the PO files say now; nothing here is approved by being here."""

    def __init__(self, home: Path | None = None) -> None:
        """Read all files; *home* is ``settings.home``. Raises TranslationFileError."""
        roots = [root for root in (home / "translations" if home else None, data_folder("translations")) if root is not None]
        files = {locale: [root / locale / FILE for root in roots] for locale in languages()}
        self._catalogs = {locale: [read(file) for file in found if file.is_file()] for locale, found in files.items()}

    def locales(self) -> list[str]:
        """Return the locales that have a file."""
        return [locale for locale, catalogs in self._catalogs.items() if catalogs]

    def of(self, source: Source, locale: str) -> str:
        """Return the translation of exactly this source text; empty where there is none, or only a fuzzy one."""
        found = (words_of(catalog, source) for catalog in self._catalogs.get(locale, []))
        return next(filter(None, found), "")


def words_of(catalog: Catalog, source: Source) -> str:
    """Return one catalogue's translation of exactly this source text; empty where there is none, or only a fuzzy one."""
    entry = catalog.get(source.text, context=source.context)
    return str(entry.string).strip() if entry is not None and entry.string and not entry.fuzzy else ""


def read(file: Path) -> Catalog:
    """Read one PO file; raises TranslationFileError with the file's name."""
    try:
        with file.open("rb") as opened:
            return read_po(opened, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        message = f"{file} is not a PO file that can be read: {error}"
        raise TranslationFileError(message) from error

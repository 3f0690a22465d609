"""The languages families are written to, and what a feed's name for one means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from outreach.resources import data_folder

DEFAULT = "en"
"""The language of the source texts."""


@dataclass(frozen=True)
class Language:
    """One language; the keys are explained in ``config/languages.toml``."""

    locale: str
    name: str
    english: str
    direction: Literal["ltr", "rtl"]
    babel: str
    script: str
    day: str
    date: str
    decimal: str
    feed_names: tuple[str, ...]
    months: tuple[str, ...] = ()

    @property
    def rtl(self) -> bool:
        """Written from right to left."""
        return self.direction == "rtl"


class UnknownLanguageError(ValueError):
    """The locale is not one of the languages of this service."""


@cache
def languages() -> Mapping[str, Language]:
    """Return every language by its locale, in the file's order."""
    text = (data_folder("config") / "languages.toml").read_text(encoding="utf-8")
    return MappingProxyType({locale: _language(locale, row) for locale, row in tomllib.loads(text).items()})


def language(locale: str) -> Language:
    """Return the language of *locale*; raises UnknownLanguageError."""
    try:
        return languages()[locale]
    except KeyError:
        message = f"{locale!r} is not one of the languages of this service ({', '.join(languages())})"
        raise UnknownLanguageError(message) from None


def locale_of(name: str, extra: Mapping[str, str]) -> str:
    """Return the locale that a feed's language *name* means; empty where nobody listed it.

    *extra* is the feed's own ``[languages]`` table and comes first, so that a district may say what its names mean. Locale codes
    and the names of ``config/languages.toml`` need no entry. Case and surrounding space do not matter.
    """
    key = _key(name)
    own = {_key(listed): locale for listed, locale in extra.items()}
    return _built_in().get(_key(own.get(key, name)), "") if key else ""


@cache
def _built_in() -> Mapping[str, str]:
    names: dict[str, str] = {}
    for one in languages().values():
        for name in (one.locale, one.name, one.english, *one.feed_names):
            names[_key(name)] = one.locale
    return names


def _key(name: str) -> str:
    return " ".join(name.replace("_", "-").split()).casefold()


def _language(locale: str, row: Mapping[str, object]) -> Language:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Language(locale=locale, **{**row, **lists})  # type: ignore[arg-type]  # a key that is no field is a TypeError at start

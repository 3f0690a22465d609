"""In which language a family wrote, and who is asked to help with one: pure.

Chrome's language detector (``pycld2``) is believed where it is sure; else the script decides, then the list that understood the words, then
the family's own language.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pycld2

from outreach.messages.languages import languages

_SCRIPTS: Mapping[str, str] = MappingProxyType(
    {"ARABIC": "Arab", "CJK": "Hans", "CYRILLIC": "Cyrl", "ETHIOPIC": "Ethi", "HANGUL": "Kore", "LATIN": "Latn"}
)
"""How Unicode's letter names begin → the script of ``config/languages.toml``."""
_CODES: Mapping[str, str] = MappingProxyType({"pt-BR": "pt", "zh-Hans": "zh"})
"""Locales that the detector calls otherwise."""


@dataclass(frozen=True)
class Helper:
    """Somebody who reads a language and may be given threads in it."""

    id: int
    at_school: bool
    """Named for the family's school."""
    load: int
    """Open tasks."""


def language_of(words: str, known: str, family: str) -> str:
    """The language of a family's *words*; empty where they hold no letters, or nothing tells.

    *known* is the locale of the list that understood them, or empty; *family* the locale on file, or the name that the feed has for it.
    Where letters and words leave it open, it is the family's: a helper who is asked once too often costs less than words nobody reads.
    """
    script, listed = _script(words), languages()
    if not script:
        return ""
    if detected := _detected(words, family):
        return detected
    if script != "Latn" and family in listed and listed[family].script != script:  # in Latin letters people write any language
        return next((locale for locale, one in listed.items() if one.script == script), family)
    return known or family


def choose(helpers: Collection[Helper]) -> int | None:
    """Who is given the next thread: who is named for the school, who has least to do, whose account is older; None of nobody."""
    first = min(helpers, key=lambda helper: (not helper.at_school, helper.load, helper.id), default=None)
    return first.id if first else None


def _detected(words: str, family: str) -> str:
    """One of our locales, where the detector is sure; *family* is what it expects."""
    try:
        is_sure, _, found = pycld2.detect(words, hintLanguage=_CODES.get(family, family) if family in languages() else None)
    except (pycld2.error, UnicodeError):  # half a letter, say
        return ""
    return next((locale for locale in languages() if _CODES.get(locale, locale) == found[0][1]), "") if is_sure else ""


def _script(words: str) -> str:
    """The script of most letters; empty where there are none."""
    found = Counter(_SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "other") for letter in words if letter.isalpha())
    return found.most_common(1)[0][0] if found else ""

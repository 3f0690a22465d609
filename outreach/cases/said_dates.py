"""The school dates that a family names in its own words. Pure; what it cannot read it leaves out, for a person reads the words anyway."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache

from babel.dates import get_day_names, get_month_names

from outreach.messages.languages import DEFAULT, languages

_AHEAD = timedelta(days=60)
"""A date without a year is the last one that lies at most so far ahead: absences are told a little in advance, or afterwards."""
_MOST = 31
_LATER = 12
_SLASHES = re.compile(r"(?<![\d/.:-])(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/:]|\s*(?:a )?d[aí])")
"""Not half a day: 1/2 day."""
_DOTS = re.compile(r"(?<![\d/.:-])(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?![\d/:])")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_EAST = re.compile(r"(\d{1,2})\s*[月월]\s*(\d{1,2})")
_RELATIVE: Mapping[str, tuple[str, str, str]] = {
    "en": ("yesterday", "today", "tomorrow"),
    "es": ("ayer", "hoy", "mañana"),
    "zh-Hans": ("昨天", "今天", "明天"),
    "vi": ("hôm qua", "hôm nay", "ngày mai"),
    "ar": ("أمس", "اليوم", "غدا"),
    "ht": ("yè", "jodi a", "demen"),
    "pt-BR": ("ontem", "hoje", "amanhã"),
    "ru": ("вчера", "сегодня", "завтра"),
    "so": ("shalay", "maanta", "berri"),
    "ko": ("어제", "오늘", "내일"),
    "tl": ("kahapon", "ngayon", "bukas"),
    "uk": ("вчора", "сьогодні", "завтра"),
    "fr": ("hier", "aujourd'hui", "demain"),
    "ur": ("گزشتہ کل", "آج", "آنے والے کل"),
    "am": ("ትናንት", "ዛሬ", "ነገ"),
    "sw": ("jana", "leo", "kesho"),
}
_MORNING = re.compile(r"(?:la|esta|por la|de la)\s+mañana")
"""In Spanish tomorrow is also the morning."""
_UNSPACED = frozenset({"zh-Hans", "ko"})


def said_dates(text: str, heard_on: date, locale: str = "") -> list[date]:
    """The dates in *text*, heard on a local date, in order: numbers (10/5 is October 5), month names, weekdays, today and the like.

    A weekday is the last such day, today included. *locale* is the family's language; English is read always.
    """
    plain = unicodedata.normalize("NFC", text).casefold()
    found = set(_numbered(plain, heard_on))
    for one in {DEFAULT, locale} & languages().keys():
        found |= set(_named(plain, heard_on, one)) | set(_relative(plain, heard_on, one))
    return sorted(found)


def _numbered(text: str, heard_on: date) -> Iterator[date]:
    for match in _ISO.finditer(text):
        yield from _date(heard_on, int(match[2]), int(match[3]), int(match[1]))
    for match in (*_SLASHES.finditer(text), *_DOTS.finditer(text)):
        first, second = int(match[1]), int(match[2])
        day_first = first > _LATER or "." in match[0]
        year = int(match[3]) + (2000 if len(match[3]) <= len("26") else 0) if match[3] else None
        yield from _date(heard_on, second if day_first else first, first if day_first else second, year)
    for match in _EAST.finditer(text):
        yield from _date(heard_on, int(match[1]), int(match[2]))


def _named(text: str, heard_on: date, locale: str) -> Iterator[date]:
    months, days = _names(locale)
    if months:
        month = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
        first = rf"(?<![^\W\d])({month})\.?\s*(\d{{1,2}})(?!\d)(?:\s*-\s*(\d{{1,2}})(?!\d))?"
        for match in re.finditer(first, text):
            for day in range(int(match[2]), min(int(match[3] or match[2]), _MOST) + 1):
                yield from _date(heard_on, months[match[1]], day)
        for match in re.finditer(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|º|er|\.)?\s*(?:de|of)?\s*({month})(?!\w)", text):
            yield from _date(heard_on, months[match[2]], int(match[1]))
    for name, weekday in days.items():
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)" if locale not in _UNSPACED else re.escape(name), text):
            yield heard_on - timedelta(days=(heard_on.weekday() - weekday) % 7)


def _relative(text: str, heard_on: date, locale: str) -> Iterator[date]:
    words = _MORNING.sub(" ", text) if locale == "es" else text
    for offset, word in enumerate(_RELATIVE.get(locale, ()), start=-1):
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)" if locale not in _UNSPACED else re.escape(word), words):
            yield heard_on + timedelta(days=offset)


def _date(heard_on: date, month: int, day: int, year: int | None = None) -> Iterator[date]:
    """The date, where it is one of this school year or near it."""
    for candidate in [year] if year else [heard_on.year + 1, heard_on.year, heard_on.year - 1]:
        if 1 <= month <= _LATER and 1 <= day <= _MOST:
            try:
                found = date(candidate, month, day)
            except ValueError:
                continue
            if heard_on - timedelta(days=365) <= found <= heard_on + _AHEAD:
                yield found
                return


@cache
def _names(locale: str) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Month names and weekday names of a language, in small letters; a language that is written with 月 needs none."""
    own, babel = languages()[locale], languages()[locale].babel.replace("-", "_")
    months = {
        name.casefold().rstrip("."): n for width in ("abbreviated", "wide") for n, name in get_month_names(width, locale=babel).items()
    }
    months |= {name.casefold(): n for n, name in enumerate(own.months, start=1)} | ({"sept": 9} if locale == DEFAULT else {})
    days = {name.casefold(): n for n, name in get_day_names("wide", locale=babel).items()}
    return {name: n for name, n in months.items() if not name[0].isdigit()}, days

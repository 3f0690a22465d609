"""Numbers, dates and lists of names as words: the plurals live here, so that templates need none.

Digits are Western in every language, so that a text, a letter and a staff page show the same figure.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from itertools import groupby

from babel import Locale
from babel.dates import format_date
from babel.plural import PluralRule

from outreach.messages.languages import language
from outreach.resources import data_folder

_HALVES = 2
MOST_DATES = 8
"""More would not fit into a text."""
_DAY_OF_MONTH = re.compile(r"(?<![A-Za-z'])d(?![A-Za-z])")


@dataclass(frozen=True)
class Phrases:
    """The reviewed wordings of ``translations/<locale>/phrases.toml``."""

    parent: str
    days: Mapping[str, str]
    list: Mapping[str, str]


@cache
def phrases(locale: str) -> Phrases:
    """Read the wordings of *locale*; raises UnknownLanguageError."""
    text = (data_folder("translations") / language(locale).locale / "phrases.toml").read_text(encoding="utf-8")
    return Phrases(**tomllib.loads(text))


@cache
def wording_digest(locale: str) -> str:
    """Name by content all words of *locale* that stand around a number, a date and a list of names.

    Whoever approves a text with such a placeholder approves these with it: were they another, other words would leave.
    """
    spoken, own = phrases(locale), language(locale)
    words = [spoken.parent, spoken.days, spoken.list, own.day, own.date, own.decimal, own.months]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def category(days: Fraction, locale: str) -> str:
    """Return the CLDR plural category of whole or half *days*.

    The number is normalised first: CLDR takes "1.0" for another number than "1", while a count of one day is one day.
    """
    return _plurals(locale)(_decimal(days))


@lru_cache(maxsize=4096)
def days_phrase(days: Fraction, locale: str) -> str:
    """Say *days* (whole or half, not negative) in the language of *locale*: "12 days", "1 day", "12.5 days", "half a day".

    Raises ValueError for any other number: a count is never rounded on its way to a family.
    """
    wordings = phrases(locale).days
    wording = wordings.get(str(_decimal(days))) or wordings[category(days, locale)]
    return wording.replace("{n}", figure_phrase(days, locale))


@lru_cache(maxsize=4096)
def date_phrase(day: date, locale: str, *, year: bool = False) -> str:
    """Say a date in the language of *locale*, with Western digits and the Gregorian calendar: "December 5"."""
    chosen = language(locale)
    return _day(day, chosen.date if year else chosen.day, locale)


@lru_cache(maxsize=4096)
def dates_phrase(days: tuple[date, ...], locale: str) -> str:
    """Say the latest *days*, eight at most, month by month and without a year: "September 3 and 14; October 2"; empty for none."""
    pattern = language(locale).day
    months = [list(same) for _month, same in groupby(sorted(days)[-MOST_DATES:], key=lambda day: (day.year, day.month))]
    said = [
        _day(same[0], _DAY_OF_MONTH.sub(_quoted(name_list([str(day.day) for day in same], locale)), pattern), locale) for same in months
    ]
    return ("؛ " if language(locale).rtl else "; ").join(said)


@lru_cache(maxsize=1024)
def month_phrase(day: date, locale: str) -> str:
    """Name the month of a day as briefly as the language does: "Sep".

    As it stands in a date: Babel gives the stand-alone names (LLL) of most languages in whichever language was asked for first.
    """
    months = language(locale).months
    return months[day.month - 1] if months else format_date(day, "MMM", locale=_babel(locale))


def figure_phrase(days: Fraction, locale: str) -> str:
    """Write a number of whole or half days in digits: "12.5". Raises ValueError as ``days_phrase`` does."""
    return str(_decimal(days)).replace(".", language(locale).decimal)


def name_list(names: Sequence[str], locale: str) -> str:
    """Join *names* as the language does: "Ana, Luis and Eva"; for none, say "parent or guardian"."""
    if not names:
        return phrases(locale).parent
    wordings = phrases(locale).list
    joined = names[0]
    for position, name in enumerate(names[1:], start=2):
        kind = "last" if position == len(names) else "comma"
        if kind == "last" and _sounds_like_i(name):
            kind = "last_before_i" if "last_before_i" in wordings else kind
        joined = wordings[kind].format(rest=joined, last=name)
    return joined


def _day(day: date, pattern: str, locale: str) -> str:
    if months := language(locale).months:
        pattern = pattern.replace("MMMM", _quoted(months[day.month - 1]))
    return format_date(day, pattern, locale=_babel(locale))


def _quoted(words: str) -> str:
    """Words that stand for themselves in a CLDR pattern."""
    return "'" + words.replace("'", "''") + "'"


def _sounds_like_i(name: str) -> bool:
    """Spanish says "e" for "and" before an i sound (Irene, Hilda), but not before "hie" and "io" (Hierro)."""
    plain = name.casefold().removeprefix("h")
    return plain.startswith(("i", "í")) and not plain.startswith(("ie", "io"))


def _decimal(days: Fraction) -> Decimal:
    if days < 0 or days.denominator > _HALVES:
        message = f"{days} is not a number of whole and half days"
        raise ValueError(message)
    return Decimal(days.numerator) / Decimal(days.denominator)


@cache
def _babel(locale: str) -> Locale:
    return Locale.parse(language(locale).babel)


@cache
def _plurals(locale: str) -> PluralRule:
    return _babel(locale).plural_form

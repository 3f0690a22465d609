"""The words of which dates are made, in all languages: they say of what day somebody speaks, and not what they say of it."""

from __future__ import annotations

from functools import cache

from babel.dates import get_day_names, get_month_names

from outreach.messages.languages import languages
from outreach.replies.normalise import normalise

_SHORT = 3
"""Letters of the Latin words that stand beside a date: the, of, on, el, de, le, it, was, 3rd."""


def is_of_a_date(word: str) -> bool:
    """Whether a normalised word is a month, a weekday, a number, or one of the short words beside them."""
    return word in _names() or any(map(str.isdecimal, word)) or (word.isascii() and len(word) <= _SHORT)


@cache
def _names() -> frozenset[str]:
    names = set[str]()
    for locale in languages():
        tag = locale.replace("-", "_")
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= set(get_month_names(width, context, tag).values()) | set(get_day_names(width, context, tag).values())
    return frozenset(word for name in names for word in normalise(name).words)

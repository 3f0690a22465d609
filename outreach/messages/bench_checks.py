"""What is looked at in a translation before it is handed in, beyond what holds for every text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from outreach.messages.advice import NOTICE
from outreach.messages.check import problems_of
from outreach.messages.compose import Pair
from outreach.messages.phrases import days_phrase, phrases
from outreach.messages.placeholders import Slot, TemplateError, parse
from outreach.messages.templates import Source
from outreach.resources import data_folder

COUNTS = tuple(map(Fraction, ("1/2", "1", "2", "3", "5", "11", "21", "25/2")))
"""Counts in which the languages show their plural forms."""
_CJK = "\u2e80"
"""From here on stand the scripts of East Asia."""
_COUNTED = frozenset({"days_missed", "days_told", "days_enrolled"})


def refusals(source: Source, pair: Pair) -> list[str]:
    """Why *pair* cannot be handed in, in sentences; empty where nothing stands against it."""
    found = [problem.sentence for problem in problems_of(source, pair)]
    if len(found) == 1 and _unreadable(pair.translation):
        return found
    banned = [f"“{word}” does not belong in words to families." for word in never(pair.locale) if _has(pair.translation, word)]
    return found + _doubled(pair) + ([] if source.message_class == NOTICE else banned)


def advice(source: Source, pair: Pair) -> list[str]:
    """What to think about again; nothing of it stops anybody."""
    found = []
    if pair.translation == pair.source and any(letter.isalpha() for letter in pair.source):
        found.append("These are the English words.")
    if pair.channel == "letter" and pair.translation.count("\n\n") != pair.source.count("\n\n"):
        found.append("The English has another number of paragraphs.")
    if source.message_class == NOTICE:
        found += [f"“{word}” sounds like a threat." for word in never(pair.locale) if _has(pair.translation, word)]
    return found


def counted(locale: str) -> list[str]:
    """How a count of days reads in this language, in each of its plural forms."""
    return list(dict.fromkeys(days_phrase(days, locale) for days in COUNTS))


@cache
def never(locale: str) -> tuple[str, ...]:
    """Words of a language that no message to families may hold (``[never]`` in ``config/glossary.toml``)."""
    listed: Mapping[str, list[str]] = tomllib.loads((data_folder("config") / "glossary.toml").read_text(encoding="utf-8"))["never"]
    return tuple(listed.get(locale, ()))


def _doubled(pair: Pair) -> list[str]:
    """Words beside a count that its phrase brings already: "12 days days"."""
    leading, parts = _figure_first(pair.locale), parse(pair.translation)
    beside: list[str] = []
    for place, part in enumerate(parts):
        neighbour = place + 1 if leading else place - 1
        if isinstance(part, Slot) and part.name in _COUNTED and 0 <= neighbour < len(parts):
            words = parts[neighbour]
            beside += re.findall(r"^\s*(\w+)" if leading else r"(\w+)\s*$", words) if isinstance(words, str) else []
    return [
        f"“{word}” would stand there twice: the number already comes with it, “{counted(pair.locale)[-1]}”."
        for word in dict.fromkeys(beside)
        if word.casefold() in _units(pair.locale)
    ]


def _figure_first(locale: str) -> bool:
    """Whether the figure stands before its word, as in "12 days", and not behind it, as in Swahili."""
    return phrases(locale).days["other"].startswith("{n}")


@cache
def _units(locale: str) -> frozenset[str]:
    """The words for "day" and "days" in the count phrases."""
    said = [re.findall(r"\w+", wording.replace("{n}", " ")) for key, wording in phrases(locale).days.items() if not key[0].isdigit()]
    return frozenset(found[0].casefold() for found in said if len(found) == 1)


def _unreadable(template: str) -> bool:
    try:
        parse(template)
    except TemplateError:
        return True
    return False


def _has(template: str, word: str) -> bool:
    """Whether *word* stands there; Chinese and Korean run words together, so there any place will do."""
    ends = "{}" if word[0] >= _CJK else r"(?<!\w){}(?!\w)"
    return re.search(ends.format(re.escape(word)), template, re.IGNORECASE) is not None

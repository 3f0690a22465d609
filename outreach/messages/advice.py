"""What an editor is told about English words: what is refused, and what to think again about."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from outreach.messages.placeholders import Slot, TemplateError, parse
from outreach.messages.readability import MOST, flesch_kincaid, prose
from outreach.messages.segments import normalise, outside_gsm
from outreach.messages.templates import Source
from outreach.resources import data_folder

NOTICE = "notice"
"""The class of messages that the law asks for: there banned words are advice only."""
MOST_LETTERS: Mapping[str, int] = {"sms": 1600, "letter": 8000, "page": 12000}
"""Characters of a wording; the carrier takes no longer text, and no longer letter fits its page."""
_PERCENT = re.compile(r"\d\s*%")


@dataclass(frozen=True)
class Advice:
    """What is said about some words."""

    refuses: tuple[str, ...] = ()
    """Why they cannot be kept, in sentences."""
    advises: tuple[str, ...] = ()
    grade: float = 0.0
    """The years of school a reader needs (Flesch-Kincaid)."""
    too_long: bool = False
    """Nothing else was looked at."""
    costly: tuple[str, ...] = ()
    """Characters of the words themselves that put a text into UCS-2, with the names' left aside."""

    @property
    def easy(self) -> bool:
        """Within what families should have to read."""
        return self.grade <= MOST


def advise(source: Source, template: str) -> Advice:
    """Look at the English words of *template* for the message of *source*."""
    most = MOST_LETTERS[source.channel]
    if len(template) > most:
        return Advice((f"This is {len(template):,} characters long; at most {most:,} can be kept.",), too_long=True)
    found = _listed(template, "refused")
    binding, soft = ([], found) if source.message_class == NOTICE else (found, [])
    grade = flesch_kincaid(prose(template))
    costly = outside_gsm(normalise(_own_words(template))) if source.channel == "sms" else ()
    advises = soft + _listed(template, "legalistic") + _reading(grade) + _cost(costly)
    if _PERCENT.search(template):
        advises.append("A share in % says little to a family. Say the number of days.")
    return Advice(tuple(binding), tuple(advises), grade, costly=costly)


def _listed(template: str, kind: str) -> list[str]:
    return [
        f"“{match[0]}” does not belong in words to families. Say: {instead}."
        if kind == "refused"
        else f"“{match[0]}” sounds like an office. Say: {instead}."
        for word, instead in _words(kind).items()
        if (match := re.search(rf"(?<!\w){re.escape(word)}s?(?!\w)", template, re.IGNORECASE))
    ]


def _reading(grade: float) -> list[str]:
    return [] if grade <= MOST else [f"It reads like grade {grade:.1f}. Shorter sentences and shorter words bring it to grade {MOST:.0f}."]


def _cost(costly: tuple[str, ...]) -> list[str]:
    if not costly:
        return []
    verb, them = ("double", "them") if len(costly) > 1 else ("doubles", "it")
    return [f"{' '.join(costly)} {verb} what the text costs. Without {them} the text is cheaper."]


def _own_words(template: str) -> str:
    try:
        return "".join(part for part in parse(template) if not isinstance(part, Slot))
    except TemplateError:
        return template


@cache
def _words(kind: str) -> Mapping[str, str]:
    text = (data_folder("config") / "wording.toml").read_text(encoding="utf-8")
    found: dict[str, str] = tomllib.loads(text)[kind]
    return found

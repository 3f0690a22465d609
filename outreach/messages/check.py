"""What is wrong with the words as the files stand: missing placeholders, forgotten words, texts that would cost too much."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from outreach.messages.compose import Child, Facts, Pair, text
from outreach.messages.languages import DEFAULT, language
from outreach.messages.letter_text import LetterTextError, blocks
from outreach.messages.names import isolate
from outreach.messages.page_words import faults_of
from outreach.messages.pairs import current_pairs
from outreach.messages.placeholders import TemplateError, names, parse
from outreach.messages.segments import MOST_SEGMENTS
from outreach.messages.templates import Source, sources
from outreach.messages.translations import Translations
from outreach.messages.wording import NOTHING_WRITTEN, Overlay

LONGEST = Facts(
    district="Grand Bend Independent School District",
    school="Southside Community Arts and Technology High School",
    school_phone="(312) 555-0100",
    children=(
        Child(
            name="Christopher-Anastasía",
            days_missed=Fraction(225, 2),
            days_enrolled=180,
            as_of=date(2026, 9, 30),
            school="Southside Community Arts and Technology High School",
            days_told=Fraction(227, 2),
            dates=tuple(
                date(2026, month, day) for month, day in ((9, 14), (9, 21), (9, 28), (10, 12), (10, 19), (11, 16), (11, 23), (11, 30))
            ),
        ),
    ),
    adult_names=("Maximiliana Hernández-Villanueva", "Christopher Hernández-Villanueva"),
    signer="Ms. Hernández-Villanueva",
    note="Tuesday, December 15, at 5:30 pm in room 204.",
    interpreter_phone="(312) 555-0100",
    answer_by=date(2026, 9, 30),
)
"""The longest plausible facts; the í turns the whole text into UCS-2."""


_HARMLESS = frozenset("\n\u200c\u200d\u200e\u200f\u061c")


@dataclass(frozen=True)
class Problem:
    """Something to repair before the words can be approved."""

    message: str
    channel: str
    locale: str
    sentence: str

    def __str__(self) -> str:
        """Return the sentence with the place it speaks of."""
        return f"{self.message}/{self.channel} ({self.locale}): {self.sentence}"


def check(home: Path | None = None, overlay: Overlay = NOTHING_WRITTEN) -> list[Problem]:
    """Check every source text and every translation as files and web hold them; also name what has no translation.

    Raises TranslationFileError for a PO file that cannot be read. A language without any file is no problem: its families get the
    approved English.
    """
    pairs = current_pairs(home, overlay)
    found = [problem for source, pair in pairs for problem in problems_of(source, pair)]
    there = {(pair.message, pair.channel, pair.locale) for _source, pair in pairs}
    missing = [
        Problem(source.message, source.channel, locale, "there is no translation of the English text as it stands now.")
        for source in sources(home, overlay)
        for locale in Translations(home).locales()
        if locale != DEFAULT and (source.message, source.channel, locale) not in there
    ]
    return found + missing


def problems_of(source: Source, pair: Pair) -> list[Problem]:
    """Check one pair."""
    try:
        sentences = _invisible(pair) or _placeholders(source, pair) + _words(source, pair) + _form(pair)
    except (TemplateError, LetterTextError) as error:
        sentences = [f"{error}."]
    return [Problem(pair.message, pair.channel, pair.locale, sentence) for sentence in sentences]


def _placeholders(source: Source, pair: Pair) -> list[str]:
    there, wanted = names(pair.translation), names(pair.source)
    faults = [f"{{{{ {name} }}}} is missing." for name in sorted((source.required | wanted) - there)]
    return faults + [f"{{{{ {name} }}}} is not in the English text." for name in sorted(there - wanted)]


def _invisible(pair: Pair) -> list[str]:
    """Characters that nobody sees and that may turn a line around or break it; line ends, joiners and direction marks may stand."""
    found = dict.fromkeys(c for c in pair.translation if unicodedata.category(c).startswith("C") and c not in _HARMLESS)
    return [f"it holds an invisible character (U+{ord(c):04X}); take it out." for c in found]


def _words(source: Source, pair: Pair) -> list[str]:
    missing = [f"the word {word} is missing." for word in source.words if word not in pair.translation]
    return missing + [
        f"the digit {digit}, which a family may answer with, is missing." for digit in source.menu if digit not in pair.translation
    ]


def _form(pair: Pair) -> list[str]:
    if pair.channel == "letter":
        blocks(pair.translation)
        return []
    if pair.channel == "page":
        return faults_of(pair)
    faults = []
    composed = text(pair, LONGEST)
    if not composed.fits:
        most = MOST_SEGMENTS[composed.encoding]
        faults.append(f"with long names it takes {composed.segments} segments of {composed.encoding}; {most} are allowed.")
    first = parse(pair.translation)[:1]
    if language(pair.locale).rtl and not (first and isinstance(first[0], str) and isolate(first[0], rtl=False) != first[0]):
        faults.append("it must begin with a word of its own language, so that phones set it from right to left.")
    return faults

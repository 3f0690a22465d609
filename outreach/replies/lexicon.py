"""The words of every language, read from ``translations/<locale>/keywords.toml`` into frozen values."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, ValidationError

from outreach.replies.likeness import Likeness
from outreach.replies.normalise import normalise
from outreach.replies.patterns import Pattern, PatternError, compile_pattern
from outreach.replies.reasons import CATEGORY_OF, Intent
from outreach.replies.spelling import Speller
from outreach.resources import data_folder

DANGERS = ("self_harm", "abuse", "violence", "shelter", "taken", "missing")
PLAIN_GROUPS = (
    *("opt_out", "redirect", "opt_in", "help", "wrong_number", "dispute_count", "ask_dates", "who", "report_absence", "request_call"),
    *("language_request", "other_language", "ack", "visit", "angry_legal", "question", "unrelated", "reaction", "past", "idiom", "today"),
)
GROUPS = frozenset([*PLAIN_GROUPS, *(f"crisis.{danger}" for danger in DANGERS), *(f"barrier.{reason}" for reason in CATEGORY_OF)])
"""Every list a keyword file may hold."""


NOTHING = "nothing"
"""The label of look-alikes, which only say what a text does not mean."""
_SPEAKS_FOR = {"redirect": "opt_out", "who": "question", "visit": "ack", "other_language": "language_request"}
"""Lists whose name is no intent → the intent."""


class LexiconError(ValueError):
    """A keyword file cannot be used."""


class _GroupFile(BaseModel):
    """One list as written in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    keywords: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Group:
    """One language's ways of saying one thing."""

    name: str
    locale: str
    strict_marks: bool
    keywords: frozenset[str]
    """Normalised; they count only as a whole message or clause."""
    plain_keywords: frozenset[str]
    """The same without accents."""
    phrases: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    """Look-alikes: a phrase or keyword that touches one of these does not count."""
    examples: tuple[str, ...]
    counterexamples: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """All languages' groups."""

    groups: Mapping[str, tuple[Group, ...]]
    """Group name → that group in each language that has it."""
    polite: frozenset[str]
    """Words that change nothing beside a keyword: please, thanks, now."""
    thanks: frozenset[str]
    """The words that alone are thanks or assent; several of them are no more."""
    small: frozenset[str]
    """Words without content of their own, which do not make a message more than what was recognised in it."""
    common: Mapping[str, frozenset[str]]
    """Locale → its polite and small words, by which a text's language shows."""
    keywords: frozenset[str]
    """Every keyword of every list and language, without accents: none of them is another one misspelt."""
    speller: Speller
    openings: Mapping[str, tuple[Pattern, ...]]
    """How a word begins → the phrases and look-alikes that need such a word."""

    def may_match(self, words: Iterable[str]) -> set[Pattern]:
        """Return the few of the thousands of phrases and look-alikes for which *words* hold the word they need."""
        beginnings = {word[:length] for word in words for length in range(1, len(word) + 1)}
        return {pattern for beginning in self.openings.keys() & beginnings for pattern in self.openings[beginning]}

    def of(self, name: str, language: str = "") -> Sequence[Group]:
        """Return the groups of *name*, the family's own language first."""
        return sorted(self.groups.get(name, ()), key=lambda group: group.locale != language)


@cache
def familiar() -> Likeness:
    """Return what texts can be compared with: the labelled replies of every language, and the lists' keywords and examples."""
    listed = (labelled for found in shipped().groups.values() for group in found for labelled in _listed(group))
    return Likeness((normalise(text).spoken, label) for text, label in (*listed, *_replies(data_folder("translations"))))


def _listed(group: Group) -> Iterator[tuple[str, str]]:
    """Each text of a list with the reason or intent that it speaks for, or with none."""
    kind, _, inner = group.name.partition(".")
    label = {"crisis": Intent.CRISIS.value, "barrier": inner}.get(kind) or _SPEAKS_FOR.get(group.name, group.name)
    known = label in CATEGORY_OF or label in set(Intent)
    yield from ((text, label if known else NOTHING) for text in (*group.keywords, *group.examples))
    yield from ((text, NOTHING) for text in group.counterexamples)


def _replies(folder: Path) -> Iterator[tuple[str, str]]:
    """Each labelled reply and what it means: a reason where it gives one, else an intent. Raises LexiconError naming file and line."""
    for file in sorted(folder.glob("*/replies.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            for row in reader:
                if row["intent"] not in set(Intent) or (row["barrier"] and row["barrier"] not in CATEGORY_OF):
                    message = f"{file.parent.name}/{file.name}, line {reader.line_num}: no such intent or barrier"
                    raise LexiconError(message)
                yield row["text"], row["barrier"] if row["intent"] == Intent.BARRIER_REPORT and row["barrier"] else row["intent"]


@cache
def shipped() -> Lexicon:
    """Return the shipped lexicon. Reading files that never change while the program runs is the one thing worth keeping."""
    return load(data_folder("translations"))


def load(folder: Path) -> Lexicon:
    """Read every ``<locale>/keywords.toml`` below *folder*; raises LexiconError naming file, list and what is wrong."""
    groups: defaultdict[str, list[Group]] = defaultdict(list)
    polite: set[str] = set()
    common: dict[str, frozenset[str]] = {}
    for file in sorted(folder.glob("*/keywords.toml")):
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
            courtesies = frozenset(_normal_words(content.pop("polite", [])))
            polite |= courtesies
            common[file.parent.name] = courtesies | frozenset(_normal_words(content.pop("small", [])))
            for group in _groups(file.parent.name, content):
                groups[group.name].append(group)
        except (tomllib.TOMLDecodeError, PatternError, ValidationError, LexiconError) as error:
            message = f"{file.parent.name}/{file.name}: {error}"
            raise LexiconError(message) from error
    return Lexicon(
        groups=MappingProxyType({name: tuple(found) for name, found in groups.items()}),
        polite=frozenset(polite),
        thanks=frozenset(word for group in groups["ack"] for word in group.plain_keywords if " " not in word),
        small=frozenset(word for words in common.values() for word in words),
        common=MappingProxyType(common),
        keywords=frozenset(word for found in groups.values() for group in found for word in group.plain_keywords),
        speller=Speller({word for found in groups.values() for group in found for p in group.phrases for word in p.vocabulary}),
        openings=_openings(group for found in groups.values() for group in found),
    )


def _openings(groups: Iterable[Group]) -> Mapping[str, tuple[Pattern, ...]]:
    openings: defaultdict[str, list[Pattern]] = defaultdict(list)
    for group in groups:
        for pattern in (*group.phrases, *group.unless):
            for need in pattern.needs:
                openings[need].append(pattern)
    return {opening: tuple(patterns) for opening, patterns in openings.items()}


def _groups(locale: str, content: dict[str, object]) -> Iterator[Group]:
    words = _word_lists(content.pop("words", {}))
    strict = bool(content.pop("strict_marks", False))
    for name, table in _tables(content):
        if name not in GROUPS:
            message = f"[{name}] is not a list this program knows"
            raise LexiconError(message)
        raw = _GroupFile.model_validate(table)
        yield Group(
            name=name,
            locale=locale,
            strict_marks=strict,
            keywords=frozenset(_keyword(word, strict=strict) for word in raw.keywords),
            plain_keywords=frozenset(_keyword(word, strict=False) for word in raw.keywords),
            phrases=tuple(compile_pattern(phrase, words, strict_marks=strict) for phrase in raw.phrases),
            unless=tuple(compile_pattern(phrase, words, strict_marks=strict) for phrase in raw.unless),
            examples=raw.examples,
            counterexamples=raw.counterexamples,
        )


def _tables(content: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, table in content.items():
        if name in {"crisis", "barrier"} and isinstance(table, dict):
            yield from ((f"{name}.{inner}", value) for inner, value in table.items())
        else:
            yield name, table


def _word_lists(value: object) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        message = "[words] should hold named lists"
        raise LexiconError(message)
    return {str(name): [str(word) for word in words] for name, words in value.items()}


def _normal_words(value: object) -> Iterator[str]:
    if not isinstance(value, list):
        message = "polite and small should be lists of words"
        raise LexiconError(message)
    for word in value:
        yield from normalise(str(word)).plain


def _keyword(word: str, *, strict: bool) -> str:
    normal = normalise(word)
    return " ".join(normal.tokens if strict else normal.plain)

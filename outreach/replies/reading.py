"""Where in one text the words of each list stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from outreach.replies.lexicon import Group, Lexicon, familiar
from outreach.replies.likeness import Likely
from outreach.replies.normalise import BOUNDARY, Normal, normalise, without_marks
from outreach.replies.spelling import distance_is_one, letters_of

_CLAUSE = re.compile(r"[,،、，;؛:–—\n\r.!?。！？؟۔።…/]+|\s-+\s")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_TYPO_FROM = 4
"""Letters a keyword needs before a slip in it is forgiven."""

_COURTEOUS = 8
"""Longest message, in words, that is still a keyword with courtesies."""
_ENOUGH = 2
"""Common words of a language from which a text shows it."""
_EVERY_LANGUAGE = ("opt_out", "redirect", "wrong_number", "crisis.")
"""Lists that are searched in every language whatever the text looks like: nothing of these may slip."""
_GAINSAID_IN_ITS_LANGUAGE = ("opt_out", "redirect")
"""Lists of which the look-alikes of the family's own language gainsay what any language found."""
_FIGURATIVE = ("crisis.", "barrier.mental_health_trauma")
"""Lists whose words a figure of speech takes the sense from: dying of laughter is neither danger nor grief."""


@dataclass(frozen=True)
class Hit:
    """One place where a list's words were found."""

    group: str
    locale: str
    how: str
    """keyword, keyword in a clause, spaced or misspelt keyword, phrase, misspelt phrase."""
    start: int
    end: int
    """Token positions, half open."""
    words: str

    @property
    def guessed(self) -> bool:
        """Whether a spelling had to be guessed."""
        return "misspelt" in self.how

    @property
    def why(self) -> str:
        """The words and the rule, for ``why``."""
        return f'{self.group}: "{self.words}" ({self.locale}, {self.how})'


class Reading:
    """One text, asked list by list; answers are kept while the text is being judged."""

    def __init__(self, normal: Normal, lexicon: Lexicon, language: str = "") -> None:
        """Read *normal* with *lexicon*; the family's *language* is looked up first."""
        self.normal = normal
        self._lexicon = lexicon
        self._language = language
        self._languages = _plausible(normal, lexicon) | {language}
        self._kept: dict[str, tuple[Hit, ...]] = {}
        self._clauses = [clause for part in _CLAUSE.split(normal.raw[:2_000]) if (clause := normalise(part)).tokens]
        corrected = tuple(token if token == BOUNDARY else lexicon.speller.correct(token) or token for token in normal.plain)
        self._corrected = f" {' '.join(corrected)} " if corrected != normal.plain else ""
        self._possible = lexicon.may_match({*normal.tokens, *normal.plain, *corrected})

    def hits(self, *names: str) -> tuple[Hit, ...]:
        """Return every place where the words of the named lists stand, look-alikes left out, in the order of the text."""
        found = [hit for name in names for hit in self._hits(name)]
        return tuple(sorted(found, key=lambda hit: (hit.start, -hit.end)))

    def first(self, *names: str) -> Hit | None:
        """Return the first hit, or None."""
        found = self.hits(*names)
        return found[0] if found else None

    @cached_property
    def likely(self) -> Likely | None:
        """Return what the text reads like, whatever the lists know of it; None where it is like nothing."""
        return familiar().judge(self.normal.spoken)

    def looks_only_alike(self, *names: str) -> bool:
        """Say whether a look-alike of the named lists stands in the text."""
        groups = (group for name in names for group in self._lexicon.of(name, self._language))
        return bool(self._hits("idiom")) or any(next(self._look_alikes(group), None) for group in groups)

    def covers(self, hits: Iterable[Hit]) -> bool:
        """Say whether *hits* and words without content are all there is."""
        return not self.left_over(hits)

    def left_over(self, hits: Iterable[Hit]) -> list[str]:
        """Return the words that neither *hits* nor the lists of small words account for."""
        covered = _positions((*hits, *self._hits("idiom")))
        small = self._lexicon.small
        rest = enumerate(self.normal.plain)
        return [token for at, token in rest if at not in covered and token not in small and token[0].isalnum()]

    @cached_property
    def _earnest(self) -> Normal:
        """The text without its figures of speech and laughter."""
        idle = _positions(self._hits("idiom"))
        return replace(self.normal, tokens=tuple(token for at, token in enumerate(self.normal.tokens) if at not in idle))

    def _hits(self, name: str) -> tuple[Hit, ...]:
        if name not in self._kept:
            groups = self._lexicon.of(name, self._language)
            self._kept[name] = tuple(hit for group in groups for hit in self._group_hits(group))
        return self._kept[name]

    def _group_hits(self, group: Group) -> Iterator[Hit]:
        if group.locale not in self._languages and not group.name.startswith(_EVERY_LANGUAGE):
            return
        if self.normal.vietnamese and group.locale not in {"vi", "en"}:
            return
        found = [*self._keyword_hits(group), *self._phrase_hits(group)]
        if found:
            masked = {at for alike in self._gainsaying(group) for start, end in self._look_alikes(alike) for at in range(start, end)}
            if group.name.startswith(_FIGURATIVE):
                masked |= _positions(self._hits("idiom"))
            yield from (hit for hit in found if masked.isdisjoint(range(hit.start, hit.end)))

    def _gainsaying(self, group: Group) -> Iterable[Group]:
        """Return the lists whose look-alikes count: who asks in their own language what STOP means does not say it in English."""
        if group.name not in _GAINSAID_IN_ITS_LANGUAGE:
            return (group,)
        return (other for other in self._lexicon.of(group.name) if other is group or other.locale == self._language)

    def _phrase_hits(self, group: Group) -> Iterator[Hit]:
        if self._possible.isdisjoint(group.phrases):
            return
        text = self.normal.text if group.strict_marks else self.normal.plain_text
        for pattern in group.phrases:
            if pattern not in self._possible:
                continue
            spans = pattern.spans(text)
            how = "phrase"
            if not spans and self._corrected:
                spans, how = pattern.spans(self._corrected), "misspelt phrase"
            for start, end in spans:
                yield self._hit(group, how, start, end)

    def _keyword_hits(self, group: Group) -> Iterator[Hit]:
        if not group.keywords:
            return
        if self._is_keyword(group, self._earnest if group.name == "ack" else self.normal):
            yield self._hit(group, "keyword", 0, len(self.normal.tokens))
            return
        if group.name == "opt_out":
            yield from self._revoking_clauses(group)
            if len(self.normal.words) <= 2 * _TYPO_FROM and (word := self._misspelt(group)):
                yield Hit(group.name, group.locale, f"misspelt or spaced keyword {word}", 0, len(self.normal.tokens), word)

    def _revoking_clauses(self, group: Group) -> Iterator[Hit]:
        """Find a keyword that is a clause of its own: "STOP. He moved away", "no, stop"."""
        if shouted := self._shouted(group):
            yield shouted
        at = 0
        for clause in self._clauses if len(self._clauses) > 1 else []:
            length = len(clause.tokens)
            at = next((p for p in range(at, len(self.normal.tokens)) if self.normal.tokens[p : p + length] == clause.tokens), at)
            if self._is_keyword(group, clause):
                yield self._hit(group, "keyword in a clause", at, at + length)

    def _shouted(self, group: Group) -> Hit | None:
        """Find a keyword in capitals that opens or ends a text in small letters: "STOP we have moved"."""
        raw = _WORD.findall(self.normal.raw[:2_000])
        if len(raw) < 2 or len(raw) != len(self.normal.words) or self.normal.raw.isupper():  # noqa: PLR2004 - the keyword and a rest
            return None
        for at, beside in ((0, raw[1]), (len(raw) - 1, "")):
            word = raw[at]
            if word.isupper() and len(word) >= _TYPO_FROM and word.casefold() in group.plain_keywords and not beside.endswith("ing"):
                position = 0 if at == 0 else len(self.normal.tokens) - 1
                return self._hit(group, "keyword in capitals", position, position + 1)
        return None

    def _is_keyword(self, group: Group, part: Normal) -> bool:
        """Say whether *part* is a keyword, repeated or with courtesies around it at most."""
        accented = group.strict_marks and part.tokens != part.plain
        known = group.keywords if accented else group.plain_keywords
        if not known.isdisjoint(part.accented_sayings if accented else part.sayings):
            return True
        if group.name not in {"opt_out", "ack"} or len(part.words) > _COURTEOUS:
            return False
        tokens = [token for token in (part.tokens if accented else part.plain) if token != BOUNDARY]
        spans = ((a, b) for a in range(len(tokens)) for b in range(a + 1, len(tokens) + 1))
        return any(" ".join(tokens[a:b]) in known and self._is_courteous(group, *tokens[:a], *tokens[b:]) for a, b in spans)

    def _is_courteous(self, group: Group, *tokens: str) -> bool:
        """Say whether *tokens* change nothing beside a keyword; beside thanks, more thanks and what jokes leave over do neither."""
        slight = self._lexicon.polite
        if group.name == "ack":
            slight |= self._lexicon.thanks | (self._lexicon.small if self._hits("idiom") else frozenset())
        return all(without_marks(token) in slight or not token[0].isalnum() for token in tokens)

    def _misspelt(self, group: Group) -> str:
        """Return the keyword that the whole message is, letters spaced out or one slip away; empty if none."""
        joined = letters_of("".join(self.normal.words))
        likely = {word for word in group.plain_keywords if " " not in word and len(word) >= _TYPO_FROM and word.isalpha()}
        spaced = len(self.normal.words) > 1
        if joined in likely and (spaced or joined not in self.normal.words):
            return joined
        if not joined.isalpha() or (spaced and any(len(word) > 1 for word in self.normal.words)):
            return ""
        if joined in self._lexicon.keywords:
            return ""
        near = [
            word for word in sorted(likely) if distance_is_one(joined, word) and (joined[0] == word[0] or sorted(joined) == sorted(word))
        ]
        return near[0] if near else ""

    def _look_alikes(self, group: Group) -> Iterator[tuple[int, int]]:
        text = self.normal.text if group.strict_marks else self.normal.plain_text
        for pattern in group.unless:
            if pattern in self._possible:
                yield from pattern.spans(text)

    def _hit(self, group: Group, how: str, start: int, end: int) -> Hit:
        return Hit(group.name, group.locale, how, start, end, " ".join(t for t in self.normal.tokens[start:end] if t != BOUNDARY))


def _positions(hits: Iterable[Hit]) -> set[int]:
    return {position for hit in hits for position in range(hit.start, hit.end)}


def _plausible(normal: Normal, lexicon: Lexicon) -> set[str]:
    """Return the languages a text may be in, judged by its common words; all of them where those are too few to tell.

    A word of one language often means something else in another ("rien" is nothing in French and they laugh in Spanish).
    """
    words = set(normal.words)
    shown = {locale: len(words & common) for locale, common in lexicon.common.items()}
    best = max(shown.values(), default=0)
    return {locale for locale, number in shown.items() if best < _ENOUGH or 2 * number >= best}

"""Where in one text the words of each list stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outreach.replies.lexicon import Group, Lexicon
from outreach.replies.normalise import BOUNDARY, Normal, normalise
from outreach.replies.spelling import distance_is_one, letters_of

_CLAUSE = re.compile(r"[,،、，;؛:–—\n\r.!?。！？؟۔።…/]+|\s-+\s")
_TYPO_FROM = 4
"""Letters a keyword needs before a slip in it is forgiven."""


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
        self._kept: dict[str, tuple[Hit, ...]] = {}
        self._clauses = [clause for part in _CLAUSE.split(normal.raw[:2_000]) if (clause := normalise(part)).tokens]
        corrected = tuple(token if token == BOUNDARY else lexicon.speller.correct(token) or token for token in normal.plain)
        self._corrected = f" {' '.join(corrected)} " if corrected != normal.plain else ""

    def hits(self, *names: str) -> tuple[Hit, ...]:
        """Return every place where the words of the named lists stand, look-alikes left out, in the order of the text."""
        found = [hit for name in names for hit in self._hits(name)]
        return tuple(sorted(found, key=lambda hit: (hit.start, -hit.end)))

    def first(self, *names: str) -> Hit | None:
        """Return the first hit, or None."""
        found = self.hits(*names)
        return found[0] if found else None

    def covers(self, hits: Iterable[Hit]) -> bool:
        """Say whether *hits* and words without content are all there is."""
        return not self.left_over(hits)

    def left_over(self, hits: Iterable[Hit]) -> list[str]:
        """Return the words that neither *hits* nor the lists of small words account for."""
        covered = {position for hit in hits for position in range(hit.start, hit.end)}
        small = self._lexicon.small
        rest = enumerate(self.normal.plain)
        return [token for at, token in rest if at not in covered and token not in small and token[0].isalnum()]

    def _hits(self, name: str) -> tuple[Hit, ...]:
        if name not in self._kept:
            groups = self._lexicon.of(name, self._language)
            self._kept[name] = tuple(hit for group in groups for hit in self._group_hits(group))
        return self._kept[name]

    def _group_hits(self, group: Group) -> Iterator[Hit]:
        found = [*self._keyword_hits(group), *self._phrase_hits(group)]
        if found:
            masked = {at for start, end in _look_alikes(group, self.normal) for at in range(start, end)}
            yield from (hit for hit in found if masked.isdisjoint(range(hit.start, hit.end)))

    def _phrase_hits(self, group: Group) -> Iterator[Hit]:
        for pattern in group.phrases:
            text = self.normal.text if group.strict_marks else self.normal.plain_text
            spans = pattern.spans(text)
            how = "phrase"
            if not spans and self._corrected:
                spans, how = pattern.spans(self._corrected), "misspelt phrase"
            for start, end in spans:
                yield self._hit(group, how, start, end)

    def _keyword_hits(self, group: Group) -> Iterator[Hit]:
        if not group.keywords:
            return
        if self._is_keyword(group, self.normal):
            yield self._hit(group, "keyword", 0, len(self.normal.tokens))
            return
        if group.name == "opt_out":
            yield from self._revoking_clauses(group)
            if len(self.normal.words) <= 2 * _TYPO_FROM and (word := self._misspelt(group)):
                yield Hit(group.name, group.locale, f"misspelt or spaced keyword {word}", 0, len(self.normal.tokens), word)

    def _revoking_clauses(self, group: Group) -> Iterator[Hit]:
        """Find a keyword that is a clause of its own: "STOP. He moved away", "no, stop"."""
        at = 0
        for clause in self._clauses if len(self._clauses) > 1 else []:
            length = len(clause.tokens)
            at = next((p for p in range(at, len(self.normal.tokens)) if self.normal.tokens[p : p + length] == clause.tokens), at)
            if self._is_keyword(group, clause):
                yield self._hit(group, "keyword in a clause", at, at + length)

    def _is_keyword(self, group: Group, part: Normal) -> bool:
        tokens = part.tokens if group.strict_marks and part.tokens != part.plain else part.plain
        known = group.keywords if tokens is not part.plain else group.plain_keywords
        polite = self._lexicon.polite if group.name in {"opt_out", "ack"} else frozenset[str]()
        for kept in ([t for t in tokens if t != BOUNDARY], [t for t in tokens if t != BOUNDARY and t not in polite and t[0].isalnum()]):
            once = list(dict.fromkeys(kept))
            if any(" ".join(words) in known for words in (kept, once) if words):
                return True
        return False

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

    def _hit(self, group: Group, how: str, start: int, end: int) -> Hit:
        return Hit(group.name, group.locale, how, start, end, " ".join(t for t in self.normal.tokens[start:end] if t != BOUNDARY))


def _look_alikes(group: Group, normal: Normal) -> Iterator[tuple[int, int]]:
    text = normal.text if group.strict_marks else normal.plain_text
    for pattern in group.unless:
        yield from pattern.spans(text)

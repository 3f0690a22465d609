"""The small phrase language of the keyword files, turned into regular expressions over normalised text.

============  ==============================================================
``word``      this word, in any letter case, with or without accents
``stem*``     any word that begins so
``a|b|c``     one of them; ``take_off|drop``: an underscore joins the words of one choice
``(word)``    may be missing
``@name``     one of the words of that name in the file's ``[words]``
``~3``        up to three other words of the same sentence
``^`` ``$``   begin and end of the whole text; ``$`` may be one of several choices
============  ==============================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from outreach.replies.normalise import normalise, without_marks

_STEP = r"(?: [.])*"
_END = rf"{_STEP}(?= \Z)"
_STAR = "zstarz"
"""Stands for ``*`` while a piece goes through the normaliser, which drops punctuation."""


class PatternError(ValueError):
    """A phrase of a keyword file cannot be read."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """One compiled phrase; two of them are the same only if they are one."""

    source: str
    expression: str
    needs: tuple[str, ...]
    """A word of the text must begin with one of these: a cheap test (``lexicon.may_match``) before the expression is tried."""
    vocabulary: frozenset[str]
    """Its words, stems with a ``*`` at the end, for the spelling helper."""

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        """The expression, compiled when a text first needs it: most never do."""
        return re.compile(self.expression)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where the phrase stands in *text*, as half-open ranges of token positions."""
        return [(text.count(" ", 0, m.start()), text.count(" ", 0, m.end())) for m in self._regex.finditer(text) if m.end() > m.start()]


@dataclass(frozen=True)
class _Piece:
    regex: str
    literals: tuple[str, ...]
    """What the text must hold if the piece is not optional; empty for gaps and optional pieces."""


def compile_pattern(source: str, words: Mapping[str, Sequence[str]], *, strict_marks: bool = False) -> Pattern:
    """Compile *source*; *words* are the file's named lists.

    With *strict_marks* an accented word matches itself and its accent-less spelling, never another accented word (Vietnamese).
    Raises PatternError with the phrase and what is wrong with it.
    """
    vocabulary: set[str] = set()
    pieces = [_piece(part, words, vocabulary, source, strict=strict_marks) for part in source.split()]
    required = [piece.literals for piece in pieces if piece.literals]
    if not required:
        message = f"the phrase {source!r} has no word that must be there"
        raise PatternError(message)
    needs = max(required, key=lambda literals: min(map(len, literals)))
    return Pattern(source, "".join(piece.regex for piece in pieces), needs, frozenset(vocabulary))


def _piece(part: str, words: Mapping[str, Sequence[str]], vocabulary: set[str], source: str, *, strict: bool) -> _Piece:
    if part in {"^", "$"}:
        return _Piece(r"\A(?= )" if part == "^" else _END, ())
    if part.startswith("~"):
        if not part[1:].isdigit():
            message = f"{part!r} in the phrase {source!r} should be ~ and a number"
            raise PatternError(message)
        return _Piece(rf"(?: [^ .][^ ]*){{0,{part[1:]}}}?", ())
    optional = part.startswith("(") and part.endswith(")")
    inner = part[1:-1] if optional else part
    choices = [choice for name in inner.split("|") for choice in _named(name, words, source)]
    at_end = "$" in choices
    found = [_choice(choice, vocabulary, source, strict=strict) for choice in choices if choice != "$"]
    regex = "(?:" + "|".join([*(regex for regex, _ in found), *([_END] if at_end else [])]) + ")"
    if optional or at_end:
        return _Piece(regex + ("?" if optional else ""), ())
    return _Piece(regex, tuple(dict.fromkeys(literal for _, literals in found for literal in literals)))


def _named(name: str, words: Mapping[str, Sequence[str]], source: str) -> Sequence[str]:
    if not name.startswith("@"):
        return [name]
    if name[1:] not in words:
        message = f"{name!r} in the phrase {source!r} is not in [words]"
        raise PatternError(message)
    return [choice for entry in words[name[1:]] for choice in _named(entry, words, source)]


def _choice(choice: str, vocabulary: set[str], source: str, *, strict: bool) -> tuple[str, tuple[str, ...]]:
    if not (spelt := _spelt(choice, strict=strict)):
        message = f"the phrase {source!r} has an empty choice"
        raise PatternError(message)
    regex, longest, seen = spelt
    vocabulary.update(seen)
    return regex, longest


@lru_cache(maxsize=20_000)
def _spelt(choice: str, *, strict: bool) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """Its expression, its longest word and its vocabulary; None where it holds no word. Phrases share most of their words."""
    regex, vocabulary = "", list[str]()
    longest: tuple[str, ...] = ("",)
    for token in normalise(choice.replace("_", " ").replace("*", _STAR)).tokens:
        word = token.removesuffix(_STAR)
        bare, is_stem = without_marks(word), word != token
        spellings: tuple[str, ...] = (word, bare) if strict and word != bare else (bare,)
        vocabulary.append(bare + ("*" if is_stem else ""))
        body = "|".join(re.escape(spelling) for spelling in spellings)
        regex += rf"{_STEP} (?:{body})" + ("[^ ]*(?= )" if is_stem else "(?= )")
        if len(word) > len(longest[0]):
            longest = spellings
    return (regex, longest, tuple(vocabulary)) if vocabulary else None

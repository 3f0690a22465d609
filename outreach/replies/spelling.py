"""One slip of the finger in a long word does not hide what a family says."""

from __future__ import annotations

from collections.abc import Collection, Iterator

LONG = 6
"""Shorter words are too close to one another to be corrected."""
SHORT = 3
"""A word this short has nothing tied before it."""

_TIED_BEFORE = "وف"
"""Arabic *and* and *so*, which are written as part of the next word."""
_DIGITS_FOR_LETTERS = str.maketrans("013457", "oieast")


class Speller:
    """Finds the one word of a vocabulary that a misspelt word must be."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        """Index *vocabulary* (plain words, stems with ``*`` at the end) by what is left when one letter is missing."""
        self._known = {word for word in vocabulary if not word.endswith("*")}
        self._stems = {word[:-1] for word in vocabulary if word.endswith("*")}
        self._without_one: dict[str, str] = {}
        for word in sorted(vocabulary):
            stem = word.rstrip("*")
            if len(stem) >= LONG and stem.isalpha():
                for key in (stem, *_deletions(stem)):
                    self._without_one.setdefault(key, word)

    def correct(self, token: str) -> str | None:
        """Return the vocabulary's word one slip away from *token* (a letter more, less, changed or swapped), or None.

        A word that the vocabulary knows is not touched; the first letter must be right.
        """
        letters = letters_of(token)
        if self._knows(token):
            return None
        if letters != token and self._knows(letters):
            return letters
        if token[0] in _TIED_BEFORE and len(token) > SHORT and self._knows(token[1:]):
            return token[1:]
        if len(letters) < LONG - 1 or not letters.isalpha():
            return None
        for length in range(len(letters), LONG - 2, -1):
            found = self._near(letters[:length])
            if found is not None and (found.endswith("*") or length == len(letters)):
                return found.rstrip("*")
        return None

    def _knows(self, token: str) -> bool:
        return token in self._known or any(token[:length] in self._stems for length in range(2, len(token) + 1))

    def _near(self, part: str) -> str | None:
        for key in (part, *_deletions(part)):
            word = self._without_one.get(key)
            if word is not None and word[0] == part[0] and distance_is_one(part, word.rstrip("*")):
                return word
        return None


def letters_of(token: str) -> str:
    """Return *token* with digits that stand for letters read as letters (``st0p``); a number stays a number."""
    return token if token.isdigit() else token.translate(_DIGITS_FOR_LETTERS)


def distance_is_one(a: str, b: str) -> bool:
    """Say whether one insertion, deletion, change or swap of neighbours turns *a* into *b* (equal words are not one apart)."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        swapped = len(rest_a) > 1 and rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
        return swapped or rest_a[1:] == rest_b[1:]
    return rest_a[1:] == rest_b if len(a) > len(b) else rest_a == rest_b[1:]


def _deletions(word: str) -> Iterator[str]:
    for position in range(len(word)):
        yield word[:position] + word[position + 1 :]

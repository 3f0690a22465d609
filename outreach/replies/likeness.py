"""What a text reads like, where no list knows its words: the labelled replies that share most with it.

A complement naive Bayes classifier (Rennie et al. 2003) over words, pairs of words and pieces of words, each weighted by how rare it
is. It learns from ``translations/<locale>/replies.csv`` and the lists' own keywords and examples when first asked, which takes two
seconds once a process. It never decides that a person is not needed.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_SMOOTHING = 0.1
_REASONS = 3
"""Words that are named for a decision."""
_FIGURE = "0"
_PIECES = range(3, 6)
"""Letters in a piece of a word; an edge of the word counts as a letter."""


@dataclass(frozen=True)
class Likely:
    """The label whose replies a text reads like most."""

    label: str
    margin: float
    """How far the second label is behind, in nats for a text of weight one: below about 0.1 it is a guess."""
    words: tuple[str, ...]
    """The words that spoke most for the label against the second."""


class Likeness:
    """Labelled texts, ready to be compared with."""

    def __init__(self, replies: Iterable[tuple[Sequence[str], str]]) -> None:
        """Learn from texts as normalised words, each with its label."""
        counted = [(Counter(_features(words)), label) for words, label in replies]
        seen = Counter(feature for features, _ in counted for feature in features)
        self._rarity = {feature: math.log((1 + len(counted)) / (1 + number)) + 1 for feature, number in seen.items()}
        sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for features, label in counted:
            for feature, weight in self._weighted(features).items():
                sums[feature][label] += weight
        self._sums = {feature: (sum(by_label.values()), dict(by_label)) for feature, by_label in sums.items()}
        whole = Counter[str]()
        for _, by_label in self._sums.values():
            whole.update(by_label)
        everything = sum(whole.values()) + _SMOOTHING * len(self._sums)
        self._totals = {label: math.log(everything - own) for label, own in sorted(whole.items())}

    def judge(self, words: Sequence[str]) -> Likely | None:
        """What a text of these normalised *words* reads like; None where it shares nothing with any reply."""
        features = self._weighted(Counter(_features(words)))
        if not features:
            return None
        every = sum(features.values())
        scores = {label: every * whole for label, whole in self._totals.items()}
        for feature, weight in features.items():
            for label, speaks in self._speaks(feature).items():
                scores[label] += weight * speaks
        first, second = sorted(scores, key=lambda label: -scores[label])[:2]
        return Likely(first, scores[first] - scores[second], self._reasons(features, first, second))

    def _speaks(self, feature: str) -> dict[str, float]:
        """How much a feature speaks for each label that has it: the rarer it is in all others' replies, the more."""
        total, by_label = self._sums[feature]
        with_all = math.log(total + _SMOOTHING)
        return {label: with_all - math.log(max(total - own, 0.0) + _SMOOTHING) for label, own in by_label.items()}

    def _weighted(self, features: Counter[str]) -> dict[str, float]:
        weights = {
            feature: (1 + math.log(number)) * self._rarity[feature] for feature, number in features.items() if feature in self._rarity
        }
        norm = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {feature: weight / norm for feature, weight in weights.items()}

    def _reasons(self, features: dict[str, float], first: str, second: str) -> tuple[str, ...]:
        spoke: dict[str, float] = {}
        for feature, weight in features.items():
            kind, _, word = feature.partition(":")
            if kind == "w":
                speaks = self._speaks(feature)
                spoke[word] = weight * (speaks.get(first, 0.0) - speaks.get(second, 0.0))
        return tuple(word for word in sorted(spoke, key=lambda word: -spoke[word])[:_REASONS] if spoke[word] > 0)


def _features(words: Sequence[str]) -> Iterable[str]:
    """Words, their pieces and pairs. Any figure is the same word: an age or a date that one reply had says nothing about another."""
    words = [_FIGURE if word.isdecimal() else word for word in words]
    for word in words:
        yield from _of_word(word)
    for one, other in pairwise(words):
        yield f"p:{one} {other}"


@lru_cache(maxsize=20_000)
def _of_word(word: str) -> tuple[str, ...]:
    edged = f"^{word}$"
    pieces = [edged[start : start + size] for size in _PIECES for start in range(len(edged) - size + 1)]
    return (f"w:{word}", *pieces)

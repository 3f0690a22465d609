"""How well replies are understood, measured on ``tests/replies/``; the floors hold on what rules were mended by and on what they never saw.

Run this file as a script for the table of docs/replies.md: ``python tests/unit/test_replies_scores.py held``.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from outreach.replies.lexicon import shipped
from outreach.replies.reasons import CATEGORY_OF, Intent
from outreach.replies.understanding import Context, Meaning, understand

FOLDER = Path(__file__).parents[1] / "replies"
LOCALES = ("en", "es", "zh-Hans", "vi", "ar", "ht", "pt-BR", "ru", "so", "ko", "tl", "uk", "fr", "ur", "am", "sw")
HALVES = ("seen", "held", "fresh")
EXAM = "exam"
"""Replies that nothing was ever mended by or learned from: what they score is what families may expect, and its floors are low."""
SEALED = "exam2"
"""A later examination, written by somebody who had read only what the labels mean: scored and printed by the script, without a floor."""
FLAGS = ("urgent", "suppress", "to_human")


@dataclass(frozen=True)
class Judged:
    """One labelled reply and what was understood."""

    locale: str
    half: str
    text: str
    intent: str
    barrier: str
    flags: dict[str, bool]
    meaning: Meaning

    @property
    def right(self) -> bool:
        """Whether the intent is right; an angry demand to stop may be called either."""
        said = {self.meaning.intent.value, self.intent}
        return len(said) == 1 or (self.flags["suppress"] and said == {Intent.OPT_OUT.value, Intent.ANGRY_LEGAL.value})


@cache
def judged() -> tuple[Judged, ...]:
    return tuple(
        Judged(
            locale,
            row["half"],
            row["text"],
            row["intent"],
            row["barrier"],
            {flag: row[flag] == "1" for flag in FLAGS},
            understand(row["text"], Context(language=locale)),
        )
        for locale in LOCALES
        for row in _rows(locale)
    )


def _rows(locale: str) -> list[dict[str, str]]:
    with (FOLDER / f"{locale}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scores(replies: Iterable[Judged]) -> dict[str, float]:
    """Return the shares in percent: recall and precision of the flags, accuracy of intent and of the category of a reason."""
    count: Counter[str] = Counter()
    for reply in replies:
        count["all"] += 1
        count["intent"] += reply.right
        for flag in FLAGS:
            said, meant = getattr(reply.meaning, flag), reply.flags[flag]
            count.update({f"{flag} said": said, f"{flag} meant": meant, f"{flag} both": said and meant})
        if reply.intent == Intent.BARRIER_REPORT:
            count["reasons"] += 1
            count["category"] += reply.meaning.category == CATEGORY_OF[reply.barrier]
    return {
        "replies": count["all"],
        "opt-out recall": _share(count["suppress both"], count["suppress meant"]),
        "opt-out precision": _share(count["suppress both"], count["suppress said"]),
        "danger recall": _share(count["urgent both"], count["urgent meant"]),
        "false pages in 200": _share(count["urgent said"] - count["urgent both"], count["all"] - count["urgent meant"]) * 2,
        "person recall": _share(count["to_human both"], count["to_human meant"]),
        "intent": _share(count["intent"], count["all"]),
        "category": _share(count["category"], count["reasons"]),
    }


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


@pytest.mark.parametrize("half", HALVES)
def test_opt_outs_danger_and_whoever_needs_a_person_are_found_and_pages_are_rarely_false(half: str) -> None:
    found = scores(reply for reply in judged() if reply.half == half)
    assert found["opt-out recall"] >= (97 if half == "held" else 100), found
    assert found["opt-out precision"] >= 95
    assert found["danger recall"] >= 95
    assert found["person recall"] >= (99 if half == "held" else 100)
    assert found["false pages in 200"] <= 1
    assert found["intent"] >= 85
    assert found["category"] >= 85


def test_most_opt_outs_and_dangers_are_found_in_words_that_nobody_thought_of_and_whoever_needs_a_person_gets_one() -> None:
    found = scores(reply for reply in judged() if reply.half == EXAM)
    assert found["opt-out recall"] >= 75, found
    assert found["opt-out precision"] >= 95
    assert found["danger recall"] >= 60
    assert found["person recall"] >= 99
    assert found["false pages in 200"] <= 2
    assert found["intent"] >= 68


@pytest.mark.parametrize("locale", LOCALES)
def test_no_language_is_left_behind(locale: str) -> None:
    found = scores(reply for reply in judged() if reply.locale == locale and reply.half in HALVES)
    assert found["opt-out recall"] >= 85, found
    assert found["danger recall"] >= 90, found
    assert found["person recall"] >= 97, found


_ONLY_DIGITS = {Intent.CONFIRM_NUMBER, Intent.CONFIRM_CHILD, Intent.CONFIRM_CHANGE, Intent.REFUSE_CHANGE, Intent.HELPED, Intent.NOT_YET}
"""What only an answer to our question means."""


def test_the_set_covers_every_language_intent_and_half_and_is_no_example_of_the_files() -> None:
    assert len(judged()) >= 900
    assert {reply.intent for reply in judged()} == {intent.value for intent in set(Intent) - _ONLY_DIGITS}
    for locale in LOCALES:
        assert {reply.half for reply in judged() if reply.locale == locale} - {EXAM, SEALED} == set(HALVES)
    long = {text.casefold() for groups in shipped().groups.values() for g in groups for text in g.examples if len(text.split()) > 6}
    assert sum(reply.text.casefold() in long for reply in judged() if reply.half != "seen") == 0


def _table(half: str) -> None:
    rows = [(locale, scores(r for r in judged() if r.locale == locale and r.half == half)) for locale in LOCALES]
    rows.append(("all", scores(r for r in judged() if r.half == half)))
    sys.stdout.write("| | " + " | ".join(rows[0][1]) + " |\n" + "|---" * (len(rows[0][1]) + 1) + "|\n")
    for name, found in rows:
        sys.stdout.write(f"| {name} | " + " | ".join(f"{value:.0f}" for value in found.values()) + " |\n")


if __name__ == "__main__":
    _table(*sys.argv[1:])

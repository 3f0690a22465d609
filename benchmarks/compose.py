"""Texts from facts to segments in every language, against bare Jinja2 that puts ready values into equal sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from time import perf_counter

from jinja2 import Environment, Template

from outreach.messages.compose import Child, Facts, Pair, text, values
from outreach.messages.languages import languages
from outreach.messages.pairs import current_pairs

TEXTS, ROUNDS = 20_000, 5
_NAMES = ("Ana", "Sofía", "Nguyễn", "O'Neil", "Jose\u0301", "يوسف", "Łukasz", "María-José")
_AUGUST = date(2026, 8, 17)
PAIRS = [pair for _source, pair in current_pairs() if (pair.message, pair.channel) == ("count", "sms")]


def run(texts: int = TEXTS, rounds: int = ROUNDS) -> dict[str, object]:
    """Bar: bare seconds ÷ ours at least 0.085. Bare Jinja2 gets its values made; ours makes phrases, counts segments and checks.

    No text repeats another: names, counts, days and numbers differ, as they do in a district.
    """
    assert {pair.locale for pair in PAIRS} == set(languages())  # noqa: S101 - all languages, or the figure says nothing
    written = [compiled(pair) for pair in PAIRS]
    both = [_round(first, texts, written) for first in range(0, texts * rounds, texts)]
    return {
        "texts": texts,
        "languages": len(PAIRS),
        "ratio": round(median(bare / ours for bare, ours in both), 3),
        "texts_a_second": round(texts / median(ours for _bare, ours in both)),
        "seconds": [[round(bare, 3), round(ours, 2)] for bare, ours in both],
    }


def _round(first: int, texts: int, written: list[Template]) -> tuple[float, float]:
    """Seconds of bare Jinja2 and of ours for the same texts."""
    work = [(number % len(PAIRS), told(number)) for number in range(first, first + texts)]
    ready = [(which, values(facts, PAIRS[which].locale, year=False)) for which, facts in work]
    bare = _timed(written[which].render(known) for which, known in ready)
    return bare, _timed(composed(PAIRS[which], facts) for which, facts in work)


def _timed(work: Iterator[object]) -> float:
    start = perf_counter()
    for _done in work:
        pass
    return perf_counter() - start


def compiled(pair: Pair) -> Template:
    """The same sentence for bare Jinja2; its templates are written like ours."""
    return Environment(autoescape=False).from_string(pair.translation)  # noqa: S701 - a text is no HTML


def composed(pair: Pair, facts: Facts) -> str:
    """Compose a text as the release does, and hold to what a text may cost."""
    said = text(pair, facts)
    assert said.fits, said.body  # noqa: S101 - the release asks the same
    return said.body


def told(number: int) -> Facts:
    """What is said of a made-up child."""
    child = Child(
        f"{_NAMES[number % len(_NAMES)]}{number % 997}",
        Fraction(number % 61 + 1, 2),
        72,
        _AUGUST + timedelta(days=number % 180),
        "Roosevelt",
    )
    return Facts("Lincoln", "Roosevelt", f"(312) 555-01{number % 100:02d}", (child,), signer="Ms. Rivera")

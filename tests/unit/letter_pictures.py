"""The pictures of letters in ``docs/letters``; ``python -m tests.unit.letter_pictures`` makes them anew after a change."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pypdfium2
from PIL import Image

from outreach.messages.compose import Child, Facts, Pair
from outreach.messages.languages import languages
from outreach.messages.letter_content import FRAME, LetterContent, build, framed
from outreach.messages.letters import Measures, calibration, render
from outreach.messages.pairs import current_pairs
from outreach.messages.postal import Address
from outreach.settings import load_settings

FOLDER = Path(__file__).parents[2] / "docs" / "letters"
_NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
_SCHOOL, _DISTRICT = "Roosevelt Elementary School", "Lincoln Public Schools"
_MONTHS = tuple(date(2026, month, 1) for month in (8, 9, 10, 11, 12))
_NAMES = {"ar": "عائشة", "ur": "عائشہ", "ru": "Соня", "uk": "Соня", "zh-Hans": "美玲", "ko": "수빈", "am": "ሶፊያ"}


def drawn() -> Iterator[tuple[str, bytes]]:
    """Every picture by its name, as PNG: a page at 72 dots an inch, in 16 greys and colours."""
    measures = Measures.of(load_settings(district_name=_DISTRICT))
    for locale in languages():
        yield f"count_10-{locale}", _page(_pdf(_letter(locale), measures))
    yield "count_10-es-copy", _page(_pdf(_letter("es"), measures), 1)
    yield "count_10-en-large", _page(_pdf(replace(_letter("en"), large=True), measures))
    yield "calibration", _page(calibration(measures, now=_NOW))


def _pdf(content: LetterContent, measures: Measures) -> bytes:
    return render([content], measures, now=_NOW, title=_DISTRICT).pdf


def _letter(locale: str) -> LetterContent:
    children = (_child(_NAMES.get(locale, "Sofía"), "1", "2", "5/2", "6", "1"), _child("Luis", "1", "2", "2", "3", "1"))
    adults = ("Rosa Delgado", "Miguel Delgado")
    facts = Facts(_DISTRICT, _SCHOOL, "(312) 555-0100", children, adults, "Ms. Rivera")
    address = Address(adults, "1420 W. Maple St.", "Apt. 3-B", "Lincoln", "IL", "60614")
    sender = (_SCHOOL, "600 Oak Ave", "Lincoln, IL 60614")
    content = build(_pair("count_10", "letter", locale), facts, address, letter_id="L000142", sender=sender, day=_NOW.date())
    return framed(
        content,
        _pair(FRAME, "page", locale),
        url="https://lincoln.example.org/f#K7QX-4MPA",
        typed="lincoln.example.org/f",
        code="K7QX-4MPA",
    )


def _pair(message: str, channel: str, locale: str) -> Pair:
    return next(pair for _source, pair in current_pairs() if (pair.message, pair.channel, pair.locale) == (message, channel, locale))


def _child(name: str, *days: str) -> Child:
    missed = tuple(map(Fraction, days))
    months = tuple(zip(_MONTHS, missed, strict=True))
    return Child(name, sum(missed, Fraction(0)), 72, date(2026, 12, 4), _SCHOOL, months=months)


def _page(pdf: bytes, number: int = 0) -> bytes:
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        image = document[number].render().to_pil()
    written = io.BytesIO()
    image.convert("RGB").quantize(16, method=Image.Quantize.MEDIANCUT).save(written, "png", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    for name, picture in drawn():
        (FOLDER / f"{name}.png").write_bytes(picture)

"""Where letters begin to look for their type size, and the pictures that show how they are set."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from outreach.messages.letter_content import Side
from outreach.messages.letter_room import WAYS, first_way
from outreach.messages.letter_text import Block, Kind, Run
from tests.unit.letter_pictures import FOLDER, drawn


def side(words: str, locale: str = "en") -> Side:
    return Side(locale, "December 7, 2026", (Block(Kind.PARAGRAPH, (((Run(words),),),)),), ("Ms. Rivera", "Roosevelt Elementary School"))


@pytest.mark.parametrize(
    ("words", "locale", "way"),
    [
        ("A short word.", "en", 0),
        ("day " * 500, "en", 0),
        ("day " * 600, "en", 1),
        ("day " * 660, "en", 2),
        ("天" * 1000, "zh-Hans", 0),
        ("天" * 1200, "zh-Hans", 1),
        ("day " * 5000, "en", len(WAYS) - 1),
    ],
)
def test_more_words_begin_in_smaller_type(words: str, locale: str, way: int) -> None:
    assert first_way(side(words, locale), width=6.7, room=6.7) == way


@hypothesis_settings(max_examples=25, deadline=None)
@given(words=st.text(max_size=3000), more=st.text(min_size=1, max_size=500), locale=st.sampled_from(("en", "ar", "zh-Hans")))
def test_a_longer_letter_never_begins_in_larger_type(words: str, more: str, locale: str) -> None:
    less, whole = (first_way(side(text, locale), width=6.7, room=6.7) for text in (words, f"{words} {more}"))
    assert less <= whole


@pytest.mark.long
def test_the_pictures_in_the_docs_show_todays_letters() -> None:
    for name, picture in drawn():
        kept, made = (Image.open(io.BytesIO(data)).convert("L") for data in ((FOLDER / f"{name}.png").read_bytes(), picture))
        assert kept.size == made.size, name
        assert sum(ImageChops.difference(kept, made).histogram()[64:]) == 0, f"{name}: run python -m tests.unit.letter_pictures"

"""Segments as Twilio's calculator counts them, and a normaliser that changes marks and never letters."""

from __future__ import annotations

import unicodedata
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.messages.segments import Encoding, measure, normalise

GSM, UCS = Encoding.GSM7, Encoding.UCS2
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("José", GSM), ("Renée", GSM), ("Müller", GSM), ("Iñaki", GSM), ("Björn", GSM), ("O'Neil", GSM), ("Ève", UCS),
        ("Sofía", UCS), ("Zoë", UCS), ("François", UCS), ("João", UCS), ("Siân", UCS), ("Noël", UCS), ("Łukasz", UCS), ("Nguyễn", UCS),
        ("D\u2019Angelo", UCS), (unicodedata.normalize("NFD", "José"), UCS), ("12\N{VULGAR FRACTION ONE HALF}", UCS), ("`", UCS),
    ],
)  # fmt: skip
def test_one_letter_decides_the_encoding(name: str, encoding: Encoding) -> None:
    assert measure(name).encoding is encoding


@pytest.mark.parametrize(
    ("text", "units", "segments"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        # 152 + an escape pair: the pair moves on, so 306 septets take a third segment
        ("a" * 152 + "€" + "a" * 152, 306, 3),
        ("a" * 151 + "€" + "a" * 153, 306, 2),
        ("í" * 70, 70, 1),
        ("í" * 71, 71, 2),
        ("í" * 134, 134, 2),
        ("í" * 135, 135, 3),
        # 66 + a surrogate pair: not cut in two
        ("í" * 66 + "\N{SLIGHTLY SMILING FACE}" + "í" * 66, 134, 3),
        ("í" * 65 + "\N{SLIGHTLY SMILING FACE}" + "í" * 67, 134, 2),
        # a family of three is one grapheme of eight units
        ("í" * 60 + FAMILY + "í" * 66, 134, 3),
        ("í" * 66 + "\r\n" + "í" * 66, 134, 2),
    ],
)
def test_neither_an_escape_pair_nor_a_grapheme_is_cut_in_two(text: str, units: int, segments: int) -> None:
    size = measure(text)
    assert (size.units, size.segments) == (units, segments)


@pytest.mark.parametrize(
    ("typed", "leaves"),
    [
        ("D\u2019Angelo", "D'Angelo"),
        ("\u201cHi\u201d \u2013 it\u2019s on\u2026", '"Hi" - it\'s on...'),
        ("a\u00a0b\u202fc\td", "a b c d"),
        ("a\u200bb\ufeffc", "abc"),
        (unicodedata.normalize("NFD", "José"), "José"),
        # other letters need UCS-2 anyway: straight quotes would save nothing
        ("Sofía \u2014 \u201csí\u201d", "Sofía \u2014 \u201csí\u201d"),
        (unicodedata.normalize("NFD", "Sofía"), "Sofía"),
        ("\u4f60\u597d\u3002", "\u4f60\u597d\u3002"),
    ],
)
def test_marks_are_made_plain_where_that_saves_the_cheap_encoding(typed: str, leaves: str) -> None:
    assert normalise(typed) == leaves


@given(st.text(max_size=400))
def test_the_normaliser_keeps_every_letter_and_is_done_after_once(text: str) -> None:
    done = normalise(text)

    def letters(words: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFC", words) if unicodedata.category(c)[0] in "LMN")

    assert letters(done) == letters(text)
    assert done.count("?") == text.count("?")
    assert normalise(done) == done


@given(st.text(max_size=800))
def test_segments_are_never_fewer_than_the_units_need(text: str) -> None:
    size = measure(text)
    one, each = (160, 153) if size.encoding is GSM else (70, 67)
    if size.units <= one:
        assert size.segments == 1
    else:
        assert size.segments >= ceil(size.units / each)


@given(st.text(alphabet="abcdefgh éñ?!", max_size=1000))
def test_without_pairs_a_division_is_exact(text: str) -> None:
    size = measure(text)
    assert size.encoding is GSM
    assert size.segments == (1 if len(text) <= 160 else ceil(len(text) / 153))

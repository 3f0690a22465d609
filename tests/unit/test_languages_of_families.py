"""In which language a family wrote, and who is asked."""

from __future__ import annotations

import csv
from itertools import islice

import pytest

from outreach.cases.language_rules import Helper, choose, language_of
from outreach.messages.languages import languages
from outreach.resources import data_folder


@pytest.mark.parametrize(
    ("words", "known", "family", "language"),
    [
        ("Ilmahaygu basku ma yimaado subax walba", "", "so", "so"),
        ("the bus does not come in the morning", "", "so", "en"),
        ("no", "en", "so", "en"),
        ("hmm", "", "so", "so"),
        ("123 !?", "en", "so", ""),
        ("", "", "so", ""),
        ("ابني مريض اليوم", "", "ar", "ar"),
        ("میرا بیٹا بیمار ہے", "", "ur", "ur"),
        ("can you please call me tomorrow", "", "ar", "en"),
        ("сын заболел", "", "en", "ru"),
        ("孩子今天生病了", "", "en", "zh-Hans"),
        ("mi hijo está enfermo hoy y no puede ir a la escuela", "", "en", "es"),
        ("ပန်းခြံ", "", "Karen", "Karen"),
        ("we will be late tomorrow because of the bus", "", "Karen", "en"),
        ("\x00\ud83d a", "", "so", "so"),
    ],
)
def test_the_language_of_words(words: str, known: str, family: str, language: str) -> None:
    assert language_of(words, known, family) == language


def test_it_seldom_takes_a_familys_own_words_for_english() -> None:
    """Words that staff would not read, and nobody would be asked about, in labelled replies of every language."""
    missed = {}
    for locale in languages():
        with (data_folder("translations") / locale / "replies.csv").open(encoding="utf-8") as file:
            texts = [row["text"] for row in islice(csv.DictReader(file), 60)]
        missed[locale] = sum(language_of(text, "", locale) == "en" for text in texts)
    assert all(missed[locale] <= 3 for locale in missed if locale != "en"), missed


def test_who_is_asked_first() -> None:
    here, there, busy = Helper(3, at_school=True, load=2), Helper(1, at_school=False, load=0), Helper(2, at_school=True, load=5)
    assert choose([busy, there, here]) == 3
    assert choose([there]) == 1
    assert choose([Helper(9, at_school=True, load=1), Helper(4, at_school=True, load=1)]) == 4
    assert choose([]) is None

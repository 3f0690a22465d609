"""The shipped words: every message in every language, with every number and any name; plain to read, kind, and within their price."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import product

import pytest

from outreach.messages.check import LONGEST, check
from outreach.messages.compose import Child, Facts, Pair, child_values, text, values
from outreach.messages.languages import language, languages
from outreach.messages.letter_text import filled
from outreach.messages.pairs import current_pairs
from outreach.messages.phrases import days_phrase
from outreach.messages.readability import crawford, flesch_kincaid, prose
from outreach.messages.segments import Encoding, measure
from outreach.messages.templates import Source, sources
from outreach.replies.reasons import CATEGORY_OF, Intent

SHIPPED = {(pair.message, pair.channel, pair.locale): (source, pair) for source, pair in current_pairs()}
SOURCES = sources()
SOURCE_NAMES = list(dict.fromkeys(source.message for source in SOURCES))
TEXTS = [source.message for source in SOURCES if source.channel == "sms"]
LETTERS = [source.message for source in SOURCES if source.channel == "letter"]
NUMBERS = [Fraction(number) for number in ("0", "1/2", "1", "3/2", "2", "3", "5", "11", "21", "22", "100", "101")]
NAMES = ("Sofía", "O'Neil", "Nguyễn", unicodedata.normalize("NFD", "José"), "يوسف", "Ana")
DATES = (date(2026, 9, 3), date(2026, 9, 14), date(2026, 11, 30))
CARRIER_WORDS = re.compile(r"(?a)\b(STOP|STOPALL|START|UNSTOP|YES|HELP|INFO|END|CANCEL|QUIT|UNSUBSCRIBE)\b")
ASKED = {"opt_out": {"START"}, "welcome": {"HELP", "STOP"}, "whose_phone": {"HELP", "STOP"}} | {
    answer: set[str]() for answer in ("after_hours", "safety", "which_days", "interpreter", "speaker_answers")
}
"""What is not the rule, which is STOP alone: answers to a family's own text need no way out."""


def facts(name: str, days: Fraction) -> Facts:
    child = Child(name, days, 180, date(2026, 12, 4), "Roosevelt Elementary School", days_told=days + 1, dates=DATES)
    return Facts(
        district="Lincoln Public Schools",
        school="Roosevelt Elementary School",
        school_phone="(312) 555-0100",
        children=(child,),
        adult_names=(name, "Rosa Delgado"),
        signer="Ms. Rivera",
        note="Tuesday at 5 pm.",
        interpreter_phone="(312) 555-0101",
        answer_by=date(2026, 9, 30),
    )


def first_strong(words: str) -> str:
    """The direction a phone gives a text: that of its first strong character outside isolates (UAX 9, P2)."""
    depth = 0
    for character in words:
        kind = unicodedata.bidirectional(character)
        depth += {"FSI": 1, "LRI": 1, "RLI": 1, "PDI": -1}.get(kind, 0)
        if not depth and kind in {"L", "R", "AL"}:
            return "ltr" if kind == "L" else "rtl"
    return ""


def test_every_message_stands_in_all_sixteen_languages_without_a_problem() -> None:
    assert set(SHIPPED) == {(source.message, source.channel, locale) for source in SOURCES for locale in languages()}
    assert [str(problem) for problem in check()] == []


def some(message: str, locale: str) -> list[tuple[Fraction, str]]:
    """Every number with one of the names, another one for each message and language: together they make the whole table."""
    first = SOURCE_NAMES.index(message) + list(languages()).index(locale)
    return [(days, NAMES[(first + place) % len(NAMES)]) for place, days in enumerate(NUMBERS)]


def hold_text(message: str, locale: str, days: Fraction, name: str) -> None:
    pair = SHIPPED[message, "sms", locale][1]
    said = text(pair, facts(name, days))
    size = measure(said.body)
    assert not re.search(r"[{}]", said.body)
    assert size.fits, f"{size.segments} segments of {size.encoding}"
    assert (said.segments, said.encoding) == (size.segments, size.encoding)
    assert first_strong(said.body) == language(locale).direction
    assert days_phrase(days, locale) in said.body or "{{ days_missed }}" not in pair.source
    assert unicodedata.normalize("NFC", name) in said.body or "{{ child }}" not in pair.source


def hold_letter(message: str, locale: str, days: Fraction, name: str) -> None:
    pair, told = SHIPPED[message, "letter", locale][1], facts(name, days)
    each = [child_values(child, locale, year=True) for child in told.children]
    blocks = filled(pair.translation, values(told, locale, year=True), each)
    said = " ".join(run.text for block in blocks for row in block.rows for cell in row for run in cell)
    assert not re.search(r"[{}]", said)
    assert unicodedata.normalize("NFC", name) in said
    assert days_phrase(days, locale) in said or "{{ days_missed }}" not in pair.source


@pytest.mark.parametrize("locale", languages())
def test_a_text_with_any_number_and_any_name_is_whole_and_within_its_price(locale: str) -> None:
    for message in TEXTS:
        for days, name in some(message, locale):
            hold_text(message, locale, days, name)


@pytest.mark.parametrize("locale", languages())
def test_a_letter_with_any_number_and_any_name_is_whole(locale: str) -> None:
    for message in LETTERS:
        for days, name in some(message, locale):
            hold_letter(message, locale, days, name)


@pytest.mark.long
@pytest.mark.parametrize("locale", languages())
def test_every_message_with_every_number_and_every_name(locale: str) -> None:
    for days, name in product(NUMBERS, NAMES):
        for message in TEXTS:
            hold_text(message, locale, days, name)
        for message in LETTERS:
            hold_letter(message, locale, days, name)


@pytest.mark.parametrize("locale", languages())
def test_with_the_longest_names_a_text_keeps_its_price_and_still_names_who_signs(locale: str) -> None:
    for message in TEXTS:
        pair = SHIPPED[message, "sms", locale][1]
        said = text(pair, LONGEST)
        assert measure(said.body).fits, message
        assert LONGEST.signer in said.body or "{{ signed_by }}" not in pair.source, message


@pytest.mark.parametrize("locale", languages())
def test_a_text_names_its_sender_first(locale: str) -> None:
    # in right-to-left words a "from" stands before it, so that the phone sets the text from right to left
    before = {"ar": "من \u2068", "ur": "منجانب \u2068"}.get(locale, "")
    for message in TEXTS:
        if message != "interpreter":
            assert text(SHIPPED[message, "sms", locale][1], LONGEST).body.startswith(before + LONGEST.district), message


@pytest.mark.parametrize("locale", languages())
def test_no_text_asks_for_a_word_that_carriers_keep_for_themselves(locale: str) -> None:
    for message in TEXTS:
        words = SHIPPED[message, "sms", locale][1].translation
        assert set(CARRIER_WORDS.findall(words)) == ASKED.get(message, {"STOP"}), message


@pytest.mark.parametrize("locale", languages())
def test_a_safety_note_cannot_be_told_from_an_after_hours_note(locale: str) -> None:
    assert SHIPPED["safety", "sms", locale][1].translation == SHIPPED["after_hours", "sms", locale][1].translation


@pytest.mark.parametrize("locale", languages())
def test_a_first_contact_with_an_unknown_number_names_nobody(locale: str) -> None:
    for message in ("welcome", "whose_phone"):
        said = text(SHIPPED[message, "sms", locale][1], facts("Sofía", Fraction(12))).body
        assert not [name for name in ("Sofía", "Rosa", "Rivera", "12") if name in said]


@pytest.mark.parametrize("source", [source for source in SOURCES if source.menu], ids=lambda source: source.context)
def test_a_menu_offers_each_digit_once_in_every_language_and_each_means_something(source: Source) -> None:
    assert all(meaning in CATEGORY_OF or meaning in set(Intent) for meaning in source.menu.values())
    for locale in languages():
        offered = re.findall(r"(?<!\d)[1-9](?!\d)", SHIPPED[source.message, "sms", locale][1].translation)
        assert offered == sorted(offered)
        assert set(source.menu) <= set(offered)
        assert len(offered) == len(set(offered))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.context)
def test_the_english_reads_at_grade_six_or_below_and_threatens_nobody(source: Source) -> None:
    said = prose(source.text)
    assert flesch_kincaid(said) <= 6
    allowed = "unexcused" if source.message in {"explainer", "family_page"} else "none"
    found = re.findall(r"(?i)truan|court|law\b|statut|penalt|must|percent|%|other (?:students|families)|average|unexcused", said)
    assert [word for word in found if word.lower() != allowed] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.context)
def test_the_spanish_reads_at_grade_six_or_below(source: Source) -> None:
    assert crawford(prose(SHIPPED[source.message, source.channel, "es"][1].translation)) <= 6


def test_a_text_too_long_with_its_number_is_signed_by_name_alone() -> None:
    pair = Pair("count", "sms", "en", "", "x" * 285 + " {{ signed_by }}")
    said = text(pair, facts("Ana", Fraction(12)))
    assert said.body.endswith("x Ms. Rivera")
    assert (said.segments, said.encoding) == (2, Encoding.GSM7)


def test_where_nobody_is_named_the_school_signs_and_then_the_district() -> None:
    pair = Pair("count", "sms", "en", "", "{{ signed_by }}")
    nobody = replace(facts("Ana", Fraction(12)), signer="")
    assert text(pair, nobody).body == "Roosevelt Elementary School (312) 555-0100"
    assert text(pair, replace(nobody, school="", school_phone="")).body == "Lincoln Public Schools"


def test_english_words_for_a_family_without_its_own_end_with_a_line_in_its_language() -> None:
    tag = SHIPPED["interpreter", "sms", "ar"][1]
    english = SHIPPED["count", "sms", "en"][1]
    said = text(english, facts("Ana", Fraction(12)), tag).body
    assert said.splitlines()[-1] == "مترجم مجانًا: \u2066(312) 555-0101\u2069"
    assert said.splitlines()[0] == text(english, facts("Ana", Fraction(12))).body
    without = replace(facts("Ana", Fraction(12)), interpreter_phone="")
    assert text(english, without, tag) == text(english, without)

"""Words and facts become a text; whatever a name holds, it stays a name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.messages.check import problems_of
from outreach.messages.compose import Child, Facts, Pair, text
from outreach.messages.names import clean
from outreach.messages.pairs import current_pairs
from outreach.messages.placeholders import ALLOWED, MissingValueError, TemplateError, names, parse
from outreach.messages.segments import Encoding, measure

DATES = (date(2026, 10, 2), date(2026, 9, 3), date(2026, 9, 14))
ANA = Child("Ana", Fraction(12), 80, date(2026, 12, 4), "Roosevelt Elementary School", days_told=Fraction(14), dates=DATES)
FACTS = Facts(
    "Lincoln Public Schools",
    "Roosevelt Elementary School",
    "(312) 555-0100",
    (ANA,),
    ("Rosa Delgado",),
    signer="Ms. Rivera",
    note="See you at 5 pm.",
    interpreter_phone="(312) 555-0101",
    answer_by=date(2026, 9, 30),
)
SHIPPED = {(pair.message, pair.channel, pair.locale): (source, pair) for source, pair in current_pairs()}


def words(template: str, locale: str = "en") -> Pair:
    return Pair("count", "sms", locale, template, template)


def test_the_count_text_in_english_is_these_words() -> None:
    said = text(SHIPPED["count", "sms", "en"][1], FACTS)
    assert said.body == (
        "Lincoln Public Schools: Ana has missed 12 days this school year, as of December 4. Excused days count too. "
        "What makes it hard to come? Text us, we want to help. Reply STOP to stop. Ms. Rivera (312) 555-0100"
    )
    assert (said.encoding, said.segments) == (Encoding.GSM7, 2)


def test_the_count_text_in_spanish_is_these_words() -> None:
    sofia = replace(ANA, name="Sofía", days_missed=Fraction(25, 2))
    said = text(SHIPPED["count", "sms", "es"][1], replace(FACTS, children=(sofia,)))
    assert said.body.startswith("Lincoln Public Schools: Sofía ha faltado 12.5 días este año escolar, hasta el 4 de diciembre. ")
    assert (said.encoding, said.segments) == (Encoding.UCS2, 4)


def test_of_siblings_a_text_speaks_of_the_first_alone() -> None:
    said = text(SHIPPED["count", "sms", "en"][1], replace(FACTS, children=(ANA, replace(ANA, name="Luis", days_missed=Fraction(5)))))
    assert "Ana has missed 12 days" in said.body
    assert "Luis" not in said.body


def test_a_name_of_template_syntax_stays_itself() -> None:
    said = text(words("{{ child }}: {{ days_missed }}"), replace(FACTS, children=(replace(ANA, name="{{ days_missed }}"),)))
    assert said.body == "{{ days_missed }}: 12 days"


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{{ chlid }}", "chlid"),
        ("{{ child.name }}", "child.name"),
        ("{{ 7*7 }}", r"7\*7"),
        ("{{ }}", "is not a placeholder"),
        ("{% if child %}", "stands alone"),
        ("{{ child", "stands alone"),
        ("child }}", "stands alone"),
        ("{{{ child }}}", "."),
        ("{{ child|upper }}", "upper"),
    ],
)
def test_what_is_no_placeholder_is_refused_by_name(template: str, fault: str) -> None:
    with pytest.raises(TemplateError, match=fault):
        text(words(template), FACTS)


def test_a_placeholder_of_which_nothing_is_known_is_refused_by_name() -> None:
    with pytest.raises(MissingValueError, match="school_phone"):
        text(words("Call {{ school_phone }}"), replace(FACTS, school_phone=""))
    with pytest.raises(MissingValueError, match="days_missed"):
        text(words("{{ days_missed }}"), Facts("Lincoln Public Schools"))


def test_a_confirmation_needs_no_child() -> None:
    said = text(SHIPPED["opt_out", "sms", "en"][1], Facts("Lincoln Public Schools"))
    assert "START" in said.body


def test_every_allowed_placeholder_has_a_value() -> None:
    """But for those that only the words around a letter have."""
    spoken = [name for name in ALLOWED if not name.startswith("page_")]
    said = text(words(" ".join(f"{{{{ {name} }}}}" for name in spoken)), FACTS).body
    assert said == (
        "Ana Ana 12 days 14 days 80 days December 4 September 3 and 14; October 2 Roosevelt Elementary School Lincoln Public Schools "
        "(312) 555-0100 Rosa Delgado Ms. Rivera (312) 555-0100 See you at 5 pm. September 30 (312) 555-0101"
    )


def test_in_right_to_left_words_names_and_phones_stand_in_isolates() -> None:
    said = text(words("غاب {{ child }} {{ days_missed }} حتى {{ as_of }} {{ school_phone }}", "ar"), FACTS).body
    assert said == "غاب \u2068Ana\u2069 12 يومًا حتى 4 ديسمبر \u2066(312) 555-0100\u2069"


def test_a_right_to_left_name_stands_in_an_isolate_in_left_to_right_words() -> None:
    yusuf = replace(ANA, name="يوسف")
    assert text(words("{{ child }}: {{ days_missed }}"), replace(FACTS, children=(yusuf,))).body == "\u2068يوسف\u2069: 12 days"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Ana \n Maria ", "Ana Maria"),
        ("A\u202ena\u2066\u200e", "Ana"),
        ("Jose\u0301", "José"),
        ("An\x00a\x1b[2J", "Ana[2J"),
        ("Zo\u00adë\ufeff", "Zoë"),
        ("نامه\u200cها", "نامه\u200cها"),
    ],
)
def test_names_lose_what_cannot_be_seen(name: str, shown: str) -> None:
    assert clean(name) == shown


@given(st.text(min_size=1, max_size=60))
def test_whatever_a_name_holds_the_count_around_it_stays_whole(name: str) -> None:
    facts = replace(FACTS, children=(replace(ANA, name=name),))
    pair = words("{{ days_missed }} | {{ child }} | {{ days_missed }}")
    if not clean(name):
        with pytest.raises(MissingValueError, match="child"):
            text(pair, facts)
        return
    body = text(pair, facts).body
    assert body.startswith("12 days | ")
    assert body.endswith(" | 12 days")
    assert not [c for c in body if unicodedata.category(c) == "Cf" and c not in "\u200c\u200d\u2068\u2069"]
    assert body.count("\u2068") == body.count("\u2069")


@given(st.text(max_size=80))
def test_a_template_is_read_or_refused_and_never_runs(template: str) -> None:
    try:
        parts = parse(template)
    except TemplateError:
        return
    assert names(template) <= set(ALLOWED)
    assert "".join(part for part in parts if isinstance(part, str)) == re.sub(r"\{\{\s*\w+\s*\}\}", "", template)


@pytest.mark.parametrize(
    ("translation", "fault"),
    [
        ("{{ district }}: {{ child }} {{ days_missed }} {{ as_of }} {{ signed_by }}", "the word STOP is missing"),
        ("{{ district }}: {{ child }} {{ days_missed }} STOP {{ signed_by }}", "{{ as_of }} is missing"),
        (
            "{{ district }}: {{ child }} {{ days_missed }} {{ as_of }} {{ school }} STOP {{ signed_by }}",
            "{{ school }} is not in the English text",
        ),
        ("{{ district }}: {{ child }} {{ days_missed }} {{ as_of }} {{ signed_by }} STOP " + "á" * 200, "segments of UCS-2"),
        ("{{ district }}: {{ hijo }} STOP", "{{ hijo }} is not a placeholder"),
    ],
)
def test_a_faulty_translation_is_named_with_its_fault(translation: str, fault: str) -> None:
    source, pair = SHIPPED["count", "sms", "es"]
    assert [fault in str(problem) for problem in problems_of(source, replace(pair, translation=translation))] == [True]


def test_right_to_left_words_must_begin_with_a_word_of_their_own() -> None:
    source, pair = SHIPPED["count", "sms", "en"]
    arabic = "{{ district }}: غاب {{ child }} {{ days_missed }} {{ as_of }} STOP {{ signed_by }}"
    assert "must begin with a word" in str(problems_of(source, replace(pair, locale="ar", translation=arabic))[0])
    assert problems_of(source, replace(pair, locale="ar", translation="مدارس " + arabic)) == []


def test_a_name_of_ten_thousand_letters_is_counted_to_the_last_segment() -> None:
    said = text(SHIPPED["count", "sms", "en"][1], replace(FACTS, children=(replace(ANA, name="a" * 10_000),)))
    assert said.segments == 67
    assert not measure(said.body).fits

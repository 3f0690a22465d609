"""Numbers, dates and lists as words in all sixteen languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from babel import Locale
from babel.dates import get_month_names
from hypothesis import given
from hypothesis import strategies as st

from outreach.messages.languages import language, languages
from outreach.messages.phrases import category, date_phrase, days_phrase, name_list, phrases

NUMBERS = ["0", "0.5", "1", "1.5", "2", "3", "5", "11", "21", "22", "100", "101"]
TABLE = {
    "en": "0 days|half a day|1 day|1.5 days|2 days|3 days|5 days|11 days|21 days|22 days|100 days|101 days",
    "es": "0 días|medio día|1 día|1.5 días|2 días|3 días|5 días|11 días|21 días|22 días|100 días|101 días",
    "zh-Hans": "0 天|半天|1 天|1.5 天|2 天|3 天|5 天|11 天|21 天|22 天|100 天|101 天",
    "vi": "0 ngày|nửa ngày|1 ngày|1,5 ngày|2 ngày|3 ngày|5 ngày|11 ngày|21 ngày|22 ngày|100 ngày|101 ngày",
    "ar": "0 يوم|نصف يوم|يوم واحد (1)|1.5 يوم|يومان (2)|3 أيام|5 أيام|11 يومًا|21 يومًا|22 يومًا|100 يوم|101 يوم",
    "ht": "0 jou|yon demi jounen|1 jou|1.5 jou|2 jou|3 jou|5 jou|11 jou|21 jou|22 jou|100 jou|101 jou",
    "pt-BR": "0 dia|meio dia|1 dia|1,5 dia|2 dias|3 dias|5 dias|11 dias|21 dias|22 dias|100 dias|101 dias",
    "ru": "0 дней|полдня|1 день|1,5 дня|2 дня|3 дня|5 дней|11 дней|21 день|22 дня|100 дней|101 день",
    "so": "0 maalmood|maalin badhkeed|1 maalin|1.5 maalmood|2 maalmood|3 maalmood|5 maalmood|11 maalmood|21 maalmood|22 maalmood"
    "|100 maalmood|101 maalmood",
    "ko": "0일|반나절|1일|1.5일|2일|3일|5일|11일|21일|22일|100일|101일",
    "tl": "0 araw|kalahating araw|1 araw|1.5 araw|2 araw|3 araw|5 araw|11 araw|21 araw|22 araw|100 araw|101 araw",
    "uk": "0 днів|пів дня|1 день|1,5 дня|2 дні|3 дні|5 днів|11 днів|21 день|22 дні|100 днів|101 день",
    "fr": "0 jour|une demi-journée|1 jour|1,5 jour|2 jours|3 jours|5 jours|11 jours|21 jours|22 jours|100 jours|101 jours",
    "ur": "0 دن|آدھا دن|1 دن|1.5 دن|2 دن|3 دن|5 دن|11 دن|21 دن|22 دن|100 دن|101 دن",
    "am": "0 ቀን|ግማሽ ቀን|1 ቀን|1.5 ቀናት|2 ቀናት|3 ቀናት|5 ቀናት|11 ቀናት|21 ቀናት|22 ቀናት|100 ቀናት|101 ቀናት",
    "sw": "siku 0|nusu siku|siku 1|siku 1.5|siku 2|siku 3|siku 5|siku 11|siku 21|siku 22|siku 100|siku 101",
}


@pytest.mark.parametrize("locale", languages())
def test_every_number_of_days_has_its_phrase(locale: str) -> None:
    assert [days_phrase(Fraction(number), locale) for number in NUMBERS] == TABLE[locale].split("|")


@pytest.mark.parametrize("locale", languages())
def test_the_plural_category_is_the_one_of_cldr(locale: str) -> None:
    rule = Locale.parse(language(locale).babel).plural_form
    assert [category(Fraction(number), locale) for number in NUMBERS] == [rule(Decimal(number)) for number in NUMBERS]


@pytest.mark.parametrize("locale", languages())
def test_a_wording_exists_for_each_category_of_the_language_and_for_no_other(locale: str) -> None:
    wordings = {key for key in phrases(locale).days if not key[0].isdigit()}
    assert wordings == {*Locale.parse(language(locale).babel).plural_form.tags, "other"}


@given(st.integers(0, 1000), st.sampled_from(list(languages())))
def test_the_figure_stands_in_the_phrase_in_western_digits(halves: int, locale: str) -> None:
    days = Fraction(halves, 2)
    if days == Fraction(1, 2):
        return
    figure = f"{float(days):g}".replace(".", language(locale).decimal)
    assert figure in days_phrase(days, locale)


@pytest.mark.parametrize("days", [Fraction(1, 3), Fraction(5, 4), Fraction(-1)])
def test_a_number_that_is_no_count_of_days_is_refused_and_never_rounded(days: Fraction) -> None:
    with pytest.raises(ValueError, match="whole and half days"):
        days_phrase(days, "en")


@pytest.mark.parametrize(
    ("locale", "short", "full"),
    [
        ("en", "December 5", "December 5, 2026"),
        ("es", "5 de diciembre", "5 de diciembre de 2026"),
        ("zh-Hans", "12月5日", "2026年12月5日"),
        ("vi", "5 tháng 12", "5 tháng 12, 2026"),
        ("ar", "5 ديسمبر", "5 ديسمبر 2026"),
        ("ht", "5 desanm", "5 desanm 2026"),
        ("pt-BR", "5 de dezembro", "5 de dezembro de 2026"),
        ("ru", "5 декабря", "5 декабря 2026 г."),
        ("so", "5 Diseembar", "5 Diseembar 2026"),
        ("ko", "12월 5일", "2026년 12월 5일"),
        ("tl", "Disyembre 5", "Disyembre 5, 2026"),
        ("uk", "5 грудня", "5 грудня 2026 р."),
        ("fr", "5 décembre", "5 décembre 2026"),
        ("ur", "5 دسمبر", "5 دسمبر 2026"),
        ("am", "ዲሴምበር 5", "ዲሴምበር 5 ቀን 2026"),
        ("sw", "5 Desemba", "5 Desemba 2026"),
    ],
)
def test_a_date_is_said_as_the_language_says_it(locale: str, short: str, full: str) -> None:
    assert date_phrase(date(2026, 12, 5), locale) == short
    assert date_phrase(date(2026, 12, 5), locale, year=True) == full


def test_haitian_months_are_haitian_although_cldr_falls_back_to_french() -> None:
    ours = [date_phrase(date(2026, month, 1), "ht").removeprefix("1 ") for month in range(1, 13)]
    assert len(set(ours)) == 12
    assert "septanm" in ours
    assert "septembre" not in ours
    assert get_month_names("wide", locale="ht")[9] == "septembre", "CLDR has learnt Haitian: our own table can go"


@pytest.mark.parametrize(
    ("names", "locale", "said"),
    [
        (["Ana"], "en", "Ana"),
        (["Ana", "Luis"], "en", "Ana and Luis"),
        (["Ana", "Luis", "Eva"], "en", "Ana, Luis and Eva"),
        (["Ana", "Luis"], "es", "Ana y Luis"),
        (["Ana", "Irene"], "es", "Ana e Irene"),
        (["Ana", "Hilda"], "es", "Ana e Hilda"),
        (["Ana", "Hierro"], "es", "Ana y Hierro"),
        (["{last}", "{rest}"], "es", "{last} y {rest}"),
        ([], "en", "parent or guardian"),
    ],
)
def test_names_are_listed_as_the_language_lists_them(names: list[str], locale: str, said: str) -> None:
    assert name_list(names, locale) == said


@pytest.mark.parametrize("locale", languages())
def test_a_list_in_any_language_holds_every_name_and_a_nameless_adult_has_a_title(locale: str) -> None:
    assert all(name in name_list(["Ana", "Luis", "Eva"], locale) for name in ("Ana", "Luis", "Eva"))
    assert name_list([], locale)

"""What a feed's name for a language means."""

from __future__ import annotations

import pytest

from outreach.messages.languages import UnknownLanguageError, language, languages, locale_of

SIXTEEN = ["en", "es", "zh-Hans", "vi", "ar", "ht", "pt-BR", "ru", "so", "ko", "tl", "uk", "fr", "ur", "am", "sw"]


def test_there_are_sixteen_languages_and_two_of_them_run_from_right_to_left() -> None:
    assert list(languages()) == SIXTEEN
    assert [locale for locale in languages() if language(locale).rtl] == ["ar", "ur"]


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        ("Spanish", "es"),
        ("  SPANISH ", "es"),
        ("spa", "es"),
        ("Español", "es"),
        ("es", "es"),
        ("zh-Hans", "zh-Hans"),
        ("zh_hans", "zh-Hans"),
        ("PT-br", "pt-BR"),
        ("Portuguese", "pt-BR"),
        ("Haitian; Haitian Creole", "ht"),
        ("fil", "tl"),
        ("አማርኛ", "am"),
        ("Klingon", ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_common_names_need_no_entry(name: str, locale: str) -> None:
    assert locale_of(name, {}) == locale


def test_a_feeds_own_table_comes_first_and_may_name_a_locale_in_any_case() -> None:
    own = {"Cantonese (Chinese)": "zh-hans", "Creole": "fr", "Hmong": "hmn"}
    assert locale_of("cantonese (chinese)", own) == "zh-Hans"
    assert locale_of("CREOLE", own) == "fr"
    assert locale_of("Hmong", own) == "", "a locale this service does not speak is no locale"
    assert locale_of("Somali", own) == "so"


def test_no_name_stands_for_two_languages() -> None:
    names = [name.casefold() for one in languages().values() for name in {one.locale, one.name, one.english, *one.feed_names}]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_an_unknown_locale_is_refused_by_name() -> None:
    with pytest.raises(UnknownLanguageError, match="'hmn'"):
        language("hmn")

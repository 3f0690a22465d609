"""What an editor sees beside English words: chips, advice, differences; and hostile text that changes nothing but itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.messages.advice import MOST_LETTERS, advise
from outreach.messages.check import problems_of
from outreach.messages.chips import NAMES, from_plain, to_plain
from outreach.messages.compose import Pair, text
from outreach.messages.differences import Piece, differences
from outreach.messages.families import made_up, with_longest
from outreach.messages.languages import languages
from outreach.messages.pairs import current_pairs
from outreach.messages.placeholders import ALLOWED, TemplateError
from outreach.messages.segments import Encoding
from outreach.messages.templates import Source, sources

SOURCES = {(source.message, source.channel): source for source in sources()}
COUNT = SOURCES["count", "sms"]
HOSTILE = (
    "<script>alert(1)</script>", "{{ 7*7 }}", "{% for x in y %}", "{{ child.__class__ }}", "#set page()", "\u202eEVIL", "\x00",
    "]] [[", "[[child's name]]",
    "$(rm)", "%s%n", "{{ child", "child }}", "[child's name", "\ud83d\ude00" * 2, "Z\u0301" * 50, "' OR 1=1 --",
)  # fmt: skip


def test_every_placeholder_has_a_plain_name_of_its_own() -> None:
    assert set(NAMES) == set(ALLOWED)
    assert len(set(NAMES.values())) == len(NAMES)


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.context)
def test_every_shipped_text_comes_back_from_the_editor_as_it_went_in_and_needs_no_advice(source: Source) -> None:
    plain = to_plain(source.text)
    assert "{{" not in plain
    assert from_plain(plain) == source.text
    assert advise(source, source.text).refuses == ()
    assert source.channel == "page" or advise(source, source.text).easy, "a page's words are labels, not sentences"


@given(st.lists(st.sampled_from([*NAMES]) | st.text(alphabet=st.characters(exclude_characters="[]{}"), max_size=20)))
@settings(max_examples=60)
def test_chips_and_placeholders_are_two_writings_of_one_text(parts: list[str]) -> None:
    template = "".join(f"{{{{ {part} }}}}" if part in NAMES else part for part in parts)
    assert from_plain(to_plain(template)) == template


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[Child's  Name]", "{{ child }}"),
        ("[child\u2019s name]", "{{ child }}"),
        ("[days_missed]", "{{ days_missed }}"),
        ("{{ child }}", "{{ child }}"),
    ],
)
def test_a_chip_may_be_typed_in_any_case_and_with_a_curly_quote(written: str, meant: str) -> None:
    assert from_plain(written) == meant


@pytest.mark.parametrize(("typo", "hint"), [("[childs name]", r"did you mean \[child's name\]"), ("[xyzzy]", "one of those listed")])
def test_a_chip_that_does_not_exist_is_refused_with_the_one_that_was_meant(typo: str, hint: str) -> None:
    with pytest.raises(TemplateError, match=hint):
        from_plain(f"Hello {typo}")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_change_nothing_but_themselves(hostile: str) -> None:
    """They are refused with a sentence, or stand in the text letter by letter, with the count untouched."""
    try:
        template = from_plain(f"{to_plain(COUNT.text)} {hostile}")
    except TemplateError:
        return
    pair = Pair("count", "sms", "en", template, template)
    advise(COUNT, template)
    if problems_of(COUNT, pair):
        return
    facts = made_up("en", district="Lincoln Schools")
    plain = text(Pair("count", "sms", "en", COUNT.text, COUNT.text), facts).body
    assert text(pair, facts).body.startswith(plain)


def test_ten_thousand_letters_are_refused_before_anything_is_made_of_them() -> None:
    [said] = advise(COUNT, "a" * 10_000).refuses
    assert "10,000" in said
    assert "1,600" in said


@pytest.mark.parametrize(
    ("words", "kind", "part"),
    [
        ("Your child is a truant.", "refuses", "“truant”"),
        ("TRUANTS must come.", "refuses", "“TRUANTS”"),
        ("We may take legal action.", "refuses", "“legal action”"),
        ("This is mandatory.", "advises", "“mandatory”"),
        ("He missed 12% of days.", "advises", "share in %"),
        ("Notwithstanding considerable institutional encouragement, attendance deteriorated significantly.", "advises", "grade"),
        ("Sofía missed 12 days.", "advises", "í doubles"),
    ],
)
def test_words_that_hurt_or_cost_are_named_with_what_to_say_instead(words: str, kind: str, part: str) -> None:
    assert any(part in sentence for sentence in getattr(advise(COUNT, words), kind))


def test_a_notice_of_the_law_may_need_words_that_other_messages_may_not_have() -> None:
    notice = next(source for source in SOURCES.values() if source.message_class == "notice" and source.channel == "sms")
    found = advise(notice, "This is about truancy.")
    assert found.refuses == ()
    assert "truancy" in found.advises[0]


def test_curly_quotes_and_dashes_cost_nothing_for_they_are_made_plain() -> None:
    assert advise(COUNT, "We\u2019re here \u2013 call us").costly == ()
    assert advise(COUNT, "Café, señor").costly == ()
    assert advise(COUNT, "Día ñ 學 día").costly == ("í", "學")


def test_a_digit_of_the_menu_cannot_be_left_out() -> None:
    welcome = SOURCES["welcome", "sms"]
    words = welcome.text.replace("2 for no", "no")
    assert [problem.sentence for problem in problems_of(welcome, Pair("welcome", "sms", "en", words, words))] == [
        "the digit 2, which a family may answer with, is missing."
    ]


@given(st.text(alphabet="ab [].{}\u202e\u0301é", max_size=60), st.text(alphabet="ab [].{}\u202e\u0301é", max_size=60))
@settings(max_examples=60)
def test_a_difference_holds_both_wordings_whole(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new


def test_two_long_wordings_of_words_that_are_all_alike_are_compared_at_once() -> None:
    old, new = " a" * 4000, " a b" * 2000
    assert [piece.kind for piece in differences(old, new)] == ["same", "gone", "new"]
    assert next(piece.kind for piece in differences(" a" * 300, " a b" * 150)) == "same"


def test_a_difference_is_told_in_words_and_a_placeholder_is_one_word() -> None:
    assert differences("We miss [child's name], now.", "We miss [who signs] now.") == (
        Piece("same", "We miss "), Piece("gone", "[child's name], "), Piece("new", "[who signs] "), Piece("same", "now."),
    )  # fmt: skip


@pytest.mark.parametrize("locale", languages())
def test_every_language_has_a_made_up_family_whose_words_can_be_shown(locale: str) -> None:
    facts = made_up(locale, district="Lincoln Schools")
    for source, pair in current_pairs():
        if pair.locale == locale and pair.channel == "sms":
            assert "{{" not in text(pair, facts).body, source.context


def test_the_longest_real_names_show_what_a_text_may_cost() -> None:
    facts = made_up("en", district="Lincoln Schools")
    pair = Pair("count", "sms", "en", COUNT.text, COUNT.text)
    assert text(pair, facts).encoding is Encoding.GSM7
    longest = text(pair, with_longest(facts, child="Maximiliana-Sofía", school="Southside Community School of Arts"))
    assert longest.encoding is Encoding.UCS2
    assert "Maximiliana-Sofía" in longest.body


def test_letters_may_be_longer_than_texts() -> None:
    assert MOST_LETTERS["letter"] > MOST_LETTERS["sms"]

"""The phrase language of the keyword files, the normal shape of a text, and the spelling helper."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.replies.lexicon import LexiconError, load
from outreach.replies.normalise import normalise, storable
from outreach.replies.patterns import PatternError, compile_pattern
from outreach.replies.spelling import Speller, distance_is_one


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don’t TEXT me!!", "dont text me"),
        ("l'école m'ap", "l ecole m ap"),
        ("ＳＴＯＰ", "stop"),
        ("st\u00adop", "stop"),
        ("pleeeease", "please"),
        ("first. second", "first . second"),
        ("不要发", "不 要 发"),
        ("그만 해", "그 만 해"),
        ("أُرِيدُ", "اريد"),
        ("١٢", "12"),
        ("ok 👍🏽", "ok 👍"),
        ("", ""),
    ],
)
def test_a_text_takes_one_shape(text: str, tokens: str) -> None:
    assert " ".join(normalise(text).plain) == tokens


@given(st.text())
def test_normalising_never_raises_and_accents_cost_no_token(text: str) -> None:
    normal = normalise(text)
    assert len(normal.tokens) == len(normal.plain)
    assert all(token and " " not in token for token in normal.tokens)


@given(st.text())
def test_what_is_stored_can_be_stored_anywhere(text: str) -> None:
    assert "\0" not in storable(text)
    storable(text).encode("utf-8")


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("stop text*", "please stop texting me", True),
        ("stop text*", "stop the texting", False),
        ("stop ~2 text*", "stop all those texts", True),
        ("stop ~2 text*", "stop. Those texts", False),
        ("stop (the) text*", "stop the texts", True),
        ("stop|quit text*", "quit texting", True),
        ("take_me off", "take me off", True),
        ("^ stop", "please stop", False),
        ("stop $", "please stop", True),
        ("stop me|$", "stop", True),
        ("stop me|$", "stop him", False),
        ("@send me", "write me", True),
        ("stop", "nonstop", False),
        ("no más", "no mas", True),
        ("不要 ~3 发", "请不要再给我发", True),
    ],
)
def test_a_phrase_finds_what_it_describes(phrase: str, text: str, found: bool) -> None:
    pattern = compile_pattern(phrase, {"send": ["text*", "write"]})
    assert bool(pattern.spans(normalise(text).plain_text)) is found


def test_vietnamese_accents_tell_words_apart_but_may_be_left_out() -> None:
    pattern = compile_pattern("đừng", {}, strict_marks=True)
    assert [bool(pattern.spans(normalise(text).text)) for text in ("đừng", "dung", "đúng", "dừng")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("phrase", "problem"),
    [("(maybe)", "no word that must be there"), ("@nobody", "not in \\[words\\]"), ("stop ~x", "~ and a number"), ("!", "empty choice")],
)
def test_a_phrase_that_cannot_be_read_says_why(phrase: str, problem: str) -> None:
    with pytest.raises(PatternError, match=problem):
        compile_pattern(phrase, {})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[opt_outt]\nkeywords = []", r"en/keywords\.toml: \[opt_outt\] is not a list"),
        ("[opt_out]\nkeyword = []", "keyword"),
        ("[opt_out]\nphrases = ['@x']", "not in"),
        ("[opt_out", "keywords.toml"),
        ("polite = 'please'", "lists of words"),
        ("words = 3", "named lists"),
    ],
)
def test_a_keyword_file_that_cannot_be_used_is_named_with_what_is_wrong(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "keywords.toml").write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError, match=problem):
        load(tmp_path)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("messsage", "message"),
        ("mesage", "message"),
        ("trasportation", "transport"),
        ("unsubscirbe", "unsubscribe"),
        ("message", None),
        ("zebra", None),
        ("me55age", "message"),
    ],
)
def test_one_slip_in_a_long_word_is_forgiven(typed: str, meant: str | None) -> None:
    assert Speller({"message", "transport*", "unsubscribe", "stop"}).correct(typed) == meant


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_being_one_slip_apart_is_mutual(a: str, b: str) -> None:
    assert distance_is_one(a, b) == distance_is_one(b, a)

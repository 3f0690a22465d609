"""What a text reads like where no list knows its words: it helps a person, and never does without one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.replies.lexicon import familiar
from outreach.replies.likeness import Likeness
from outreach.replies.normalise import normalise
from outreach.replies.understanding import understand

SMALL = [
    ("the bus is late again", "transportation"),
    ("no bus came this morning", "transportation"),
    ("she has a fever", "illness_acute"),
    ("fever and a cough", "illness_acute"),
    ("please take my number away", "opt_out"),
]
words = st.lists(st.sampled_from(["the", "bus", "is", "late", "no", "came", "fever", "cough", "please", "number", "xyz"]), max_size=6)


def small(replies: list[tuple[str, str]]) -> Likeness:
    """Learn from a few replies."""
    return Likeness((text.split(), label) for text, label in replies)


@pytest.mark.parametrize(
    ("text", "label"), [("the bus never came", "transportation"), ("feverish", "illness_acute"), ("my number", "opt_out")]
)
def test_a_text_reads_like_the_replies_that_share_most_with_it(text: str, label: str) -> None:
    found = small(SMALL).judge(text.split())
    assert found is not None
    assert found.label == label
    assert set(found.words) <= set(text.split())


def test_a_text_that_shares_nothing_reads_like_nothing() -> None:
    assert small(SMALL).judge(["ω"]) is None
    assert small(SMALL).judge([]) is None


@given(words, st.permutations(SMALL))
def test_the_order_in_which_replies_were_learned_changes_nothing(text: list[str], replies: list[tuple[str, str]]) -> None:
    one, other = small(SMALL).judge(text), small(replies).judge(text)
    assert (one is None) == (other is None)
    if one and other and one.margin > 1e-9:
        assert (one.label, round(one.margin, 9)) == (other.label, round(other.margin, 9))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("kindly strike my cell from whatever sends these reminders", "opt_out"),
        ("texts to this phone can come to an end", "opt_out"),
        ("somebody phone me at work please", "request_call"),
    ],
)
def test_what_no_list_knows_is_taken_for_what_it_reads_like_and_a_person_reads_it(text: str, intent: str) -> None:
    meaning = understand(text)
    assert (meaning.intent, meaning.to_human) == (intent, True), meaning.why
    assert "reads like" in meaning.why


def test_a_look_alike_is_not_overruled_by_likeness() -> None:
    for text in ("his cough won't stop", "the school bus stop was moved", "he hurt himself playing soccer"):
        meaning = understand(text)
        assert not meaning.suppress, meaning.why
        assert not meaning.urgent, meaning.why


def test_every_labelled_reply_shares_something_with_the_others() -> None:
    assert familiar().judge(normalise("the bus is late").spoken) is not None

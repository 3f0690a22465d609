"""The table of the carrier's error codes, against what each must lead to (Twilio's error reference)."""

from __future__ import annotations

import pytest

from outreach.delivery.errors import MEANINGS, Action, meaning_of


@pytest.mark.parametrize(
    ("codes", "action"),
    [
        ("20003 20404 21212 21606 21609 21703 30002 30032 30034", Action.STOP_ALL),
        ("401 403 404", Action.STOP_ALL),
        ("21211 21614 21635 30005 30006", Action.SUPPRESS),
        ("21610", Action.OPT_OUT),
        ("20429 21611", Action.RETRY),
        ("21617 21620 30007", Action.FIX),
    ],
)
def test_a_code_leads_to_its_action(codes: str, action: Action) -> None:
    assert {meaning_of(code).action for code in codes.split()} == {action}


def test_a_message_the_carrier_may_have_delivered_is_never_asked_for_again() -> None:
    assert meaning_of("30410").action is Action.FAILED


@pytest.mark.parametrize("code", ["", "12345"])
def test_an_unknown_code_is_a_failure_that_names_itself(code: str) -> None:
    meaning = meaning_of(code)
    assert meaning.action is Action.FAILED
    assert (code or "none") in meaning.words


def test_every_meaning_is_a_sentence_staff_can_read() -> None:
    for code, meaning in MEANINGS.items():
        assert code.isdecimal()
        assert meaning.words[0].isupper()
        assert not meaning.words.endswith(".")


@pytest.mark.parametrize(
    ("codes", "tries", "letter"),
    [
        ("30001 30003 30008 21612", 2, True),
        ("30017 30022 30023 30036", 3, True),
        ("21211 21614 21635 30004 30005 30006 21610 12345", 1, True),
        ("30410 30007 21617 20003 30034 20429", 1, False),
    ],
)
def test_a_code_says_how_often_a_text_is_tried_and_whether_a_letter_follows(codes: str, tries: int, letter: bool) -> None:
    for meaning in map(meaning_of, codes.split()):
        assert (meaning.tries if meaning.again else 1, meaning.writes_instead) == (tries, letter), meaning


def test_only_a_number_out_of_reach_rests_for_a_while() -> None:
    assert {code for code, meaning in MEANINGS.items() if meaning.suppress_for} == {"21612", "30003"}

"""What families write is understood cautiously: an opt-out holds, danger is seen, and nobody who needs a person is lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outreach.replies.lexicon import GROUPS, Group, shipped
from outreach.replies.reasons import CATEGORY_OF, Category, Intent
from outreach.replies.understanding import Context, Meaning, understand

LOCALES = {"en", "es", "zh-Hans", "vi", "ar", "ht", "pt-BR", "ru", "so", "ko", "tl", "uk", "fr", "ur", "am", "sw"}
AUTOMATIC = {
    Intent.OPT_OUT,
    Intent.OPT_IN,
    Intent.HELP,
    Intent.ASK_DATES,
    Intent.QUESTION,
    Intent.LANGUAGE_REQUEST,
    Intent.ACK,
    Intent.UNRELATED,
}
"""The only intents that can do without a person."""
EXAMPLES = [(group, text) for groups in shipped().groups.values() for group in groups for text in group.examples]
COUNTEREXAMPLES = [(group, text) for groups in shipped().groups.values() for group in groups for text in group.counterexamples]


def labelled() -> list[dict[str, str]]:
    with (Path(__file__).parents[1] / "replies.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read(row: dict[str, str]) -> Meaning:
    return understand(row["text"], Context(language=row["language"]))


def means(group: Group, meaning: Meaning) -> bool:
    """Whether *meaning* is what the list *group* stands for."""
    name = group.name
    if name.startswith("crisis."):
        return meaning.urgent
    if name.startswith("barrier."):
        return meaning.barrier == name.removeprefix("barrier.")
    special = {
        "opt_out": meaning.suppress,
        "redirect": meaning.suppress and meaning.to_human,
        "who": meaning.intent is Intent.QUESTION and not meaning.to_human,
        "other_language": meaning.intent is Intent.LANGUAGE_REQUEST and meaning.to_human,
        "today": meaning.intent is Intent.REPORT_ABSENCE,
        "idiom": not meaning.urgent,
        "visit": meaning.intent is Intent.ACK and meaning.to_human,
    }
    return special.get(name, meaning.intent == name)


def test_every_language_has_every_list_that_safety_rests_on() -> None:
    for name in (
        "opt_out",
        "opt_in",
        "help",
        "wrong_number",
        "ack",
        "question",
        *(n for n in GROUPS if n.startswith(("crisis.", "barrier."))),
    ):
        assert {group.locale for group in shipped().groups[name]} == LOCALES, name


def test_every_list_of_every_file_says_how_it_is_meant() -> None:
    bare = [(g.locale, g.name) for groups in shipped().groups.values() for g in groups if not g.examples]
    assert all(name in {"past", "reaction", "redirect"} for _, name in bare), bare


@pytest.mark.parametrize(("group", "text"), EXAMPLES, ids=lambda value: value.name if isinstance(value, Group) else value)
def test_an_example_in_a_keyword_file_is_understood_as_its_list_says(group: Group, text: str) -> None:
    assert means(group, understand(text, Context(language=group.locale)))


@pytest.mark.parametrize(("group", "text"), COUNTEREXAMPLES, ids=lambda value: value.name if isinstance(value, Group) else value)
def test_a_counterexample_in_a_keyword_file_is_not(group: Group, text: str) -> None:
    assert not means(group, understand(text, Context(language=group.locale)))


@pytest.mark.parametrize("row", labelled(), ids=lambda row: row["id"])
def test_the_labelled_replies_of_all_languages(row: dict[str, str]) -> None:
    meaning = read(row)
    said = {"intent": meaning.intent.value, "barrier": meaning.barrier}
    said |= {flag: str(int(getattr(meaning, flag))) for flag in ("urgent", "suppress", "to_human")}
    assert {name: said[name] for name in said if row[name]} == {name: row[name] for name in said if row[name]}
    assert meaning.why


def test_the_labelled_set_covers_the_languages_and_is_no_example_of_the_files() -> None:
    rows = labelled()
    assert {row["language"] for row in rows} == LOCALES
    assert len(rows) >= 150
    long = {text.casefold() for _, text in EXAMPLES if len(text.split()) > 4}
    assert not [row["text"] for row in rows if row["text"].casefold() in long]


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("please do not text me any more", True),
        ("no más", True),
        ("STOP.", True),
        ("Stop!", True),
        ("ＳＴＯＰ", True),
        ("s t o p", True),
        ("st0p", True),
        ("stoooop", True),
        ("St\u200bop", True),
        ("\u202eSTOP\u202c", True),
        ("Stop 🛑", True),
        ("stop missing school?", False),
        ("he will stop missing school", False),
        ("the bus stop", False),
        ("they cancelled his appointment", False),
        ("we move at the end of the month", False),
    ],
)
def test_a_keyword_stops_in_any_dress_and_only_where_it_is_one(text: str, stops: bool) -> None:
    assert understand(text).suppress is stops


@pytest.mark.parametrize("verb", ["Liked", "Loved", "Laughed at", "Emphasized", "Le gustó", "👍 to", "Reacted ❤️ to"])
def test_a_phones_reaction_to_our_text_is_nothing_that_our_text_says(verb: str) -> None:
    meaning = understand(f"{verb} “Lincoln Schools: Rosa has missed 12 days. Reply STOP to end these texts.”")
    assert (meaning.intent, meaning.suppress, meaning.to_human) == (Intent.ACK, False, False)


def test_a_sad_reaction_is_read_by_a_person() -> None:
    meaning = understand("👎 to “Rosa has missed 12 days”")
    assert (meaning.intent, meaning.to_human) == (Intent.UNCLEAR, True)


def test_our_text_in_the_answer_is_left_out_but_the_familys_words_count() -> None:
    ours = "Lincoln Schools: Rosa has missed 12 days. Reply STOP to end these texts."
    context = Context(recent=(ours,))
    assert not understand(f"{ours} what does that mean?", context).suppress
    assert understand(f"{ours} ok then please stop texting me", context).suppress


def test_a_digit_answers_only_while_a_question_of_ours_is_open() -> None:
    assert understand("2").intent is Intent.UNCLEAR
    meaning = understand("2", Context(menu=(("1", "illness_acute"), ("2", "transportation"), ("3", "request_call"))))
    assert (meaning.intent, meaning.barrier, meaning.category) == (Intent.BARRIER_REPORT, "transportation", Category.BARRIERS)
    assert understand("3", Context(menu=(("3", "request_call"),))).intent is Intent.REQUEST_CALL


def test_why_names_the_words_the_language_and_the_rule() -> None:
    assert understand("Please stop texting me").why == 'opt_out: "stop texting" (en, phrase)'
    assert understand("no mas").why == 'opt_out: "no mas" (es, keyword)'


def test_every_reason_has_its_root_cause() -> None:
    assert len(CATEGORY_OF) == 30
    assert set(CATEGORY_OF.values()) == set(Category)


@given(st.text(max_size=400))
@example("\0")
@example("\ud800")
@example("’" * 300)
@example("a" * 30_000)
@example("stop " * 2_000)
def test_any_text_is_judged_and_only_few_intents_do_without_a_person(text: str) -> None:
    meaning = understand(text)
    assert meaning.why
    assert meaning.to_human or meaning.intent in AUTOMATIC
    assert meaning.urgent == (meaning.intent is Intent.CRISIS)
    assert meaning.to_human or not meaning.urgent


@given(st.text(st.characters(exclude_characters='“”"«»„「」『』‟'), max_size=120), st.text(max_size=120))
def test_danger_is_seen_whatever_stands_around_it(before: str, after: str) -> None:
    assert understand(f"{before}\nmy husband wants to kill us\n{after}").urgent


@given(
    st.sampled_from(["STOP", "thank you", "which days did he miss?", "who is this", "Spanish please"]),
    st.text("bcdfghjkmpqvwxz", min_size=5, max_size=12),
)
def test_a_word_that_no_rule_knows_brings_a_person(message: str, strange: str) -> None:
    assert understand(f"{message}. {strange}").to_human


@pytest.mark.parametrize("group", shipped().groups["opt_out"], ids=lambda group: group.locale)
def test_every_languages_keywords_stop_in_capitals_with_a_full_stop_and_a_courtesy(group: Group) -> None:
    for keyword in group.keywords:
        for said in (keyword, keyword.upper(), f" {keyword}!! ", f"{keyword}."):
            assert understand(said, Context(language=group.locale)).suppress, said


@pytest.mark.parametrize(
    "text",
    ["the first of October", "on October 5", "Tuesday the 6th", "it was monday", "el primero de octubre", "le 5 octobre", "5 октября"],
)
def test_a_date_alone_answers_a_question_and_disputes_nothing(text: str) -> None:
    found = understand(text)
    assert (found.intent, found.to_human) == (Intent.UNCLEAR, True)
    assert understand(f"she was at school {text}").intent is Intent.DISPUTE_COUNT

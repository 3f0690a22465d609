"""Rules as data: what they reach, which of them speak, and what a district may write into the file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.attendance.counting import Count
from outreach.thresholds.episodes import Running, steps
from outreach.thresholds.rules import Rule, RulesError, load_rules, met_rungs
from outreach.thresholds.states import EpisodeState

TEXT, LETTER, UPPER = RULES = load_rules()
OPEN, PASSED, BASELINE, CLOSED = EpisodeState.OPEN, EpisodeState.PASSED, EpisodeState.BASELINE, EpisodeState.CLOSED


def _count(absent: int, enrolled: int, unknown: int = 0, *, known: bool = True) -> Count:
    return Count(
        enrolled=enrolled, excused=absent, unexcused=0, suspended=0, unspecified=0, conflict=0, unknown=unknown, calendar_known=known,
        minimum_days=10,
    )  # fmt: skip


MET = [
    (3, 60, "text_5"), (2, 20, ""), (3, 61, ""), (3, 19, ""), (3, 20, "text_5"),
    (5, 50, "text_5 letter_10"), (4, 40, "text_5"), (5, 51, "text_5"),
    (8, 40, "text_5 letter_10 letter_20"), (7, 35, "text_5 letter_10"), (8, 41, "text_5 letter_10"), (0, 180, ""),
]  # fmt: skip


@pytest.mark.parametrize(("absent", "enrolled", "met"), MET)
def test_a_rule_is_met_from_its_share_and_its_days_on(absent: int, enrolled: int, met: str) -> None:
    assert [rule.name for rule in RULES if rule.met(_count(absent, enrolled))] == met.split()


def test_unknown_days_meet_nothing_but_leave_it_open_whether_they_do() -> None:
    doubtful = _count(2, 40, unknown=1)
    assert (TEXT.met(doubtful), TEXT.may_meet(doubtful)) == (False, True)
    assert (TEXT.met(_count(9, 40, known=False)), TEXT.may_meet(_count(9, 40, known=False))) == (False, True)
    assert not TEXT.may_meet(_count(1, 40, unknown=1))


def test_only_the_highest_rung_of_a_channel_speaks() -> None:
    speaking, passed = met_rungs(RULES, _count(8, 40))
    assert ([r.name for r in speaking], [r.name for r in passed]) == (["text_5", "letter_20"], ["letter_10"])


counts = st.builds(
    lambda enrolled, absent, unknown: _count(min(absent, enrolled), enrolled, min(unknown, enrolled - min(absent, enrolled))),
    st.integers(0, 200), st.integers(0, 200), st.integers(0, 5),
)  # fmt: skip
running = st.dictionaries(
    st.sampled_from([rule.name for rule in RULES]), st.sampled_from([Running(OPEN), Running(PASSED), Running(BASELINE, waits=True)])
)


@given(count=counts, before=running, first=st.sets(st.sampled_from([rule.name for rule in RULES])))
def test_after_any_count_one_rung_a_channel_speaks_and_nothing_unreleased_does(
    count: Count, before: dict[str, Running], first: set[str]
) -> None:
    after = dict(before)
    for step in steps(RULES, count, before, first_time=first):
        assert step.new is (step.rule not in before)
        if step.state == CLOSED:
            del after[step.rule]
        else:
            after[step.rule] = Running(step.state, waits=before[step.rule].waits if step.rule in before else step.baseline)
    speaking = [rule for rule in RULES if rule.name in after and after[rule.name].state in {OPEN, BASELINE}]
    assert len({rule.channel for rule in speaking}) == len(speaking)
    assert all(rule.name in after for rule in RULES if rule.met(count)), "whatever is met, runs"
    assert all(rule.may_meet(count) for rule in RULES if rule.name in after), "whatever is surely not met, ended"
    assert not any(episode.waits and episode.state == OPEN for episode in after.values())
    assert list(steps(RULES, count, after, first_time=first)) == [], "the same count again changes nothing"


def test_a_share_with_a_decimal_point_is_exact(tmp_path: Path) -> None:
    _write(tmp_path, percent="12.3")
    [rule] = load_rules(tmp_path)
    assert rule.percent == Fraction(123, 10)
    assert rule.met(_count(123, 1000))
    assert not rule.met(_count(122, 1000))


WRONG = [
    ({"percent": "0"}, "percent"), ({"percent": "101"}, "percent"), ({"percent": "nan"}, "percent"), ({"days": "0"}, "days"),
    ({"from_day": "9"}, "from_day"), ({"channel": '"phone"'}, "channel"), ({"rung": "0"}, "rung"), ({"cool_down": "-1"}, "cool_down"),
    ({"colour": "1"}, "colour"), ({"days": ""}, "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), WRONG, ids=[str(row[0]) for row in WRONG])
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    _write(tmp_path, **changed)
    with pytest.raises(RulesError, match=said):
        load_rules(tmp_path)


def test_a_file_without_rules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thresholds.toml").write_text("", encoding="utf-8")
    with pytest.raises(RulesError, match="rules"):
        load_rules(tmp_path)


def test_what_a_rule_reaches_is_its_threshold_and_not_its_manners() -> None:
    def reach(**changes: object) -> str:
        return Rule(**{**TEXT.model_dump(), **changes}).reach

    assert [reach(**{name: value}) == TEXT.reach for name, value in (("cool_down", 9), ("case", True), ("message", "other"))] == [True] * 3
    assert [reach(**{name: value}) == TEXT.reach for name, value in (("percent", 6), ("days", 2), ("from_day", 30))] == [False] * 3


def _write(home: Path, **changes: str) -> None:
    values = {
        "percent": "5", "days": "3", "from_day": "20", "channel": '"sms"', "message": '"count"', "rung": "1", "case": "false",
        "cool_down": "30", **changes,
    }  # fmt: skip
    lines = ["[rules.mine]", *(f"{key} = {value}" for key, value in values.items())]
    (home / "thresholds.toml").write_text("\n".join(lines), encoding="utf-8")

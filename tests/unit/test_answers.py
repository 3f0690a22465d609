"""Which automatic answer a text gets, whom a machine is, and who is asked next: tables of the pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.cases.answers import Answer, Heard, answer_to
from outreach.cases.danger_guidance import checklist, hotlines
from outreach.replies.machines import MOST_A_DAY, Wrote, suspicion
from outreach.replies.reasons import Intent
from outreach.staff.oncall import Duty, next_person

NOON = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
CHICAGO = "America/Chicago"
ALL_WEEK = range(7)


def heard(intent: Intent, *flags: str) -> Heard:
    """A text with these flags; the school is open unless *flags* say ``closed``."""
    return Heard(
        intent=intent,
        urgent="urgent" in flags,
        suppress="suppress" in flags,
        to_human="human" in flags,
        machine="machine" in flags,
        school_open="closed" not in flags,
        first_of_incident="again" not in flags,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (heard(Intent.ASK_DATES), Answer.WHICH_DAYS),
        (heard(Intent.ASK_DATES, "closed"), Answer.WHICH_DAYS),
        (heard(Intent.ASK_DATES, "human"), None),
        (heard(Intent.BARRIER_REPORT, "human"), None),
        (heard(Intent.BARRIER_REPORT, "human", "closed"), Answer.AFTER_HOURS),
        (heard(Intent.ACK, "closed"), None),
        (heard(Intent.OPT_OUT, "suppress", "human", "closed"), None),
        (heard(Intent.WRONG_NUMBER, "suppress", "human", "closed"), None),
        (heard(Intent.CRISIS, "urgent", "human"), Answer.SAFETY),
        (heard(Intent.CRISIS, "urgent", "human", "closed"), Answer.SAFETY),
        (heard(Intent.CRISIS, "urgent", "human", "again"), None),
        (heard(Intent.CRISIS, "urgent", "human", "suppress"), None),
        (heard(Intent.QUESTION, "human", "closed", "machine"), None),
        (heard(Intent.ASK_DATES, "machine"), None),
    ],
)
def test_each_text_gets_at_most_one_answer(text: Heard, expected: Answer | None) -> None:
    assert answer_to(text) == expected


@pytest.mark.parametrize(
    ("phone", "body", "before", "intent", "answered", "machine"),
    [
        ("+13125550142", "which days?", (), Intent.ASK_DATES, 0, False),
        ("72166", "which days?", (), Intent.ASK_DATES, 0, True),
        ("CLINIC", "which days?", (), Intent.ASK_DATES, 0, True),
        ("+72166", "which days?", (), Intent.ASK_DATES, 0, True),
        ("", "", (), Intent.UNCLEAR, 0, True),
        ("+13125550142", "I'm driving and will see it later", (), Intent.UNRELATED, 0, True),
        ("+13125550142", "Which DAYS!", (("which days", 20),), Intent.ASK_DATES, 0, True),
        ("+13125550142", "which days", (("thanks", 5), ("which days", 61)), Intent.ASK_DATES, 0, False),
        ("+13125550142", "which days", (("the bus", 5), ("which days", 59)), Intent.ASK_DATES, 0, True),
        ("+13125550142", "which days", (), Intent.ASK_DATES, MOST_A_DAY, True),
    ],
)
def test_a_machine_is_known_by_its_number_its_words_and_its_patience(
    phone: str, body: str, before: tuple[tuple[str, int], ...], intent: Intent, answered: int, machine: bool
) -> None:
    earlier = [Wrote(words, NOON - timedelta(minutes=ago)) for words, ago in before]
    assert bool(suspicion(phone, Wrote(body, NOON), earlier, intent, answered)) is machine


@pytest.mark.parametrize(
    ("hours", "days", "at", "on"),
    [
        ((8, 16), ALL_WEEK, datetime(2026, 10, 6, 13, 0, tzinfo=UTC), True),  # eight in Chicago
        ((8, 16), ALL_WEEK, datetime(2026, 10, 6, 21, 0, tzinfo=UTC), False),  # four, the hours end
        ((8, 16), (0,), datetime(2026, 10, 6, 15, 0, tzinfo=UTC), False),  # a Tuesday
        ((16, 8), (0,), datetime(2026, 10, 6, 7, 0, tzinfo=UTC), True),  # two in the night after Monday's hours began
        ((16, 8), (1,), datetime(2026, 10, 6, 7, 0, tzinfo=UTC), False),  # Tuesday's begin in the afternoon
        ((16, 8), (1,), datetime(2026, 10, 7, 12, 59, tzinfo=UTC), True),
        ((0, 0), (1,), datetime(2026, 10, 6, 7, 0, tzinfo=UTC), True),
        ((0, 0), (1,), datetime(2026, 10, 7, 7, 0, tzinfo=UTC), False),
    ],
)
def test_hours_on_call_are_local_and_may_pass_midnight(hours: tuple[int, int], days: tuple[int, ...], at: datetime, on: bool) -> None:
    duty = Duty(1, 1, time(hours[0]), time(hours[1]), days)
    assert duty.is_on(at, CHICAGO) is on
    assert Duty(1, 1, duty.begins, duty.ends, days, last_resort=True).is_on(at, CHICAGO)


duties = st.lists(
    st.builds(
        Duty,
        person_id=st.integers(1, 9),
        place=st.integers(1, 5),
        begins=st.times(),
        ends=st.times(),
        days=st.sets(st.integers(0, 6), min_size=1),
        last_resort=st.booleans(),
    ),
    unique_by=lambda duty: duty.person_id,
)


@given(duties, st.integers(0, 60 * 24 * 365).map(lambda minutes: NOON + timedelta(minutes=minutes)))
def test_everybody_on_duty_is_asked_once_in_order_and_the_last_resort_at_the_end(chain: list[Duty], at: datetime) -> None:
    asked: list[Duty] = []
    while (duty := next_person(chain, {one.person_id for one in asked}, at, CHICAGO)) is not None:
        asked.append(duty)
    assert {duty.person_id for duty in asked} == {duty.person_id for duty in chain if duty.is_on(at, CHICAGO)}
    assert asked == sorted(asked, key=lambda duty: (duty.last_resort, duty.place, duty.person_id))


def test_every_state_has_a_number_with_its_source_and_the_checklist_says_whose_duty_it_is() -> None:
    assert [line.number for line in hotlines("IL")] == ["800-252-2873", "800-422-4453"]
    assert [line.number for line in hotlines("CA")] == ["800-422-4453"]
    assert [line.number for line in hotlines("")] == ["800-422-4453"]
    states = "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD"
    for state in [*states.split(), "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY"]:
        line = hotlines(state)[0]
        assert line.source.startswith("https://")
        assert len(line.number) == len("800-422-4453")
    assert "the duty is yours in person" in checklist()["report"]

"""The dates that families name, in the words and figures in which they name them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.attendance.history import DayChange
from outreach.attendance.verdicts import Day, Verdict
from outreach.cases.clerk_states import WordKind, kind_of, shown_by
from outreach.cases.said_dates import said_dates
from outreach.messages.languages import languages
from outreach.replies.reasons import Intent

HEARD = date(2026, 10, 6)
"""A Tuesday."""


@pytest.mark.parametrize(
    ("text", "locale", "days"),
    [
        ("He was sick on 10/5 and 10/2", "", ["10-02", "10-05"]),
        ("Oct 5th he was at school!", "", ["10-05"]),
        ("sept. 28 - 30 we had the flu", "", ["09-28", "09-29", "09-30"]),
        ("the 2nd of october", "", ["10-02"]),
        ("She was there on Monday", "", ["10-05"]),
        ("on 2026-09-30 and 9/28/26", "", ["09-28", "09-30"]),
        ("doctor tomorrow at 10:30", "", ["10-07"]),
        ("estuvo enfermo el 5 de octubre", "es", ["10-05"]),
        ("ayer estuvo en la escuela por la mañana", "es", ["10-05"]),
        ("孩子10月5日在学校，今天也在", "zh-Hans", ["10-05", "10-06"]),
        ("10월 5일 학교에 있었어요", "ko", ["10-05"]),
        ("5 октября он был в школе", "ru", ["10-05"]),
        ("05.10.2026 був у школі", "uk", ["10-05"]),
        ("ابني مريض اليوم", "ar", ["10-06"]),
        ("She was not absent 12 days, maybe 3 or 12.5", "", []),
        ("only 1/2 day", "", []),
        ("call me at 312-555-0142 or 10/32", "", []),
        ("2/30 and 13/13", "", []),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, locale: str, days: list[str]) -> None:
    assert [day.strftime("%m-%d") for day in said_dates(text, HEARD, locale)] == days


def test_a_date_without_a_year_is_the_last_one_or_soon() -> None:
    assert said_dates("12/18", HEARD) == [date(2025, 12, 18)], "what lies further ahead than two months is meant of last year"
    assert said_dates("1/7", date(2026, 12, 18)) == [date(2027, 1, 7)]


@given(text=st.text(max_size=80), locale=st.sampled_from(["", "xx", *languages()]))
def test_whatever_is_written_only_dates_near_the_day_come_out_in_order(text: str, locale: str) -> None:
    found = said_dates(text, HEARD, locale)
    assert found == sorted(set(found))
    assert all(-365 <= (day - HEARD).days <= 60 for day in found)


# --- when the feed agrees -------------------------------------------------------------------------------------------------------

ON = date(2026, 10, 5)


def change(then: Verdict | None, now: Verdict | None, *, on: date = ON, missed: int = 1) -> DayChange:
    def day(verdict: Verdict | None) -> Day | None:
        return None if verdict is None else Day(on, "S1", verdict, (), "", missed)

    return DayChange(on, "S1", day(then), day(now), 2)


@pytest.mark.parametrize(
    ("kind", "then", "now", "agrees"),
    [
        (WordKind.DISPUTE, Verdict.UNEXCUSED, None, True),
        (WordKind.DISPUTE, Verdict.UNEXCUSED, Verdict.EXCUSED, False),
        (WordKind.DISPUTE, Verdict.EXCUSED, Verdict.UNKNOWN, False),
        (WordKind.DISPUTE, Verdict.UNKNOWN, None, False),
        (WordKind.DISPUTE, None, Verdict.UNEXCUSED, False),
        (WordKind.NOTE, Verdict.UNEXCUSED, Verdict.EXCUSED, True),
        (WordKind.NOTE, None, Verdict.EXCUSED, True),
        (WordKind.NOTE, None, Verdict.UNEXCUSED, False),
        (WordKind.NOTE, Verdict.UNSPECIFIED, None, True),
        (WordKind.PHOTO, Verdict.UNEXCUSED, Verdict.EXCUSED, True),
    ],
)
def test_the_feed_agrees_once_it_says_what_the_family_said(kind: WordKind, then: Verdict | None, now: Verdict | None, agrees: bool) -> None:
    assert shown_by(kind, {ON}, HEARD, [change(then, now)]) == ([ON] if agrees else [])


def test_only_the_days_that_were_said_count_and_without_any_those_before() -> None:
    gone = [change(Verdict.UNEXCUSED, None), change(Verdict.UNEXCUSED, None, on=date(2026, 10, 9))]
    assert shown_by(WordKind.DISPUTE, {date(2026, 10, 2)}, HEARD, gone) == []
    assert shown_by(WordKind.DISPUTE, (), HEARD, gone) == [ON]


@pytest.mark.parametrize(
    ("intent", "photos", "kind"),
    [
        (Intent.REPORT_ABSENCE, 0, WordKind.NOTE),
        (Intent.REPORT_ABSENCE, 1, WordKind.NOTE),
        (Intent.DISPUTE_COUNT, 0, WordKind.DISPUTE),
        (Intent.UNCLEAR, 1, WordKind.PHOTO),
        (Intent.BARRIER_REPORT, 0, None),
    ],
)
def test_a_note_a_dispute_or_a_photo_is_for_the_office(intent: Intent, photos: int, kind: WordKind | None) -> None:
    assert kind_of(intent, photos=photos) is kind

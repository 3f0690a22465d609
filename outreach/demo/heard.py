"""What students of the invented middle school said in September, and a survey of families that runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from outreach.cases import surveys
from outreach.cases.surveys import Audience, Choice, Plan
from outreach.clock import local_date
from outreach.settings import Settings

_SCHOOL = "M1"
_ANSWERS = 55
"""From each grade."""
_LIKELY = {
    Choice.RIDE: 0.5, Choice.WORRY: 0.4, Choice.BELONG: 0.35, Choice.LESSONS: 0.45, Choice.HEALTH: 0.3, Choice.SAFE: 0.3,
    Choice.HOME: 0.25, Choice.DAYS: 0.25,
}  # fmt: skip
_SAID = (
    "The bus is full when it gets to our stop.",
    "I am behind in math and nobody has time.",
    "Nobody talks to me at lunch.",
    "I take my little brother to his school first.",
    "Some kids wait for me at the gate.",
    "It is hard to get up when nobody is home.",
)
_DID = "A second bus stops at Mill St from November on, and lunch has a table where everybody is welcome."


def bring_in(session: Session, by: str, settings: Settings, now: datetime) -> None:
    """Write a round of students that is over, with what the school did, and one of families that is open."""
    today, chance = local_date(now, settings.zone), Random(7)  # noqa: S311 - the same demo each time
    grades = tuple(surveys.grades_at(session, _SCHOOL, today))
    begun, first = now - timedelta(days=28), today - timedelta(days=28)
    last = first + timedelta(days=11)
    past = surveys.open_round(session, Plan(_SCHOOL, Audience.STUDENTS, grades, first, last), by=by, today=first, now=begun)
    said = iter(_SAID)
    for link in surveys.links(session, past.id):
        for n in range(_ANSWERS):
            picked = [choice for choice, likely in _LIKELY.items() if chance.random() < likely]
            words = next(said, "") if n % 30 == 0 else ""
            surveys.take(session, past, link, picked, words, danger=False, today=first + timedelta(days=n % 11), now=begun)
    surveys.tell_back(past, _DID, by=by, now=now - timedelta(days=3))
    running = Plan(_SCHOOL, Audience.FAMILIES, grades, today, today + timedelta(days=14))
    surveys.open_round(session, running, by=by, today=today, now=now)

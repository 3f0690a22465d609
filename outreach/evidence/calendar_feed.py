"""A person's follow-ups as a calendar (RFC 5545): of each day how many, with a link, and never of whom or what."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.evidence import waiting
from outreach.settings import Settings
from outreach.staff.queries import SignedIn

_AHEAD = timedelta(days=90)
_AGAIN = timedelta(hours=6)
"""How often a calendar program is asked to look."""


def numbers(session: Session, person: SignedIn, today: date) -> dict[date, int]:
    """Day → follow-ups of that day, from today on; what is late stands on today."""
    found: Counter[date] = Counter()
    for step, _ in session.execute(waiting.due_steps(person, today + _AHEAD)):
        if step.due_on is not None:
            found[max(step.due_on, today)] += 1
    return dict(sorted(found.items()))


def feed(session: Session, person: SignedIn, settings: Settings, now: datetime, *, page: str) -> bytes:
    """The calendar's bytes; *page* is the address of the person's follow-ups, behind the sign-in."""
    calendar = Calendar.new(name="Follow-ups", prodid="-//outreach//follow-ups//EN", refresh_interval=_AGAIN)
    for day, number in numbers(session, person, local_date(now, settings.zone)).items():
        words = "1 follow-up is due" if number == 1 else f"{number} follow-ups are due"
        uid = f"follow-ups-{day.isoformat()}-{person.id}@outreach"
        calendar.add_component(Event.new(uid=uid, start=day, end=day + timedelta(days=1), stamp=now, summary=words, url=page))
    content: bytes = calendar.to_ical()
    return content

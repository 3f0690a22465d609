"""What the pages of the translator's bench share: whose languages, which text, and how long a translation may take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import abort
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.messages import bench_queries
from outreach.messages.bench_stages import Deadlines
from outreach.messages.editing import Hand
from outreach.messages.languages import DEFAULT, languages
from outreach.staff.roles import Permission
from outreach.web import times
from outreach.web.context import now, person, services


def local_day(instant: datetime) -> str:
    """A template's ``{{ due|local_day }}``: the day of an instant in the district, ``Mon, Oct 5``."""
    zone = services().settings.zone
    return times.day(local_date(instant, zone), local_date(now(), zone))


def deadlines() -> Deadlines:
    """How many days a translation may take."""
    settings = services().settings
    return Deadlines(settings.translation_days_core, settings.translation_days)


def hand() -> Hand:
    """Who works, and when."""
    return Hand(person().email, now())


def oversees() -> bool:
    """Whether this person looks after all languages: gives them out, approves, and sees everybody's words."""
    return person().may(Permission.WORDS_APPROVE)


def my_languages(session: Session) -> Mapping[str, bool]:
    """The languages this person works in → whether they may approve there."""
    if oversees():
        return {locale: True for locale in languages() if locale != DEFAULT}
    return bench_queries.languages_of(session, person().id)


def need_language(session: Session, locale: str) -> bool:
    """Let only people in who work in *locale*, for whom it does not exist otherwise; say whether they may approve there."""
    mine = my_languages(session)
    if locale not in mine:
        abort(404)
    return mine[locale]

"""The words of the family page and the survey in a family's language, as a person approved them; else approved English, which says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from babel import Locale
from babel.dates import get_month_names
from sqlalchemy.orm import Session

from outreach.delivery.family_codes import CHANNEL, MESSAGE
from outreach.messages import queries as messages
from outreach.messages.compose import Facts, Pair, tag_line, values
from outreach.messages.languages import DEFAULT, language
from outreach.messages.page_words import wordings
from outreach.messages.phrases import date_phrase
from outreach.messages.placeholders import fill, parse
from outreach.messages.templates import sources
from outreach.settings import Settings


@dataclass(frozen=True)
class Words:
    """One language's wordings, ready to be put on a page."""

    wanted: str
    """The language that was asked for."""
    locale: str
    """The language of the words."""
    direction: str
    lines: Mapping[str, str]
    english: Mapping[str, str]
    """The same wordings as staff read them."""
    known: Mapping[str, str]
    """What the placeholders stand for."""
    tag: str = ""
    """For words that are not in the language asked for: the approved line in it that tells of an interpreter."""

    def __call__(self, name: str) -> str:
        """The wording called *name*."""
        return fill(parse(self.lines[name]), self.known)

    def about(self, facts: Facts) -> Words:
        """The same words about one child."""
        return replace(self, known={**self.known, **values(facts, self.locale, year=False)})

    def day(self, when: date) -> str:
        """A date, as the language says it."""
        return date_phrase(when, self.locale)

    def months(self) -> list[str]:
        """The names of the months."""
        return _months(self.locale)


def load(session: Session, locale: str, settings: Settings, message: str = MESSAGE) -> Words | None:
    """The words of a page (*message*) for *locale*; None where nobody has approved even the English ones."""
    for wanted in dict.fromkeys((locale, settings.default_language, DEFAULT)):
        approved = messages.latest_approval(session, message, CHANNEL, wanted)
        if approved is None or not _wordings_needed(message) <= wordings(approved.translation_text).keys():
            continue
        pair = messages.pair_of(approved)
        tag = messages.latest_approval(session, messages.TAG, "sms", locale) if wanted != locale else None
        return _words(locale, pair, messages.pair_of(tag) if tag else None, settings)
    return None


def _words(wanted: str, pair: Pair, tag: Pair | None, settings: Settings) -> Words:
    facts = Facts(
        district=settings.district_name,
        school_phone=settings.district_phone or settings.district_name,
        interpreter_phone=settings.interpreter_phone or settings.district_phone,
    )
    return Words(
        wanted=wanted,
        locale=pair.locale,
        direction=language(pair.locale).direction,
        lines=wordings(pair.translation),
        english=wordings(pair.source),
        known=values(facts, pair.locale, year=False),
        tag=tag_line(tag, facts),
    )


@cache
def _wordings_needed(message: str) -> frozenset[str]:
    """What the page puts on itself: words approved for an older page, which lacked some, cannot stand there."""
    return frozenset(next(wordings(source.text).keys() for source in sources() if source.message == message))


@cache
def _months(locale: str) -> list[str]:
    own = language(locale)
    names = get_month_names("wide", context="stand-alone", locale=Locale.parse(own.babel))
    return list(own.months) or [names[number] for number in range(1, 13)]

"""Words and facts become the text that leaves: one pure function, the same for a preview and for the carrier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from outreach.messages.languages import language
from outreach.messages.names import clean, isolate, isolate_phone
from outreach.messages.phrases import date_phrase, dates_phrase, days_phrase, name_list, wording_digest
from outreach.messages.placeholders import fill, names, parse
from outreach.messages.segments import MOST_SEGMENTS, Encoding, measure, normalise


@dataclass(frozen=True)
class Pair:
    """A source text and its translation as somebody approved them; for English both are the same words."""

    message: str
    channel: str
    locale: str
    source: str
    translation: str


_SPOKEN = frozenset({"children", "adult_names", "days_missed", "days_told", "days_enrolled", "as_of", "dates", "answer_by"})
"""Placeholders whose value is made with the words of ``phrases.toml``."""


def phrases_hash(pair: Pair) -> str:
    """Name the words that a language puts around the numbers, dates and names of *pair*; empty for a text that has none."""
    spoken = pair.channel != "sms" or _SPOKEN & names(pair.translation)
    return wording_digest(pair.locale) if spoken else ""


@dataclass(frozen=True)
class Child:
    """What a message says of one child: whole or half days since the school year began, up to and with *as_of*."""

    name: str
    days_missed: Fraction
    days_enrolled: int
    as_of: date
    school: str
    days_told: Fraction | None = None
    """In a correction: the wrong number we told before of the same days."""
    dates: tuple[date, ...] = ()
    """The days missed, in their order."""
    months: tuple[tuple[date, Fraction], ...] = ()
    """Each month of the child's school year so far, as its first day, with the days missed in it; empty where it is not known."""


@dataclass(frozen=True)
class Facts:
    """What one message says; empty where nothing is known. The first child is the one with most absences: a text speaks of it alone."""

    district: str
    school: str = ""
    school_phone: str = ""
    children: tuple[Child, ...] = ()
    adult_names: tuple[str, ...] = ()
    signer: str = ""
    """The person who signs; where nobody is named, the school or the district does."""
    named: tuple[str, ...] = ()
    """Children who are named without a count, where there are no *children*."""
    note: str = ""
    """What the sender adds in words of their own."""
    interpreter_phone: str = ""
    answer_by: date | None = None
    """The day by which a speaker of the family's language answers."""


@dataclass(frozen=True)
class Text:
    """A text ready to leave, and what it costs."""

    body: str
    segments: int
    encoding: Encoding

    @property
    def fits(self) -> bool:
        """Within what one message may cost."""
        return self.segments <= MOST_SEGMENTS[self.encoding]


def text(pair: Pair, facts: Facts, tag: Pair | None = None) -> Text:
    """Compose the text of *pair* about *facts*, in the pair's language.

    *tag* is a line in the family's own language for words that are not in it; without a number to call it is left out. Where the names
    are so long that the text would cost too much, it is signed without the number, then goes without that line.

    Raises TemplateError for a template that cannot be read and MissingValueError where it asks for something that *facts* do not hold.
    """
    line, known = tag_line(tag, facts), values(facts, pair.locale, year=False)
    shorter = {**known, "signed_by": _name(_signer(facts), rtl=language(pair.locale).rtl)}
    said = _text(pair, known, line)
    for values_left, line_left in ((shorter, line), (shorter, "")):
        if not said.fits:
            said = _text(pair, values_left, line_left)
    return said


def tag_line(tag: Pair | None, facts: Facts) -> str:
    """The words of *tag*; empty where there is none, or no number for an interpreter."""
    return fill(parse(tag.translation), values(facts, tag.locale, year=False)) if tag and clean(facts.interpreter_phone) else ""


def _text(pair: Pair, known: Mapping[str, str], line: str) -> Text:
    words = fill(parse(pair.translation), known)
    body = normalise(f"{words}\n{line}" if line else words)
    size = measure(body)
    return Text(body, size.segments, size.encoding)


def values(facts: Facts, locale: str, *, year: bool) -> dict[str, str]:
    """Return what each placeholder stands for; those of which nothing is known are left out. *year*: dates with their year."""
    rtl = language(locale).rtl
    signature = (_name(_signer(facts), rtl=rtl), _phone(facts.school_phone, rtl=rtl))
    known = {
        "district": _name(facts.district, rtl=rtl),
        "school": _name(facts.school, rtl=rtl),
        "school_phone": _phone(facts.school_phone, rtl=rtl),
        "adult_names": _names(facts.adult_names, locale),
        "signed_by": " ".join(filter(None, signature)),
        "note": _name(facts.note, rtl=rtl),
        "interpreter_phone": _phone(facts.interpreter_phone, rtl=rtl),
        "answer_by": date_phrase(facts.answer_by, locale, year=year) if facts.answer_by else "",
        "child": _names(facts.named[:1], locale) if facts.named else "",
        "children": _names(facts.named, locale) if facts.named else "",
    }
    if facts.children:
        known |= child_values(facts.children[0], locale, year=year)
        known["children"] = _names([child.name for child in facts.children], locale)
    return {name: value for name, value in known.items() if value}


def child_values(child: Child, locale: str, *, year: bool) -> Mapping[str, str]:
    """Return the placeholders that speak of one child."""
    return {
        "child": _name(child.name, rtl=language(locale).rtl),
        "days_missed": days_phrase(child.days_missed, locale),
        "days_told": "" if child.days_told is None else days_phrase(child.days_told, locale),
        "days_enrolled": days_phrase(Fraction(child.days_enrolled), locale),
        "as_of": date_phrase(child.as_of, locale, year=year),
        "dates": dates_phrase(child.dates, locale),
    }


def _signer(facts: Facts) -> str:
    return facts.signer or facts.school or facts.district


def _phone(value: str, *, rtl: bool) -> str:
    cleaned = clean(value)
    return isolate_phone(cleaned, rtl=rtl) if cleaned else ""


def _name(value: str, *, rtl: bool) -> str:
    cleaned = clean(value)
    return isolate(cleaned, rtl=rtl) if cleaned else ""


def _names(names: Sequence[str], locale: str) -> str:
    rtl = language(locale).rtl
    return name_list([name for name in (_name(name, rtl=rtl) for name in names) if name], locale)

"""What the mapping page shows of an export: cards for its files, dates, codes, events and languages, each with what is still to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from outreach.attendance.canonical import (
    ATTENDANCE,
    CALENDAR,
    CONTACT_PHONES,
    CONTACTS,
    ENROLLMENTS,
    FILES,
    SCHOOLS,
    STUDENT_CONTACTS,
    STUDENTS,
)
from outreach.attendance.source_settings import Meaning
from outreach.feeds.choices import Confirmed
from outreach.feeds.dates import DateForm, looks_like_serials
from outreach.feeds.drafting import NEEDED, Look
from outreach.feeds.presets import propose, propose_event
from outreach.web.data_findings import MEANINGS
from outreach.web.mapping_forms import offered

TITLES: Mapping[str, tuple[str, str]] = {
    SCHOOLS.name: ("Schools", "one row for each school"),
    STUDENTS.name: ("Students", "one row for each child"),
    ENROLLMENTS.name: ("Enrolments", "from when to when a child was at a school"),
    ATTENDANCE.name: ("Attendance", "one row for each mark: who, when, which code"),
    CALENDAR.name: ("School days", "which dates are school days"),
    CONTACTS.name: ("Guardians", "names, languages, addresses"),
    CONTACT_PHONES.name: ("Phones", "the guardians’ numbers"),
    STUDENT_CONTACTS.name: ("Who belongs to whom", "which guardians a child has"),
    "sections": ("Class schedules", "only where attendance is taken class by class"),
    "student_adults": ("Adults at school", "who knows the child, and signs"),
    "other_contacts": ("Other messages", "robocalls and notices from other systems"),
    "sis_totals": ("Totals of the SIS", "to compare our counts with"),
}
"""Canonical file → its name and what it holds, in the order of the page."""
_FORMS = 6
_MOST = 60
"""Events or languages that are listed, and codes of which a column may have so many without being free text."""
_MOST_CODES = 200


@dataclass(frozen=True)
class ColumnLine:
    """One canonical column of a card."""

    name: str
    words: str
    own: str
    needed: bool
    fixed: bool
    """The export has a column of exactly this name, which is read unless another takes its place."""


@dataclass(frozen=True)
class Card:
    """One canonical file."""

    kind: str
    title: str
    about: str
    needed: bool
    file: str
    rows: int
    columns: tuple[ColumnLine, ...] = ()
    offered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is to be said about it."""
        return bool(self.file) and not self.missing

    @property
    def open(self) -> bool:
        """Whether a person has to say something about it."""
        return not self.sound and (self.needed or bool(self.file))


@dataclass(frozen=True)
class FormLine:
    """One way of writing dates, with a value read both ways."""

    form: DateForm
    words: str
    example: str


@dataclass(frozen=True)
class CodeLine:
    """One attendance code."""

    code: str
    rows: int
    meaning: str
    """The value of the form: what was confirmed, else what is proposed; empty where nobody can say."""
    hold: bool
    confirmed: Confirmed | None


@dataclass(frozen=True)
class EventLine:
    """One calendar event that has no meaning from the start."""

    event: str
    rows: int
    is_day: bool | None
    confirmed: bool


@dataclass(frozen=True)
class LanguageLine:
    """One language as the export names it."""

    name: str
    rows: int
    locale: str
    said: bool
    """Whether a person said so; otherwise it is known by its name."""


def cards(found: Look) -> list[Card]:
    """Every canonical file, in the order of the page."""
    return [_card(found, kind, title, about) for kind, (title, about) in TITLES.items()]


def _card(found: Look, kind: str, title: str, about: str) -> Card:
    needed = kind in NEEDED or kind == ATTENDANCE.name or (kind == CALENDAR.name and found.choices.calendar == "file")
    place = found.choices.placed.get(kind)
    if place is None:
        return Card(kind, title, about, needed, "", 0)
    sheet = found.sheets[place.file]
    columns = tuple(
        ColumnLine(one.name, one.name.replace("_", " "), place.columns.get(one.name, ""), one.required, one.name in sheet.columns)
        for one in sorted(FILES[kind].columns, key=lambda column: not column.required)
    )
    return Card(
        kind,
        title,
        about,
        needed,
        place.file,
        sheet.frame.height,
        columns,
        tuple(offered(sheet)),
        found.missing(kind),
        found.left(kind),
        found.sensitive(kind),
    )


def date_forms(found: Look) -> list[FormLine]:
    """The ways of writing dates that read something, the likeliest first, each with an example that tells them apart."""
    told = _telling(found)
    return [FormLine(one, in_letters(one.form), _read(told, one.form)) for one in found.date_forms[:_FORMS]]


def in_letters(form: str) -> str:
    """``%m/%d/%Y`` as people say it: MM/DD/YYYY."""
    words = form
    for part, spelled in (
        ("%Y", "YYYY"), ("%m", "MM"), ("%d", "DD"), ("%y", "YY"), ("%b", "Mon"), ("%H:%M:%S", "hh:mm:ss"), ("%H:%M", "hh:mm"),
        ("%I:%M:%S %p", "hh:mm:ss AM"),
    ):  # fmt: skip
        words = words.replace(part, spelled)
    return words


def _telling(found: Look) -> str:
    """A date of the marks or stays, never of a birth: of the first value in which the parts can be told apart, else the first."""
    for kind, column in ((ATTENDANCE.name, "date"), (ENROLLMENTS.name, "entry_date"), (CALENDAR.name, "date")):
        values = [value for value in found.texts(kind, column).head(_MOST).to_list() if value]
        if values:
            return str(next((value for value in values if len(set(value[:5])) > 3), values[0]))  # noqa: PLR2004 - 03/03 tells nothing
    return ""


def _read(text: str, form: str) -> str:
    try:
        day = datetime.strptime(text, form)  # noqa: DTZ007 - a plain date has no zone
    except ValueError:
        return ""
    return f"“{text}” is {day:%B} {day.day}, {day.year}"


def serials(found: Look) -> bool:
    """Whether the dates are a spreadsheet's own numbers, which nobody can read."""
    return not found.date_forms and looks_like_serials(found.dates)


def codes(found: Look) -> list[CodeLine]:
    """The codes, the most frequent first; none where the column is free text, not codes."""
    if is_free_text(found):
        return []
    proposed = propose(found.codes, found.choices.preset)
    return [_code(code, rows, proposed[code], found.choices.codes.get(code)) for code, rows in found.codes.items()]


def is_free_text(found: Look) -> bool:
    """Whether the column of the codes holds what people wrote, which may be anything and is not shown."""
    return len(found.codes) > _MOST_CODES or (len(found.codes) > _MOST and len(found.codes) * 5 > sum(found.codes.values()))


def _code(code: str, rows: int, proposed: Meaning | None, confirmed: Confirmed | None) -> CodeLine:
    meaning = confirmed.meaning if confirmed else proposed
    if meaning is None:
        return CodeLine(code, rows, "", hold=False, confirmed=None)
    plain = meaning.model_copy(update={"hold": False})
    value = next((value for value, (_, one) in MEANINGS.items() if one == plain), "")
    return CodeLine(code, rows, value, meaning.hold, confirmed)


def events(found: Look) -> list[EventLine]:
    """Calendar events without a meaning of their own."""
    said = {event.casefold(): is_day for event, is_day in found.choices.events.items()}
    return [
        EventLine(event, rows, said.get(event.casefold(), propose_event(event)), event.casefold() in said)
        for event, rows in list(found.events.items())[:_MOST]
    ]


def languages(found: Look) -> list[LanguageLine]:
    """The languages that the export names."""
    said = found.choices.languages
    return [LanguageLine(name, rows, found.locale(name), name in said) for name, rows in list(found.languages.items())[:_MOST]]

"""What every page shows around its own content: navigation, warnings, and words for times and names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask import Flask, current_app, g, request
from markupsafe import Markup

from outreach.attendance.profiles import in_figures
from outreach.attention import queries as attention
from outreach.cases.language_rules import language_of
from outreach.clock import FixedClock, MovableClock, local_date
from outreach.messages.languages import languages
from outreach.staff.roles import Permission
from outreach.web import times, wording
from outreach.web.context import now, services, visitor
from outreach.web.permissions import access


@dataclass(frozen=True)
class Tab:
    """One entry of the navigation."""

    endpoint: str
    label: str
    permission: Permission
    group: str = ""
    """The menu it stands in; empty where it is always in sight."""


_MESSAGES, _DATA, _DISTRICT, _WORDS = "Messages", "Data", "District", "Words"
TABS = (
    Tab("my_day.page", "Today", Permission.INBOX_READ),
    Tab("inbox.page", "Inbox", Permission.INBOX_READ),
    Tab("students.page", "My students", Permission.INBOX_READ),
    Tab("mentors.mine", "My children", Permission.CHILDREN_OWN),
    Tab("call_list.page", "Calls", Permission.INBOX_NOTE),
    Tab("incidents.page", "Safety", Permission.DANGER_READ),
    Tab("attention.page", "Attention", Permission.ATTENTION_READ),
    Tab("delivery.page", "Delivery", Permission.DELIVERY_READ, _MESSAGES),
    Tab("sending.page", "Sending", Permission.SENDING_READ, _MESSAGES),
    Tab("campaigns.page", "Campaigns", Permission.SENDING_DECIDE, _MESSAGES),
    Tab("consents.page", "Consent", Permission.INBOX_READ, _MESSAGES),
    Tab("languages.page", "Languages", Permission.LANGUAGE_HELP, _MESSAGES),
    Tab("letters.page", "Letters", Permission.LETTERS_READ, _MESSAGES),
    Tab("baseline.page", "First round", Permission.BASELINE_READ, _MESSAGES),
    Tab("rules.page", "Rules", Permission.RULES_READ, _MESSAGES),
    Tab("words.page", "Words", Permission.WORDS_READ, _WORDS),
    Tab("bench.page", "Translating", Permission.WORDS_TRANSLATE, _WORDS),
    Tab("clerk.page", "Notes and disputes", Permission.NOTES_SETTLE, _DATA),
    Tab("data_health.page", "Data", Permission.DATA_READ, _DATA),
    Tab("count_check.page", "Counts", Permission.DATA_CHILDREN, _DATA),
    Tab("mapping.page", "Feeds", Permission.FEEDS_MAP, _DATA),
    Tab("dashboard.page", "In figures", Permission.DASHBOARD_READ, _DISTRICT),
    Tab("packet.page", "Papers", Permission.PACKET_MAKE, _DISTRICT),
    Tab("goals.page", "Goals", Permission.DASHBOARD_READ, _DISTRICT),
    Tab("shared.page", "Shared reasons", Permission.RESOURCES_READ, _DISTRICT),
    Tab("resources.page", "Resources", Permission.RESOURCES_READ, _DISTRICT),
    Tab("blocks.page", "Blocks", Permission.BLOCKS_READ, _DISTRICT),
    Tab("record.page", "Children’s records", Permission.RECORDS_GIVE, _DISTRICT),
    Tab("takers.page", "People", Permission.PEOPLE_SET, _DISTRICT),
    Tab("surveys.page", "Surveys", Permission.SURVEY_READ, _DISTRICT),
    Tab("studies.page", "Studies", Permission.STUDY_READ, _DISTRICT),
    Tab("operations.page", "The service", Permission.OPERATIONS_READ, _DISTRICT),
    Tab("setting_up.page", "First steps", Permission.OPERATIONS_READ, _DISTRICT),
    Tab("setting_up.settings", "Settings", Permission.OPERATIONS_READ, _DISTRICT),
    Tab("audit.page", "Record", Permission.AUDIT_READ, _DISTRICT),
)


def register(app: Flask) -> None:
    """Give the templates what they all use."""
    app.context_processor(_around)
    app.add_template_filter(moment)
    app.add_template_filter(spoken_day, "day")
    app.add_template_filter(iso_day)
    app.add_template_filter(month_name)
    app.add_template_filter(elapsed)
    app.add_template_filter(in_figures, "days_figure")
    app.add_template_filter(local_time)
    app.add_template_filter(full_moment)
    app.add_template_filter(language_name)
    app.add_template_filter(text_direction)
    app.add_template_filter(written_in)
    app.add_template_filter(read_as)
    app.add_template_global(may_open)
    app.add_template_global(wording.of_state, "state_words")
    app.add_template_global(wording.of_opening, "opening_words")
    app.add_template_global(wording.of_reason, "reason_words")


def tabs() -> list[Tab]:
    """The pages this person may open, in the order of the navigation."""
    known = visitor()
    return [tab for tab in TABS if known is not None and known.may(tab.permission)]


def may_open(endpoint: str) -> bool:
    """Whether this person may open a page that has no parts in its address; False for none."""
    if "access" not in g:
        g.access = access(current_app)
    needed, known = g.access.get(endpoint, ""), visitor()
    return known is not None and any(known.may(permission) for permission in Permission if permission == needed)


def menus() -> list[tuple[str, list[Tab]]]:
    """The same by menu, in order; a menu of one page is that page."""
    found = [(name, list(mine)) for name, mine in groupby(tabs(), key=lambda tab: tab.group)]
    return [(name if len(mine) > 1 else "", mine) for name, mine in found]


def open_items() -> int:
    """How many things wait under *Attention* for this person."""
    known = visitor()
    if known is None or not known.may(Permission.ATTENTION_READ):
        return 0
    with services().database.read() as session:
        return sum(attention.open_counts(session, known.schools).values())


def moment(instant: datetime) -> str:
    """A template's ``{{ at|moment }}``: ``10:12 am`` or ``Mon, Oct 5, 4:05 pm`` in the district's zone."""
    return times.moment(instant, now(), services().settings.zone)


def spoken_day(when: date) -> str:
    """A template's ``{{ date|day }}``: ``today``, ``Mon, Oct 5``."""
    return times.day(when, local_date(now(), services().settings.zone))


def iso_day(when: str) -> str:
    """A template's ``{{ "2026-10-05"|iso_day }}``, for dates kept as text in a row."""
    return spoken_day(date.fromisoformat(when))


def month_name(month: str) -> str:
    """A template's ``{{ "2026-10"|month_name }}``: ``October 2026``."""
    return date.fromisoformat(f"{month}-01").strftime("%B %Y")


def elapsed(since: datetime) -> str:
    """A template's ``{{ since|elapsed }}``: ``5 h``."""
    return times.elapsed(since, now())


def local_time(instant: datetime) -> str:
    """A template's ``{{ at|local_time }}``: the clock time alone."""
    return times.clock_time(instant, services().settings.zone)


def full_moment(instant: datetime) -> str:
    """A template's ``{{ at|full_moment }}``: ``Mon, Oct 5, 2026, 4:05 pm``."""
    return times.full_moment(instant, services().settings.zone)


def language_name(locale: str) -> str:
    """A template's ``{{ locale|language_name }}``: the language in English; a name we do not list stays as the feed wrote it."""
    return languages()[locale].english if locale in languages() else locale or "not known"


def text_direction(locale: str) -> str:
    """A template's ``{{ locale|text_direction }}`` for a ``dir`` attribute; ``auto`` where the language is not known."""
    return languages()[locale].direction if locale in languages() else "auto"


def written_in(locale: str) -> Markup:
    """A template's ``<p {{ locale|written_in }}>``: the attributes ``lang`` and ``dir``; where it is not known the letters decide."""
    if locale not in languages():
        return Markup('dir="auto"')
    return Markup('lang="{}" dir="{}"').format(locale, languages()[locale].direction)


def read_as(words: str) -> Markup:
    """A template's ``<p {{ words|read_as }}>``: the same, for words of which only their letters are known."""
    return written_in(language_of(words, "", ""))


def _around() -> dict[str, Any]:
    parts = services()
    clock = parts.clock
    return {
        "district": parts.settings.district_name,
        "visitor": visitor(),
        "menus": menus(),
        "open_items": open_items,
        "current": (request.blueprint or "").partition(".")[0],
        "texts_go_to": _texts_go_to(parts.settings.provider),
        "clock_moved": isinstance(clock, FixedClock | MovableClock),
        "clock_movable": isinstance(clock, MovableClock),
        "present": now(),
        "P": Permission,
    }


def _texts_go_to(provider: str) -> str:
    """The warning every page carries while texts do not reach families; empty where they do."""
    if provider == "simulator":
        return "Texts go to the simulator. No family receives them."
    return "" if provider == "twilio" else "Nobody sends texts yet: no provider is set. Every text is held."

"""What a family filled in on its page, read into a report. Pure: a form's fields come in, a report or the name of a complaint goes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from outreach.attendance.roster import e164
from outreach.cases.family_reports import Report
from outreach.cases.proposals import What
from outreach.messages.languages import languages
from outreach.replies.normalise import storable
from outreach.replies.reasons import CATEGORY_OF, Category, Intent

LONGEST_NOTE = 1600
_MOST_SIGNS = 64
NOT_SAFE = "not_safe"
"""One choice for fear, violence and enforcement alike: nobody who looks over a shoulder learns which."""
_BEHIND_NOT_SAFE = frozenset({"community_safety", "immigration_fear"})


class Task(StrEnum):
    """What a family can do on its page."""

    REASON = "reason"
    CALL = "call"
    WRONG = "wrong"
    CHANGE = "change"
    STOP = "stop"


TIMES = ("morning", "afternoon", "evening")
STOPS = ("texts", "letters", "both")
CHOOSE_FIRST, BAD_PHONE = "choose_first", "bad_phone"


class FormError(ValueError):
    """A form cannot be taken as it is; its argument names the wording that says why."""


@dataclass(frozen=True)
class Filled:
    """A form that was understood."""

    report: Report
    note: str = ""
    """The family's own words, which are read for danger and a stop as a text is."""
    wishes: tuple[tuple[What, str], ...] = ()
    """What shall be changed, and into what."""
    texts: bool = False
    """Stop texts."""
    letters: bool = False
    """Stop letters."""


def groups() -> dict[str, list[str]]:
    """The four groups of reasons, each with its choices in order."""
    found: dict[str, list[str]] = {category.value: [] for category in Category}
    for reason, category in CATEGORY_OF.items():
        choice = NOT_SAFE if reason in _BEHIND_NOT_SAFE else reason
        if choice not in found[category]:
            found[category].append(choice)
    return found


def birth_date(form: Mapping[str, str]) -> date | None:
    """The date typed in three parts; None where it is none."""
    parts = [form.get(name, "").strip() for name in ("year", "month", "day")]
    if not all(part.isascii() and part.isdigit() and len(part) <= len("2020") for part in parts):
        return None
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


def filled(task: Task, form: Mapping[str, str], several: Mapping[str, Sequence[str]], locale: str, english: Mapping[str, str]) -> Filled:
    """Read a form; *several* are its fields of many choices, *english* the wordings as staff read them. Raises FormError."""
    note = storable(form.get("note", "")).strip()[:LONGEST_NOTE]
    once = storable(form.get("once", ""))[:_MOST_SIGNS]
    if task is Task.REASON:
        return _reason(several.get("reason", ()), note, once, locale, english)
    if task is Task.CALL:
        return _call(form, several.get("time", ()), note, once, locale, english)
    if task is Task.WRONG:
        if not note:
            raise FormError(CHOOSE_FIRST)
        return Filled(Report(once, Intent.DISPUTE_COUNT, _body(english["do_wrong"], note), locale), note)
    if task is Task.CHANGE:
        return _change(form, once, locale, english)
    return _stop(form, once, locale, english)


def _reason(chosen: Collection[str], note: str, once: str, locale: str, english: Mapping[str, str]) -> Filled:
    known = [choice for choices in groups().values() for choice in choices if choice in chosen]
    if not known and not note:
        raise FormError(CHOOSE_FIRST)
    reasons = [choice for choice in known if choice in CATEGORY_OF]
    unsafe = NOT_SAFE in known
    report = Report(
        once=once,
        intent=Intent.CRISIS if unsafe else Intent.BARRIER_REPORT,
        body=_body("; ".join(english[choice] for choice in known), note),
        locale=locale,
        barrier=reasons[0] if reasons else "",
        reasons=tuple(reasons),
        urgent=unsafe,
        why="family page: chose that they do not feel safe" if unsafe else "family page",
    )
    return Filled(report, note)


def _call(form: Mapping[str, str], times: Collection[str], note: str, once: str, locale: str, english: Mapping[str, str]) -> Filled:
    phone = _phone(form)
    when = [english[time] for time in TIMES if time in times]
    lines = (
        english["do_call"],
        "; ".join(when),
        phone and f"At {phone}, a number the family named.",
        f"Language: {languages()[locale].english}",
    )
    return Filled(Report(once, Intent.REQUEST_CALL, _body("\n".join(filter(None, lines)), note), locale), note)


def _change(form: Mapping[str, str], once: str, locale: str, english: Mapping[str, str]) -> Filled:
    phone, wanted = _phone(form), form.get("language", "")
    wishes = []
    if phone:
        wishes.append((What.PHONE, phone))
    if wanted in languages():
        wishes.append((What.LANGUAGE, wanted))
    if not wishes:
        raise FormError(CHOOSE_FIRST)
    said = [languages()[value].english if what is What.LANGUAGE else value for what, value in wishes]
    body = _body(f"{english['do_change']}: {', '.join(said)}", "")
    return Filled(Report(once, Intent.LANGUAGE_REQUEST if not phone else Intent.QUESTION, body, locale), wishes=tuple(wishes))


def _stop(form: Mapping[str, str], once: str, locale: str, english: Mapping[str, str]) -> Filled:
    what = form.get("stop", "")
    if what not in STOPS:
        raise FormError(CHOOSE_FIRST)
    report = Report(once, Intent.OPT_OUT, _body(english[f"stop_{what}"], ""), locale, suppress=True, to_human=False)
    return Filled(report, texts=what != "letters", letters=what != "texts")


def _phone(form: Mapping[str, str]) -> str:
    """The number typed, as E.164; empty where none was. Raises FormError."""
    typed = form.get("phone", "").strip()
    if typed and not (number := e164(typed[:_MOST_SIGNS])):
        raise FormError(BAD_PHONE)
    return number if typed else ""


def _body(chosen: str, note: str) -> str:
    return "\n\n".join(filter(None, (chosen, note)))

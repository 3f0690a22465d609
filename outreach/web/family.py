"""The page behind a letter's code: a family sees its children's days, says what stands in the way, and stops us, in its own language.

No address of this page holds a code, a name or a number: a QR code carries its code behind the #, which browsers keep to themselves,
and everything a family enters is posted. The page works without script; the script only fills in the scanned code.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm import Session

from outreach.cases import family_reports, family_visits, proposals, surveys
from outreach.cases.family_reports import Report
from outreach.cases.family_rights import Seen
from outreach.clock import local_date
from outreach.delivery.family_tables import FamilyCode
from outreach.district.people import Adult
from outreach.messages.languages import languages
from outreach.replies.understanding import Context, understand
from outreach.web import came_from, errors, family_forms, family_words
from outreach.web.context import now, services
from outreach.web.family_forms import Filled, FormError, Task
from outreach.web.family_words import Words
from outreach.web.permissions import open_to_all

blueprint = Blueprint("family", __name__, url_prefix="/f")

KEY = "family"
SAID = ("thanks", "stopped")
NOWHERE: Mapping[str, Any] = MappingProxyType({})


@blueprint.after_request
def hide(answer: Response) -> Response:
    """Keep the page out of search engines."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@blueprint.errorhandler(CSRFError)
def stale(_problem: CSRFError) -> ResponseReturnValue:
    """A form that was open for too long, or came from elsewhere."""
    words = _approved((request.view_args or {}).get("locale", ""))
    return errors.show_stale() if words is None else (_gate(words, "stale"), 400)


@blueprint.get("")
@open_to_all("leads to the page in a language the browser names")
def start() -> ResponseReturnValue:
    """The address that letters print."""
    return redirect(url_for("family.gate", locale=request.accept_languages.best_match(languages()) or services().settings.default_language))


@blueprint.get("/<locale>")
@open_to_all("asks for a letter's code and a birth date, and shows nobody's name")
def gate(locale: str) -> ResponseReturnValue:
    """Where a code is entered."""
    return _gate(_words(locale))


@blueprint.post("/<locale>")
@open_to_all("a letter's code and a birth date open it; wrong tries are counted")
def enter(locale: str) -> ResponseReturnValue:
    """Open the page with a code and a birth date."""
    words, born = _words(locale), family_forms.birth_date(request.form)
    with services().database.write() as rows:
        key = family_visits.open_page(
            rows, request.form.get("code", "")[:100], born, address=came_from.hashed(), settings=services().settings, now=now()
        )
    if key is None:
        return _gate(words, "no_match"), 422
    session[KEY] = key
    return redirect(url_for("family.page", locale=locale), 303)


@blueprint.get("/<locale>/page")
@open_to_all("shows what the visit's code shows now")
def page(locale: str) -> ResponseReturnValue:
    """The children's days, and what a family can do."""
    words = _words(locale)
    with services().database.read() as rows:
        found = _visit(rows)
        if found is None:
            return _closed(words)
        asked = surveys.asked_of(rows, {child.student_id for child in found[1].children}, local_date(now(), services().settings.zone))
        of_survey = family_words.load(rows, locale, services().settings, surveys.MESSAGE) if asked else None
        shown = [(link.token, link.grade) for link in asked] if of_survey else []
    return _show("page", words, seen=found[1], tasks=list(Task), asked=shown, of_survey=of_survey)


@blueprint.get("/<locale>/page/<task>")
@open_to_all("shows the forms of a visit")
def form(locale: str, task: str) -> ResponseReturnValue:
    """One thing a family can do."""
    words, chosen = _words(locale), _task(task)
    with services().database.read() as rows:
        found = _visit(rows)
    return _closed(words) if found is None else _form(words, found[1], chosen)


@blueprint.post("/<locale>/page/<task>")
@open_to_all("takes what the holder of a visit says")
def send(locale: str, task: str) -> ResponseReturnValue:
    """Take in what a family says; a stop holds when this answers."""
    words, chosen = _words(locale), _task(task)
    several = {name: request.form.getlist(name) for name in ("reason", "time")}
    complaint, filled, read = "", None, None
    try:
        filled = family_forms.filled(chosen, request.form, several, locale, words.english)
        read = understand(filled.note, Context(language=locale)) if filled.note else None
    except FormError as problem:
        complaint = str(problem)
    with services().database.write() as rows:
        found = _visit(rows)
        if found is None:
            return _closed(words)
        if filled is None:
            return _form(words, found[1], chosen, complaint), 422
        _take(rows, found, filled, filled.report if read is None else family_reports.with_own_words(filled.report, read))
    return redirect(url_for("family.done", locale=locale, said="stopped" if chosen is Task.STOP else "thanks"), 303)


@blueprint.get("/<locale>/done/<said>")
@open_to_all("thanks, and says where help is")
def done(locale: str, said: str) -> ResponseReturnValue:
    """What a family reads after it sent something."""
    if said not in SAID:
        abort(404)
    return _show("done", _words(locale), {"said": said}, said=said)


@blueprint.post("/<locale>/leave")
@open_to_all("ends a visit")
def leave(locale: str) -> ResponseReturnValue:
    """Close the page, as on a phone or computer that others use too."""
    with services().database.write() as rows:
        family_visits.leave(rows, session.pop(KEY, ""), now())
    return _gate(_words(locale), "closed")


def _words(locale: str) -> Words:
    """The page's words; there is no page in a language nobody knows, or before a person has approved its English words."""
    return _approved(locale) or abort(404)


def _approved(locale: str) -> Words | None:
    if locale not in languages():
        return None
    with services().database.read() as rows:
        return family_words.load(rows, locale, services().settings)


def _task(name: str) -> Task:
    return Task(name) if name in set(Task) else abort(404)


def _visit(rows: Session) -> tuple[FamilyCode, Seen] | None:
    key = session.get(KEY)
    return family_visits.visited(rows, key, services().settings, now()) if isinstance(key, str) else None


def _take(rows: Session, found: tuple[FamilyCode, Seen], filled: Filled, report: Report) -> None:
    code, seen = found
    child, adults = seen.child(request.form.get("child", "")), _adults(seen)
    report = replace(report, once=f"{code.id}:{report.once or secrets.token_hex(16)}")
    case = family_reports.take(rows, seen, child, report, settings=services().settings, now=now())
    if filled.texts or filled.letters:
        family_reports.stop(rows, adults, texts=filled.texts, letters=filled.letters, now=now())
    for what, value in filled.wishes:
        proposals.propose(rows, case, adults[0].contact_id, what, value, now())
    if filled.wishes:
        asked = family_reports.report_id(rows, report)
        proposals.ask(rows, case, adults[0], report_id=asked, settings=services().settings, now=now())


def _adults(seen: Seen) -> list[Adult]:
    """Whom a form is for: the adult it names, else all."""
    named = [adult for adult in seen.adults if adult.contact_id == request.form.get("adult")]
    return named or list(seen.adults)


def _show(view: str, words: Words, place: Mapping[str, Any] = NOWHERE, **shown: object) -> str:
    """A page in some words; *place* is what its address holds besides the language, for the same page in another one."""
    again = partial(url_for, f"family.{view}", **place)
    return render_template(
        f"family/{view}.html", w=words, again=again, languages=languages(), practice=services().settings.provider == "simulator", **shown
    )


def _gate(words: Words, said: str = "") -> str:
    return _show("gate", words, said=said)


def _closed(words: Words) -> ResponseReturnValue:
    """Nobody has a visit here, or it is over, or its right has ended: all look the same."""
    session.pop(KEY, None)
    return _gate(words, "closed"), 403


def _form(words: Words, seen: Seen, task: Task, complaint: str = "") -> str:
    return _show(
        "form",
        words,
        {"task": task.value},
        seen=seen,
        task=task,
        complaint=complaint,
        once=secrets.token_hex(16),
        groups=family_forms.groups(),
        times=family_forms.TIMES,
        stops=family_forms.STOPS,
        longest=family_forms.LONGEST_NOTE,
        typed=partial(request.form.get, default=""),
        chosen=request.form.getlist("reason") + request.form.getlist("time"),
    )

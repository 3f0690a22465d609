"""The survey page: what makes it hard to come, asked without sign-in and without a name, in a family's or student's own language.

No session, no form token and no identity belong to it: nothing an answer brings could be used against anybody, and there is nobody
to impersonate. Whoever has just answered carries a mark without a number for ten minutes, so that a second answer is a thought.
It proves nothing: whoever wants to answer twice can.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import survey_calls, surveys
from outreach.cases.survey_tables import SurveyLink, SurveyRound
from outreach.cases.surveys import LONGEST_WORDS, Choice
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.messages.languages import languages
from outreach.replies.understanding import Context, understand
from outreach.web import came_from, family_words
from outreach.web.context import now, services
from outreach.web.family_words import Words
from outreach.web.permissions import open_to_all
from outreach.web.security import is_https
from outreach.web.survey_limits import STRETCH, Limits

blueprint = Blueprint("survey", __name__, url_prefix="/s")

_LIMITS = "survey_limits"
_MARK = "answered"
_OPEN = "asks what makes it hard to come, and knows nobody"
_MOST_SIGNS = 64


def register(app: Flask) -> None:
    """Begin to count who answers how often; the counts live as long as the process."""
    app.extensions[_LIMITS] = Limits()


@blueprint.after_request
def hide(answer: Response) -> Response:
    """Keep the page out of search engines, and its address out of what other pages are told."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.get("/<token>")
@open_to_all(_OPEN)
def start(token: str) -> ResponseReturnValue:
    """The address in the code: leads to the page in a language the browser names."""
    with services().database.read() as rows:
        token = _behind(rows, token)[1].token
    wanted = request.accept_languages.best_match(languages()) or services().settings.default_language
    return redirect(url_for("survey.page", token=token, locale=wanted))


@blueprint.get("/<token>/<locale>")
@open_to_all(_OPEN)
def page(token: str, locale: str) -> ResponseReturnValue:
    """The question, with its eight answers and room for words."""
    with services().database.read() as rows:
        one, link = _behind(rows, token)
        return _shown(rows, one, link, locale)


@blueprint.post("/<token>/<locale>")
@open_to_all(_OPEN)
def answer(token: str, locale: str) -> ResponseReturnValue:
    """Keep an answer: what was chosen, the words, and the day."""
    at, today = now(), local_date(now(), services().settings.zone)
    picked, words = surveys.chosen(request.form.getlist("choice")), surveys.own_words(request.form.get("words", ""))
    with services().database.read() as rows:
        one, link = _behind(rows, token)
        token = link.token
        if not surveys.is_open(one, today) or request.cookies.get(_MARK):
            return _shown(rows, one, link, locale), 409
        if not picked and not words:
            return _shown(rows, one, link, locale, complaint="choose_first"), 422
        limits, form = cast(Limits, current_app.extensions[_LIMITS]), request.form.get("once", "")[:_MOST_SIGNS]
        doubled = limits.is_again(form)
        if not doubled and not limits.answers.allows(token, came_from.hashed(), at):
            limits.forget(form)
            return _shown(rows, one, link, locale, complaint="busy", picked=picked, typed=words), 429
    if not doubled:
        danger = bool(words) and understand(words, Context(language=locale)).urgent
        try:
            with services().database.write() as rows:
                one, link = _behind(rows, token)
                surveys.take(rows, one, link, picked, words, danger=danger, today=today, now=at)
                if danger:
                    survey_calls.call(rows, one, services().settings, at)
        except Exception:
            limits.forget(form)
            raise
    return _thanked(token, locale)


@blueprint.get("/<token>/<locale>/thanks")
@open_to_all("thanks, and says where help is")
def thanks(token: str, locale: str) -> ResponseReturnValue:
    """What somebody reads after answering."""
    with services().database.read() as rows:
        one, link = _behind(rows, token)
        return _shown(rows, one, link, locale, said="thanks")


def _thanked(token: str, locale: str) -> Response:
    found = make_response(redirect(url_for("survey.thanks", token=token, locale=locale), 303))
    found.set_cookie(
        _MARK,
        "1",
        max_age=STRETCH,
        path=url_for("survey.start", token=token),
        httponly=True,
        samesite="Lax",
        secure=is_https(services().settings),
    )
    return found


def _behind(rows: Session, token: str) -> tuple[SurveyRound, SurveyLink]:
    return (surveys.behind(rows, token) if token.isascii() and token.isprintable() else None) or abort(404)


def _words(rows: Session, locale: str) -> Words:
    found = family_words.load(rows, locale, services().settings, surveys.MESSAGE) if locale in languages() else None
    return found or abort(404)


def _shown(
    rows: Session,
    one: SurveyRound,
    link: SurveyLink,
    locale: str,
    *,
    said: str = "",
    complaint: str = "",
    picked: tuple[Choice, ...] = (),
    typed: str = "",
) -> str:
    if not said and not surveys.is_open(one, local_date(now(), services().settings.zone)):
        said = "over"
    elif not said and request.cookies.get(_MARK):
        said = "again"
    school = district.schools(rows, [one.school_id]).get(one.school_id)
    return render_template(
        "survey/page.html",
        w=_words(rows, locale),
        again=partial(url_for, "survey.thanks" if said == "thanks" else "survey.page", token=link.token),
        languages=languages(),
        practice=services().settings.provider == "simulator",
        said=said,
        complaint=complaint,
        question=f"ask_{'student' if one.audience == surveys.Audience.STUDENTS else 'family'}",
        school=school.name if school else "",
        grade=link.grade,
        token=link.token,
        choices=list(Choice),
        picked=picked,
        typed=typed,
        longest=LONGEST_WORDS,
        once=secrets.token_hex(8),
    )

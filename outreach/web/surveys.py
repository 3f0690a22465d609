"""Surveys for staff: opening a round, its sheets with codes, and what was heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import surveys
from outreach.cases.survey_tables import SurveyAnswer, SurveyLink, SurveyRound
from outreach.cases.surveys import LONGEST_DID, Audience, Plan, SurveyError
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.evidence import heard
from outreach.evidence.heard import Heard
from outreach.messages.languages import DEFAULT, languages
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import family_words, qr
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("surveys", __name__)

_SHOWN = 60
"""Rounds on the page."""
_BEFORE = 3
"""Earlier rounds beside one."""


@blueprint.get("/surveys")
@needs(Permission.SURVEY_READ)
def page() -> ResponseReturnValue:
    """The rounds of this person's schools, and the form that opens one."""
    return _page()


def _page(typed: Mapping[str, str] | None = None, chosen: list[str] | None = None, status: int = 200) -> tuple[str, int]:
    known, today = person(), _today()
    with services().database.read() as session:
        names = _schools(session)
        rows = session.scalars(select(SurveyRound).order_by(SurveyRound.last_day.desc(), SurveyRound.id.desc()).limit(20 * _SHOWN))
        rounds = [one for one in rows if one.school_id in names][:_SHOWN]
        school_id = (typed or request.args).get("school", "") or (next(iter(names)) if len(names) == 1 else "")
        sets = known.may(Permission.SURVEY_SET)
        shown = render_template(
            "surveys.html",
            rounds=[(one, surveys.is_over(one, today), surveys.is_open(one, today)) for one in rounds],
            names=names,
            school_id=school_id if school_id in names else "",
            grades=surveys.grades_at(session, school_id, today) if sets and school_id in names else [],
            typed=typed or {},
            chosen=chosen,
            audiences=list(Audience),
            today=today,
            sets=sets,
            without_address=not services().settings.public_url,
        )
    return shown, status


@blueprint.post("/surveys")
@needs(Permission.SURVEY_SET)
def open_one() -> ResponseReturnValue:
    """Open a round."""
    known, form = person(), request.form
    try:
        plan = _plan()
        with services().database.write() as session:
            if plan.school_id not in _schools(session):
                abort(404)
            one = surveys.open_round(session, plan, by=known.email, today=_today(), now=now())
            number = one.id
            staff.audit(session, actor=known.email, action="survey.opened", subject=f"survey {number}", now=now())
    except SurveyError as refusal:
        flash(str(refusal), "warning")
        return _page(form.to_dict(), form.getlist("grade"), 422)
    flash("The survey is set up. Print its sheets.")
    return redirect(url_for("surveys.one", round_id=number))


def _plan() -> Plan:
    form = request.form
    audience = next((one for one in Audience if one == form.get("audience")), None)
    try:
        first, last = date.fromisoformat(form.get("first_day", "")), date.fromisoformat(form.get("last_day", ""))
    except ValueError:
        audience = None
    if audience is None:
        message = "Choose who is asked, and the first and the last day."
        raise SurveyError(message)
    return Plan(form.get("school", ""), audience, tuple(dict.fromkeys(form.getlist("grade"))), first, last)


@dataclass(frozen=True)
class Words:
    """What was written in a round, for who may read it."""

    may_read: bool
    said: list[heard.Said]
    danger: list[tuple[SurveyAnswer, str]]


@blueprint.get("/surveys/<int:round_id>")
@needs(Permission.SURVEY_READ)
def one(round_id: int) -> ResponseReturnValue:
    """What was heard in one round, and in the rounds before it."""
    known, today = person(), _today()
    with services().database.read() as session:
        found = _round(session, round_id)
        written = Words(
            known.may(Permission.SURVEY_WORDS),
            heard.words(session, found, today) if known.may(Permission.SURVEY_WORDS) else [],
            heard.of_danger(session, found) if known.may(Permission.DANGER_READ) else [],
        )
        shown = render_template(
            "survey_round.html",
            one=found,
            heard=heard.heard(session, found, today),
            before=[earlier for earlier in _before(session, found, today) if earlier.over],
            written=written,
            texts=_english(session),
            school=_schools(session)[found.school_id],
            who=accounts.names_by_email(session, {found.opened_by, found.ended_by, found.did_by}),
            longest=LONGEST_DID,
            is_open=surveys.is_open(found, today),
            sets=known.may(Permission.SURVEY_SET),
        )
    if written.said or written.danger:
        with services().database.write() as session:
            staff.audit(session, actor=known.email, action="survey.words_read", subject=f"survey {round_id}", now=now())
    return shown


def _before(session: Session, one: SurveyRound, today: date) -> list[Heard]:
    mine = SurveyRound.school_id == one.school_id, SurveyRound.audience == one.audience, SurveyRound.id < one.id
    rows = session.scalars(select(SurveyRound).where(*mine).order_by(SurveyRound.id.desc()).limit(_BEFORE))
    return [heard.heard(session, earlier, today) for earlier in rows]


@blueprint.post("/surveys/<int:round_id>/end")
@needs(Permission.SURVEY_SET)
def end(round_id: int) -> ResponseReturnValue:
    """End a round before its last day: its codes take no answers any more, and its figures are shown."""
    known = person()
    with services().database.write() as session:
        surveys.end_round(_round(session, round_id), by=known.email, today=_today(), now=now())
        staff.audit(session, actor=known.email, action="survey.ended", subject=f"survey {round_id}", now=now())
    flash("Ended. Its codes take no answers any more.")
    return redirect(url_for("surveys.one", round_id=round_id))


@blueprint.post("/surveys/<int:round_id>/did")
@needs(Permission.SURVEY_SET)
def tell_back(round_id: int) -> ResponseReturnValue:
    """Keep what the school did about it."""
    known = person()
    with services().database.write() as session:
        surveys.tell_back(_round(session, round_id), request.form.get("did", ""), by=known.email, now=now())
        staff.audit(session, actor=known.email, action="survey.told_back", subject=f"survey {round_id}", now=now())
    flash("Kept. It stands in the team's packet, too.")
    return redirect(url_for("surveys.one", round_id=round_id))


@blueprint.post("/surveys/<int:round_id>/words/<answer_id>")
@needs(Permission.SURVEY_WORDS)
def take_out(round_id: int, answer_id: str) -> ResponseReturnValue:
    """Take words out for good, because they name somebody."""
    known = person()
    with services().database.write() as session:
        found = _round(session, round_id)
        answer = session.get(SurveyAnswer, answer_id)
        mine = answer and session.get_one(SurveyLink, answer.link_id).round_id == found.id
        if answer is None or not mine or (answer.danger and not known.may(Permission.DANGER_READ)):
            abort(404)
        surveys.take_out(session, answer)
        staff.audit(session, actor=known.email, action="survey.words_taken_out", subject=f"survey {round_id}", now=now())
    flash("These words are gone for good. What was chosen still counts.")
    return redirect(url_for("surveys.one", round_id=round_id) + "#words")


@blueprint.get("/surveys/<int:round_id>/sheet")
@needs(Permission.SURVEY_SET)
def sheet(round_id: int) -> ResponseReturnValue:
    """A page to print for each grade: the question, a code, and one line in each language."""
    settings = services().settings
    with services().database.read() as session:
        found = _round(session, round_id)
        base = (settings.public_url or request.host_url).rstrip("/")
        pages = []
        for link in surveys.links(session, found.id):
            address = base + url_for("survey.start", token=link.token)
            pages.append((link.grade, address, qr.picture(address)))
        spoken = [family_words.load(session, locale, settings, surveys.MESSAGE) for locale in languages()]
        return render_template(
            "survey_sheet.html",
            one=found,
            school=_schools(session)[found.school_id],
            pages=pages,
            w=family_words.load(session, DEFAULT, settings, surveys.MESSAGE) or abort(404),
            spoken=[words for words in spoken if words is not None and words.locale == words.wanted != DEFAULT],
        )


def _english(session: Session) -> Mapping[str, str]:
    """The choices as families and students read them; where nobody approved the words any more, their own names."""
    words = family_words.load(session, DEFAULT, services().settings, surveys.MESSAGE)
    return words.english if words else {choice.value: choice.value for choice in surveys.Choice}


def _round(session: Session, round_id: int) -> SurveyRound:
    found = session.get(SurveyRound, round_id)
    if found is None or not person().sees(found.school_id):
        abort(404)
    return found


def _schools(session: Session) -> dict[str, str]:
    """The schools of this person, by name."""
    names = {school.school_id: school.name or school.school_id for school in district.schools(session).values()}
    mine = {key: name for key, name in names.items() if person().sees(key)}
    return dict(sorted(mine.items(), key=lambda pair: pair[1].casefold()))


def _today() -> date:
    return local_date(now(), services().settings.zone)

"""Who can help families: the district's list, by reason, with what is full, what nobody has checked, and why it is not offered."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import resource_actions
from outreach.cases.barrier_words import shipped
from outreach.cases.resource_actions import Entry, ResourceError
from outreach.cases.resource_tables import Resource
from outreach.cases.resources import why_not_now
from outreach.clock import local_date
from outreach.messages.languages import languages
from outreach.replies.normalise import storable
from outreach.replies.reasons import CATEGORY_OF, Category
from outreach.staff import queries as accounts
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("resources", __name__, url_prefix="/resources")

_LONGEST = 300


@blueprint.get("")
@needs(Permission.RESOURCES_READ)
def page() -> ResponseReturnValue:
    """Every resource, those that are offered first, and the form for a new one."""
    need = request.args.get("need", "")
    settings, today = services().settings, local_date(now(), services().settings.zone)
    with services().database.read() as session:
        rows = [
            (row, place, why_not_now(place, today, settings.resource_fresh_days))
            for row, place in resource_actions.listed(session)
            if not need or need in row.needs
        ]
        return render_template(
            "resources.html",
            rows=sorted(rows, key=lambda one: bool(one[2])),
            need=need,
            checkers=accounts.names_by_email(session, {row.checked_by for row, _, _ in rows}),
            school_names=people.school_names(session),
            may_edit=resource_actions.may_edit,
            words=shipped(),
            by_category=by_category(),
        )


@blueprint.get("/new")
@needs(Permission.RESOURCES_EDIT)
def new() -> ResponseReturnValue:
    """An empty form."""
    return _form(Entry("", ()), None)


@blueprint.post("/new")
@needs(Permission.RESOURCES_EDIT)
def add() -> ResponseReturnValue:
    """Write a new resource."""
    return _save(None)


@blueprint.get("/<int:resource_id>")
@needs(Permission.RESOURCES_EDIT)
def one(resource_id: int) -> ResponseReturnValue:
    """A resource to correct."""
    with services().database.read() as session:
        row = session.get(Resource, resource_id)
        if row is None or row.ended_at is not None or not resource_actions.may_edit(person(), row.schools):
            abort(404)
        kept = (tuple(part) for part in (row.needs, row.schools, row.languages, row.grades, row.subgroups))
        named, schools, locales, grades, subgroups = kept
        return _form(Entry(row.name, named, row.how, schools, locales, grades, subgroups, row.capacity), resource_id)


@blueprint.post("/<int:resource_id>")
@needs(Permission.RESOURCES_EDIT)
def change(resource_id: int) -> ResponseReturnValue:
    """Correct a resource."""
    return _save(resource_id)


@blueprint.post("/<int:resource_id>/check")
@needs(Permission.RESOURCES_EDIT)
def check(resource_id: int) -> ResponseReturnValue:
    """Say that everything of it still is so."""
    today = local_date(now(), services().settings.zone)
    return _act(lambda session, known: resource_actions.check(session, resource_id, known, today=today, now=now()), "Checked today.")


@blueprint.post("/<int:resource_id>/end")
@needs(Permission.RESOURCES_EDIT)
def end(resource_id: int) -> ResponseReturnValue:
    """Say that it is no more."""
    return _act(lambda session, known: resource_actions.end(session, resource_id, known, now=now()), "Taken off the list.")


def _act(action: Callable[[Session, SignedIn], object], said: str) -> ResponseReturnValue:
    try:
        with services().database.write() as session:
            action(session, person())
    except ResourceError as refusal:
        flash(str(refusal))
    else:
        flash(said)
    return redirect(url_for("resources.page"))


def _save(resource_id: int | None) -> ResponseReturnValue:
    entry, today = _sent(), local_date(now(), services().settings.zone)
    try:
        with services().database.write() as session:
            if resource_id is not None and session.get(Resource, resource_id) is None:
                abort(404)
            resource_actions.save(session, entry, person(), today=today, now=now(), resource_id=resource_id)
    except ResourceError as refusal:
        return _form(entry, resource_id, problem=str(refusal)), 422
    flash("Kept, and checked today.")
    return redirect(url_for("resources.page"))


def _sent() -> Entry:
    """The form as an entry; who has a reach of schools and chose none means all of theirs."""
    mine = person().schools
    schools = tuple(storable(school) for school in request.form.getlist("school"))
    return Entry(
        name=_text("name"),
        needs=tuple(reason for reason in CATEGORY_OF if reason in request.form.getlist("need")),
        how=_text("how"),
        schools=schools or (tuple(sorted(mine)) if mine is not None else ()),
        languages=tuple(locale for locale in languages() if locale in request.form.getlist("language")),
        grades=_list("grades"),
        subgroups=_list("subgroups"),
        capacity=small_number(request.form.get("capacity", "")),
    )


def _text(name: str) -> str:
    return storable(request.form.get(name, "")).strip()[:_LONGEST]


def _list(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in _text(name).split(",") if part.strip()))


def _form(entry: Entry, resource_id: int | None, *, problem: str = "") -> str:
    mine = person().schools
    with services().database.read() as session:
        names = people.school_names(session)
    schools = {school: name for school, name in sorted(names.items(), key=lambda pair: pair[1]) if mine is None or school in mine}
    return render_template(
        "resource.html",
        entry=entry,
        resource_id=resource_id,
        problem=problem,
        schools=schools,
        whole_district=mine is None,
        locales={locale: one.english for locale, one in languages().items()},
        by_category=by_category(),
    )


def by_category() -> dict[str, dict[str, str]]:
    """Root cause → its reasons, all in plain words."""
    words = shipped()
    return {words.categories[one]: {code: words.reason(code) for code, cause in CATEGORY_OF.items() if cause is one} for one in Category}

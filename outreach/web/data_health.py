"""What keeps counts unknown, school by school, and a small form wherever it is ours to fix."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance import health, sis_differences
from outreach.attendance import overlays as attendance
from outreach.attendance.calendars import Said
from outreach.attendance.overlays import SETTLEABLE
from outreach.attendance.tables import FeedSource
from outreach.attendance.verdicts import Verdict
from outreach.clock import local_date
from outreach.district import corrections, overlays
from outreach.district.overlays import Act, Kind, OverlayError
from outreach.district.queries import slices
from outreach.district.tables import Overlay, StudentContact
from outreach.evidence import dashboard
from outreach.staff import actions as staff
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.web import data_findings as findings
from outreach.web import people, scopes
from outreach.web.context import now, person, services
from outreach.web.data_findings import MEANINGS, SAID
from outreach.web.permissions import needs

blueprint = Blueprint("data_health", __name__)

_OF_CHILDREN = frozenset({Kind.STUDENT_DAY, Kind.SAME_CHILD, Kind.DECEASED, Kind.HOLD, Kind.CONTACT, Kind.NUMBER})
_NEXT = "Counts and messages follow within minutes."
_MOST = 100
"""Rows of a list that the page shows: of earlier decisions the newest, of differences those of the first schools."""


@blueprint.get("/data-health")
@needs(Permission.DATA_READ)
def page() -> ResponseReturnValue:
    """What to fix at this person's schools, worst first."""
    known = person()
    with services().database.read() as session:
        unknown = dashboard.unknown(session)
        scope = scopes.scope(session, [school for school, _ in unknown])
        here = {scope.chosen} if scope.chosen else known.schools
        found = health.look(session, _yesterday(), here)
        said = visible(session, known, overlays.holding(session))
        gainsaid = {row.id for row in corrections.contradicted(session)}
        pairs = findings.alike(session, here) if known.may(Permission.DATA_CHILDREN) else []
        children = {day.student_id for day in found.student_days} | {row.student_id for row in said}
        children |= {student.student_id for pair in pairs for student in pair}
        differing = sis_differences.differences(session, here)
        children |= {row.student_id for row in differing[:_MOST]}
        names = people.children(session, children - {""}, known.schools) if known.may(Permission.DATA_CHILDREN) else {}
        return render_template(
            "data_health.html",
            parts=findings.parts(session, found),
            said=said[::-1][:_MOST],
            gainsaid=[row for row in said if row.id in gainsaid],
            differing=differing[:_MOST],
            differing_children=len({row.student_id for row in differing}),
            pairs=[pair for pair in pairs if all(student.student_id in names for student in pair)],
            left_out=health.left_out(session) if known.schools is None else [],
            names=names,
            adults=people.contact_names(session, {row.contact_id for row in said}),
            schools=people.school_names(session),
            scope=scope,
            unknown=[(school, children) for school, children in unknown if school in scope.schools],
            spoken=findings.spoken,
            meanings={value: words for value, (words, _) in MEANINGS.items()},
            words=SAID,
            verdicts=SETTLEABLE,
        )


@blueprint.post("/data-health/code")
@needs(Permission.DATA_FIX)
def code() -> ResponseReturnValue:
    """Give a code its meaning, at one school or (people of the whole district) at all."""
    form = request.form
    everywhere = form.get("everywhere") == "yes"
    school = "" if everywhere else form.get("school", "")
    _only_mine(school)
    if form.get("meaning") not in MEANINGS or not form.get("code"):
        abort(400)
    meaning = MEANINGS[form["meaning"]][1].model_copy(update={"hold": form.get("hold") == "yes"})
    with services().database.write() as session:
        if session.get(FeedSource, form.get("source", "")) is None:
            abort(404)
        row = attendance.give_meaning(session, form["source"], form["code"], meaning, _act(), school_id=school)
        _audit(session, "data.code", row)
    return _done(form.get("school", ""), f"The code “{form['code']}” has its meaning. {_NEXT}")


@blueprint.post("/data-health/days")
@needs(Permission.DATA_FIX)
def days() -> ResponseReturnValue:
    """Say what some dates at a school were."""
    school, said = request.form.get("school", ""), request.form.get("said", "")
    _only_mine(school)
    chosen = [_date(text) for text in request.form.getlist("day")]
    if said not in list(Said):
        abort(400)
    if not chosen:
        flash("Please choose at least one date.", "warning")
        return _back(school)
    with services().database.write() as session:
        for day in chosen:
            _audit(session, "data.day", attendance.call_day(session, school, day, Said(said), _act()))
    return _done(school, f"{SAID[Said(said)]}: {len(chosen)} date{'' if len(chosen) == 1 else 's'} noted. {_NEXT}")


@blueprint.post("/data-health/settle")
@needs(Permission.DATA_CHILDREN)
def settle() -> ResponseReturnValue:
    """Say what one child's day was."""
    student, school, day = request.form.get("student", ""), request.form.get("school", ""), _date(request.form.get("day", ""))
    verdict = request.form.get("verdict", "")
    _only_mine(school)
    if verdict not in list(SETTLEABLE):
        abort(400)
    with services().database.write() as session:
        if school not in people.school_ids(session, [student])[student]:
            abort(404)
        before = health.marked(session, _yesterday(), student, school, day)
        row = attendance.settle_day(session, student, school, day, Verdict(verdict), _act(), marked=before)
        _audit(session, "data.student_day", row)
    return _done(school, f"The day is settled. {_NEXT}")


@blueprint.post("/data-health/merge")
@needs(Permission.DATA_CHILDREN)
def merge() -> ResponseReturnValue:
    """Gather the rows of two ids of one child under the id to keep."""
    old, kept = request.form.get("old", "").strip(), request.form.get("kept", "").strip()
    with services().database.write() as session:
        if {old, kept} - people.children(session, {old, kept}, person().schools).keys():
            flash("There is no child of your schools with one of these ids.", "warning")
            return redirect(url_for("data_health.page", _anchor="one-child"))
        try:
            row = overlays.merge(session, old, kept, _act())
        except OverlayError as problem:
            flash(str(problem), "warning")
            return redirect(url_for("data_health.page", _anchor="one-child"))
        _audit(session, "data.same_child", row)
    return _done("", f"The two ids are one child from now on. {_NEXT}")


@blueprint.post("/data-health/<int:overlay_id>/withdraw")
@needs(Permission.DATA_FIX)
def withdraw(overlay_id: int) -> ResponseReturnValue:
    """Take a decision back: the feed holds again."""
    with services().database.write() as session:
        overlays.withdraw(session, _mine(session, overlay_id).id, _act())
        _audit(session, "data.withdrawn", session.get_one(Overlay, overlay_id))
    return _done("", f"Taken back; the feed holds again. {_NEXT}")


@blueprint.post("/data-health/<int:overlay_id>/keep")
@needs(Permission.DATA_CHILDREN)
def keep(overlay_id: int) -> ResponseReturnValue:
    """Stand by a correction that the feed gainsays."""
    with services().database.write() as session:
        row = _mine(session, overlay_id)
        if row.kind not in {Kind.CONTACT, Kind.NUMBER}:
            abort(404)
        _audit(session, "data.kept", corrections.keep(session, row, _act()))
    return _done("", "Our word stands; you are asked again when the feed says something else.")


def visible(session: Session, known: SignedIn, rows: Collection[Overlay]) -> list[Overlay]:
    """The overlays that a person may see: those of their schools, and of children only where their role sees children."""
    may = known.may(Permission.DATA_CHILDREN)
    contacts = _children_of_contacts(session, {row.contact_id for row in rows} - {""})
    students = {row.student_id for row in rows} | {child for children in contacts.values() for child in children}
    theirs = people.children(session, students - {""}, known.schools) if may else {}

    def sees(row: Overlay) -> bool:
        if row.kind not in _OF_CHILDREN:
            return known.sees(row.school_id)
        return may and bool(theirs.keys() & {row.student_id, *contacts.get(row.contact_id, ())})

    return [row for row in rows if sees(row)]


def _children_of_contacts(session: Session, contact_ids: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {contact_id: set() for contact_id in contact_ids}
    for some in slices(contact_ids):
        ties = select(StudentContact.contact_id, StudentContact.student_id).where(StudentContact.contact_id.in_(some))
        for row in session.execute(ties):
            found[row.contact_id].add(row.student_id)
    return found


def _mine(session: Session, overlay_id: int) -> Overlay:
    """An overlay that holds and that this person may see; else there is no such page."""
    rows = [row for row in overlays.holding(session) if row.id == overlay_id]
    found = visible(session, person(), rows)
    if not found:
        abort(404)
    return found[0]


def _only_mine(school: str) -> None:
    if not person().sees(school):
        abort(404)


def _yesterday() -> date:
    """The last day that everybody could have told about; today's attendance may still be on its way."""
    return local_date(now(), services().settings.zone) - timedelta(days=1)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(400)


def _act() -> Act:
    return Act(person().email, now(), request.form.get("why", "")[:200])


def _audit(session: Session, action: str, row: Overlay) -> None:
    detail = {"kind": row.kind, "school": row.school_id, "date": row.date.isoformat() if row.date else "", "value": row.value}
    told = detail if row.kind not in _OF_CHILDREN else {"kind": row.kind}
    staff.audit(session, actor=person().email, action=action, subject=f"overlay {row.id}", now=now(), detail=told)


def _done(school: str, sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return _back(school)


def _back(school: str) -> ResponseReturnValue:
    """To the school's part of the page; where there are too many children, to the school's own page."""
    with services().database.read() as session:
        alone = school and scopes.is_large(session)
    return redirect(url_for("data_health.page", school=school if alone else None, _anchor=f"school-{school}" if school else None))

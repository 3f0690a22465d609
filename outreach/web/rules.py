"""The district's rules: in plain words, changed with what the change would do in sight, and put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.district.tables import Student
from outreach.messages.templates import sources
from outreach.planning import backtest, what_if
from outreach.planning.what_if import Difference, Told
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.thresholds import editing, versions
from outreach.thresholds.editing import Change, FieldsError, RulesEditError
from outreach.thresholds.rules import Rule
from outreach.thresholds.version_tables import RulesVersion
from outreach.web import people, rules_words
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("rules", __name__)

_LONGEST_REASON = 300
_NAMED = 50
"""Families named on the page of a difference; more are only counted."""
_MOST_CHILDREN = 5_000
"""A year of so many is looked at in about half a minute."""
_NEW: Mapping[str, object] = {
    "percent": "10", "days": "5", "from_day": "20", "fires": "crossing", "action": "message", "channel": "sms", "message": "count",
    "rung": "1", "cool_down": "30", "metric": "absent", "requalify": True,
}  # fmt: skip


@dataclass(frozen=True)
class Past:
    """One version as its history shows it."""

    row: RulesVersion
    changes: list[str]
    """Against the version before."""
    stands: bool


@blueprint.get("/rules")
@needs(Permission.RULES_READ)
def page() -> ResponseReturnValue:
    """The rules that hold today, and every version."""
    settings, at = services().settings, now()
    day = editing.today(settings, at)
    with services().database.read() as session:
        names = people.school_names(session)
        standing = versions.standing(session, day)
        return render_template(
            "rules.html",
            rules=versions.rules_of(standing, settings),
            newest=editing.base(session, settings),
            day=day,
            history=_history(session, names, standing),
            file_stands=standing is None,
            names=names,
            words=rules_words,
            who=accounts.names_by_email(session, {row.changed_by for row in versions.versions(session)}),
            may_change=person().may(Permission.RULES_CHANGE),
        )


def _history(session: Session, names: Mapping[str, str], standing: RulesVersion | None) -> list[Past]:
    settings = services().settings
    rows = versions.versions(session)
    before = [*(versions.rules_of(row, settings) for row in rows[1:]), versions.rules_of(None, settings)]
    return [
        Past(row, rules_words.changes(earlier, versions.rules_of(row, settings), names), row is standing)
        for row, earlier in zip(rows, before, strict=False)
    ]


@blueprint.get("/rules/edit")
@needs(Permission.RULES_CHANGE)
def edit() -> ResponseReturnValue:
    """The form of one rule (``?rule=NAME``), or of a new one."""
    name = request.args.get("rule", "")
    with services().database.read() as session:
        base = editing.base(session, services().settings)
        rule = next((rule for rule in base.rules if rule.name == name), None)
        if name and rule is None:
            abort(404)
        return _form(session, rules_words.as_typed(rule) if rule else dict(_NEW), base.number)


@blueprint.post("/rules/edit")
@needs(Permission.RULES_CHANGE)
def change() -> ResponseReturnValue:
    """Show what a change would do; with the second press, apply it. Nothing is in force before that."""
    typed, seen = rules_words.read(request.form, request.form.getlist("schools")), small_number(request.form.get("seen", ""))
    do = request.form.get("do", "look")
    if seen is None or do not in {"look", "apply", "again", "past"}:
        abort(400)
    if do == "again":
        with services().database.read() as session:
            return _form(session, typed, seen)
    try:
        with services().database.read() as session:
            rules = _changed(session, typed)
        if do == "apply":
            return _apply(rules, seen)
        if do == "past":
            return _past(rules, typed, seen)
        found = what_if.what_if(services().database, rules, settings=services().settings, now=now())
    except RulesEditError as refusal:
        return _refused(typed, refusal, seen)
    return _difference(found, rules, typed, seen)


@blueprint.post("/rules/back")
@needs(Permission.RULES_CHANGE)
def back() -> ResponseReturnValue:
    """Let an earlier version hold again from today, with one press."""
    number = small_number(request.form.get("number", ""))
    if number is None:
        abort(400)
    known, settings = person(), services().settings
    try:
        with services().database.write() as session:
            made = Change(known.email, now(), editing.today(settings, now()))
            row = editing.return_to(session, number, made, settings=settings)
            if row is not None:
                staff.audit(
                    session, actor=known.email, action="rules.returned", subject=f"rules {row.number}", now=now(), detail={"to": number}
                )
    except RulesEditError as refusal:
        flash(str(refusal), "warning")
    else:
        flash("These rules hold again from the next evaluation on." if row else "These rules hold already.")
    return redirect(url_for("rules.page"))


def _changed(session: Session, typed: Mapping[str, object]) -> tuple[Rule, ...]:
    """All rules with the one of the form in its place; raises FieldsError."""
    base, name = editing.base(session, services().settings), request.form.get("rule", "")
    if request.form.get("remove") == "on":
        return editing.without_rule(base.rules, name)
    schools = list(people.school_names(session))
    rule = editing.typed_rule(rules_words.values(typed), messages=_messages(), schools=schools)
    _holds_from()
    return editing.with_rule(base.rules, rule, name)


def _apply(rules: Sequence[Rule], seen: int) -> ResponseReturnValue:
    known, why = person(), storable(request.form.get("why", "")).strip()[:_LONGEST_REASON]
    with services().database.write() as session:
        row = editing.save(session, rules, Change(known.email, now(), _holds_from(), why, seen), settings=services().settings)
        if row is not None:
            detail = {"holds_from": row.holds_from.isoformat(), "why": why}
            staff.audit(session, actor=known.email, action="rules.changed", subject=f"rules {row.number}", now=now(), detail=detail)
    flash("Saved. One press under Versions takes it back." if row else "The rules are so already.")
    return redirect(url_for("rules.page"))


def _refused(typed: Mapping[str, object], refusal: RulesEditError, seen: int) -> ResponseReturnValue:
    with services().database.read() as session:
        faults = refusal.fields if isinstance(refusal, FieldsError) else {"form": str(refusal)}
        # who has been told that others changed the rules may go on from theirs
        number = seen if isinstance(refusal, FieldsError) else editing.base(session, services().settings).number
        return _form(session, typed, number, faults), 422


def _form(session: Session, typed: Mapping[str, object], seen: int, faults: Mapping[str, str] | None = None) -> str:
    by_channel = _messages()
    return render_template(
        "rule.html",
        typed=typed,
        faults=faults or {},
        seen=seen,
        rule=request.values.get("rule", ""),
        messages=sorted({*by_channel["sms"], *by_channel["letter"]}),
        schools=sorted(people.school_names(session).items(), key=lambda one: one[1].casefold()),
        words=rules_words,
        holds_from=request.form.get("holds_from") or editing.today(services().settings, now()).isoformat(),
        why=request.form.get("why", ""),
        remove=request.form.get("remove") == "on",
    )


def _difference(found: Difference, rules: Sequence[Rule], typed: Mapping[str, object], seen: int) -> str:
    settings = services().settings
    with services().database.read() as session:
        names = people.school_names(session)
        base = editing.base(session, settings)
        return render_template(
            "rule_difference.html",
            found=found,
            changes=rules_words.changes(base.rules, rules, names),
            groups=[
                ("Newly reached", found.reached, _children(session, found.reached)),
                ("Dropped", found.dropped, _children(session, found.dropped)),
            ],
            by=what_if.by,
            price=what_if.price,
            leaving=lambda told: [one for one in told if one.leaves],
            coordinators=accounts.coordinators_of(session),
            names=names,
            most=_NAMED,
            typed=typed,
            seen=seen,
            **_asked(),
        )


def _past(rules: Sequence[Rule], typed: Mapping[str, object], seen: int) -> str:
    """What these rules would have led to in this school year, week by week. Raises RulesEditError in a large district."""
    with services().database.read() as session:
        children = session.scalar(select(func.count()).select_from(Student)) or 0
    if children > _MOST_CHILDREN:
        refusal = (
            f"A year of {children:,} children takes minutes in which nothing else is written; a page looks at {_MOST_CHILDREN:,} at most."
        )
        raise RulesEditError(refusal)
    found = backtest.backtest(services().database, rules, settings=services().settings, now=now())
    return render_template(
        "rule_past.html",
        found=found,
        typed=typed,
        seen=seen,
        **_asked(),
    )


def _asked() -> dict[str, object]:
    """What was typed beside the rule itself, for the form that sends it on."""
    return {
        "rule": request.form.get("rule", ""),
        "remove": request.form.get("remove") == "on",
        "holds_from": request.form.get("holds_from", ""),
        "why": request.form.get("why", ""),
    }


def _children(session: Session, told: Sequence[Told]) -> dict[str, people.ChildName]:
    """The children of the first of some households, of this person's schools."""
    asked = {student_id for one in told[:_NAMED] for student_id in one.student_ids}
    return people.children(session, asked, person().schools) if person().may(Permission.DATA_CHILDREN) else {}


def _messages() -> dict[str, list[str]]:
    """Channel → the messages there are."""
    found: dict[str, list[str]] = {"sms": [], "letter": []}
    for source in sources(services().settings.home):
        if source.channel in found:
            found[source.channel].append(source.message)
    return found


def _holds_from() -> date:
    try:
        return date.fromisoformat(request.form.get("holds_from", ""))
    except ValueError:
        raise FieldsError({"holds_from": "Give a day such as 2026-10-05."}) from None

"""What software could not settle, before the people who can."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from outreach.attention import actions, queries
from outreach.attention.tables import AttentionItem
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("attention", __name__)


@blueprint.get("/attention")
@needs(Permission.ATTENTION_READ)
def page() -> ResponseReturnValue:
    """Open items of this person's schools, urgent first, then the oldest."""
    known = person()
    with services().database.read() as session:
        items = queries.open_items(session, known.schools)
        return render_template("attention.html", items=items, may_resolve=known.may(Permission.ATTENTION_RESOLVE))


@blueprint.post("/attention/<int:item_id>/resolve")
@needs(Permission.ATTENTION_RESOLVE)
def resolve(item_id: int) -> ResponseReturnValue:
    """Mark an item as settled."""
    known = person()
    with services().database.write() as session:
        item = session.get(AttentionItem, item_id)
        if item is None or not known.sees(item.school_id):
            abort(404)
        actions.resolve(session, item_id, by=known.email, now=now())
        staff.audit(session, actor=known.email, action="attention.resolved", subject=f"item {item_id}", now=now())
    flash("Marked as settled.")
    return redirect(url_for("attention.page"))

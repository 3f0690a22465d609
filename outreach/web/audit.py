"""The record: who saw or changed what, when; searchable, and to take away as a file."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import keys, queries, seals
from outreach.staff.roles import Permission
from outreach.web import sheets
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("audit", __name__)

_SHOWN = 100
_MOST = 100_000
_LARGEST_ID = 2**62


def _asked() -> dict[str, Any]:
    return {name: storable(request.args.get(name, "")).strip()[:200] for name in ("actor", "action", "subject")}


@blueprint.get("/audit")
@needs(Permission.AUDIT_READ)
def page() -> ResponseReturnValue:
    """The newest entries that fit, a hundred at a time."""
    asked, before = _asked(), request.args.get("before", "0")[:19]
    older_than = min(int(before), _LARGEST_ID) if before.isascii() and before.isdigit() else 0
    with services().database.read() as session:
        found = queries.trail(session, **asked, limit=_SHOWN + 1, before=older_than)
        shown = found[:_SHOWN]
        more = url_for("audit.page", **asked, before=shown[-1].id) if len(found) > _SHOWN else ""
        return render_template(
            "audit.html",
            entries=shown,
            asked=asked,
            more=more,
            who=queries.names_by_email(session, {entry.actor for entry in shown}),
            verified=seals.verify(session, keys.secret_key(services().settings), services().settings.home)
            if "verify" in request.args
            else None,
        )


@blueprint.get("/audit.csv")
@needs(Permission.AUDIT_READ)
def file() -> ResponseReturnValue:
    """What fits, as a file; taking it away is an entry of its own."""
    asked, known = _asked(), person()
    with services().database.write() as session:
        found = queries.trail(session, **asked, limit=_MOST)
        rows = [
            (one.id, one.at.isoformat(), one.actor, one.action, one.subject, json.dumps(one.detail, ensure_ascii=False)) for one in found
        ]
        staff.audit(session, actor=known.email, action="audit.exported", subject="audit", now=now(), detail={"rows": len(rows), **asked})
    return sheets.answer("record.csv", ("id", "at", "actor", "action", "subject", "detail"), rows)

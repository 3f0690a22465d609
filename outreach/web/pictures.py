"""Photos and documents that families texted: in their thread, for whoever may read it, and never as anything that runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import queries, seals
from outreach.cases.tables import CaseEvent
from outreach.replies import media
from outreach.replies.media_types import ENDINGS, SHOWN
from outreach.replies.tables import Inbound, InboundMedia
from outreach.staff.actions import audit
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("pictures", __name__, url_prefix="/cases")

_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Nothing in a stranger's file runs, whatever it turns out to be."""


@blueprint.app_context_processor
def _shown_types() -> dict[str, object]:
    return {"SHOWN_TYPES": SHOWN}


@blueprint.get("/<int:case_id>/media/<int:media_id>")
@needs(Permission.INBOX_READ)
def one(case_id: int, media_id: int) -> ResponseReturnValue:
    """One photo of a conversation; who was shown it is on record."""
    with services().database.write() as session:
        row = _found(session, case_id, media_id)
        content = media.read(services().settings, row) if row else None
        if row is None or content is None:
            abort(404)
        audit(session, actor=person().email, action="media.seen", subject=f"media {row.id}", now=now(), detail={"text": row.inbound_id})
        kind = row.type
    answer = Response(content, content_type=kind)
    how = "inline" if kind in SHOWN else "attachment"
    answer.headers["Content-Disposition"] = f'{how}; filename="family-{media_id}{ENDINGS[kind]}"'
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def of_texts(session: Session, inbound_ids: Collection[int]) -> dict[int, tuple[InboundMedia, ...]]:
    """Text → what came with it, in order; texts that came alone are absent."""
    found: defaultdict[int, tuple[InboundMedia, ...]] = defaultdict(tuple)
    rows = select(InboundMedia).where(InboundMedia.inbound_id.in_(inbound_ids)).order_by(InboundMedia.inbound_id, InboundMedia.number)
    for row in session.scalars(rows):
        found[row.inbound_id] += (row,)
    return dict(found)


def _found(session: Session, case_id: int, media_id: int) -> InboundMedia | None:
    """What is kept, where it belongs to a conversation of this person's whose words they may read."""
    try:
        case = queries.one(session, case_id, person().schools)
    except queries.CaseNotFoundError:
        return None
    of_case = (
        select(InboundMedia, Inbound)
        .join(Inbound, Inbound.id == InboundMedia.inbound_id)
        .join(CaseEvent, CaseEvent.inbound_id == Inbound.id)
        .where(CaseEvent.case_id == case.id, InboundMedia.id == media_id, InboundMedia.state == media.MediaState.KEPT)
    )
    found = session.execute(of_case).one_or_none()
    if found is None:
        return None
    photo, text = found
    return None if seals.of_case(session, case, person()).over(text.received_at, urgent=text.urgent) else photo

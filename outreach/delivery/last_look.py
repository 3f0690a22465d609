"""The last read before a request leaves: one statement that asks whether anything changed since the message was released."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ScalarSelect, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from outreach.attendance.queries import Version, newest_version
from outreach.attendance.tables import FeedImport
from outreach.consent.tables import ContactBlock, PhoneState
from outreach.delivery import reconcile
from outreach.delivery.tables import Attempt, WebhookEvent
from outreach.district.tables import Overlay
from outreach.planning.states import State
from outreach.planning.tables import Brake, MessageBatch, PlannedMessage


class Known(NamedTuple):
    """What a claim rests on; whatever may forbid its texts makes another one, so that a change costs no more than a new check."""

    attendance: Version
    blocks: int
    """Rows ever written. A count, not the highest id: of two people who write at once the lower id may be seen last."""
    brakes: int


def known(session: Session) -> Known:
    """What is known now; read it before the checks that shall rest on it."""
    counted = session.execute(_COUNTED).one()
    return Known(newest_version(session), *counted)


def is_unchanged(session: Session, planned_id: int, attempt_id: int, consent_version: int, then: Known) -> bool:
    """Whether everything is as it was at the release, and the message is still ours.

    A worker that slept past its lease finds that others have dealt with its messages.
    """
    seen = session.execute(_LOOK, {"planned": planned_id, "attempt": attempt_id}).one()
    now = Known(Version(seen.newest_import, seen.newest_overlay), seen.blocks, seen.brakes)
    ours = seen.state == State.SENDING and seen.outcome == "open"
    alone = not seen.has_twin  # two workers may each have claimed one of two
    return ours and alone and now == then and seen.consent == consent_version and not seen.waits and not seen.unheard


def _number_of(table: type[ContactBlock | Brake]) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).scalar_subquery()


def _look() -> Select[*tuple[object, ...]]:
    """Built once: what it costs to put together would be paid before every request."""
    row, twin, asked = PlannedMessage, aliased(PlannedMessage), aliased(Attempt)
    sender = func.trim(WebhookEvent.params["From"].as_string())
    unheard = exists().where(WebhookEvent.kind == "inbound", WebhookEvent.processed_at.is_(None), sender == row.phone)
    same_words = exists().where(
        twin.phone == row.phone, twin.body == row.body, twin.id != row.id, asked.planned_id == twin.id, *reconcile.doubts(twin, asked)
    )
    return (
        select(
            row.state,
            Attempt.outcome,
            func.coalesce(MessageBatch.waits, "").label("waits"),
            func.coalesce(PhoneState.version, 0).label("consent"),
            select(func.coalesce(func.max(FeedImport.id), 0)).scalar_subquery().label("newest_import"),
            select(func.coalesce(func.max(Overlay.id), 0)).scalar_subquery().label("newest_overlay"),
            _number_of(ContactBlock).label("blocks"),
            _number_of(Brake).label("brakes"),
            same_words.label("has_twin"),
            unheard.label("unheard"),
        )
        .select_from(row)
        .join(Attempt, Attempt.id == bindparam("attempt"))
        .outerjoin(MessageBatch, MessageBatch.id == row.batch_id)
        .outerjoin(PhoneState, PhoneState.phone == row.phone)
        .where(row.id == bindparam("planned"))
    )


_COUNTED = select(_number_of(ContactBlock), _number_of(Brake))
_LOOK = _look()

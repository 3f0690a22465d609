"""The stop button and shadow mode, for the district and for each school: who set it, when and why, and who took it off again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.planning.checks import CHECKS, Check
from outreach.planning.reasons import Reason
from outreach.planning.rows import write_once
from outreach.planning.states import MessageClass, State
from outreach.planning.tables import Brake, PlannedMessage

DISTRICT = ""
"""The school id of a brake on everything."""


class Kind(StrEnum):
    """What a brake does."""

    STOP = "stop"
    """Nothing at all leaves."""
    SHADOW = "shadow"
    """Everything is planned and recorded, and nothing that we begin leaves."""


_BINDS = {Kind.STOP: (Check.STOP_BUTTON, Reason.STOPPED), Kind.SHADOW: (Check.SHADOW, Reason.SHADOW)}


@dataclass(frozen=True)
class Brakes:
    """The brakes that are on."""

    on: Collection[tuple[str, str]] = field(default=frozenset())
    """(kind, school id); DISTRICT is everywhere."""

    def refusal(self, message_class: MessageClass, school_id: str) -> Reason | None:
        """Why a message of that class about a child of that school may not leave; None where no brake holds it."""
        for kind, (check, reason) in _BINDS.items():
            if check in CHECKS[message_class] and self.holds(kind, school_id):
                return reason
        return None

    def holds(self, kind: Kind, school_id: str) -> bool:
        """Whether such a brake is on in the district, or at that school."""
        return (kind, DISTRICT) in self.on or (kind, school_id) in self.on


def standing(session: Session) -> Brakes:
    """The brakes that are on now."""
    held = select(Brake.kind, Brake.school_id).where(Brake.open_key.is_not(None))
    return Brakes(frozenset((row.kind, row.school_id) for row in session.execute(held)))


def put_on(session: Session, kind: Kind, school_id: str, *, by: str, why: str, now: datetime) -> Brake:
    """Put a brake on; where it is on already, the first person's stays on record."""
    key = f"{kind}:{school_id}"
    row = Brake(kind=kind.value, school_id=school_id, open_key=key, set_at=now, set_by=by, why=why, lifted_at=None, lifted_by="")
    if kind == Kind.STOP:
        where = "at this school" if school_id else "in the district"
        sentence = f"Everything that goes out is stopped {where}. Start again on the page Sending once the reason is gone."
        raise_item(session, kind="stop", key=f"brake:{key}", sentence=sentence, now=now, school_id=school_id, urgent=True)
    return write_once(session, row) or session.scalars(select(Brake).filter_by(open_key=key)).one()


def take_off(session: Session, kind: Kind, school_id: str, *, by: str, now: datetime) -> bool:
    """Take a brake off, and let what the stop button held be looked at again at once; False where it was not on.

    What was skipped in shadow mode comes up again with the next planning.
    """
    lifted = (
        update(Brake).where(Brake.open_key == f"{kind}:{school_id}").values(open_key=None, lifted_at=now, lifted_by=by).returning(Brake.id)
    )
    if session.execute(lifted).one_or_none() is None:
        return False
    resolve_key(session, f"brake:{kind}:{school_id}", by=by, now=now)
    waiting = update(PlannedMessage).where(PlannedMessage.state == State.HELD, PlannedMessage.reason == _BINDS[kind][1])
    session.execute(waiting.values(due_at=now))
    return True


def lifted_since(session: Session, at: datetime) -> bool:
    """Whether a brake was taken off after *at*: then there is more to plan."""
    return session.scalar(select(Brake.id).where(Brake.lifted_at >= at).limit(1)) is not None

"""Opt-outs as we hold them and as the carrier does: told to it where it did not hear them, and every difference reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.clock import Clock
from outreach.consent.tables import PhoneState
from outreach.database import Database
from outreach.delivery.provider import Account
from outreach.delivery.tables import CarrierStop

_KEY = "consent:drift"


@dataclass(frozen=True)
class Drift:
    """Numbers on which we and the carrier do not agree."""

    carrier_only: tuple[str, ...] = ()
    """The carrier refuses texts, and nobody told us to stop: only the family's START to the carrier opens the number again."""
    ours_only: tuple[str, ...] = ()
    """We stopped, and the carrier does not know it."""


def note(session: Session, phone: str, *, stopped: bool, now: datetime) -> None:
    """Remember what the carrier showed about a number: a refusal for an opt-out, or that it took a text."""
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(CarrierStop)
    new = insert.values(phone=phone, stopped=stopped, at=now)
    session.execute(new.on_conflict_do_update(index_elements=["phone"], set_={"stopped": stopped, "at": now}))


def is_stopped(session: Session, phone: str) -> bool:
    """Whether the carrier showed last that it refuses texts to a number."""
    return bool(session.scalar(select(CarrierStop.stopped).where(CarrierStop.phone == phone)))


def find(session: Session) -> Drift:
    """Compare both, as far as the carrier has shown what it holds."""
    theirs = {row.phone: row.stopped for row in session.scalars(select(CarrierStop))}
    ours = set(session.scalars(select(PhoneState.phone).where(PhoneState.opted_out)))
    stopped = {phone for phone, is_stopped in theirs.items() if is_stopped}
    return Drift(tuple(sorted(stopped - ours)), tuple(sorted(ours - stopped)))


def keep_in_step(database: Database, account: Account, clock: Clock) -> Drift:
    """Tell the carrier of opt-outs that it does not know, and put before a person what still differs; return what was found before."""
    now = clock.now()
    with database.read() as session:
        found = find(session)
    try:
        told = account.tell_stopped(found.ours_only, now) if found.ours_only else []
    except OSError:
        told = []
    with database.write() as session:
        for phone in told:
            note(session, phone, stopped=True, now=now)
        left = find(session)
        if left.carrier_only or left.ours_only:
            sentence = (
                f"We and the carrier differ about opt-outs: {len(left.carrier_only)} numbers are stopped only at the carrier (ask those "
                f"families to text START if they want texts again), {len(left.ours_only)} only here (nothing is sent to them)."
            )
            raise_item(session, kind="consent", key=_KEY, sentence=sentence, now=now)
        else:
            resolve_key(session, _KEY, by="drift", now=now)
    return found

"""Opt-outs as we hold them and as the carrier does: told to it where it did not hear them, and every difference reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.clock import Clock
from outreach.consent.tables import PhoneState
from outreach.database import Database
from outreach.delivery.provider import Account
from outreach.delivery.tables import CarrierStop
from outreach.planning.tables import PlannedMessage

_KEY = "consent:drift"


@dataclass(frozen=True)
class Drift:
    """Numbers on which we and the carrier do not agree."""

    carrier_only: tuple[str, ...] = ()
    """The carrier refuses texts, and nobody told us to stop: only the family's START to the carrier opens the number again."""
    ours_only: tuple[str, ...] = ()
    """We stopped, and the carrier does not know it."""


def note(session: Session, phone: str, *, now: datetime) -> None:
    """Remember that the carrier refuses texts to a number, or was told to."""
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(CarrierStop)
    session.execute(insert.values(phone=phone, at=now).on_conflict_do_update(index_elements=["phone"], set_={"at": now}))


def find(session: Session) -> Drift:
    """Compare both, as far as the carrier has shown what it holds."""
    taken_since = exists().where(
        PlannedMessage.phone == CarrierStop.phone, PlannedMessage.provider_sid != "", PlannedMessage.sent_at > CarrierStop.at
    )
    theirs = set(session.scalars(select(CarrierStop.phone).where(~taken_since)))
    ours = set(session.scalars(select(PhoneState.phone).where(PhoneState.opted_out, PhoneState.phone.startswith("+"))))
    return Drift(tuple(sorted(theirs - ours)), tuple(sorted(ours - theirs)))


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
            note(session, phone, now=now)
        left = find(session)
        if left.carrier_only or left.ours_only:
            sentence = (
                f"We and the carrier differ about opt-outs: {len(left.carrier_only)} numbers are stopped only at the carrier (ask those "
                f"families to text START if they want texts again), {len(left.ours_only)} only here (nothing is sent to them). "
                "The page Consent names them."
            )
            raise_item(session, kind="consent", key=_KEY, sentence=sentence, now=now)
        else:
            resolve_key(session, _KEY, by="drift", now=now)
    return found

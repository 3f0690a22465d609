"""Writes to the consent ledger. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from outreach.consent.ledger import Entry, fold, is_news
from outreach.consent.queries import PhoneConsent, chunks, snapshot
from outreach.consent.states import Kind, Source
from outreach.consent.tables import ConsentEntry, PhoneState


def record(
    session: Session, phone: str, kind: Kind, *, source: Source, by: str, now: datetime, note: str = "", until: datetime | None = None
) -> PhoneConsent:
    """Add one statement about *phone* (E.164) to the ledger and return what now stands; a suppression may hold *until* an instant.

    A feed that repeats itself adds nothing. Two writers of one number queue on its row, so no version is skipped or given twice.
    """
    row = _locked(session, phone, now)
    if is_news(Kind(row.feed_said) if row.feed_said else None, Entry(kind, source)):
        session.add(ConsentEntry(phone=phone, kind=kind.value, source=source.value, by=by, at=now, until=until, note=note))
        session.flush()
        _add_up(session, row, now)
    return snapshot(row)


def lift_ended(session: Session, now: datetime) -> int:
    """Lift the suppressions whose time is over, and return how many; a later statement of the same source stands."""
    later = aliased(ConsentEntry)
    overruled = exists().where(
        later.phone == ConsentEntry.phone,
        later.id > ConsentEntry.id,
        later.kind.in_((Kind.SUPPRESSED, Kind.UNSUPPRESSED)),
        later.source.in_((ConsentEntry.source, Source.STAFF)),
    )
    ended = select(ConsentEntry).where(ConsentEntry.until <= now, ConsentEntry.kind == Kind.SUPPRESSED, ~overruled)
    entries = session.scalars(ended.order_by(ConsentEntry.id)).all()
    for entry in entries:
        record(session, entry.phone, Kind.UNSUPPRESSED, source=Source(entry.source), by="time", now=now, note="its time is over")
    return len(entries)


def record_feed(session: Session, consents: Mapping[str, bool], *, by: str, now: datetime) -> int:
    """Take what a feed says about many numbers (E.164 → yes or no) and return how many statements were news.

    Where the contacts of a shared number disagree, the caller says no. *by* names the source.
    """
    said: dict[str, str] = {}
    for part in chunks(list(consents)):
        rows = session.execute(select(PhoneState.phone, PhoneState.feed_said).where(PhoneState.phone.in_(part)))
        said |= {row.phone: row.feed_said for row in rows}
    news = 0
    for phone, consent in sorted(consents.items()):
        kind = Kind.OPT_IN if consent else Kind.OPT_OUT
        last = said.get(phone)
        if is_news(Kind(last) if last else None, Entry(kind, Source.FEED)):
            record(session, phone, kind, source=Source.FEED, by=by, now=now)
            news += 1
    return news


def _locked(session: Session, phone: str, now: datetime) -> PhoneState:
    """Return the number's row, made if need be and locked until the caller commits (SQLite's writers queue as a whole)."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = {"opted_out": False, "opted_out_by": "", "feed_said": "", "suppressed": "", "verified": False, "version": 0, "changed_at": now}
    session.execute(insert(PhoneState).values(phone=phone, **fresh).on_conflict_do_nothing(index_elements=["phone"]))
    query = select(PhoneState).where(PhoneState.phone == phone).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def _add_up(session: Session, row: PhoneState, now: datetime) -> None:
    entries = session.scalars(select(ConsentEntry).where(ConsentEntry.phone == row.phone).order_by(ConsentEntry.id))
    standing = fold(Entry(Kind(entry.kind), Source(entry.source), entry.note) for entry in entries)
    row.opted_out = standing.opted_out
    row.opted_out_by = " ".join(sorted(standing.opted_out_by))
    row.feed_said = standing.feed_said or ""
    row.suppressed = standing.suppressed
    row.verified = standing.verified
    row.version = standing.version
    row.changed_at = now
    session.flush()

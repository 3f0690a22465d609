"""What the service does with a watched folder at one look: leave it, wait for it, or take it in; and what it says afterwards.

A refusal is not repeated at every look: the same files, under the same settings, beside the same other feeds, would be refused again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.canonical import FILES
from outreach.attendance.folder import looks_of
from outreach.attendance.importing import ImportReport
from outreach.attendance.queries import newest_import
from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE, SourceSettings, read_settings
from outreach.attendance.tables import FeedImport, FeedSource
from outreach.attention.actions import raise_item, resolve_key
from outreach.attention.queries import is_open
from outreach.database import Database
from outreach.feeds import nights
from outreach.feeds.drops import Drop, unfinished
from outreach.feeds.options import read_options
from outreach.feeds.tables import FeedFolder
from outreach.feeds.taking import is_due
from outreach.settings import Settings

KIND = "feed"
"""Of attention items about feeds."""
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))
"""Between tries of what may mend itself: a server that is away, a machine short of memory. The last one is repeated."""
_PATIENCE = timedelta(hours=1)
"""A delivery that is still on its way after this time is put before a person."""
_BY = "feeds"


class Standing(StrEnum):
    """How a watched folder stands."""

    TAKEN = "taken"
    WAITING = "waiting"
    REFUSED = "refused"


class Look(StrEnum):
    """What one look at a folder asks for."""

    REST = "rest"
    WAIT = "wait"
    TAKE = "take"


@dataclass(frozen=True)
class Seen:
    """One look at a folder; *why* says what is waited for."""

    look: Look
    why: str = ""


def item_of(folder: Path) -> str:
    """The key of the attention item about a watched folder."""
    return f"feed:{folder.name}"


def look_at(database: Database, folder: Path, *, settings: Settings, now: datetime) -> Seen:
    """Say what is to be done with *folder* now."""
    source = _source(folder)
    with database.read() as session:
        row = session.get(FeedFolder, folder.name)
        refused = row is not None and row.state == Standing.REFUSED
        if row is not None and refused and not _again(session, row, folder, settings, now):
            return Seen(Look.REST)
        pending = row is not None and row.state == Standing.WAITING and row.again_at is not None
        if row is not None and pending and row.again_at is not None and now < row.again_at:
            return Seen(Look.REST)
    if not refused and not pending and not is_due(database, folder, settings=settings, now=now):
        return Seen(Look.REST)
    try:
        drop = read_options(Drop, "drop", (source.drop if source else None) or {})
        why = unfinished(folder, drop, settings.feed_settle_seconds) if source is None or source.sftp is None else ""
    except (RefusedError, OSError):
        return Seen(Look.TAKE)  # taking it in says what is wrong
    return Seen(Look.WAIT, why) if why else Seen(Look.TAKE)


def _again(session: Session, row: FeedFolder, folder: Path, settings: Settings, now: datetime) -> bool:
    """Whether what was refused is worth another try: it changed, its pause is over, or a person marked the item as done."""
    if row.again_at is not None and now >= row.again_at:
        return True
    return row.fingerprint != _fingerprint(session, folder, settings) or not is_open(session, item_of(folder))


def _fingerprint(session: Session, folder: Path, settings: Settings) -> str:
    """Everything a refusal may depend on, in one hash; secrets are not in it."""
    secret = {name for name, field in type(settings).model_fields.items() if not field.repr}
    told = settings.model_dump(mode="json", exclude={*secret, "now"})
    parts = [looks_of(folder), version("outreach"), told, newest_import(session)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def waits(session: Session, folder: Path, why: str, *, now: datetime, again_at: datetime | None = None) -> None:
    """Note that a delivery is on its way; one that takes very long is put before a person."""
    row = _row(session, folder, now)
    if row.state != Standing.WAITING:
        row.state, row.since, row.fingerprint = Standing.WAITING, now, ""
    row.again_at = again_at
    if now - row.since >= _PATIENCE:
        sentence = f"The feed {folder.name} has been waited for since {row.since:%Y-%m-%d %H:%M} UTC: {why}. Ask whoever sends it."
        raise_item(session, kind=KIND, key=item_of(folder), sentence=sentence, now=now)


def refused(session: Session, folder: Path, said: str, *, settings: Settings, now: datetime, may_mend: bool) -> None:
    """Put a refusal before a person, and remember of what; *may_mend* says that the same may go well later."""
    row = _row(session, folder, now)
    tries = row.tries + 1 if row.state == Standing.REFUSED else 1
    row.state, row.since, row.tries, row.fingerprint = Standing.REFUSED, now, tries, _fingerprint(session, folder, settings)
    row.again_at = now + _PAUSES[min(tries, len(_PAUSES)) - 1] if may_mend else None
    raise_item(session, kind=KIND, key=item_of(folder), sentence=f"The feed {folder.name} {said}", now=now)


def taken(session: Session, folder: Path, report: ImportReport, *, settings: Settings, now: datetime) -> None:
    """Note that a delivery works again, or what a person must see of it; a second different one in a night is said."""
    row = _row(session, folder, now)
    if row.state != Standing.TAKEN:
        row.state, row.since = Standing.TAKEN, now
    row.tries, row.fingerprint, row.again_at = 0, "", None
    if report.unchanged and report.needs_a_person:
        return
    if report.needs_a_person:
        rejected = sum(numbers.rejected for numbers in report.files.values())
        held = sum(numbers.held for numbers in report.files.values())
        sentence = f"The feed {folder.name} has {rejected} rejected and {held} held rows; outreach import --report lists them."
        raise_item(session, kind=KIND, key=item_of(folder), sentence=sentence, now=now)
    else:
        resolve_key(session, item_of(folder), by=_BY, now=now)
    if not report.unchanged:
        _say_twice(session, folder, report, settings, now)


def _say_twice(session: Session, folder: Path, report: ImportReport, settings: Settings, now: datetime) -> None:
    """Two full deliveries of one night that differ: perhaps the second was meant for somebody else, or the first was."""
    newest = select(FeedImport).where(FeedImport.source == report.source).order_by(FeedImport.id.desc()).limit(2)
    last = session.scalars(newest).all()
    source = _source(folder)
    full = source is not None and source.delivery == "full" and source.edfi is None and source.oneroster is None
    if not full or len(last) < 2 or last[0].digest == last[1].digest:  # noqa: PLR2004 - this one and the one before
        return
    tonight = nights.night_of(now, settings.zone)
    if tonight is not None and tonight == nights.night_of(last[1].finished_at, settings.zone):
        sentence = (
            f"The feed {folder.name} came twice in one night with different contents (imports {last[1].id} and {last[0].id}). "
            "The later one holds; if it was not meant, send the right one again."
        )
        raise_item(session, kind=KIND, key=f"feed-twice:{folder.name}", sentence=sentence, now=now)


def folders(settings: Settings) -> list[Path]:
    """The watched folders that hold a source.toml, by name."""
    return [file.parent for file in sorted(place(settings).glob(f"*/{SETTINGS_FILE}"))]


def place(settings: Settings) -> Path:
    """Where the watched folders lie: ``feed_folder``, or ``incoming`` in the home; it need not be there."""
    return settings.home / (settings.feed_folder or "incoming")


def servers(session: Session, settings: Settings) -> list[str]:
    """The names of all sources, loaded or only watched, that are fetched from a server which asks who we are."""
    known = [SourceSettings.model_validate(said) for said in session.scalars(select(FeedSource.settings))]
    watched = [source for folder in folders(settings) if (source := _source(folder)) is not None]
    return sorted({source.name for source in (*known, *watched) if source.edfi is not None or source.sftp is not None})


def asks_a_server(folder: Path) -> bool:
    """Whether a folder only says where its delivery is to be fetched: a refusal may then be the network's."""
    source = _source(folder)
    return source is not None and (source.edfi is not None or source.sftp is not None)


def _row(session: Session, folder: Path, now: datetime) -> FeedFolder:
    row = session.get(FeedFolder, folder.name)
    if row is None:
        row = FeedFolder(name=folder.name, source="", state="", since=now, fingerprint="", tries=0, again_at=None)
        session.add(row)
    source = _source(folder)
    row.source = source.name if source else row.source
    return row


def _source(folder: Path) -> SourceSettings | None:
    try:
        return read_settings(folder, frozenset(FILES))
    except RefusedError:
        return None

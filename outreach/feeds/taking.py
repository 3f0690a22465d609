"""The one door for everything a district delivers: files plain or packed, SFTP and Ed-Fi servers, OneRoster packages.

An adapter only makes a canonical folder; loading it, and every rule of loading, is ``attendance.importing``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from outreach.attendance.canonical import FILES
from outreach.attendance.folder import hash_of, kept_files, looks_of
from outreach.attendance.importing import FileReport, ImportReport, Progress, has_come, import_folder, waits_for_others
from outreach.attendance.parsing import PROBLEM_SCHEMA, Action
from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE, SourceSettings, read_settings
from outreach.attendance.tables import FeedImport, FeedSource, ImportProblem, KeptFile
from outreach.database import Database
from outreach.feeds import edfi_rows, edfi_sync, sftp
from outreach.feeds.delivery import bring_along
from outreach.feeds.drops import Drop, holds_packed, unpack
from outreach.feeds.edfi_client import Client
from outreach.feeds.oneroster import Roster, merge
from outreach.feeds.oneroster_files import Package, opened_package
from outreach.feeds.options import EdFi, OneRoster, read_options
from outreach.feeds.sftp import Sftp
from outreach.feeds.store import Store, opened
from outreach.settings import FeedKey, Settings

_TAKEN = "taken"
_PACKAGE = "package/"
"""Stands before the names of a package's own files, which may be those of canonical ones."""


def take_in(  # the options of outreach import, and who asks
    database: Database,
    folder: Path,
    *,
    settings: Settings,
    now: datetime,
    dry_run: bool = False,
    accept_shrink: bool = False,
    by_itself: bool = False,
    progress: Progress = lambda _step: None,
) -> ImportReport:
    """Load what *folder* delivers or points to. Raises RefusedError with one sentence when it is refused whole.

    *by_itself* says that nobody asks: then what an SFTP server has shown before is not fetched again.
    """

    def load(canonical: Path, looks: Looks | None = None) -> ImportReport:
        return import_folder(
            database, canonical, home=settings.home, now=now, dry_run=dry_run, accept_shrink=accept_shrink, progress=progress, looks=looks
        )

    if not folder.is_dir():
        return load(folder)
    source = read_settings(folder, frozenset(FILES))
    read_options(Drop, "drop", source.drop or {})
    if source.oneroster is None and source.edfi is None and source.sftp is None:
        return _plain(folder, settings.home, load)
    _refuse_odd(source)
    job = _Job(database, folder, source, settings, now, load, progress, keeps=not dry_run)
    with opened(settings.home, source.name, database.ring, throw_away=dry_run) as store:
        if source.edfi is not None:
            return _from_server(job, store)
        if source.sftp is not None:
            return _from_sftp(job, store, by_itself=by_itself)
        return _files(job, store, folder, looks_of(folder))


Looks = list[list[object]]


@dataclass(frozen=True)
class _Job:
    """One taking in, with what it works with."""

    database: Database
    folder: Path
    source: SourceSettings
    settings: Settings
    now: datetime
    load: Callable[[Path, Looks | None], ImportReport]
    progress: Progress
    keeps: bool
    """Whether anything is to be kept: not where somebody only asks what would happen."""


def _plain(folder: Path, home: Path, load: Callable[[Path, Looks | None], ImportReport], looks: Looks | None = None) -> ImportReport:
    """Load canonical files, unpacked first where they came packed."""
    if not holds_packed(folder):
        return load(folder, looks)
    looks = looks_of(folder) if looks is None else looks
    with _canonical(home, folder) as place:
        unpack(folder, place)
        return load(place, looks)


def _files(job: _Job, store: Store, folder: Path, looks: Looks) -> ImportReport:
    """Load what lies in *folder*: a OneRoster package, or files plain or packed."""
    if job.source.oneroster is None:
        return _plain(folder, job.settings.home, job.load, looks)
    roster = read_options(OneRoster, "oneroster", job.source.oneroster)
    with _canonical(job.settings.home, folder) as canonical, opened_package(folder, roster) as package, store.transaction():
        faults = merge(store, package)
        Roster(store, roster, exclusive=job.source.exit_day == "exclusive").write(canonical)
        bring_along(folder, canonical, job.source)
        report = job.load(canonical, None)
        store.set(_TAKEN, None if report.needs_a_person else looks)
        return _with_package(job.database, report, package, faults, home=job.settings.home if job.keeps else None)


def _from_server(job: _Job, store: Store) -> ImportReport:
    """Bring our copy of an Ed-Fi server up to date, and load what it makes."""
    options = read_options(EdFi, "edfi", job.source.edfi or {})
    with _canonical(job.settings.home, job.folder) as canonical:
        with Client(options, _key(job.settings, job.source.name)) as client:
            edfi_sync.synchronise(store, client, options, now=job.now, progress=job.progress)
        edfi_rows.write(store, canonical)
        bring_along(job.folder, canonical, job.source)
        return job.load(canonical, None)


def _from_sftp(job: _Job, store: Store, *, by_itself: bool) -> ImportReport:
    """Fetch what an SFTP server holds and load it; then, and not before, it is remembered as taken and moved away."""
    options, drop = read_options(Sftp, "sftp", job.source.sftp or {}), read_options(Drop, "drop", job.source.drop or {})
    key, inbox = _key(job.settings, job.source.name), _inbox(job.settings.home, job.source.name)
    looks = sftp.fetch(store, options, drop, key, inbox, now=job.now, again=not by_itself, progress=job.progress)
    if looks is None and not (by_itself and _waits(job) and any(inbox.iterdir())):
        return _nothing_new(job)
    with _canonical(job.settings.home, job.folder) as place:
        for path in inbox.iterdir():
            os.link(path, place / path.name)
        bring_along(job.folder, place, job.source)
        report = _files(job, store, place, store.get(sftp.TAKEN) if looks is None else looks)
    if looks is not None and job.keeps:
        store.set(sftp.TAKEN, looks)
        with suppress(RefusedError):  # they are loaded; the next look moves them, and says why it cannot
            sftp.move_away(options, key, looks)
    if job.keeps and job.database.ring.newest and not _waits(job):
        for path in inbox.iterdir():  # where keys are set nothing plain stays; what was loaded is kept encrypted
            path.unlink()
    return report


def _waits(job: _Job) -> bool:
    with job.database.read() as session:
        return waits_for_others(session, job.source.name)


def _nothing_new(job: _Job) -> ImportReport:
    with job.database.read() as session:
        known = session.get(FeedSource, job.source.name)
    problems = pl.DataFrame(schema={"file": pl.String, **PROBLEM_SCHEMA})
    return ImportReport(job.source.name, known.last_import_id if known else 0, {}, problems, unchanged=True)


def _inbox(home: Path, source: str) -> Path:
    """Where files of an SFTP server are fetched to; they stay until others come, or where keys are set until loaded."""
    return home / "feeds" / "inbox" / hashlib.sha256(source.encode()).hexdigest()[:32]


def _key(settings: Settings, name: str) -> FeedKey:
    if name not in settings.feed_keys:
        sentence = f'The key of {name} is not set; put [feed_keys."{name}"] with key and secret into settings.toml.'
        raise RefusedError(sentence)
    return settings.feed_keys[name]


def is_due(database: Database, folder: Path, *, settings: Settings, now: datetime) -> bool:
    """Whether the service should by itself take in *folder* now.

    A server is asked every so often. Files are taken in once somebody touched them, or while rows of them wait for another source:
    a folder that nobody writes to any more must not look fresh for ever.
    """
    try:
        source = read_settings(folder, frozenset(FILES))
        server = read_options(EdFi, "edfi", source.edfi) if source.edfi is not None else None
        drop = read_options(Sftp, "sftp", source.sftp) if source.sftp is not None else None
    except RefusedError:
        return True  # taking it in says what is wrong
    if server is None and drop is None and source.oneroster is None:
        with database.read() as session:
            return has_come(session, source.name, folder)
    try:
        with opened(settings.home, source.name, database.ring) as store, store.transaction():
            if server is not None:
                return edfi_sync.is_due(store, server, now)
            return sftp.is_due(store, drop, now) if drop is not None else bool(store.get(_TAKEN) != looks_of(folder))
    except RefusedError:
        return False  # another process is at it


def _refuse_odd(source: SourceSettings) -> None:
    """Refuse settings that mean nothing for a package or a server."""
    if source.edfi is not None and (source.oneroster is not None or source.sftp is not None):
        other = "a OneRoster package" if source.oneroster is not None else "an SFTP server"
        sentence = f"{SETTINGS_FILE} names both {other} and an Ed-Fi server; make two sources of them, with two names."
        raise RefusedError(sentence)
    if source.edfi is None and source.oneroster is None:
        return
    for name in ("delimiter", "date_format", *(["delivery"] if source.edfi is not None else [])):
        if getattr(source, name) != SourceSettings.model_fields[name].default:
            sentence = f"{SETTINGS_FILE}: {name} cannot be set here, for OneRoster and Ed-Fi fix how their rows are told."
            raise RefusedError(sentence)


@contextmanager
def _canonical(home: Path, folder: Path) -> Iterator[Path]:
    """A folder for the canonical files, of the same name, which only this service's user can read; gone afterwards."""
    (home / "feeds").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home / "feeds", prefix="arriving-") as place:
        canonical = Path(place) / (folder.resolve().name or "feed")
        canonical.mkdir()
        yield canonical


def _with_package(
    database: Database, report: ImportReport, package: Package, faults: dict[str, pl.DataFrame], *, home: Path | None
) -> ImportReport:
    """The report with the rows of the package that could not be read, listed like those of any file.

    Where something new was loaded, and there is a *home* to keep it in, the package is kept there as it was received.
    """
    bad = {f"{_PACKAGE}{name}.csv": frame for name, frame in faults.items() if frame.height}
    files = {name: numbers for name, numbers in report.files.items() if not name.startswith(_PACKAGE)}
    files |= {name: FileReport(read=frame.height, rejected=frame.height) for name, frame in bad.items()}
    listed = [
        frame.with_columns(file=pl.lit(name), field=pl.lit(""), value=pl.lit(""), action=pl.lit(Action.REJECTED.value)).select(
            "file", *PROBLEM_SCHEMA
        )
        for name, frame in bad.items()
    ]
    if home is not None and not report.unchanged:
        received = {path: hash_of(path) for path in package.received}
        with kept_files(received, home, database.ring) as put, database.write() as session:
            session.add_all(ImportProblem(import_id=report.import_id, **row) for frame in listed for row in frame.iter_rows(named=True))
            session.get_one(FeedImport, report.import_id).report = {name: vars(numbers) for name, numbers in files.items()}
            session.add_all(
                KeptFile(import_id=report.import_id, canonical=f"{_PACKAGE}{path.name}", file=path.name, sha256=received[path])
                for path in received
            )
            put()
    own = report.problems.filter(~pl.col("file").str.starts_with(_PACKAGE))
    return replace(report, files=files, problems=pl.concat([*listed, own]))

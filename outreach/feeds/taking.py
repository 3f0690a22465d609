"""The one door for everything a district delivers: plain files, OneRoster packages, Ed-Fi servers.

An adapter only makes a canonical folder; loading it, and every rule of loading, is ``attendance.importing``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from outreach.attendance.canonical import FILES
from outreach.attendance.folder import hash_of, kept_files, looks_of
from outreach.attendance.importing import FileReport, ImportReport, Progress, has_come, import_folder
from outreach.attendance.parsing import PROBLEM_SCHEMA, Action
from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE, SourceSettings, read_settings
from outreach.attendance.tables import FeedImport, ImportProblem, KeptFile
from outreach.database import Database
from outreach.feeds import edfi_rows, edfi_sync
from outreach.feeds.delivery import bring_along
from outreach.feeds.edfi_client import Client
from outreach.feeds.oneroster import Roster, merge
from outreach.feeds.oneroster_files import Package, opened_package
from outreach.feeds.options import EdFi, OneRoster, read_options
from outreach.feeds.store import opened
from outreach.settings import FeedKey, Settings

_TAKEN = "taken"
_PACKAGE = "package/"
"""Stands before the names of a package's own files, which may be those of canonical ones."""


def take_in(
    database: Database,
    folder: Path,
    *,
    settings: Settings,
    now: datetime,
    dry_run: bool = False,
    accept_shrink: bool = False,
    progress: Progress = lambda _step: None,
) -> ImportReport:
    """Load what *folder* delivers or points to. Raises RefusedError with one sentence when it is refused whole."""

    def load(canonical: Path) -> ImportReport:
        return import_folder(
            database, canonical, home=settings.home, now=now, dry_run=dry_run, accept_shrink=accept_shrink, progress=progress
        )

    if not folder.is_dir():
        return load(folder)
    source = read_settings(folder, frozenset(FILES))
    if source.oneroster is None and source.edfi is None:
        return load(folder)
    _refuse_odd(source)
    with opened(settings.home, source.name, throw_away=dry_run) as store, _canonical(settings.home, folder) as canonical:
        if source.edfi is not None:
            options = read_options(EdFi, "edfi", source.edfi)
            with Client(options, _key(settings, source.name)) as client:
                edfi_sync.synchronise(store, client, options, now=now, progress=progress)
            edfi_rows.write(store, canonical)
            bring_along(folder, canonical, source)
            return load(canonical)
        looks, roster = looks_of(folder), read_options(OneRoster, "oneroster", source.oneroster or {})
        with opened_package(folder, roster) as package, store.transaction():
            faults = merge(store, package)
            Roster(store, roster, exclusive=source.exit_day == "exclusive").write(canonical)
            bring_along(folder, canonical, source)
            report = load(canonical)
            store.set(_TAKEN, None if report.needs_a_person else looks)
            return _with_package(database, report, package, faults, home=None if dry_run else settings.home)


def _key(settings: Settings, name: str) -> FeedKey:
    if name not in settings.feed_keys:
        sentence = f'The key of {name} is not set; put [feed_keys."{name}"] with key and secret into settings.toml.'
        raise RefusedError(sentence)
    return settings.feed_keys[name]


def is_due(database: Database, folder: Path, *, settings: Settings, now: datetime) -> bool:
    """Whether the service should by itself take in *folder* now.

    A server is asked every so many hours. Files are taken in once somebody touched them, or while rows of them wait for another source:
    a folder that nobody writes to any more must not look fresh for ever.
    """
    try:
        source = read_settings(folder, frozenset(FILES))
        options = read_options(EdFi, "edfi", source.edfi) if source.edfi is not None else None
    except RefusedError:
        return True  # taking it in says what is wrong
    if options is None and source.oneroster is None:
        with database.read() as session:
            return has_come(session, source.name, folder)
    try:
        with opened(settings.home, source.name) as store, store.transaction():
            return edfi_sync.is_due(store, options, now) if options else bool(store.get(_TAKEN) != looks_of(folder))
    except RefusedError:
        return False  # another process is at it


def _refuse_odd(source: SourceSettings) -> None:
    """Refuse settings that mean nothing for a package or a server."""
    if source.oneroster is not None and source.edfi is not None:
        sentence = f"{SETTINGS_FILE} names both a OneRoster package and an Ed-Fi server; make two sources of them, with two names."
        raise RefusedError(sentence)
    for name in ("delimiter", "date_format", *(["delivery"] if source.edfi is not None else [])):
        if getattr(source, name) != SourceSettings.model_fields[name].default:
            sentence = f"{SETTINGS_FILE}: {name} cannot be set here, for OneRoster and Ed-Fi fix how their rows are told."
            raise RefusedError(sentence)


@contextmanager
def _canonical(home: Path, folder: Path) -> Iterator[Path]:
    """A folder for the canonical files, of the same name, which only this service's user can read; gone afterwards."""
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
        with kept_files(received, home) as put, database.write() as session:
            session.add_all(ImportProblem(import_id=report.import_id, **row) for frame in listed for row in frame.iter_rows(named=True))
            session.get_one(FeedImport, report.import_id).report = {name: vars(numbers) for name, numbers in files.items()}
            session.add_all(
                KeptFile(import_id=report.import_id, canonical=f"{_PACKAGE}{path.name}", file=path.name, sha256=received[path])
                for path in received
            )
            put()
    own = report.problems.filter(~pl.col("file").str.starts_with(_PACKAGE))
    return replace(report, files=files, problems=pl.concat([*listed, own]))

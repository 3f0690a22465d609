"""One delivery, from folder to database: read, checked, compared and applied in one transaction, or refused whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance import bulk, deceased, marks, overlays, roster
from outreach.attendance.canonical import ATTENDANCE, FILES, ROSTER
from outreach.attendance.folder import Delivery, kept, looks_of, missing_files, open_delivery
from outreach.attendance.parsing import PROBLEM_SCHEMA, Action, Parsed, parse
from outreach.attendance.queries import newest_import
from outreach.attendance.reading import read_frame
from outreach.attendance.refusal import RefusedError
from outreach.attendance.roster import Applied, table_of
from outreach.attendance.shaping import by_periods, only_rows
from outreach.attendance.tables import FeedImport, FeedSource, ImportProblem, KeptFile
from outreach.consent import actions as consent
from outreach.database import Database, take_turns
from outreach.district.tables import ContactPhone

_REJECTED_SHARE = 0.05
_REJECTED_ROWS = 100
_SHRINK_SHARE = 0.20
_SHRINK_ROWS = 1_000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class FileReport:
    """What became of the rows of one file: read = inserted + changed + unchanged + rejected + held."""

    read: int = 0
    inserted: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    held: int = 0
    noted: int = 0
    """Rows taken with a remark; they are counted above, too."""
    deleted: int = 0
    """Rows of an earlier delivery that this one no longer holds."""


@dataclass(frozen=True)
class ImportReport:
    """The outcome of one delivery; *problems* has a row per problem with its file, line, field, value, reason and action."""

    source: str
    import_id: int
    files: dict[str, FileReport]
    problems: pl.DataFrame
    unchanged: bool = False
    """The same bytes as last time: nothing was done."""

    @property
    def needs_a_person(self) -> bool:
        """Whether a row was rejected or held."""
        return any(report.rejected or report.held for report in self.files.values())


@dataclass
class _Load:
    """What one delivery has gathered on its way."""

    delivery: Delivery
    now: datetime
    import_id: int
    reports: dict[str, FileReport] = field(default_factory=dict)
    problems: list[pl.DataFrame] = field(default_factory=list)


def import_folder(
    database: Database,
    folder: Path,
    *,
    home: Path,
    now: datetime,
    dry_run: bool = False,
    accept_shrink: bool = False,
    progress: Progress = lambda _step: None,
    looks: list[list[object]] | None = None,
) -> ImportReport:
    """Load the feed in *folder*. Raises RefusedError with one sentence when it is refused whole; then nothing was written.

    *looks* says how the delivery looked where it was taken from, if that is not *folder*.
    """
    delivery = open_delivery(folder)
    delivery = delivery if looks is None else replace(delivery, looks=looks)
    with database.write() as session:
        again = _same_again(session, delivery, None if dry_run else now)
        if again is not None:
            return again
        _refuse_missing(session, delivery)
    parsed = {name: _parse(delivery, name, progress) for name in FILES if name in delivery.files}
    if dry_run:
        with database.write() as session:
            report = _apply(session, delivery, parsed, now, accept_shrink=accept_shrink, progress=progress)
            session.rollback()
        return report
    with kept(delivery, home, database.ring) as put, database.write() as session:
        report = _apply(session, delivery, parsed, now, accept_shrink=accept_shrink, progress=progress)
        put()
    return report


def has_come(session: Session, name: str, folder: Path) -> bool:
    """Whether a file of the source *name* was touched since it was last taken in, or rows of it may be made good by now."""
    source = session.get(FeedSource, name)
    return source is None or source.looks != looks_of(folder) or waits_for_others(session, name)


def waits_for_others(session: Session, name: str) -> bool:
    """Whether rows that the source *name* delivered may be made good by what came since."""
    source = session.get(FeedSource, name)
    return source is not None and _may_be_made_good(session, session.get_one(FeedImport, source.last_import_id))


def _same_again(session: Session, delivery: Delivery, came_at: datetime | None) -> ImportReport | None:
    """The report of a delivery whose every byte is as it was last time: all rows unchanged, the same rows held.

    Only *came_at* is noted: what is known is that much fresher.
    """
    source = session.get(FeedSource, delivery.settings.name)
    if source is None or source.digest != delivery.digest:
        return None
    last = session.get_one(FeedImport, source.last_import_id)
    if _may_be_made_good(session, last):
        return None
    if came_at is not None:
        source.last_delivered_at, source.looks = came_at, delivery.looks
    files = {}
    for name, numbers in last.report.items():
        before = FileReport(**numbers)
        left_out = before.rejected + before.held
        files[name] = FileReport(before.read, 0, 0, before.read - left_out, before.rejected, before.held, before.noted, 0)
    rows = session.execute(
        select(*[getattr(ImportProblem, name) for name in ("file", *PROBLEM_SCHEMA)])
        .where(ImportProblem.import_id == last.id)
        .order_by(ImportProblem.id)
    )
    problems = pl.DataFrame([tuple(row) for row in rows], schema={"file": pl.String, **PROBLEM_SCHEMA}, orient="row")
    return ImportReport(source.name, last.id, files, problems, unchanged=True)


def _may_be_made_good(session: Session, last: FeedImport) -> bool:
    """Whether rows were left out, and another source or a person has spoken since: the same bytes may mean more now."""
    if last.id == newest_import(session) and not overlays.code_said_since(session, last.finished_at):
        return False
    taken = select(ImportProblem.id).where(ImportProblem.import_id == last.id, ImportProblem.problem == roster.TAKEN)
    return any(numbers["held"] for numbers in last.report.values()) or session.scalar(taken.limit(1)) is not None


def _refuse_missing(session: Session, delivery: Delivery) -> None:
    brought = {name for files in session.scalars(select(FeedSource.files)) for name in files}
    earlier = session.get(FeedSource, delivery.settings.name)
    missing = missing_files(delivery, already_brought=brought, brings_attendance=earlier is not None and ATTENDANCE.name in earlier.files)
    if missing:
        names = " and ".join(delivery.settings.files.get(name, f"{name}.csv") for name in missing)
        sentence = f"{delivery.folder.name} holds no {names}, which this feed needs."
        raise RefusedError(sentence)


def _parse(delivery: Delivery, name: str, progress: Progress) -> Parsed:
    progress(f"reading {name}")
    settings, path = delivery.settings, delivery.files[name]
    renames = settings.columns.get(name, {})
    wanted = {renames.get(column.name, column.name) for column in FILES[name].columns}
    raw = read_frame(path, encoding=settings.encoding, delimiter=settings.delimiter, header=settings.header.get(name), wanted=wanted)
    raw = only_rows(raw, settings.only.get(name, {}), path.name)
    if name == ATTENDANCE.name:
        code, section = (renames.get(column, column) for column in ("code", "section_id"))
        raw = by_periods(raw, settings.periods, path.name, code=code, section=section)
    return parse(raw, FILES[name], renames, settings.date_format, path.name)


def _apply(
    session: Session, delivery: Delivery, parsed: dict[str, Parsed], now: datetime, *, accept_shrink: bool, progress: Progress
) -> ImportReport:
    take_turns(session, "import")
    settings = delivery.settings
    load = _Load(delivery, now, newest_import(session) + 1)
    source = session.get(FeedSource, settings.name)
    if not accept_shrink:
        _refuse_shrinking(delivery, parsed, source)
    for spec in ROSTER:
        if spec.name in parsed:
            progress(f"applying {spec.name}")
            _note(load, spec.name, parsed[spec.name], roster.apply(session, spec, parsed[spec.name], settings, load.import_id))
    if not parsed.keys().isdisjoint({"students", "enrollments"}):
        deceased.take(session, settings, now)
    if "contact_phones" in parsed:
        _take_consents(session, settings.name, now)
    if ATTENDANCE.name in parsed:
        progress("applying attendance")
        found = parsed[ATTENDANCE.name]
        if source is not None and settings.delivery == "full" and not accept_shrink:
            _refuse_cut_off(session, delivery, found, source)
        _note(
            load,
            ATTENDANCE.name,
            found,
            marks.apply(session, found, overlays.with_codes(settings, overlays.read(session).codes), load.import_id),
        )
    return _record(session, load, source)


def _note(load: _Load, name: str, parsed: Parsed, applied: Applied) -> None:
    """Count one file's rows, and refuse the delivery when too many of them are unreadable."""
    lines = {action: applied.problems.filter(pl.col("action") == action.value)["line"].unique() for action in Action}
    held = applied.held["__line"].unique()
    rejected = parsed.read - parsed.rows.height + _on(parsed, lines[Action.REJECTED])
    if rejected > _REJECTED_ROWS and rejected > _REJECTED_SHARE * parsed.read:
        first = applied.problems.filter(pl.col("action") == Action.REJECTED.value).sort("line").row(0, named=True)
        path = load.delivery.files[name].name
        sentence = (
            f"{path}: {rejected} of {parsed.read} rows cannot be taken, the first on line {first['line']}: "
            f"{first['field'] or 'row'} {first['problem']}; nothing was loaded."
        )
        raise RefusedError(sentence)
    frames = (applied.changes.inserted, applied.changes.changed)
    inserted, changed = (frame.filter(~pl.col("__line").is_in(held.implode())).height for frame in frames)
    load.reports[name] = FileReport(
        read=parsed.read,
        inserted=inserted,
        changed=changed,
        unchanged=parsed.read - rejected - _on(parsed, held) - inserted - changed,
        rejected=rejected,
        held=_on(parsed, held),
        noted=lines[Action.NOTED].len(),
        deleted=applied.changes.vanished.height if name != ATTENDANCE.name else _removed(applied),
    )
    file = pl.lit(load.delivery.files[name].name).alias("file")
    load.problems.append(applied.problems.sort("line", maintain_order=True).select(file, *PROBLEM_SCHEMA))


def _on(parsed: Parsed, lines: pl.Series) -> int:
    """How many rows stand on these lines: a wide row is several."""
    return parsed.rows.filter(pl.col("__line").is_in(lines.implode())).height if lines.len() else 0


def _removed(applied: Applied) -> int:
    """Marks that vanished without a row of their own saying so."""
    named = applied.changes.changed.join(applied.changes.vanished, on=marks.KEY, how="semi").height
    return applied.changes.vanished.height - named


def _refuse_shrinking(delivery: Delivery, parsed: dict[str, Parsed], source: FeedSource | None) -> None:
    """Refuse a full file that lost a fifth and a thousand of its rows: it may be cut off."""
    if source is None:
        return
    for name, found in parsed.items():
        before = source.files.get(name, 0)
        if name != ATTENDANCE.name:
            _refuse_shrunk(delivery.files[name].name, before, found.read)


def _refuse_cut_off(session: Session, delivery: Delivery, found: Parsed, source: FeedSource) -> None:
    """The same of attendance that is sent whole, within the school years of which it speaks: a new year begins with few rows."""
    name, settings = delivery.files[ATTENDANCE.name].name, delivery.settings
    first = marks.governed_from(session, marks.known_rows(session, found, settings), settings)
    reported = marks.reported_since(session, first, source.name)
    _refuse_shrunk(name, min(source.files.get(ATTENDANCE.name, 0), sum(reported.values())), found.read)
    if silent := sorted(reported.keys() - set(found.rows["school_id"].unique().to_list())):
        sentence = (
            f"{name} has no row of school {silent[0]}, which reported before; "
            "it may be cut off. Send it whole, or pass --accept-shrink if it is right."
        )
        raise RefusedError(sentence)


def _refuse_shrunk(name: str, before: int, now: int) -> None:
    if before - now >= _SHRINK_ROWS and before - now >= _SHRINK_SHARE * before:
        sentence = (
            f"{name} has {now} rows where the last delivery had {before}; "
            "it may be cut off. Send it whole, or pass --accept-shrink if it is right."
        )
        raise RefusedError(sentence)


def _take_consents(session: Session, source: str, now: datetime) -> None:
    """Hand what the feed says about numbers to the consent ledger; where contacts of one number disagree, no wins."""
    said: dict[str, bool] = {}
    rows = session.execute(
        select(ContactPhone.e164, ContactPhone.consent).where(ContactPhone.e164 != "", ContactPhone.consent.is_not(None))
    )
    for phone, yes in rows:
        said[phone] = said.get(phone, True) and bool(yes)
    consent.record_feed(session, said, by=source, now=now)


def _record(session: Session, load: _Load, source: FeedSource | None) -> ImportReport:
    delivery, settings = load.delivery, load.delivery.settings
    problems = pl.concat(load.problems) if load.problems else pl.DataFrame(schema={"file": pl.String, **PROBLEM_SCHEMA})
    session.add(
        FeedImport(
            id=load.import_id,
            source=settings.name,
            folder=delivery.folder.name,
            digest=delivery.digest,
            started_at=load.now,
            finished_at=load.now,
            report={name: vars(report) for name, report in load.reports.items()},
            unchanged=False,
        )
    )
    names = {name: path.name for name, path in delivery.files.items()} | {"source.toml": "source.toml"}
    session.add_all(KeptFile(import_id=load.import_id, canonical=n, file=f, sha256=delivery.hashes[n]) for n, f in names.items())
    session.flush()
    stamped = problems.with_columns(pl.lit(load.import_id).alias("import_id"))
    bulk.insert(session, table_of(ImportProblem), stamped)
    if source is None:
        source = FeedSource(name=settings.name, settings={}, digest="", last_import_id=0, last_delivered_at=load.now, files={}, looks=[])
        session.add(source)
    if (source.digest, source.looks) != (delivery.digest, delivery.looks):  # else the same delivery was made good: nothing came
        source.last_delivered_at = load.now
    source.settings = settings.model_dump(mode="json")
    source.digest, source.looks = delivery.digest, delivery.looks
    source.last_import_id = load.import_id
    source.files = {**source.files, **{name: report.read for name, report in load.reports.items()}}
    return ImportReport(settings.name, load.import_id, load.reports, problems)

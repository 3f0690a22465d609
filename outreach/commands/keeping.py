"""``outreach backup``, ``export``, ``restore``, ``release``: a district's data kept, brought back, and let send again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from outreach import keyring
from outreach.commands.output import format_option, print_rows
from outreach.delivery import instance
from outreach.keeping import exports, sealing, snapshots
from outreach.keeping.building import build
from outreach.keeping.files import KeepingError
from outreach.keeping.returning import come_back
from outreach.keyring import Ring, SealedError
from outreach.settings import Settings, load_settings
from outreach.wiring import opened, wire


@click.command()
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="Folder of the snapshots; without it backup_folder.")
def backup(folder: Path | None) -> None:
    """Write a snapshot of the database and all that lies beside it while the service runs."""
    services = wire()
    settings = services.settings
    made = snapshots.make(
        services.database,
        settings.home,
        folder or settings.backups,
        now=services.clock.now(),
        kept=0 if folder else settings.backups_kept,
        ring=keyring.ring_of(settings.encryption_keys, settings.home),
    )
    click.echo(made)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@format_option
def export(folder: Path, form: str) -> None:
    """Write everything the district owns into the empty FOLDER, in open formats: rows, letters, kept files, settings, words."""
    services = wire()
    rows = exports.write(services.database, services.settings, folder, now=services.clock.now())
    print_rows(("table", "rows"), sorted(rows.items()), form)


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
def restore(source: Path) -> None:
    """Build the district in an empty home from SOURCE, a snapshot or an export's folder; nothing leaves until 'outreach release'."""
    settings = load_settings()
    if source.is_dir():
        ring = keyring.ring_of(settings.encryption_keys, settings.home)
        database = opened(settings.database, ring, upgrade=False)
        rows = build(database, source, settings.home)
        database.close()
        click.echo(f"{sum(rows.values()):,} rows in {len(rows)} tables.", err=True)
    else:
        snapshots.unpack(source, settings.home, _empty_file(settings), keyring.ring_of(settings.encryption_keys, settings.home))
    wire().database.close()
    click.echo("Restored. Nothing leaves from here: once no other copy runs, 'outreach release --by EMAIL' lets it send.", err=True)


def _empty_file(settings: Settings) -> Path:
    prefix, url = "sqlite:///", settings.database
    if not url.startswith(prefix):
        sentence = "A snapshot is a SQLite database; leave OUTREACH_DATABASE_URL unset, or bring an export to PostgreSQL."
        raise KeepingError(sentence)
    return Path(url.removeprefix(prefix))


@click.group()
def keys() -> None:
    """Keys that encrypt the database, what lies beside it, and snapshots."""


@keys.command("new")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def new_key(file: Path) -> None:
    """Put a fresh key first in FILE, made where it is missing: from now on it encrypts, and the keys below it still decrypt."""
    key_id = keyring.add_key(file)
    click.echo(
        f"Key {key_id} is the first in {file}. Set encryption_keys to that file, keep a copy of it in a safe place, and run", err=True
    )
    click.echo("'outreach keys rotate'.", err=True)


@keys.command()
def rotate() -> None:
    """Encrypt with the first key of encryption_keys what is plain or has an older key: files at once, the database while nobody uses it."""
    settings, ring = _ring()
    done = sealing.renew(settings, ring)
    click.echo(f"Encrypted anew with the key {ring.newest}: files {done.files}, databases {done.databases}.")
    if sealing.database_file(settings) is None:
        click.echo("PostgreSQL's rows are not encrypted here: let its disk or its server do that (docs/security.md).")
    if done.in_use:
        _wait("The database is in use. Stop the service and run 'outreach keys rotate' again; until then it stays as it is.")
    older = done.older_snapshots
    click.echo(f"{older} snapshots need an older key: keep it in the file until they are gone." if older else "Older keys may go.")


@keys.command()
@click.option("--yes", is_flag=True, help="Really: whoever takes the disk can then read everything.")
def remove(*, yes: bool) -> None:
    """Write everything plain again, so that encryption_keys may be taken out of settings.toml. The service must be stopped."""
    settings, ring = _ring()
    if not yes:
        sentence = "Families' numbers and words would lie plain on the disk. Say so with --yes."
        raise KeepingError(sentence)
    done = sealing.renew(settings, ring, plain=True)
    click.echo(f"Written plain: files {done.files}, databases {done.databases}.")
    if done.in_use:
        _wait("The database is in use and still encrypted. Stop the service and run this again.")
    kept = f" {done.older_snapshots} snapshots are encrypted: keep the file of keys as long as them." if done.older_snapshots else ""
    click.echo(f"Now take encryption_keys out of settings.toml.{kept}")


@keys.command("open")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def open_file(file: Path) -> None:
    """Write what FILE holds, an encrypted feed, photo or paper of the home, to the standard output."""
    settings = load_settings()
    ring = keyring.ring_of(settings.encryption_keys, settings.home)
    try:
        click.echo(keyring.open_sealed(ring, file.read_bytes(), file.name), nl=False)
    except SealedError as error:
        raise KeepingError(str(error)) from error


def _ring() -> tuple[Settings, Ring]:
    settings = load_settings()
    ring = keyring.ring_of(settings.encryption_keys, settings.home)
    if not ring.newest:
        sentence = "No key is set: write encryption_keys in settings.toml, the file that 'outreach keys new FILE' made."
        raise KeepingError(sentence)
    return settings, ring


def _wait(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(1)


@click.command()
@click.option("--by", required=True, metavar="EMAIL", help="Who says that no other copy of this database sends.")
def release(by: str) -> None:
    """Let a restored or copied database send: first it takes in from the carrier what came and what left meanwhile."""
    services = wire()
    if not instance.held(services.database, services.clock.now()):
        click.echo("It is not held.", err=True)
        return
    try:
        found = come_back(services.database, services.provider, services.settings, services.clock, by=by)
    except OSError as error:
        sentence = f"It stays held: {error}."
        raise KeepingError(sentence) from error
    click.echo(
        f"It may send. From the carrier: {found.heard} texts of families, {found.known + found.adopted} texts to families that were known "
        f"and {found.unknown} that were not; {found.cancelled} that waited for those families are cancelled.",
        err=True,
    )

"""``outreach import``."""

from __future__ import annotations

from pathlib import Path

import click

from outreach.attendance.importing import ImportReport
from outreach.attendance.refusal import RefusedError
from outreach.commands.output import format_option, print_rows, progress
from outreach.feeds.drafting import draft
from outreach.feeds.taking import take_in
from outreach.feeds.writing import written
from outreach.wiring import wire

_COLUMNS = ("file", "read", "inserted", "changed", "unchanged", "rejected", "held", "noted", "deleted")


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write every rejected, held or noted row to this CSV.")
@click.option("--accept-shrink", is_flag=True, help="Load files that are much smaller than the last delivery's.")
@format_option
@click.pass_context
def import_(ctx: click.Context, folder: Path, *, dry_run: bool, report: Path | None, accept_shrink: bool, form: str) -> None:
    """Load the feed in FOLDER: all of it, or nothing."""
    if report is not None:
        _refuse_unwritable(report)
    services = wire()
    outcome = take_in(
        services.database,
        folder,
        settings=services.settings,
        now=services.clock.now(),
        dry_run=dry_run,
        accept_shrink=accept_shrink,
        progress=progress(),
    )
    if report is not None:
        outcome.problems.write_csv(report)
    rows = [(name, *(getattr(numbers, column) for column in _COLUMNS[1:])) for name, numbers in outcome.files.items()]
    print_rows(_COLUMNS, rows, form)
    click.echo(_sentence(outcome, dry_run=dry_run), err=True)
    for row in outcome.problems.filter(outcome.problems["action"] != "noted").head(10).iter_rows(named=True):
        click.echo("{file}, line {line}: {field} {value!r} {problem} ({action})".format(**row), err=True)
    ctx.exit(1 if outcome.needs_a_person else 0)


@click.command("draft")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="What the source is to be called; the folder's name if nothing is said.")
def draft_(folder: Path, name: str | None) -> None:
    """Print a first source.toml for the exports in FOLDER; every code in it waits for a person to confirm it."""
    click.echo(written(draft(folder, name or folder.resolve().name)), nl=False)


def _refuse_unwritable(report: Path) -> None:
    """Find out before anything is loaded that the report cannot be written; afterwards it would be too late to refuse."""
    if not report.absolute().parent.is_dir():
        sentence = f"{report.parent} is no folder, so the report cannot be written there; nothing was loaded."
        raise RefusedError(sentence)
    fresh = not report.exists()
    try:
        report.open("ab").close()
    except OSError as error:
        sentence = f"{report} cannot be written ({error.strerror}); nothing was loaded."
        raise RefusedError(sentence) from error
    if fresh:
        report.unlink()


def _sentence(outcome: ImportReport, *, dry_run: bool) -> str:
    if outcome.unchanged:
        return f"{outcome.source}: the same bytes as the last delivery; nothing changed."
    done = "would be loaded (dry run, nothing written)" if dry_run else f"loaded as import {outcome.import_id}"
    return f"{outcome.source}: {done}."

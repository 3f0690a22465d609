"""``outreach messages``: approvals and translation files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
from sqlalchemy.orm import Session

from outreach.commands.options import EmailOption
from outreach.commands.output import format_option, print_rows
from outreach.messages import exchange
from outreach.messages.actions import approve as approve_words
from outreach.messages.check import check as check_words
from outreach.messages.editing import Hand
from outreach.messages.exchange_intake import import_file
from outreach.messages.queries import overlay
from outreach.staff.actions import audit
from outreach.wiring import wire

by_option = click.option("--by", type=EmailOption(), metavar="EMAIL", help="Whose translations these are.")


@click.group()
def messages() -> None:
    """Approve words, check them, and exchange translation files."""


@messages.command()
@click.option("--message", help="One message, such as count; all without it.")
@click.option("--language", help="One language, such as es; all without it.")
@click.option("--by", type=EmailOption(), required=True, metavar="EMAIL", help="Who read and approves these words.")
@format_option
def approve(message: str | None, language: str | None, by: str, form: str) -> None:
    """Approve pairs of English and translation exactly as the files stand now; only approved words leave."""
    services = wire()
    now = services.clock.now()
    with services.database.write() as session:
        rows = approve_words(session, message=message, language=language, by=by, now=now, home=services.settings.home)
        audit(
            session,
            actor=by,
            action="words.approve",
            subject=message or "all",
            now=now,
            detail={"approvals": [row.approval_id for row in rows if row.new]},
        )
    print_rows(
        ("message", "channel", "language", "approval_id", "new"),
        [(row.message, row.channel, row.locale, row.approval_id, "true" if row.new else "false") for row in rows],
        form,
    )


@messages.command()
@format_option
@click.pass_context
def check(ctx: click.Context, form: str) -> None:
    """Print what is wrong with the words; exit 1 when something is."""
    services = wire()
    with services.database.read() as session:
        problems = check_words(services.settings.home, overlay(session))
    print_rows(("message", "channel", "language", "problem"), [(p.message, p.channel, p.locale, p.sentence) for p in problems], form)
    ctx.exit(1 if problems else 0)


@messages.command("export-po")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export_po(folder: Path) -> None:
    """Write one PO file per language into FOLDER for translators."""
    _export(exchange.export_po, folder)


@messages.command("export-csv")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export_csv(folder: Path) -> None:
    """Write one CSV file per language into FOLDER, for translators who work in a spreadsheet."""
    _export(exchange.export_csv, folder)


def _export(write: Callable[[Path, Path, Session], Sequence[Path]], folder: Path) -> None:
    services = wire()
    with services.database.read() as session:
        for path in write(folder, services.settings.home, session):
            click.echo(path)


@messages.command("import-po")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@by_option
@format_option
@click.pass_context
def import_po(ctx: click.Context, file: Path, by: str | None, form: str) -> None:
    """Take a translator's PO file in; nothing of it leaves until somebody approves it."""
    _import(ctx, file, by, form)


@messages.command("import-csv")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@by_option
@format_option
@click.pass_context
def import_csv(ctx: click.Context, file: Path, by: str | None, form: str) -> None:
    """Take a translator's CSV file in; nothing of it leaves until somebody approves it."""
    _import(ctx, file, by, form)


def _import(ctx: click.Context, file: Path, by: str | None, form: str) -> None:
    """Print the lines that were left because newer work stands there; exit 1 where there are any."""
    services = wire()
    now, actor = services.clock.now(), by or "command line"
    with services.database.write() as session:
        taken = import_file(session, file, Hand(actor, now, f"from {file.name}"), home=services.settings.home)
        audit(session, actor=actor, action="words.import", subject=taken.locale, now=now, detail={"written": taken.written})
    print_rows(("file", "line", "field", "reason"), [(one.file, one.line, one.field, one.reason) for one in taken.left], form)
    click.echo(f"{taken.locale}: {taken.written} new, {taken.unchanged} unchanged, {len(taken.left)} left as they are.", err=True)
    ctx.exit(1 if taken.left else 0)

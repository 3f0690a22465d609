"""``outreach messages``: approvals and translation files."""

from __future__ import annotations

from pathlib import Path

import click

from outreach.commands.options import EmailOption
from outreach.commands.output import format_option, print_rows
from outreach.messages.actions import approve as approve_words
from outreach.messages.check import check as check_words
from outreach.messages.exchange import export_po as write_po
from outreach.messages.exchange import import_po as read_po
from outreach.settings import load_settings
from outreach.staff.actions import audit
from outreach.wiring import wire


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
    problems = check_words(load_settings().home)
    print_rows(("message", "channel", "language", "problem"), [(p.message, p.channel, p.locale, p.sentence) for p in problems], form)
    ctx.exit(1 if problems else 0)


@messages.command("export-po")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export_po(folder: Path) -> None:
    """Write one PO file per language into FOLDER for translators."""
    for path in write_po(folder, load_settings().home):
        click.echo(path)


@messages.command("import-po")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_po(file: Path) -> None:
    """Take a translator's PO file in; nothing of it leaves until somebody approves it."""
    click.echo(read_po(file, load_settings().home))

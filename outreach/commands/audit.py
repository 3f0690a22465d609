"""``outreach audit``: the trail as rows, and whether somebody touched it."""

from __future__ import annotations

import click

from outreach.commands.output import format_option, print_rows
from outreach.staff import queries, seals
from outreach.staff.keys import secret_key
from outreach.wiring import wire

_COLUMNS = ("id", "at", "actor", "action", "subject", "detail")


@click.group()
def audit() -> None:
    """Who did and saw what: print the trail, or verify its seals."""


@audit.command("list")
@click.option("--actor", default="", help="Only what this account did.")
@click.option("--action", default="", help="Only actions that begin so, such as study or case.answered.")
@click.option("--subject", default="", help="Only what was done to this, such as 'case 12'.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 1_000_000))
@format_option
def list_(*, actor: str, action: str, subject: str, limit: int, form: str) -> None:
    """Print entries, the newest first."""
    with wire().database.read() as session:
        found = queries.trail(session, actor=actor, action=action, subject=subject, limit=limit)
        print_rows(_COLUMNS, [(one.id, one.at.isoformat(), one.actor, one.action, one.subject, one.detail) for one in found], form)


@audit.command()
def verify() -> None:
    """Look through all seals; ends with 1 where an entry was changed, removed or slipped in."""
    services = wire()
    with services.database.read() as session:
        found = seals.verify(session, secret_key(services.settings), services.settings.home)
    for sentence in found.broken:
        click.echo(sentence)
    click.echo(f"{found.sealed:,} entries are sealed and {found.unsealed:,} are too young to be; {len(found.broken)} seals are broken.")
    if found.broken:
        raise SystemExit(1)

"""``outreach counts``."""

from __future__ import annotations

from datetime import date

import click

from outreach.attendance.profiles import profile
from outreach.attendance.tabulating import tabulate
from outreach.commands.options import as_of_option, today
from outreach.commands.output import format_option, print_rows
from outreach.wiring import wire


@click.command()
@as_of_option
@click.option(
    "--by",
    type=click.Choice(["student-school", "student", "school"]),
    default="student-school",
    show_default=True,
    help="One row per what.",
)
@click.option("--profile", "profile_name", help="Rules to count by, in place of each source's own.")
@format_option
def counts(as_of: date | None, by: str, profile_name: str | None, form: str) -> None:
    """Print exact counts of the school year that contains the date, with the data known now."""
    if profile_name is not None:
        profile(profile_name)
    services = wire()
    with services.database.read() as session:
        columns, rows = tabulate(session, today(services, session, as_of), by, profile_name)
    print_rows(columns, rows, form)

"""``outreach reconcile``."""

from __future__ import annotations

import click

from outreach.attendance.profiles import in_figures
from outreach.attendance.reconciling import Difference, compare
from outreach.commands.output import format_option, print_rows
from outreach.wiring import wire

_COLUMNS = ("student_id", "school_id", "as_of", "sis_days_enrolled", "days_enrolled", "sis_days_absent", "days_absent")


@click.command()
@format_option
@click.pass_context
def reconcile(ctx: click.Context, form: str) -> None:
    """List where the totals of the student information system (sis_totals.csv) and ours differ, and what would explain it."""
    services = wire()
    with services.database.read() as session:
        found = compare(session)
    print_rows(_COLUMNS, [_row(item) for item in found.differences], form)
    click.echo(f"{found.compared} totals compared, {len(found.differences)} differ.", err=True)
    for trial in found.trials:
        click.echo(f'{trial.setting} = "{trial.value}" would explain {trial.explained} of them; {trial.remaining} would differ.', err=True)
    if found.differences and not found.trials:
        click.echo("No single setting explains any of them: look at codes, enrolments and the calendar of these children.", err=True)
    ctx.exit(1 if found.differences else 0)


def _row(item: Difference) -> tuple[str, ...]:
    enrolled, absent = (in_figures(days) for days in item.theirs)
    ours = tuple(in_figures(days) for days in item.ours) if item.ours else ("", "")
    return item.student_id, item.school_id, item.as_of.isoformat(), enrolled, ours[0], absent, ours[1]

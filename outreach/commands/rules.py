"""``outreach evaluate`` and ``outreach plan``."""

from __future__ import annotations

import click

from outreach.attendance.profiles import in_figures
from outreach.cases.corrections import recount
from outreach.cases.crossings import open_for_crossings
from outreach.commands.output import format_option, print_rows
from outreach.planning.actions import plan as plan_night
from outreach.staff.actions import audit
from outreach.thresholds.actions import evaluate as evaluate_rules
from outreach.thresholds.actions import release_baseline as release
from outreach.thresholds.versions import in_force
from outreach.wiring import wire

_CROSSING = ("student_id", "rule", "tier", "days_absent", "days_enrolled", "episode", "new")
_PLANNED = ("household", "student_ids", "contact_id", "channel", "message", "language", "state", "reason")


@click.command()
@click.option("--dry-run", is_flag=True, help="Say who would cross and write nothing.")
@format_option
def evaluate(*, dry_run: bool, form: str) -> None:
    """Count everybody and print who is over which threshold; what crossed and what was told wrongly goes before a person."""
    services = wire()
    with services.database.write() as session:
        rules = in_force(session, services.settings, services.clock.now())
        found = evaluate_rules(session, rules, settings=services.settings, now=services.clock.now())
        if dry_run:
            session.rollback()
        else:
            open_for_crossings(session, settings=services.settings, now=services.clock.now())
    if not dry_run:
        recount(services.database, services.settings, services.clock.now())
    rows = [
        (c.student_id, c.rule, c.tier, in_figures(c.days_absent), c.days_enrolled, c.episode, "true" if c.new else "false") for c in found
    ]
    print_rows(_CROSSING, rows, form)
    click.echo(f"{len(found)} crossings stand, {sum(c.new for c in found)} of them new.", err=True)


@click.command()
@click.option(
    "--release-baseline",
    "children",
    type=click.IntRange(min=1),
    help="First release the baseline of that many children, most absences first.",
)
@format_option
def plan(*, children: int | None, form: str) -> None:
    """Plan a message for every household whose crossing has not spoken, or say why not."""
    services = wire()
    now = services.clock.now()
    with services.database.write() as session:
        if children is not None:
            released = release(session, children, by="command line", now=now)
            audit(session, actor="command line", action="baseline.release", subject="thresholds", now=now, detail={"children": released})
            click.echo(f"Released the baseline of {released} children.", err=True)
        planned = plan_night(session, settings=services.settings, now=now)
        open_for_crossings(session, settings=services.settings, now=now)
        rows = [(p.household, "|".join(p.student_ids), p.contact_id, p.channel, p.message, p.language, p.state, p.reason) for p in planned]
    print_rows(_PLANNED, rows, form)
    states = sorted({row[6] for row in rows})
    click.echo(", ".join(f"{sum(row[6] == state for row in rows)} {state}" for state in states) or "Nothing to plan.", err=True)

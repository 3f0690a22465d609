"""``outreach dispatch`` and ``outreach letters``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from outreach.cases.intake import take_waiting
from outreach.commands.output import format_option, print_rows
from outreach.delivery.actions import dispatch as send_due
from outreach.delivery.following import follow
from outreach.delivery.letters import release
from outreach.delivery.reconcile import reconcile
from outreach.delivery.report import DispatchReport
from outreach.messages.letters import Measures, calibration
from outreach.services import Services
from outreach.wiring import wire

_PAUSE_SECONDS = 2.0


@click.command()
@click.option("--watch", is_flag=True, help="Go on until stopped; any number may run.")
@format_option
@click.pass_context
def dispatch(ctx: click.Context, *, watch: bool, form: str) -> None:
    """Send what is due, each message checked again at the last moment."""
    services = wire()
    report = _once(services)
    while watch:
        _print(report, form)
        time.sleep(_PAUSE_SECONDS)
        report = _once(services)
    _print(report, form)
    ctx.exit(1 if report.errors_for_a_person else 0)


def _once(services: Services) -> DispatchReport:
    """Settle what is uncertain, follow up what failed, then send until nothing is due.

    What families wrote is heard first each time, for it may be a stop.
    """
    if services.provider is not None:
        reconcile(services.database, services.provider, services.settings, services.clock)
        follow(services.database, services.settings, services.clock)
    total = DispatchReport()
    while True:
        take_waiting(services.database, services.settings, services.clock.now())
        some = send_due(services.database, services.provider, services.settings, services.clock)
        total.add(some)
        if not some.claimed or some.stopped:
            return total


def _print(report: DispatchReport, form: str) -> None:
    print_rows(("outcome", "messages"), sorted(report.counts.items()), form)


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for batch.pdf and its lists.")
@click.option("--batch", type=int, help="Write an earlier batch's files again.")
@click.option("--calibrate", is_flag=True, help="Write only calibration.pdf: the outlines of the envelope's windows, to be held behind it.")
@click.pass_context
def letters(ctx: click.Context, out: Path, batch: int | None, *, calibrate: bool) -> None:
    """Release the letters that are due as one PDF, with a manifest and a list of who was not written to and why."""
    services = wire()
    if calibrate:
        out.mkdir(parents=True, exist_ok=True)
        (out / "calibration.pdf").write_bytes(calibration(Measures.of(services.settings), now=services.clock.now()))
        return
    take_waiting(services.database, services.settings, services.clock.now())
    report = release(services.database, services.settings, services.clock, out, by="command line", batch=batch)
    click.echo(report.sentence, err=True)
    ctx.exit(1 if report.errors_for_a_person else 0)

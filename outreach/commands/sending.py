"""``outreach dispatch`` and ``outreach letters``."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from outreach.cases.catching_up import heard_everything
from outreach.cases.intake import take_waiting
from outreach.commands.output import format_option, print_rows
from outreach.delivery.actions import dispatch as send_due
from outreach.delivery.following import follow
from outreach.delivery.letters import approve, release
from outreach.delivery.provider import Account
from outreach.delivery.reconcile import reconcile
from outreach.delivery.report import DispatchReport
from outreach.messages.letters import Measures, calibration
from outreach.planning.batches import waiting_texts
from outreach.services import Services
from outreach.wiring import wire
from scheduler.stopping import Word, heeding

_PAUSE_SECONDS = 2.0
_UNHEARD = "the carrier does not tell what families wrote meanwhile, and one of them may have said stop"


@click.command()
@click.option("--watch", is_flag=True, help="Go on until stopped; any number may run.")
@format_option
@click.pass_context
def dispatch(ctx: click.Context, *, watch: bool, form: str) -> None:
    """Send what is due, each message checked again at the last moment.

    Told to stop (SIGTERM, Ctrl+C) it finishes the few messages in hand, says what was done, and ends.
    """
    services = wire()
    with heeding() as stop:
        while True:
            report = _once(services, stop)
            _print(services, report, form)
            stop.pause(_PAUSE_SECONDS if watch else 0.0)
            if stop.said or not watch:
                break
    ctx.exit(1 if report.errors_for_a_person else 0)


def _once(services: Services, stop: Word) -> DispatchReport:
    """Settle what is uncertain, follow up what failed, then send until nothing is due.

    What families wrote is heard first each time, for it may be a stop; while the carrier does not tell it, nothing leaves.
    """
    if services.provider is not None:
        reconcile(services.database, services.provider, services.settings, services.clock)
        follow(services.database, services.settings, services.clock)
    total, account = DispatchReport(), cast("object", services.provider)
    while not stop.said:
        if isinstance(account, Account) and not heard_everything(services.database, account, services.settings, services.clock):
            return DispatchReport(total.counts, total.claimed, total.errors_for_a_person + 1, _UNHEARD)
        take_waiting(services.database, services.settings, services.clock.now())
        some = send_due(services.database, services.provider, services.settings, services.clock)
        total.add(some)
        if not some.claimed or some.stopped:
            break
    return total


def _print(services: Services, report: DispatchReport, form: str) -> None:
    """What was done, what waits for a person, and why nothing more leaves."""
    with services.database.read() as session:
        waiting = {f"waiting: {why.partition(':')[0]}": number for why, number in waiting_texts(session).items()}
    print_rows(("outcome", "messages"), sorted({**report.counts, **waiting}.items()), form)
    if report.stopped:
        click.echo(f"Nothing more leaves: {report.stopped}.", err=True)


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for batch.pdf and its lists.")
@click.option("--batch", type=int, help="Write an earlier batch's files again.")
@click.option("--calibrate", is_flag=True, help="Write only calibration.pdf: the outlines of the envelope's windows, to be held behind it.")
@click.option("--approve", "approved", type=int, help="Let a batch go that waits for people (letter_approvals); needs --by.")
@click.option("--by", metavar="EMAIL", help="Whose approval it is.")
@click.pass_context
def letters(  # one parameter for each option
    ctx: click.Context, out: Path | None, batch: int | None, approved: int | None, by: str | None, *, calibrate: bool
) -> None:
    """Release the letters that are due as one PDF, with a manifest and a list of who was not written to and why."""
    if (approved is None) != (by is None) or (out is None) == (approved is None):
        message = "Give --out FOLDER, or --approve BATCH with --by EMAIL."
        raise click.UsageError(message)
    services = wire()
    if out is None:
        assert approved is not None  # noqa: S101 - asked above, as the next
        assert by is not None  # noqa: S101
        click.echo(approve(services.database, services.settings, services.clock, approved, by=by), err=True)
        return
    if calibrate:
        out.mkdir(parents=True, exist_ok=True)
        (out / "calibration.pdf").write_bytes(calibration(Measures.of(services.settings), now=services.clock.now()))
        return
    take_waiting(services.database, services.settings, services.clock.now())
    report = release(services.database, services.settings, services.clock, out, by="command line", batch=batch)
    click.echo(report.sentence, err=True)
    ctx.exit(1 if report.errors_for_a_person else 0)

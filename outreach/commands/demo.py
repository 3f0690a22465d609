"""``outreach demo``: an invented district, its families' phones, and the web pages of its staff."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from rich.console import Console
from rich.panel import Panel

from outreach.commands.output import progress
from outreach.demo import family, loop, stage
from outreach.demo.servers import PortTakenError, WebServer, free_port
from outreach.services import Services
from outreach.simulator import server as simulator
from outreach.simulator.server import Running, SimulatorError
from outreach.web.app import create_app
from scheduler import embedded
from scheduler.jobs import WHAT

DEMO_HOME = Path("var/demo")
_PORT = 8000


@click.command()
@click.option("--once", is_flag=True, help="Run the loop without a browser, say what happened, and end.")
@click.option(
    "--port", type=click.IntRange(1, 65534), default=_PORT, show_default=True, help="Port of the web pages; the phones take the next one."
)
def demo(*, once: bool, port: int) -> None:
    """Show the whole service with an invented district; nothing leaves this machine and no other database is touched."""
    try:
        with _playing(free_port() if once else port, 0 if once else port + 1) as (services, carrier, account):
            if once:
                _say_once(account, loop.run(services, carrier, progress()))
            else:
                _wait(services, carrier, account)
    except (PortTakenError, SimulatorError) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _playing(web_port: int, carrier_port: int) -> Iterator[tuple[Services, Running, stage.Account]]:
    """Set up the district and run the carrier and the web pages around the block."""
    web_url = f"http://127.0.0.1:{web_port}"
    stage.clear(DEMO_HOME)
    unwired = stage.settings_for(DEMO_HOME, web_url=web_url, carrier_url="http://127.0.0.1")
    carrier = simulator.start(unwired, unwired.clock(), carrier_port)
    try:
        settings = stage.settings_for(DEMO_HOME, web_url=web_url, carrier_url=carrier.url, mail_port=carrier.simulation.mailbox.listen())
        services, account = stage.set_up(settings, progress())
        web = WebServer.start(create_app(services, WHAT), web_port)
        try:
            yield services, carrier, account
        finally:
            web.stop()
            services.database.engine.dispose()
    finally:
        carrier.stop()


def _say_once(account: stage.Account, happened: loop.Happened) -> None:
    """Print a short, truthful account to stdout."""
    lines = [
        f"Loaded {account.marks} attendance marks of {account.children} children at three schools.",
        f"First evaluation: {account.baseline} children were over a threshold already; {account.released} of them released.",
        f"Next morning: {account.new_crossings} new crossings. Planned and skipped:",
        *(f"  {number:3} {what}" for what, number in sorted(account.planned.items())),
        "Count texts now: " + ", ".join(f"{number} {state}" for state, number in sorted(happened.texts.items())) + ".",
        f"Letters printed: {happened.letters} ({DEMO_HOME / 'letters' / 'batch.pdf'}).",
        f"The page behind a letter's code says: {happened.family_page or 'NOTHING'}",
        f"A family texted STOP and is opted out: {'yes' if happened.stopped else 'NO'}.",
        "A family's phone shows:",
        *(f"  {'school' if direction.startswith('outbound') else 'family'}: {words}" for direction, words in happened.transcript),
        f"Cases still waiting for a person: {happened.waiting}.",
    ]
    click.echo("\n".join(lines))


def _on_a_letter(letter: family.Letter | None) -> str:
    """How to read one printed letter's page."""
    if letter is None:
        return ""
    born = f"{letter.born:%B} {letter.born.day}, {letter.born.year}"
    return f"Family page   {letter.url.partition('#')[0]}\n              a letter's code {letter.code}, child born {born}\n"


def _wait(services: Services, carrier: Running, account: stage.Account) -> None:
    """Tick and serve until Ctrl+C."""
    loop.print_letters(services)
    letter = family.a_letter(services)
    scheduler = embedded.start(services)
    schools = stage.school_names()
    people = "\n".join(f"  {email:24} {name}, {', '.join(schools[s] for s in at) or role.words}" for email, name, role, at in stage.PEOPLE)
    text = (
        f"Staff pages   {services.settings.public_url}\n"
        f"Phones        {carrier.url}\n"
        f"Mailbox       {carrier.url}/mail\n"
        f"{_on_a_letter(letter)}\n"
        f"Sign in as one of\n{people}\n  password: {stage.PASSWORD}\n\n"
        f"{account.children} invented children; texts leave now, at half past nine on a pretended Tuesday.\n"
        "Reply on a phone as a parent, and answer from the inbox. Ctrl+C ends."
    )
    Console().print(Panel(text, title="Prairie Lakes Schools (made up)", expand=False), markup=False)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with suppress(KeyboardInterrupt):
        stop.wait()
    scheduler.shutdown()

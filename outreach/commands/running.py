"""``outreach init``, ``user``, ``doctor``, ``serve``: first steps and the running service."""

from __future__ import annotations

import click
from granian import Granian
from granian.constants import Interfaces

from outreach import first_steps
from outreach.commands.output import format_option, print_rows
from outreach.delivery.invitations import sign_in_address
from outreach.doctor import State, examine
from outreach.services import Services
from outreach.staff.actions import add_account, audit, one_time_link
from outreach.staff.queries import by_email
from outreach.staff.roles import Role
from outreach.wiring import needs_postgres, wire
from scheduler.stopping import WITHIN_SECONDS, heed_in_children

_THREADS = 4
"""Requests served at a time; SQLite has one writer, and more threads only wait for it."""


@click.command()
@click.option("--admin", metavar="EMAIL", help="Make the first administrator and print a one-time sign-in link.")
@click.option("--name", default="", help="The administrator's name.")
def init(admin: str | None, name: str) -> None:
    """Create the database, or bring its schema up to date."""
    services = wire(upgrade=True)
    if admin is not None:
        click.echo(_first_link(services, admin, name))
    click.echo(f"The database is ready: {services.database.url.render_as_string(hide_password=True)}", err=True)


def _first_link(services: Services, admin: str, name: str) -> str:
    """A link for the administrator of that address, who is brought in if nobody has it yet."""
    now = services.clock.now()
    with services.database.write() as session:
        account = by_email(session, admin) or add_account(
            session, email=admin, name=name or admin, role=Role.DISTRICT_ADMINISTRATOR, schools=(), now=now
        )
        token = one_time_link(session, account, now)
        audit(session, actor="command line", action="account.link", subject=str(account.id), now=now, detail={})
    return sign_in_address(services.settings, token)


@click.group()
def user() -> None:
    """Bring people in."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="Their name, as families and colleagues read it.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@click.option("--school", "schools", multiple=True, metavar="SCHOOL_ID", help="A school they work for; repeat for more.")
def add(email: str, name: str, role: str, schools: tuple[str, ...]) -> None:
    """Add a person and print a one-time sign-in link."""
    services = wire()
    now = services.clock.now()
    with services.database.write() as session:
        account = add_account(session, email=email, name=name, role=Role(role), schools=schools, now=now)
        token = one_time_link(session, account, now)
        audit(session, actor="command line", action="account.add", subject=str(account.id), now=now, detail={"role": role})
    click.echo(sign_in_address(services.settings, token))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option("--without-jobs", is_flag=True, help="Leave the jobs to 'outreach worker' (PostgreSQL only).")
def serve(host: str, port: int, *, without_jobs: bool) -> None:
    """Serve the web pages and webhooks, and run the jobs."""
    services = wire()
    services.database.engine.dispose()
    if without_jobs:
        needs_postgres(services)
    target = "outreach.serving:pages" if without_jobs else "outreach.serving:app"
    heed_in_children()
    Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=_THREADS,
        factory=True,
        workers_kill_timeout=WITHIN_SECONDS,  # for pages and jobs that are at work when it is told to stop
    ).serve()


@click.command()
@format_option
@click.pass_context
def doctor(ctx: click.Context, form: str) -> None:
    """Look the installation over and say what to do next."""
    services = wire()
    findings = examine(services)
    findings.append(first_steps.finding(first_steps.steps(services, findings)))
    print_rows(("area", "state", "what"), [(f.area, f.state.value, f.sentence) for f in findings], form)
    ctx.exit(1 if any(finding.state == State.WRONG for finding in findings) else 0)

"""``outreach contact-log``."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import click

from outreach.clock import local_date
from outreach.evidence import contact_log as log
from outreach.wiring import wire


@click.command("contact-log")
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the files.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="A day that is over; without it yesterday.")
def contact_log(folder: Path, day: datetime | None) -> None:
    """Write one day's texts, letters, calls, visits and answers, by child and without words, for the student information system."""
    services = wire()
    now, settings = services.clock.now(), services.settings
    wanted: date = day.date() if day else local_date(now, settings.zone) - timedelta(days=1)
    with services.database.read() as session:
        click.echo(log.write(session, wanted, folder, settings, now))

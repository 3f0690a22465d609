"""``outreach registration-pack``: what carriers ask before they deliver texts."""

from __future__ import annotations

from pathlib import Path

import click

from outreach.messages import registration
from outreach.wiring import wire

_FILL_IN = "(fill in the address of your {} page)"


@click.command("registration-pack")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="registration-pack",
    show_default=True,
    help="Folder for the guide, campaign.json and samples.csv.",
)
@click.option("--privacy-url", default=_FILL_IN.format("privacy"), metavar="URL", help="The district's privacy page.")
@click.option("--terms-url", default=_FILL_IN.format("terms"), metavar="URL", help="The district's page with the terms of its texts.")
def registration_pack(out: Path, privacy_url: str, terms_url: str) -> None:
    """Fill in the carriers' registration from the settings and from the texts that are approved now."""
    services = wire()
    with services.database.read() as session:
        samples = registration.write(session, services.settings, out, privacy_url=privacy_url, terms_url=terms_url)
    click.echo(
        f"{len(samples)} approved texts in {len({one.locale for one in samples})} languages; begin with {out / 'README.md'}.", err=True
    )

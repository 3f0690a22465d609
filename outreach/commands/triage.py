"""``outreach triage``."""

from __future__ import annotations

from pathlib import Path

import click

from outreach.cases.triage import run


@click.command()
@click.option("--input", "source", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV with id,text[,language].")
@click.option("--output", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV to write.")
def triage(source: Path, target: Path) -> None:
    """Run reply texts through the live rules and write what each was understood to mean; touches no database."""
    rows = run(source, target)
    click.echo(f"{rows} replies read.", err=True)

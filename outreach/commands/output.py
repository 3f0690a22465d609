"""Rows to stdout in the form a person or a program wants; everything else goes to stderr."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

format_option = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True, help="How rows are printed."
)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str) -> None:
    """Print *rows* under *columns* as a table, CSV or a JSON list of objects; None is an empty field."""
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
    elif form == "json":
        items = [dict(zip(columns, row, strict=True)) for row in rows]
        click.echo(json.dumps(items, ensure_ascii=False, default=str, indent=1))
    else:
        _print_table(columns, rows)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=not sys.stdout.isatty())
    for row in rows:
        table.add_row(*["" if value is None else str(value) for value in row])
    Console(width=None if sys.stdout.isatty() else 400, highlight=False, markup=False).print(table)


def progress() -> Callable[[str], None]:
    """A function that shows the step at work on a terminal's stderr, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return lambda _step: None
    status = console.status("starting")
    status.start()
    click.get_current_context().call_on_close(status.stop)
    return status.update

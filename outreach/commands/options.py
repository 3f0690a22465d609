"""Options that several commands share."""

from __future__ import annotations

from datetime import date, datetime

import click

from outreach.clock import local_date
from outreach.services import Services


class DateOption(click.ParamType[date]):
    """A date written YYYY-MM-DD."""

    name = "date"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the text; a wrong one is one sentence."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a plain date has no zone
        except ValueError:
            self.fail(f"{value!r} is no date of the form YYYY-MM-DD", param, ctx)


as_of_option = click.option("--as-of", type=DateOption(), help="The last day counted (default: today in the district's zone).")


def today(services: Services, as_of: date | None) -> date:
    """The date asked for, or today in the district's zone."""
    return as_of or local_date(services.clock.now(), services.settings.zone)

"""Options that several commands share."""

from __future__ import annotations

from datetime import date, datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.district.tables import School
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


class EmailOption(click.ParamType[str]):
    """A person's e-mail address, by which what they did is known."""

    name = "email"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take the address without spaces around it; anything else is one sentence."""
        before, _, after = value.strip().partition("@")
        if not before or not after or "@" in after or len(value.split()) != 1:
            self.fail(f"{value!r} is not an e-mail address.", param, ctx)
        return value.strip()


as_of_option = click.option("--as-of", type=DateOption(), help="The last day counted (default: today in the schools' zone).")


def today(services: Services, session: Session, as_of: date | None) -> date:
    """The date asked for, or today where the schools are; around midnight, where zones differ, the last day all of them have begun."""
    if as_of is not None:
        return as_of
    named = session.scalars(select(School.timezone).where(School.gone_import_id.is_(None)).distinct())
    zones = {zone or services.settings.zone for zone in named} or {services.settings.zone}
    return min(local_date(services.clock.now(), zone) for zone in zones)

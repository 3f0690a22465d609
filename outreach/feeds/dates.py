"""In which form a feed writes its dates: every form that is tried, and what each makes of the values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

DATE_FORMATS = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
)
_SATURDAY = 6
_OPEN = date(9999, 12, 31)
"""How some systems say that a stay has no end."""
_TIMED = ("%H", "%I")


@dataclass(frozen=True)
class DateForm:
    """What one form makes of all dates."""

    form: str
    reads: int
    """Values that are dates of our time in this form."""
    of: int
    first: date
    last: date
    weekends: int
    """How many of the days on which school was, as far as it reads them, are a Saturday or Sunday."""

    @property
    def fits(self) -> bool:
        """Whether it reads every value."""
        return self.reads == self.of


def tried(dates: pl.Series, school_days: pl.Series | None = None) -> list[DateForm]:
    """Every form that reads at least one of *dates*, the one that reads most first; empty values do not count.

    *school_days* are those of them on which school was: of forms that read as many, the one that puts fewer of these on weekends
    comes first.
    """
    counted, days = _tally(dates), _tally(school_days if school_days is not None else dates.clear())
    total = int(counted["len"].sum())
    found = [one for form in DATE_FORMATS if (one := _try(counted, days, form, total)) is not None]
    return sorted(found, key=lambda one: (-one.reads, one.weekends))


def fitting(dates: pl.Series) -> tuple[str, ...]:
    """The forms in which every one of *dates* is a date of our time, in the order of ``DATE_FORMATS``."""
    fits = {one.form for one in tried(dates) if one.fits}
    return tuple(form for form in DATE_FORMATS if form in fits)


def looks_like_serials(dates: pl.Series) -> bool:
    """Whether the values are a spreadsheet's own numbers of days (40542), which no form reads."""
    told = dates.fill_null("").str.strip_chars()
    told = told.filter(told != "")
    return told.len() > 0 and bool(told.str.contains(r"^[2-5]\d{4}(\.0)?$").all())


def _tally(dates: pl.Series) -> pl.DataFrame:
    told = dates.fill_null("").str.strip_chars()
    return pl.DataFrame({"told": told.filter(told != "")}).group_by("told").len()


def _try(counted: pl.DataFrame, days: pl.DataFrame, form: str, total: int) -> DateForm | None:
    read = _read(counted, form)
    if read.is_empty():
        return None
    weekend = _read(days, form).filter(pl.col("date").dt.weekday() >= _SATURDAY)["len"].sum()
    return DateForm(form, int(read["len"].sum()), total, _day(read["date"].min()), _day(read["date"].max()), int(weekend))


def _read(counted: pl.DataFrame, form: str) -> pl.DataFrame:
    told = pl.col("told")
    timed = any(part in form for part in _TIMED)
    value = told.str.to_datetime(form, strict=False).dt.date() if timed else told.str.to_date(form, strict=False)
    return counted.with_columns(date=value).filter(pl.col("date").dt.year().is_between(1900, 2100) | (pl.col("date") == _OPEN))


def _day(value: object) -> date:
    if not isinstance(value, date):  # pragma: no cover - polars' minimum may be of any type
        raise TypeError(value)
    return value

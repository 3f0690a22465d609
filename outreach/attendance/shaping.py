"""Rows as a system writes them become one row a mark: rows of another kind are passed over, wide rows are turned. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from outreach.attendance.reading import LINE
from outreach.attendance.refusal import RefusedError


def only_rows(raw: pl.DataFrame, wanted: Mapping[str, Sequence[str]], name: str) -> pl.DataFrame:
    """The rows whose columns hold one of the *wanted* values (``[only]`` of source.toml).

    Raises RefusedError for a column that is missing.
    """
    _refuse_missing(raw, wanted, name)
    fits = [pl.col(column).fill_null("").str.strip_chars().is_in(list(values)) for column, values in wanted.items()]
    return raw.filter(*fits) if fits else raw


def by_periods(raw: pl.DataFrame, periods: Mapping[str, str], name: str, *, code: str, section: str) -> pl.DataFrame:
    """One row for each code of a wide row (``[periods]`` of source.toml: column → the section it is of).

    A code of the whole day, in the column *code*, stays a mark of the day. Empty cells are no marks; a row in which every cell is empty
    keeps its empty code of the day, where there is such a column. Raises RefusedError for a column that is missing.
    """
    if not periods:
        return raw
    _refuse_missing(raw, periods, name)
    blank = pl.all_horizontal(_text(column) == "" for column in periods)
    whole = raw.filter((_text(code) != "") | blank) if code in raw.columns else raw.clear().with_columns(pl.lit("").alias(code))
    columns = [*dict.fromkeys([*raw.columns, code, section])]
    marks = [
        raw.filter(_text(column) != "").with_columns(pl.col(column).alias(code), pl.lit(of).alias(section))
        for column, of in periods.items()
    ]
    plain = whole if section in whole.columns else whole.with_columns(pl.lit("").alias(section))
    return pl.concat([plain.select(columns), *(frame.select(columns) for frame in marks)]).sort(LINE, maintain_order=True)


def _text(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars()


def _refuse_missing(raw: pl.DataFrame, columns: Collection[str], name: str) -> None:
    if missing := [column for column in columns if column not in raw.columns]:
        there = ", ".join(column for column in raw.columns if not column.startswith("__"))
        sentence = f"{name}, line 1: the column {missing[0]!r} is missing, which source.toml names; the header has {there}."
        raise RefusedError(sentence)

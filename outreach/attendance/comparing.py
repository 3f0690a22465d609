"""What a delivery changes: its rows against the rows that the same source brought before."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from outreach.attendance.reading import LINE


@dataclass(frozen=True)
class Changes:
    """New rows, rows with other values, rows that are as they were, and the keys that vanished."""

    inserted: pl.DataFrame
    changed: pl.DataFrame
    unchanged: pl.DataFrame
    vanished: pl.DataFrame


def one_per_key(rows: pl.DataFrame, key: list[str], *, in_order: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one row per key, and the rows that lost to it.

    *in_order*: the later line wins (a delta is a log). Otherwise the choice depends on the values alone, so that the order of
    a file's rows never changes a count.
    """
    if rows.is_empty() or not rows.select(pl.struct(key).is_duplicated().any()).item():
        return rows, rows.clear()
    values = [name for name in rows.columns if name not in key and name != LINE]
    ordered = rows.sort(LINE) if in_order else rows.sort([*values, LINE], descending=[False] * len(values) + [True], nulls_last=False)
    winners = ordered.unique(key, keep="last", maintain_order=True)
    return winners, rows.join(winners.select(LINE), on=LINE, how="anti")


def compare(new: pl.DataFrame, old: pl.DataFrame, key: list[str], values: list[str]) -> Changes:
    """Sort the rows of *new* (one per key) into inserted, changed and unchanged, and find what of *old* is not in it."""
    if old.is_empty():
        return Changes(new, new.clear(), new.clear(), old.select(key))
    inserted = new.join(old.select(key), on=key, how="anti")
    both = new.join(old.select(*key, *(pl.col(v).alias(f"__old_{v}") for v in values)), on=key, how="inner")
    differs = pl.any_horizontal(*[pl.col(v).ne_missing(pl.col(f"__old_{v}")) for v in values]) if values else pl.lit(value=False)
    flagged = both.with_columns(differs.alias("__differs"))
    columns = new.columns
    return Changes(
        inserted,
        flagged.filter(pl.col("__differs")).select(columns),
        flagged.filter(~pl.col("__differs")).select(columns),
        old.join(new.select(key), on=key, how="anti").select(key),
    )

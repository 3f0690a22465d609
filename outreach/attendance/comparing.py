"""What a delivery changes: its rows against the rows that the same source brought before."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from outreach.attendance.reading import LINE


@dataclass(frozen=True)
class Changes:
    """New rows, rows with other values, and the keys that vanished; all others are as they were."""

    inserted: pl.DataFrame
    changed: pl.DataFrame
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
    """Find the rows of *new* (one per key) that are not in *old* as they are, and what of *old* is not in *new*.

    Whole rows are compared first: of a delivery that comes again nearly all are equal, and what is left is small.
    """
    if old.is_empty():
        return Changes(new, new.clear(), old.select(key))
    whole = [*key, *values]
    fresh = new.join(old.select(whole), on=whole, how="anti", nulls_equal=True)
    gone = old.join(new.select(whole), on=whole, how="anti", nulls_equal=True).select(key)
    return Changes(
        fresh.join(gone, on=key, how="anti"),
        fresh.join(gone, on=key, how="semi"),
        gone.join(fresh.select(key), on=key, how="anti"),
    )

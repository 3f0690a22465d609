"""Texts of a file become typed columns; what cannot be read is a problem with its line, field, value and reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from outreach.attendance.canonical import CanonicalFile, Column, Type
from outreach.attendance.reading import FAULT, LINE
from outreach.attendance.refusal import RefusedError

PROBLEM_SCHEMA = {"line": pl.Int64, "field": pl.String, "value": pl.String, "problem": pl.String, "action": pl.String}


class Action(StrEnum):
    """What was done with a row that has a problem."""

    REJECTED = "rejected"
    """The row was left out."""
    HELD = "held"
    """The row is kept where it can be, and makes somebody look."""
    NOTED = "noted"
    """The row was taken; this part of it was not, or deserves a look."""


@dataclass(frozen=True)
class Parsed:
    """A file with typed columns; *problems* has the columns of ``PROBLEM_SCHEMA``; *read* counts all rows of the file."""

    rows: pl.DataFrame
    problems: pl.DataFrame
    read: int


def problems_of(
    frame: pl.DataFrame, condition: pl.Expr, *, field: str, value: pl.Expr, problem: str | pl.Expr, action: Action
) -> pl.DataFrame:
    """The rows of *frame* that meet *condition*, as problems."""
    said = pl.lit(problem) if isinstance(problem, str) else problem
    return frame.filter(condition).select(
        pl.col(LINE).alias("line"),
        pl.lit(field).alias("field"),
        value.cast(pl.String).fill_null("").alias("value"),
        said.cast(pl.String).alias("problem"),
        pl.lit(action.value).alias("action"),
    )


def only(frame: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """The rows of *frame* that meet *condition*: itself where all do, because a copy of millions of rows is much memory."""
    fits = frame.select(condition.fill_null(value=False)).to_series()
    return frame if fits.all() else frame.filter(fits)


def gather(problems: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All problems in one frame."""
    return pl.concat([pl.DataFrame(schema=PROBLEM_SCHEMA), *problems])


def parse(raw: pl.DataFrame, spec: CanonicalFile, renames: dict[str, str], date_format: str, name: str) -> Parsed:
    """Keep the canonical columns of *raw* and give them their types.

    *renames* maps canonical names to the file's own. Columns without a canonical place are dropped here, at the door.
    Raises RefusedError when a required column, or one that ``source.toml`` names, is missing.
    """
    chosen = _choose(raw, spec, renames, name)
    problems = [problems_of(chosen, pl.col(FAULT) != "", field="", value=pl.lit(""), problem=pl.col(FAULT), action=Action.REJECTED)]
    typed = only(chosen, pl.col(FAULT) == "")
    for column in spec.columns:
        typed, found = _typed(typed, column, date_format)
        problems.extend(found)
    everything = gather(problems)
    rejected = everything.filter(pl.col("action") == Action.REJECTED.value).select("line").unique()
    rows = only(typed, ~pl.col(LINE).is_in(rejected["line"].implode())).drop(FAULT)
    return Parsed(rows, everything, raw.height)


def _choose(raw: pl.DataFrame, spec: CanonicalFile, renames: dict[str, str], name: str) -> pl.DataFrame:
    if unknown := sorted(set(renames) - {column.name for column in spec.columns}):
        sentence = (
            f"source.toml renames the unknown column {unknown[0]!r} of {spec.name}; known are {', '.join(c.name for c in spec.columns)}."
        )
        raise RefusedError(sentence)
    expressions: list[pl.Expr | pl.Series] = []
    for column in spec.columns:
        theirs = renames.get(column.name, column.name)
        if theirs in raw.columns:
            expressions.append(_composed(raw[theirs].fill_null("")).str.strip_chars().alias(column.name))
        elif column.required or column.name in renames:
            sentence = (
                f"{name}, line 1: the column {theirs!r} is missing; the header has {', '.join(c for c in raw.columns if c[:2] != '__')}."
            )
            raise RefusedError(sentence)
        else:
            expressions.append(pl.lit("").alias(column.name))
    return raw.select(LINE, FAULT, *expressions)


def _composed(texts: pl.Series) -> pl.Series:
    """The texts with composed letters (NFC), which plain ASCII always is: asking costs a fifteenth of composing."""
    return texts if texts.str.len_bytes().sum() == texts.str.len_chars().sum() else texts.str.normalize("NFC")


def _typed(frame: pl.DataFrame, column: Column, date_format: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    text = pl.col(column.name)
    value, complaint = _reading(column, date_format)
    problems = []
    if column.filled:
        problems.append(
            problems_of(frame, text == "", field=column.name, value=text, problem=f"{column.name} is empty", action=Action.REJECTED)
        )
    if value is None:
        return frame, problems
    read = frame.with_columns(value.alias("__value"))
    action = Action.REJECTED if column.strict else Action.NOTED
    unreadable = (text != "") & pl.col("__value").is_null()
    problems.append(problems_of(read, unreadable, field=column.name, value=text, problem=complaint, action=action))
    return read.with_columns(pl.col("__value").alias(column.name)).drop("__value"), problems


def _reading(column: Column, date_format: str) -> tuple[pl.Expr | None, str]:
    """How a column's text becomes a value (null where it cannot), and what to say then."""
    text = pl.col(column.name)
    match column.type:
        case Type.DATE:
            timed = any(part in date_format for part in ("%H", "%I", "%T"))
            date = text.str.to_datetime(date_format, strict=False).dt.date() if timed else text.str.to_date(date_format, strict=False)
            plausible = date.dt.year().is_between(1900, 9999)  # "10-08-31" is no year 10; 9999-12-31 is how some systems say "open"
            return pl.when(plausible).then(date), f"is no date of the form {date_format}"
        case Type.FLAG:
            low = text.str.to_lowercase()
            truth = (
                pl.when(low.is_in(["true", "yes", "y", "1"]))
                .then(statement=True)
                .when(low.is_in(["false", "no", "n", "0"]))
                .then(statement=False)
            )
            return truth, "is none of true, false, yes, no, y, n, 1, 0; read as empty"
        case Type.WHOLE:
            whole = text.str.extract(r"^(\d{1,6})(?:\.0+)?$", 1).cast(pl.Int64, strict=False)
            return whole, "is no whole number of zero or more"
        case Type.PORTION:
            plain = text.str.extract(r"^(0?\.\d{1,9}|[01](?:\.\d{0,9})?)$", 1)
            share = pl.when(plain.cast(pl.Float64, strict=False) <= 1).then(_shortest(plain))
            return pl.when(text == "").then(pl.lit("")).otherwise(share), "is no share of a day between 0 and 1"
        case Type.DAYS:
            return _shortest(text.str.extract(r"^(\d{1,5}(?:\.\d{1,4})?)$", 1)), "is no number of days"
        case _:
            return None, ""


def _shortest(number: pl.Expr) -> pl.Expr:
    """One spelling for one share: "0.50", ".5" and "0.5" are the same mark."""
    padded = pl.when(number.str.starts_with(".")).then(pl.concat_str([pl.lit("0"), number])).otherwise(number)
    trimmed = padded.str.strip_chars_end("0").str.strip_chars_end(".")
    return (
        pl.when(padded.str.contains(".", literal=True)).then(pl.when(trimmed == "").then(pl.lit("0")).otherwise(trimmed)).otherwise(padded)
    )

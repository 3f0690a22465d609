"""Frames go into tables and tables into frames, by the fastest road each database has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import polars as pl
from sqlalchemy import Connection, Table, bindparam, delete, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

_CHUNK = 50_000
_ROWS_A_STATEMENT = 20
"""As many as stay below 999 bound values for the widest table."""


def read(session: Session, statement: Select[*tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    """Run *statement* and return its rows as a frame with the polars types of *schema*.

    Piece by piece: millions of rows as Python objects would need many times the memory of the frame.
    """
    as_stored = {name: pl.String if kind == pl.Date else kind for name, kind in schema.items()} if _is_sqlite(session) else schema
    dates = [name for name, kind in schema.items() if kind == pl.Date and as_stored[name] == pl.String]
    frames = [
        pl.DataFrame(rows, schema=as_stored, orient="row").with_columns(pl.col(dates).str.to_date("%Y-%m-%d"))
        for rows in rows_of(session, statement, _CHUNK)
    ]
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def rows_of(session: Session, statement: Select[*tuple[Any, ...]], together: int) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of *statement*, so many *together*; of SQLite as its driver gives them (dates as text), which takes half the time."""
    session.flush()
    result = session.connection().execute(statement, execution_options={} if _is_sqlite(session) else {"yield_per": together})
    if not _is_sqlite(session):
        yield from ([tuple(row) for row in rows] for rows in result.partitions())
        return
    cursor = result.cursor
    assert cursor is not None  # noqa: S101 - a SELECT has its cursor until it is closed
    try:
        while rows := cursor.fetchmany(together):
            yield rows
    finally:
        result.close()


def _is_sqlite(session: Session) -> bool:
    return session.connection().dialect.name == "sqlite"


def insert(session: Session, table: Table, frame: pl.DataFrame, in_order_of: Sequence[str] = ()) -> None:
    """Insert every row of *frame*; its columns are columns of *table*. Rows go *in_order_of* these columns, if any are named."""
    if frame.is_empty():
        return
    connection = session.connection()
    if _is_sqlite(session):
        for piece in _pieces(frame, in_order_of):
            whole = piece.height - piece.height % _ROWS_A_STATEMENT
            _insert_sqlite(connection, table, piece.head(whole), _ROWS_A_STATEMENT)
            _insert_sqlite(connection, table, piece.tail(piece.height - whole), 1)
        return
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection of an open session has its driver's
    names = ", ".join(f'"{column}"' for column in frame.columns)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for piece in _pieces(frame, in_order_of):
            for row in piece.iter_rows():
                copy.write_row(row)


def _pieces(frame: pl.DataFrame, in_order_of: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The frame in pieces, sorted piece by piece: a sorted copy of millions of rows would need their memory twice."""
    if not in_order_of:
        yield from frame.iter_slices(_CHUNK)
        return
    order = frame.select(pl.arg_sort_by(in_order_of)).to_series()
    for start in range(0, frame.height, _CHUNK):
        yield frame[order.slice(start, _CHUNK)]


def _insert_sqlite(connection: Connection, table: Table, frame: pl.DataFrame, together: int) -> None:
    """Insert so many rows with one statement, and what is the same in all of them bound once: half the time of one row at a time."""
    if frame.is_empty():
        return
    dates = [name for name, kind in frame.schema.items() if kind == pl.Date]
    plain = frame.with_columns(pl.col(dates).dt.to_string("%Y-%m-%d"))
    alike = plain.select(pl.all().eq_missing(pl.all().first()).all()).row(0)
    same = [name for name, equal in zip(plain.columns, alike, strict=True) if equal]
    varying = [name for name in plain.columns if name not in same]
    number = count(len(same) + 1)
    rows = ", ".join(
        "(" + ", ".join(f"?{next(number) if name in varying else same.index(name) + 1}" for name in plain.columns) + ")"
        for _ in range(together)
    )
    names = ", ".join(f'"{column}"' for column in plain.columns)
    strips = [plain.select(pl.col(varying).gather_every(together, n).name.suffix(f" {n}")) for n in range(together)]
    side_by_side = pl.concat([plain.select(pl.col(same).gather_every(together)), *strips], how="horizontal")
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES {rows}", side_by_side.rows())  # noqa: S608 - our own names


def delete_by_key(session: Session, table: Table, keys: pl.DataFrame) -> None:
    """Delete the rows whose key columns equal a row of *keys*."""
    if not keys.is_empty():
        statement = delete(table).where(*[table.c[name] == bindparam(f"k_{name}") for name in keys.columns])
        session.connection().execute(statement, [{f"k_{k}": v for k, v in row.items()} for row in keys.iter_rows(named=True)])


def update_by_key(session: Session, table: Table, frame: pl.DataFrame, key: list[str]) -> None:
    """Set the other columns of *frame* in the rows with the same key columns."""
    if not frame.is_empty():
        values: dict[str, Any] = {name: bindparam(f"v_{name}") for name in frame.columns if name not in key}
        statement = update(table).where(*[table.c[name] == bindparam(f"k_{name}") for name in key]).values(**values)
        rows = [{(f"k_{n}" if n in key else f"v_{n}"): v for n, v in row.items()} for row in frame.iter_rows(named=True)]
        session.connection().execute(statement, rows)

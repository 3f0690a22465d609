"""Frames go into tables and tables into frames, by the fastest road each database has."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import Table, bindparam, delete, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

_CHUNK = 50_000


def read(session: Session, statement: Select[*tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    """Run *statement* and return its rows as a frame with the polars types of *schema*.

    Piece by piece: millions of rows as Python objects would need many times the memory of the frame.
    """
    pieces = session.execute(statement.execution_options(yield_per=_CHUNK)).partitions()
    frames = [pl.DataFrame([tuple(row) for row in piece], schema=schema, orient="row") for piece in pieces]
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def insert(session: Session, table: Table, frame: pl.DataFrame) -> None:
    """Insert every row of *frame*; its columns are columns of *table*."""
    if frame.is_empty():
        return
    names = ", ".join(f'"{column}"' for column in frame.columns)
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        dates = [name for name, kind in frame.schema.items() if kind == pl.Date]
        plain = frame.with_columns(pl.col(dates).dt.to_string("%Y-%m-%d"))
        marks = ", ".join("?" * len(frame.columns))
        for piece in plain.iter_slices(_CHUNK):
            connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", piece.rows())  # noqa: S608 - our own names
        return
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection of an open session has its driver's
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in frame.iter_rows():
            copy.write_row(row)


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

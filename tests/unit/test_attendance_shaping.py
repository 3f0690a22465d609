"""Rows of another kind are passed over, and a wide row becomes a row for each mark."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.attendance.reading import FAULT, LINE
from outreach.attendance.refusal import RefusedError
from outreach.attendance.shaping import by_periods, only_rows

PERIODS = {"A1": "1", "A2": "2"}


def wide(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Wide rows of one child: the code of the day and of two classes."""
    named = pl.DataFrame(rows, schema=["AL", "A1", "A2"], orient="row").cast(pl.String)
    return named.with_row_index(LINE, offset=2).with_columns(pl.col(LINE).cast(pl.Int64), pl.lit("").alias(FAULT), pl.lit("7").alias("ID"))


@pytest.mark.parametrize(
    ("row", "marks"),
    [
        pytest.param(("A", "", ""), [("A", "")], id="the day alone"),
        pytest.param(("", "T", ""), [("T", "1")], id="one class alone: the day's empty code is none"),
        pytest.param(("A", "A", "A"), [("A", ""), ("A", "1"), ("A", "2")], id="the day and both classes"),
        pytest.param(("", " ", ""), [("", "")], id="nothing at all keeps the empty code of the day"),
    ],
)
def test_a_wide_row_is_turned(row: tuple[str, str, str], marks: list[tuple[str, str]]) -> None:
    found = by_periods(wide(row), PERIODS, "att.csv", code="AL", section="section_id")
    assert found.select("AL", "section_id").rows() == marks
    assert set(found[LINE].to_list()) == {2}


def test_without_a_code_of_the_day_only_classes_are_marks() -> None:
    found = by_periods(wide(("x", "T", ""), ("x", "", "")).drop("AL"), PERIODS, "att.csv", code="code", section="section_id")
    assert found.select(LINE, "code", "section_id").rows() == [(2, "T", "1")]


@given(st.lists(st.tuples(*[st.sampled_from(["", "A", "T"])] * 3), max_size=8))
def test_no_code_is_lost_or_made_up_and_lines_stay_in_order(rows: list[tuple[str, str, str]]) -> None:
    found = by_periods(wide(*rows), PERIODS, "att.csv", code="AL", section="section_id")
    told = [code for row in rows for code in row if code]
    assert [code for code in found["AL"].to_list() if code] == told
    assert found.height == len(told) + sum(not any(row) for row in rows)
    assert found[LINE].is_sorted()


def test_rows_of_another_kind_are_passed_over() -> None:
    rows = wide(("A", "", ""), (" B ", "", ""), ("C", "", ""))
    assert only_rows(rows, {"AL": ["A", "B"]}, "att.csv")[LINE].to_list() == [2, 3]
    assert only_rows(rows, {}, "att.csv").height == 3


def test_a_column_that_is_not_there_refuses_the_delivery() -> None:
    said = r"att.csv, line 1: the column 'Mode' is missing, which source.toml names; the header has"
    with pytest.raises(RefusedError, match=said):
        only_rows(wide(), {"Mode": ["x"]}, "att.csv")
    with pytest.raises(RefusedError, match=said):
        by_periods(wide(), {"Mode": "1"}, "att.csv", code="AL", section="section_id")

"""No cell of a file runs in a spreadsheet, and every word comes back as it went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.formulas import as_written, disarmed

SIGNS = "=+-@\t\r\n'"


@pytest.mark.parametrize(
    ("value", "cell"),
    [("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "'\rx"),
     ("fine", "fine"), ("'s avonds", "'s avonds"), ("'=1", "''=1"), (-1, "-1"), (None, ""), ("", "")],
)  # fmt: skip
def test_what_would_run_stays_text(value: object, cell: str) -> None:
    assert disarmed(value) == cell


@given(st.text(alphabet=st.one_of(st.sampled_from(SIGNS), st.characters()), max_size=12))
def test_no_text_runs_and_each_comes_back(text: str) -> None:
    assert disarmed(text)[:1] not in set(SIGNS) - {"'"}
    assert as_written(disarmed(text)) == text

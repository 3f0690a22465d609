"""When a school that sends exceptions only is silent for too long, nobody knows who was there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.attendance.calendars import SILENT_RUN, silent_days

FIRST = date(2026, 8, 24)
ENOUGH = 100


def unknown(pattern: str, enrolled: int = ENOUGH) -> str:
    """Run a year written day by day (x a day with marks, . one without) and write what nobody knows as ?."""
    days = [FIRST + timedelta(days=n) for n in range(len(pattern))]
    reported = frozenset(day for day, sign in zip(days, pattern, strict=True) if sign == "x")
    found = silent_days(days, reported, lambda _day: enrolled)
    assert set(found.values()) <= {SILENT_RUN}
    return "".join("?" if day in found else sign for day, sign in zip(days, pattern, strict=True))


TWENTY = "x" * 20


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param(TWENTY + "." * 5, TWENTY + "." * 5, id="five silent days are believed"),
        pytest.param(TWENTY + "." * 6, TWENTY + "?" * 6, id="six are not, from the first of them"),
        pytest.param(TWENTY + "." * 6 + "x", TWENTY + "?" * 6 + "x", id="not even if marks resume"),
        pytest.param("x" * 19 + "." * 9, "x" * 19 + "." * 9, id="only after twenty days with marks"),
        pytest.param("x" * 19 + "....." + "x" + "." * 6, "x" * 19 + "....." + "x" + "?" * 6, id="days with marks need not be in a row"),
        pytest.param("." * 7 + TWENTY + "." * 7, "." * 7 + TWENTY + "." * 7, id="as long as its longest before is believed"),
        pytest.param("." * 7 + TWENTY + "." * 8, "." * 7 + TWENTY + "?" * 8, id="one longer is not"),
        pytest.param(TWENTY + "." * 6 + "x" + "." * 6, TWENTY + "?" * 6 + "x" + "." * 6, id="an unknown run counts as an earlier one"),
        pytest.param(TWENTY + "." * 6 + "x" + "." * 7, TWENTY + "?" * 6 + "x" + "?" * 7, id="until a longer one comes"),
        pytest.param("", "", id="no day at all"),
        pytest.param("." * 30, "." * 30, id="a school that never sent a mark"),
    ],
)
def test_a_run_of_silence_longer_than_ever(pattern: str, expected: str) -> None:
    """DESIGN, Counting: unknown days."""
    assert unknown(pattern) == expected


@pytest.mark.parametrize(("enrolled", "silent"), [(99, "." * 8), (100, "?" * 8)])
def test_a_small_school_may_well_have_nobody_absent(enrolled: int, silent: str) -> None:
    """Only in a school of 100 or more enrolled."""
    assert unknown(TWENTY + "." * 8, enrolled) == TWENTY + silent


def oracle(pattern: str, enrolled: int) -> str:
    """Day by day, looking left and right each time; it shares no step with the service's single pass."""
    found = []
    for at, sign in enumerate(pattern):
        begin = pattern.rfind("x", 0, at + 1) + 1
        end = pattern.find("x", at) if "x" in pattern[at:] else len(pattern)
        earlier = max(map(len, pattern[:begin].split("x")), default=0)
        strange = end - begin > 5 and end - begin > earlier and pattern[:begin].count("x") >= 20 and enrolled >= 100
        found.append("?" if sign == "." and strange else sign)
    return "".join(found)


runs = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 10)), max_size=6).map(
    lambda parts: "".join("x" * a + "." * b for a, b in parts)
)


@given(pattern=runs | st.text("x.", max_size=80), enrolled=st.sampled_from([0, 99, 100, 500]))
def test_every_year_is_judged_as_the_oracle_judges_it(pattern: str, enrolled: int) -> None:
    """Any pattern of marks and silence."""
    assert unknown(pattern, enrolled) == oracle(pattern, enrolled)

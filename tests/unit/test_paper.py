"""A paper for a team: read in order by a screen reader, and set whatever a name holds."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from outreach.evidence.paper import LONGEST, Figure, Paper, Section, Table, pdf, printable
from outreach.messages.letters import Rendered
from tests.unit.test_letters_printed import structure, words

NOW = datetime(2026, 10, 6, 17, tzinfo=UTC)


def paper(*names: str, wide: bool = True, one_page: bool = False) -> Paper:
    """A paper with everything that one can hold, and a row for each name."""
    rows = tuple((name, "8 of 36 days") for name in names)
    return Paper(
        title="Team meeting",
        school="Lincoln Elementary",
        district="Lincoln Schools",
        lines=("Made today.",),
        foot="For the team only.",
        sections=(
            Section("Where we stand", words=("Said first.",), figures=(Figure("40.0 %", "miss a tenth"), Figure("90.1 %", "attend"))),
            Section("The list", table=Table(("Child", "Missed"), rows, (1, 1), frozenset({1}), (0.5,) * len(rows)), note="Small print."),
            Section("Questions", points=("Which grade?", "Whom?")),
        ),
        wide=wide,
        one_page=one_page,
    )


def rendered(content: bytes) -> Rendered:
    return Rendered(content, {}, (), {})


def pages(content: bytes) -> int:
    with closing(pypdfium2.PdfDocument(content)) as document:
        return len(document)


def test_it_is_a_tree_of_headings_tables_and_lists_in_english_and_is_read_in_order() -> None:
    content = pdf(paper("Luis Lopez"), now=NOW)
    tree = structure(rendered(content), 1)
    assert {"H1", "H2", "P", "Table", "TH", "TD", "L", "LI"} <= {one.kind for one in tree}
    assert [one.kind for one in tree].count("H1") == 1
    assert {one.lang for one in tree} == {"en"}
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"pdfuaid"):
        assert mark in content
    told = words(rendered(content), 1)
    order = ("LincolnSchools", "Teammeeting:LincolnElementary", "Madetoday", "Wherewestand", "Saidfirst", "40.0%", "90.1%", "Thelist")
    places = [told.index(text) for text in (*order, "Child", "LuisLopez", "8of36days", "Smallprint", "Whichgrade?", "Whom?")]
    assert places == sorted(places)
    assert "Page1of1" in told


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        pytest.param("Nguyễn Thị Ánh", "NguyễnThịÁnh", id="Vietnamese"),
        pytest.param('<b>Bold</b> #strong[x] $y$ \\ " *a* `r`', '<b>Bold</b>#strong[x]$y$\\"*a*`r`', id="markup"),
        pytest.param("陈美", "陈美", id="Chinese"),
        pytest.param("A\x00B\x1bC", "A?B?C", id="control codes"),
        pytest.param("A\ue000B", "A?B", id="a letter that nobody has"),
        pytest.param("A𒀀B", "A?B", id="a script without a font"),
        pytest.param("A\U000e0fffB\ud800", "A?B?", id="codes that are no letters"),
    ],
)
def test_a_name_stands_there_as_it_is_and_one_that_no_font_has_costs_only_its_letters(name: str, printed: str) -> None:
    told = words(rendered(pdf(paper("Luis Lopez", name, "Mei Chen"), now=NOW)), 1).replace("\u200b", "").replace("\ufffe", "")
    assert printed in told
    assert "LuisLopez" in told
    assert "MeiChen" in told


def test_arabic_is_set_beside_english() -> None:
    told = words(rendered(pdf(paper("محمد العربي"), now=NOW)), 1)
    assert "محمد" in told
    assert "العربي" in told
    assert "8of36days" in told


def test_ten_thousand_letters_are_cut_and_leave_the_next_child_on_the_paper() -> None:
    content = pdf(paper("x" * 10_000, "Mei Chen"), now=NOW)
    told = words(rendered(content), 1)
    assert told.count("x") == LONGEST - 1
    assert "MeiChen" in told
    assert pages(content) == 1


def test_many_rows_go_on_under_the_same_head_and_a_page_that_must_be_one_is_set_smaller() -> None:
    names = [f"Child {number}" for number in range(60)]
    long = pdf(paper(*names, wide=False), now=NOW)
    assert pages(long) == 2
    assert words(rendered(long), 2).startswith("ChildMissed")
    assert pages(pdf(paper(*names[:38], wide=False), now=NOW)) == 2
    assert pages(pdf(paper(*names[:38], wide=False, one_page=True), now=NOW)) == 1


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert pdf(paper("Luis"), now=NOW) == pdf(paper("Luis"), now=NOW)


@examples(max_examples=200)
@given(st.text(max_size=400), st.integers(2, 60))
def test_printable_text_is_on_one_line_short_and_can_be_broken(text: str, longest: int) -> None:
    made = printable(text, longest)
    plain = made.replace("\u200b", "")
    assert len(plain) <= longest
    assert not re.search(r"[\x00-\x1f\ud800-\udfff]", made)
    assert all(len(part) <= 18 for part in re.split(r"[\s\u200b]", made))

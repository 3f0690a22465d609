"""Letters: the light markup, the address, and the printed page with its windows, tags and single page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pypdfium2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outreach.messages.compose import Child, Facts, Pair
from outreach.messages.languages import languages
from outreach.messages.letter_content import LetterContent, build
from outreach.messages.letter_text import Kind, LetterTextError, Run, blocks, filled
from outreach.messages.letters import Measures, Rendered, render
from outreach.messages.pairs import current_pairs
from outreach.messages.phrases import date_phrase, days_phrase, phrases
from outreach.messages.postal import Address, AddressError, delivery_lines, latin_capitals, return_lines
from outreach.settings import Settings

NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
SCHOOL = "Roosevelt Elementary School"
PAIRS = {pair.locale: pair for _source, pair in current_pairs() if (pair.message, pair.channel) == ("count", "letter")}
INCH = 72
HOSTILE = '#panic("x") *b* $x$ [c] @ref {{ days_missed }} **bold** | cell | <b> \\ #sys.inputs.data'


def child(name: str, days: str = "12") -> Child:
    return Child(name, Fraction(days), 80, date(2026, 12, 4), SCHOOL)


def letter(
    letter_id: str = "K7QX-4MPA",
    *,
    pair: Pair | None = None,
    children: tuple[Child, ...] = (child("Ana"),),
    adults: tuple[str, ...] = ("Rosa Delgado", "Miguel Delgado"),
    line2: str = "Apt. 3-B",
) -> LetterContent:
    facts = Facts("Lincoln Public Schools", SCHOOL, "(312) 555-0100", children, adults)
    sender = return_lines([], "Lincoln Public Schools", SCHOOL, "600 Oak Ave\nLincoln, IL 60614")
    address = Address(adults, "1420 W. Maple St.", line2, "Lincoln", "il", "60614-2210")
    return build(pair or PAIRS["en"], facts, address, letter_id=letter_id, sender=sender, day=date(2026, 12, 7))


@pytest.fixture
def measures(settings: Settings) -> Measures:
    return Measures.of(settings)


def printed(contents: list[LetterContent], measures: Measures) -> Rendered:
    return render(contents, measures, now=NOW, title="Lincoln Public Schools")


@contextmanager
def opened(rendered: Rendered) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(rendered.pdf)
    yield document
    document.close()


def words(rendered: Rendered, page: int = 1) -> str:
    with opened(rendered) as document:
        return " ".join(document[page - 1].get_textpage().get_text_bounded().split())


def inside(rendered: Rendered, left: float, top: float, right: float, bottom: float) -> list[str]:
    """Return the lines of the first page that touch a rectangle given in inches from the top left."""
    with opened(rendered) as document:
        found = document[0].get_textpage().get_text_bounded(left * INCH, (11 - bottom) * INCH, right * INCH, (11 - top) * INCH)
    return [line.strip() for line in found.splitlines() if line.strip()]


def test_an_english_letter_says_the_count_in_a_table_and_asks_what_would_help(measures: Measures) -> None:
    said = words(printed([letter()], measures))
    assert "Dear Rosa Delgado and Miguel Delgado," in said
    assert "Child School days missed Counted up to Ana 12 days December 4, 2026" in said
    assert "Please tell us." in said
    assert "With kind regards, Roosevelt Elementary School Lincoln Public Schools (312) 555-0100" in said
    assert "K7QX-4MPA" in said


def test_a_spanish_letter_lists_each_child_with_its_count(measures: Measures) -> None:
    said = words(printed([letter(pair=PAIRS["es"], children=(child("Sofía", "25/2"), child("Luis", "9"), child("Irene", "5")))], measures))
    assert "Saludos, Rosa Delgado y Miguel Delgado:" in said
    assert "Sofía 12.5 días 4 de diciembre de 2026 Luis 9 días 4 de diciembre de 2026 Irene 5 días" in said


def test_only_the_addresses_lie_where_the_windows_are(measures: Measures) -> None:
    rendered = printed([letter()], measures)
    right, bottom = 0.5 + measures.address_width, measures.address_top + measures.address_height
    address = ["ROSA DELGADO", "MIGUEL DELGADO", "1420 W MAPLE ST", "APT 3-B", "LINCOLN IL 60614-2210"]
    assert inside(rendered, 0.5, measures.address_top, right, bottom) == address
    sender = [SCHOOL, "600 Oak Ave", "Lincoln, IL 60614"]
    assert inside(rendered, 0.5, 0.5, right, 0.5 + measures.return_height) == sender
    # nothing else above the body, over the whole width of the page
    assert inside(rendered, 0, 0, 8.5, measures.body_top - 0.125) == sender + address


def test_the_measures_of_another_envelope_move_the_address(measures: Measures) -> None:
    rendered = printed([letter()], replace(measures, address_left=1.0, address_top=2.4))
    assert inside(rendered, 1.0, 2.4, 4.5, 2.4 + measures.address_height)[0] == "ROSA DELGADO"
    assert inside(rendered, 0, 2.0, 1.0, 3.3) == []


def test_a_batch_is_one_tagged_document_with_a_page_for_each_letter_and_the_language_of_each(measures: Measures) -> None:
    contents = [letter(f"A{n}", pair=PAIRS["es" if n % 2 else "en"], children=(child(f"Kid{n}"),)) for n in range(5)]
    rendered = printed(contents, measures)
    assert rendered.pages == {"A0": 1, "A1": 2, "A2": 4, "A3": 5, "A4": 7}
    assert rendered.lengths == {"A0": 1, "A1": 2, "A2": 1, "A3": 2, "A4": 1}
    assert rendered.failures == ()
    with opened(rendered) as document:
        assert len(document) == 7
        assert [page.get_size() for page in document] == [(8.5 * INCH, 11 * INCH)] * 7
    for name, first in rendered.pages.items():
        for page in range(first, first + rendered.lengths[name]):
            assert f"Kid{name[1:]}" in words(rendered, page)
            assert name in words(rendered, page)
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang(en)", b"/Lang(es)", b"/TH", b"pdfuaid"):
        assert mark in rendered.pdf, mark


def test_the_same_letters_give_the_same_bytes(measures: Measures) -> None:
    assert printed([letter()], measures).pdf == printed([letter()], measures).pdf


def test_no_letters_give_no_document(measures: Measures) -> None:
    assert printed([], measures) == Rendered(b"", {}, (), {})


def test_letters_that_cannot_be_set_are_named_with_the_reason_and_the_others_are_printed(measures: Measures) -> None:
    contents = [letter(f"B{n}") for n in range(30)]
    contents[3] = letter("B3", pair=replace(PAIRS["en"], translation="\n\n".join(["{{ adult_names }} " * 40] * 20)))
    contents[17] = replace(letter("B17"), own=replace(letter("B17").own, date="\ue123"))
    contents[28] = letter("B28", adults=("W" * 30 + " " + "W" * 30,))
    rendered = printed(contents, measures)
    reasons = dict(rendered.failures)
    assert set(reasons) == {"B3", "B17", "B28"}
    assert reasons["B3"] == "letter B3 is longer than one page"
    assert "could not be displayed" in reasons["B17"]
    assert reasons["B28"] == "the address of letter B28 does not fit its window"
    assert list(rendered.pages) == [f"B{n}" for n in range(30) if n not in (3, 17, 28)]
    assert list(rendered.pages.values()) == list(range(1, 28))


def test_a_letter_a_little_too_long_is_set_in_smaller_type(measures: Measures) -> None:
    rendered = printed([letter(children=tuple(child(f"Kid{n}") for n in range(8)))], measures)
    assert rendered.failures == ()
    with opened(rendered) as document:
        assert len(document) == 1


@pytest.mark.parametrize("locale", languages())
def test_the_fonts_have_every_letter_of_every_language(locale: str, measures: Measures) -> None:
    dates = " ".join(date_phrase(date(2026, month, 11), locale, year=True) for month in range(1, 13))
    days = " ".join(days_phrase(Fraction(n, 2), locale) for n in (1, 2, 3, 4, 6, 11, 22, 200))
    text = f"{languages()[locale].name} {dates} {days} {phrases(locale).parent} {{{{ child }}}}\n\n**{dates}**"
    rendered = printed([letter(pair=Pair("count", "letter", locale, text, text))], measures)
    assert rendered.failures == ()


def test_a_hostile_name_is_printed_as_it_is(measures: Measures) -> None:
    content = letter(children=(child(HOSTILE),), adults=("Rosa #panic()",))
    assert HOSTILE in "".join(run.text for block in content.own.blocks for row in block.rows for cell in row for run in cell)
    said = words(printed([content], measures)).replace(" ", "")
    assert '#panic("x")*b*$x$[c]@ref{{days_missed}}**bold**|cell|<b>' in said


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=30))
def test_any_name_is_printed_or_refused_with_a_reason(name: str, measures: Measures) -> None:
    content = letter(children=(child(f"x{name}"),), adults=(f"y{name}",))
    rendered = printed([content, letter("GOOD")], measures)
    assert "GOOD" in rendered.pages
    assert {*rendered.pages, *dict(rendered.failures)} == {"K7QX-4MPA", "GOOD"}


def test_content_survives_storage_as_json() -> None:
    content = letter(children=(child("Sofía", "25/2"), child("Luis")))
    assert LetterContent.from_json(json.loads(json.dumps(content.to_json()))) == content


def test_the_markup_of_letters() -> None:
    text = "Hello **{{ child }}**,\nall.\n\n- one\n- **two**\n\n| A | B |\n|---|:-:|\n| {{ child }} | **{{ days_missed }}** |"
    paragraph, items, table = filled(
        text, {"child": "**Ana**"}, [{"child": "Ana", "days_missed": "1"}, {"child": "Bo", "days_missed": "2"}]
    )
    assert paragraph.rows == (((Run("Hello "), Run("**Ana**", bold=True), Run(", all.")),),)
    assert (items.kind, items.rows) == (Kind.LIST, (((Run("one"),),), ((Run("two", bold=True),),)))
    assert [row[0][0].text for row in table.rows] == ["A", "Ana", "Bo"]
    assert table.rows[2][1] == (Run("2", bold=True),)


@pytest.mark.parametrize(
    "text",
    ["# Title", "one\n- two", "| a | b |\n|---|---|", "| a | b |\n|---|---|\n| c |", "**open", "> quote", "```\ncode", "a ** b ** c ** d"],
)
def test_markup_that_letters_do_not_have_is_refused(text: str) -> None:
    with pytest.raises(LetterTextError):
        blocks(text)


@pytest.mark.parametrize(
    ("written", "printed_as"),
    [
        ("María-José O’Neil, Jr.", "MARIA-JOSE ONEIL JR"),
        ("Łukasz Đặng", "LUKASZ DANG"),
        ("12 1/2 Straße #4", "12 1/2 STRASSE #4"),
        ("Smith & Sons", "SMITH AND SONS"),
        ("يوسف", ""),
        (" - ", ""),
    ],
)
def test_an_address_is_written_in_latin_capitals_without_punctuation(written: str, printed_as: str) -> None:
    assert latin_capitals(written) == printed_as


def test_a_name_without_latin_letters_becomes_parent_or_guardian_on_the_envelope_only(measures: Measures) -> None:
    content = letter(adults=("يوسف أحمد",))
    assert content.address_lines[0] == "PARENT OR GUARDIAN"
    assert "يوسف أحمد" in content.own.blocks[0].rows[0][0][0].text
    assert printed([content], measures).failures == ()


def test_an_address_without_street_or_city_is_refused() -> None:
    whole = Address(("Rosa Delgado",), "1420 W Maple St", "", "Lincoln", "IL", "60614")
    assert delivery_lines(whole) == ("ROSA DELGADO", "1420 W MAPLE ST", "LINCOLN IL 60614")
    for broken in (replace(whole, line1=" "), replace(whole, city="-"), replace(whole, state="", postal_code="")):
        with pytest.raises(AddressError, match="not complete"):
            delivery_lines(broken)


def test_the_sender_is_the_settings_own_lines_else_the_school_else_the_district() -> None:
    assert return_lines(["Office 12", " "], "District", "School", "1 Street") == ("Office 12",)
    assert return_lines([], "District", "School", "1 Street\nTown, IL 60614") == ("School", "1 Street", "Town, IL 60614")
    assert return_lines([], "District", "School", "") == ("District", "School")


def test_a_name_of_ten_thousand_letters_is_refused_before_it_runs_off_the_paper(measures: Measures) -> None:
    with pytest.raises(LetterTextError, match="too long for a line"):
        letter(children=(child("Ana" * 3333 + "x"),))
    many_words = letter("LONG", children=(child("Ana " * 2500),))
    rendered = printed([many_words, letter("GOOD")], measures)
    assert dict(rendered.failures) == {"LONG": "letter LONG is longer than one page"}
    assert dict(rendered.pages) == {"GOOD": 1}


def test_the_widest_name_allowed_leaves_the_count_on_the_paper(measures: Measures) -> None:
    rendered = printed([letter(children=(child("W" * 36),))], measures)
    with opened(rendered) as document:
        page = document[0].get_textpage()
        lefts_and_rights = [page.get_charbox(index)[::2] for index in range(page.count_chars())]
    assert min(left for left, _right in lefts_and_rights) >= 0.5 * INCH - 1
    assert max(right for _left, right in lefts_and_rights) <= 8 * INCH


@pytest.mark.long
def test_every_letter_in_every_language_holds_three_children_on_its_page(measures: Measures) -> None:
    pairs = [pair for _source, pair in current_pairs() if pair.channel == "letter"]
    told = tuple(replace(child(name, days), days_told=Fraction(14)) for name, days in (("Sofía", "25/2"), ("Nguyễn", "9"), ("يوسف", "1")))
    contents = [replace(letter(f"{pair.message}-{pair.locale}", pair=pair, children=told), tag="مترجم", tag_locale="ar") for pair in pairs]
    rendered = printed(contents, measures)
    assert rendered.failures == ()
    assert len(rendered.pages) == len(pairs) == 5 * 16
    assert b"/Lang(ar)" in rendered.pdf

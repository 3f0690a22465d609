"""The printed letter: its structure and languages, the order in which it is read, its codes, and how paper is used."""

from __future__ import annotations

import ctypes
import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from unicodedata import normalize

import pypdfium2
import pytest
import zxingcpp
from pypdfium2 import raw

from outreach.messages.compose import Child, Facts, Pair
from outreach.messages.languages import languages
from outreach.messages.letter_content import FRAME, LetterContent, build, framed
from outreach.messages.letter_picture import picture_of
from outreach.messages.letters import Measures, Rendered, calibration, render
from outreach.messages.pairs import current_pairs
from outreach.messages.phrases import month_phrase
from outreach.messages.postal import Address, return_lines
from outreach.settings import Settings

NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
SCHOOL = "Roosevelt Elementary School"
PAIRS = {pair.locale: pair for _source, pair in current_pairs() if (pair.message, pair.channel) == ("count_10", "letter")}
FRAMES = {pair.locale: pair for _source, pair in current_pairs() if pair.message == FRAME}
URL = "https://lincoln.example.org/f/K7QX4MPA9TRW"
MONTHS = tuple(date(2026, month, 1) for month in (8, 9, 10, 11, 12))


def child(name: str, *days: str) -> Child:
    """A child with its missed days month by month from August on."""
    missed = [Fraction(text) for text in days]
    return Child(name, sum(missed, Fraction(0)), 72, date(2026, 12, 4), SCHOOL, months=tuple(zip(MONTHS, missed, strict=True)))


SOFIA, LUIS = child("Sofía", "1", "0", "2.5", "6", "1"), child("Luis", "0", "0", "2", "1", "0")


def letter(locale: str = "en", *, name: str = "L000142", children: tuple[Child, ...] = (SOFIA,), large: bool = False) -> LetterContent:
    """The letter at 10 % with everything on it."""
    facts = Facts("Lincoln Public Schools", SCHOOL, "(312) 555-0100", children, ("Rosa Delgado",), "Ms. Rivera")
    address = Address(("Rosa Delgado",), "1420 W. Maple St.", "", "Lincoln", "IL", "60614")
    sender = return_lines([], "", SCHOOL, "600 Oak Ave")
    pair = PAIRS[locale]
    content = build(pair, facts, address, letter_id=name, sender=sender, day=date(2026, 12, 7))
    return replace(framed(content, FRAMES[locale], url=URL, typed="lincoln.example.org/f", code="K7QX-4MPA"), large=large)


@pytest.fixture
def measures(settings: Settings) -> Measures:
    """The shipped measures."""
    return Measures.of(settings)


def printed(measures: Measures, *contents: LetterContent) -> Rendered:
    """Set letters, all of them."""
    rendered = render(contents, measures, now=NOW, title="Lincoln Public Schools")
    assert rendered.failures == ()
    return rendered


@dataclass(frozen=True)
class Element:
    """One element of a page's structure, with the language it is in: its own, or that of what it stands in."""

    kind: str
    lang: str
    alt: str


def structure(rendered: Rendered, page: int) -> list[Element]:
    """The elements of a page in their order."""
    with closing(pypdfium2.PdfDocument(rendered.pdf)) as document:
        language = _read(raw.FPDFCatalog_GetLanguage, document.raw)
        opened = document[page - 1]  # while it lives, so does its tree
        tree = raw.FPDF_StructTree_GetForPage(opened.raw)
        found = [
            element
            for nth in range(raw.FPDF_StructTree_CountChildren(tree))
            for element in _walk(raw.FPDF_StructTree_GetChildAtIndex(tree, nth), language)
        ]
        raw.FPDF_StructTree_Close(tree)
        opened.close()
    return found


def _walk(element: object, around: str) -> Iterator[Element]:
    if not element:
        return
    lang = _read(raw.FPDF_StructElement_GetLang, element) or around
    yield Element(_read(raw.FPDF_StructElement_GetType, element), lang, _read(raw.FPDF_StructElement_GetAltText, element))
    for nth in range(max(raw.FPDF_StructElement_CountChildren(element), 0)):
        yield from _walk(raw.FPDF_StructElement_GetChildAtIndex(element, nth), lang)


def _read(function: object, element: object) -> str:
    size = function(element, None, 0)  # type: ignore[operator]  # a C function asked for the length it needs
    buffer = (ctypes.c_ushort * (size // 2))()
    function(element, buffer, size)  # type: ignore[operator]
    return bytes(buffer).decode("utf-16-le").rstrip("\0")


def words(rendered: Rendered, page: int) -> str:
    """What is copied out of a page, without spaces: a line's end says nothing about words."""
    with closing(pypdfium2.PdfDocument(rendered.pdf)) as document:
        return "".join(normalize("NFKC", document[page - 1].get_textpage().get_text_bounded()).split())


def codes(rendered: Rendered, page: int = 1) -> list[tuple[str, str]]:
    """The codes that a camera reads on a page at 200 dots an inch."""
    with closing(pypdfium2.PdfDocument(rendered.pdf)) as document:
        image = document[page - 1].render(scale=200 / 72).to_pil()
    return sorted((str(found.format), found.text) for found in zxingcpp.read_barcodes(image))


def test_a_letter_is_a_tree_of_paragraphs_tables_and_figures_in_its_language(measures: Measures) -> None:
    rendered = printed(measures, letter("es"))
    own, copy = structure(rendered, 1), structure(rendered, 2)

    assert {"P", "Table", "TH", "TD", "Figure"} <= {element.kind for element in own}
    assert [element.kind for element in own].count("Table") == 2, "the counts, and the months"
    assert [element.alt for element in own if element.kind == "Figure"] == [URL]
    assert [element.lang for element in own if element.kind == "P"][:3] == ["en", "en", "es"], "the addresses, then the date"
    assert {element.lang for element in own if element.kind in {"TH", "TD", "Figure"}} == {"es"}
    assert {element.lang for element in copy if element.kind in {"H1", "P", "TH", "TD"}} == {"en"}


@pytest.mark.parametrize("locale", languages())
def test_every_letter_reads_in_order_and_its_english_copy_follows(locale: str, measures: Measures) -> None:
    rendered = printed(measures, letter(locale))
    assert rendered.lengths == {"L000142": 1 if locale == "en" else 2}
    first = words(rendered, 1)
    order = [first.index(text) for text in ("ROSA", "2026", "Rosa", "Sofía", "Rivera", "K7QX")]
    assert order == sorted(order)
    spoken = {element.lang.partition("-")[0] for element in structure(rendered, 1) if element.kind in {"TH", "TD"}}
    assert spoken == {locale.partition("-")[0]}
    if not languages()[locale].rtl:  # the letters' shapes depend on their places
        runs = ["".join(normalize("NFKC", run.text).split()) for block in letter(locale).own.blocks for row in block.rows for run in row[0]]
        assert [run for run in runs if run not in first] == []
    if locale != "en":
        second = words(rendered, 2)
        assert second.startswith("Englishcopy")
        ordered = [second.index(text) for text in ("December7,2026", "DearRosaDelgado,", "Pleasetellus.", "Withkindregards,", "Ms.Rivera")]
        assert ordered == sorted(ordered)


def test_the_codes_on_the_page_are_read_by_a_camera(measures: Measures) -> None:
    assert codes(printed(measures, letter())) == [("Code 128", "L000142"), ("QR Code", URL)]


def test_the_months_stand_in_figures_that_add_up_to_the_count() -> None:
    drawn = picture_of([SOFIA, LUIS], "es")
    assert drawn is not None
    assert drawn.months == ("ago", "sept", "oct", "nov", "dic")
    assert [row.figures for row in drawn.rows] == [("1", "0", "2.5", "6", "1"), ("0", "0", "2", "1", "0")]
    assert drawn.rows[0].heights == (1 / 6, 0.0, 2.5 / 6, 1.0, 1 / 6)
    one = picture_of([child("Ana", "0", "0", "0", "0", "1")], "ru")
    assert one is not None
    assert one.rows[0].heights[-1] == 1 / 5, "one day never looks like many"


def test_each_language_names_its_own_months() -> None:
    named = {locale: [month_phrase(date(2026, month, 1), locale) for month in range(1, 13)] for locale in languages()}
    assert all(len(set(months)) == 12 for months in named.values())
    assert [locale for locale, months in named.items() if months[7].endswith("月")] == ["zh-Hans"]
    assert (named["fr"][7], named["so"][7], named["ar"][8], named["ht"][8], named["ko"][8]) == ("août", "Ogs", "سبتمبر", "septanm", "9월")


def test_a_month_before_a_child_came_has_no_figure_and_unknown_months_no_picture() -> None:
    late = replace(LUIS, months=LUIS.months[2:])
    drawn = picture_of([SOFIA, late], "en")
    assert drawn is not None
    assert drawn.rows[1].figures == ("–", "–", "2", "1", "0")
    assert picture_of([SOFIA, replace(LUIS, months=())], "en") is None
    assert picture_of([], "en") is None


def test_large_print_is_large_and_takes_the_pages_it_needs(measures: Measures) -> None:
    rendered = printed(measures, letter(name="L000001"), letter("es", name="L000002", large=True), letter(name="L000003"))
    assert rendered.lengths == {"L000001": 1, "L000002": 4, "L000003": 1}
    assert rendered.pages == {"L000001": 1, "L000002": 2, "L000003": 6}
    assert [f"L000002·{nth}/4" in words(rendered, nth + 1) for nth in (2, 3, 4)] == [True] * 3
    with closing(pypdfium2.PdfDocument(rendered.pdf)) as document:
        page = document[1].get_textpage()
        assert max(raw.FPDFText_GetFontSize(page.raw, index) for index in range(page.count_chars())) >= 18


def test_a_letter_that_no_envelope_takes_is_named(measures: Measures) -> None:
    rendered = render([letter("es", large=True), letter(name="GOOD")], replace(measures, most_sheets=2), now=NOW, title="Lincoln")
    assert dict(rendered.failures) == {"L000142": "letter L000142 takes more than the 2 sheets of one envelope"}
    assert rendered.pages == {"GOOD": 1}


def test_on_both_sides_of_the_paper_no_letter_begins_on_the_back_of_another(measures: Measures) -> None:
    both = replace(measures, duplex=True)
    rendered = printed(both, letter(name="A"), letter("es", name="B"), letter(name="C"))
    assert rendered.pages == {"A": 1, "B": 3, "C": 5}
    assert words(rendered, 2) == ""
    assert [both.sheets(rendered.lengths[name]) for name in "ABC"] == [1, 1, 1]
    assert [measures.sheets(pages) for pages in (1, 2)] == [1, 2]


def test_a_long_letter_gives_up_its_picture_before_its_words(measures: Measures) -> None:
    pair = PAIRS["en"]
    long = Pair(
        pair.message,
        pair.channel,
        "en",
        pair.source,
        pair.translation.replace("Please tell us.", "Please tell us. " + "Any day will do. " * 26),
    )
    content = letter(children=(SOFIA, LUIS))
    facts = Facts(
        "Lincoln Public Schools", SCHOOL, "(312) 555-0100", (SOFIA, LUIS, child("Eva", "1", "1", "1", "1", "1")), ("Rosa Delgado",)
    )
    full = build(long, facts, Address(("R",), "1 St", "", "Lincoln", "IL", "6"), letter_id="L000009", sender=(), day=date(2026, 12, 7))
    rendered = printed(measures, content, full)
    assert "monthbymonth" in words(rendered, 1)
    assert "monthbymonth" not in words(rendered, 2)
    assert "12.5days" not in words(rendered, 2)
    assert "10.5days" in words(rendered, 2)


def test_content_with_all_its_parts_survives_storage() -> None:
    content = letter("ar", children=(SOFIA, LUIS), large=True)
    assert LetterContent.from_json(json.loads(json.dumps(content.to_json()))) == content


def test_the_calibration_page_names_every_measure_of_the_windows(measures: Measures) -> None:
    other = replace(measures, address_left=0.875, address_top=2.125, body_top=3.4)
    page = Rendered(calibration(other, now=NOW), {}, (), {})
    said = words(page, 1)
    for measure in (
        "0.875infromtheleft",
        "2.125infromthetop",
        "3.5inwide,0.875inhigh",
        "3.5inwide,0.792inhigh",
        "3.4in(letter_body_top)",
        "3.667in",
    ):
        assert measure in said, measure


def test_each_language_says_how_to_reach_the_family_page() -> None:
    for locale in languages():
        link = letter(locale).link
        assert link is not None
        assert "lincoln.example.org/f" in link.words
        assert "K7QX-4MPA" in link.words
    everything = list(itertools.chain.from_iterable((letter(a).link, letter(a).own.picture) for a in languages()))
    assert None not in everything

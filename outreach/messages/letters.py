"""Letters as one tagged PDF: one Typst document for a whole batch.

Each language of a letter begins on a page of its own. Data enter as JSON values, never as markup. The standard PDF/UA-1 makes a glyph
that no font has an error, so a box is never posted; a letter that cannot be set is named with its reason, and the others are printed.
"""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import typst
import zxingcpp

from outreach.messages.languages import language
from outreach.messages.letter_content import LetterContent, Side
from outreach.resources import data_folder
from outreach.settings import Settings

_FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk", "fontpkg_amiri")
# Amiri stands for Arabic script: the words of current Noto Arabic builds cannot be copied out of a PDF again.
_FONTS = ("Noto Sans", "Amiri", "Noto Sans Ethiopic", "Noto Sans CJK SC", "Noto Sans CJK KR")
_HANDFUL = 25
_ARABIC = 1.15
"""Amiri looks small beside Noto Sans."""


@dataclass(frozen=True)
class Measures:
    """Where the windows and margins are, in inches from the top left of the page; how paper is used; the folder of further fonts."""

    return_left: float
    return_top: float
    return_width: float
    return_height: float
    address_left: float
    address_top: float
    address_width: float
    address_height: float
    body_top: float
    side: float
    top: float
    foot: float
    duplex: bool = False
    """Printed on both sides: each letter begins on a sheet of its own."""
    most_sheets: int = 6
    """What one envelope takes."""
    font_folder: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Measures:
        """Read the measures from the settings."""
        return cls(
            return_left=settings.letter_return_left,
            return_top=settings.letter_return_top,
            return_width=settings.letter_return_width,
            return_height=settings.letter_return_height,
            address_left=settings.letter_address_left,
            address_top=settings.letter_address_top,
            address_width=settings.letter_address_width,
            address_height=settings.letter_address_height,
            body_top=settings.letter_body_top,
            side=settings.letter_side_margin,
            top=settings.letter_top_margin,
            foot=settings.letter_foot_margin,
            duplex=settings.letter_duplex,
            most_sheets=settings.letter_most_sheets,
            font_folder=settings.font_folder,
        )

    def sheets(self, pages: int) -> int:
        """How many sheets of paper so many pages take."""
        return -(-pages // 2) if self.duplex else pages

    @property
    def inches(self) -> Mapping[str, float]:
        """The measures alone, by name."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, float)}


@dataclass(frozen=True)
class Rendered:
    """A batch: the PDF (empty where no letter could be set), where each letter begins, how long it is, and why the others have none."""

    pdf: bytes
    pages: Mapping[str, int]
    failures: tuple[tuple[str, str], ...]
    lengths: Mapping[str, int]
    """Pages of each letter."""


@dataclass(frozen=True)
class _Length:
    """The pages of each of a letter's languages, and in which of ``_WAYS`` each is set; None: Typst finds the first that fits."""

    own: int = 1
    copy: int = 1
    own_way: int | None = None
    copy_way: int | None = None


_WAYS = ((12, True), (11, True), (10.5, True), (11, False), (10.5, False))
"""Points, and whether with the picture: the first that fits is taken; where all does not fit, the words stay and the picture goes."""
_LARGE_WAYS = ((18, True),)
_Sized = tuple[LetterContent, _Length]
_Shape = tuple[object, ...]


def render(contents: Sequence[LetterContent], measures: Measures, *, now: datetime, title: str) -> Rendered:
    """Set *contents* as one PDF/UA-1 document in their order: a page for each language of a letter, more for large print.

    *now* is the document's date, so the same letters give the same bytes; *title* names the batch for readers of the file, such as the
    district. A letter too long for its page is tried in smaller type, then without its picture, before it fails.
    """
    return _Setting(measures, now, title).batch(contents)


class _Setting:
    """One setting of letters with the same measures, date and title."""

    def __init__(self, measures: Measures, now: datetime, title: str) -> None:
        self._measures = measures
        self._now = now.replace(microsecond=0)  # Typst takes whole seconds
        self._title = title

    def batch(self, contents: Sequence[LetterContent]) -> Rendered:
        sized, failures = self._measured(contents)
        pdf, problem = self._compile(sized)
        if problem:
            found = self._search(sized)
            failures += [(content.letter_id, reason) for content, _length, reason in found if reason]
            sized = [(content, length) for content, length, reason in found if not reason]
            pdf, problem = self._compile(sized)
            if problem:  # letters that can be set alone can be set together
                raise RuntimeError(problem)
        places = list(self._places(sized))
        pages = {content.letter_id: place.first for (content, _), place in zip(sized, places, strict=True)}
        lengths = {content.letter_id: place.last - place.first + 1 for (content, _), place in zip(sized, places, strict=True)}
        return Rendered(pdf, pages, tuple(failures), lengths)

    def _measured(self, contents: Sequence[LetterContent]) -> tuple[list[_Sized], list[tuple[str, str]]]:
        """How long each letter is, and how it is set: what is found once is not looked for again in a thousand letters that are alike.

        One in large print is set alone, to see how many pages it takes.
        """
        alike = self._alike([content for content in contents if not content.large])
        sized: list[_Sized] = []
        failures = []
        for content in contents:
            length, problem = self._large(content) if content.large else (alike.get(_shape(content), _Length()), "")
            if problem:
                failures.append((content.letter_id, problem))
            else:
                sized.append((content, length))
        return sized, failures

    def _alike(self, contents: Sequence[LetterContent]) -> dict[_Shape, _Length]:
        """How the longest of many letters of one shape is set: what holds it holds the others, but for rare names."""
        groups: defaultdict[_Shape, list[LetterContent]] = defaultdict(list)
        for content in contents:
            groups[_shape(content)].append(content)
        found = {}
        for shape, group in groups.items():
            if len(group) > _HANDFUL:
                longest = max(group, key=lambda content: (_letters_in(content), content.letter_id))
                with suppress(RuntimeError):  # what is wrong with it is found when all are set
                    own, *copy = self._query([(longest, _Length())], "<way>")
                    found[shape] = _Length(own_way=own, copy_way=copy[0] if copy else None)
        return found

    def _query(self, sized: Sequence[_Sized], label: str) -> list[int]:
        """What the frame notes under a label, without a document. Raises RuntimeError with what Typst says against it."""
        noted: list[int] = json.loads(
            typst.query(
                _frame(),
                label,
                field="value",
                root=_frame().parent,
                font_paths=fonts(self._measures.font_folder),
                sys_inputs=self._input(sized, measured=True),
            )
        )
        return noted

    def _large(self, content: LetterContent) -> tuple[_Length, str]:
        try:
            ends = self._query([(content, _Length())], "<end>")
        except RuntimeError as error:
            return _Length(), _sentence(str(error).removeprefix("failed to compile document: "))
        own, last = ends[0], ends[-1]
        if self._measures.sheets(last) > self._measures.most_sheets:
            return _Length(), f"letter {content.letter_id} takes more than the {self._measures.most_sheets} sheets of one envelope"
        return _Length(own, max(last - own, 1)), ""

    def _search(self, sized: Sequence[_Sized]) -> list[tuple[LetterContent, _Length, str]]:
        """Find the letters that cannot be set: in handfuls, then one by one in those that fail; a batch is set about three times."""
        found: list[tuple[LetterContent, _Length, str]] = []
        for start in range(0, len(sized), _HANDFUL):
            handful = sized[start : start + _HANDFUL]
            if not self._compile(handful)[1]:
                found += [(content, length, "") for content, length in handful]
            else:
                freed = [(content, replace(length, own_way=None, copy_way=None)) for content, length in handful]
                found += [(content, length, self._compile([(content, length)])[1]) for content, length in freed]
        return found

    def _compile(self, sized: Sequence[_Sized]) -> tuple[bytes, str]:
        """Return the PDF, or what Typst says against it."""
        if not sized:
            return b"", ""
        try:
            pdf = typst.compile(
                _frame(),
                root=_frame().parent,
                font_paths=fonts(self._measures.font_folder),
                sys_inputs=self._input(sized),
                pdf_standards=["ua-1"],
                timestamp=self._now,
            )
        except typst.TypstError as error:
            return b"", _sentence(error.message)
        return pdf, ""

    def _places(self, sized: Sequence[_Sized]) -> Iterator[_Place]:
        page = 1
        for content, length in sized:
            place = _Place(page, page + length.own - 1, page + length.own - 1 + (length.copy if content.copy else 0))
            yield place
            page = place.last + 1
            page += self._measures.duplex and page % 2 == 0

    def _input(self, sized: Sequence[_Sized], *, measured: bool = False) -> dict[str, str]:
        """All that the frame prints; *measured* leaves open how many pages a letter may take."""
        footers: dict[int, str] = {}
        letters = []
        for (content, length), place in zip(sized, self._places(sized), strict=True):
            letters.append(_letter(content, length, None if measured else place))
            pages = place.last - place.first + 1
            footers |= {place.first + nth: f"{content.letter_id} · {nth + 1}/{pages}" for nth in range(1, pages)}
        data = {
            "title": self._title,
            "fonts": _FONTS,
            "measures": self._measures.inches,
            "duplex": self._measures.duplex,
            "footers": [] if measured else [footers.get(page, "") for page in range(1, max(footers, default=0) + 1)],
            "letters": letters,
        }
        return {"data": json.dumps(data, ensure_ascii=False)}


@dataclass(frozen=True)
class _Place:
    """Pages of one letter: its first, the last in its own language, and its last."""

    first: int
    own_end: int
    last: int


def _sentence(message: str) -> str:
    """Turn what Typst says into a reason for staff: our own checks word themselves, other errors name what could not be set."""
    own = "assertion failed: "
    return message.removeprefix(own) if message.startswith(own) else f"this letter cannot be set: {message}"


def _letter(content: LetterContent, length: _Length, place: _Place | None) -> dict[str, object]:
    link = content.link
    return {
        "letter_id": content.letter_id,
        "barcode": bar_code(content.letter_id),
        "return_lines": content.return_lines,
        "address_lines": content.address_lines,
        "own": _side(content.own),
        "copy": _side(content.copy) if content.copy else None,
        "tag": {"text": content.tag, **_tongue(content.tag_locale)} if content.tag else None,
        "link": {**asdict(link), "svg": qr_code(link.url)} if link else None,
        "own_ways": _LARGE_WAYS if content.large else _ways(length.own_way),
        "copy_ways": _LARGE_WAYS if content.large else _ways(length.copy_way),
        "own_end": place.own_end if place else None,
        "copy_end": place.last if place else None,
    }


def _ways(found: int | None) -> Sequence[tuple[float, bool]]:
    return _WAYS if found is None else (_WAYS[found],)


def _shape(content: LetterContent) -> _Shape:
    """What letters have in common that take as much room."""
    own = content.own
    return (
        own.locale,
        tuple((block.kind, len(block.rows)) for block in own.blocks),
        bool(own.picture),
        bool(content.link),
        bool(content.tag),
    )


def _letters_in(content: LetterContent) -> int:
    return sum(len(run.text) for block in content.own.blocks for row in block.rows for cell in row for run in cell)


def _side(side: Side) -> dict[str, object]:
    tongue = _tongue(side.locale)
    return {**asdict(side), **tongue, "scale": _ARABIC if tongue["script"] == "arab" else 1}


def qr_code(text: str) -> str:
    """A QR code as SVG, which survives a fold and a stain (error correction M)."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return zxingcpp.write_barcode_to_svg(code, add_quiet_zones=False)


def bar_code(text: str) -> str:
    """A Code 128 bar code as SVG."""
    return zxingcpp.write_barcode_to_svg(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128), add_quiet_zones=False)


def calibration(measures: Measures, *, now: datetime) -> bytes:
    """One page with the outlines of the windows and where the paper is folded, to be held behind the district's own envelope."""
    folder = _frame().parent
    return typst.compile(
        folder / "calibration.typ",
        root=folder,
        font_paths=fonts(measures.font_folder),
        sys_inputs={"data": json.dumps({"measures": measures.inches, "fonts": _FONTS})},
        pdf_standards=["ua-1"],
        timestamp=now.replace(microsecond=0),
    )


def _frame() -> Path:
    return data_folder("templates") / "letters" / "letter.typ"


def _tongue(locale: str) -> dict[str, object]:
    """A language as Typst wants to hear of it."""
    chosen = language(locale)
    lang, _, rest = locale.partition("-")
    return {"lang": lang, "region": rest if len(rest) == len("BR") else None, "script": chosen.script.lower(), "rtl": chosen.rtl}


@lru_cache(maxsize=4)
def fonts(folder: str) -> typst.Fonts:
    """Read the fonts once: the installed packages', and those of the district's own folder."""
    own = [Path(folder)] if folder else []
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[*own, *map(_package_folder, _FONT_PACKAGES)])


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        message = f"the font package {package} is not installed"
        raise RuntimeError(message)
    return Path(next(iter(spec.submodule_search_locations)))

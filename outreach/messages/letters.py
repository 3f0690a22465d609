"""Letters as one tagged PDF: one Typst document for a whole batch.

Each language of a letter begins on a page of its own. Data enter as JSON values, never as markup. The standard PDF/UA-1 makes a glyph
that no font has an error, so a box is never posted; a letter that cannot be set is named with its reason, and the others are printed.
"""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock

import pypdfium2
import typst

from outreach.messages.letter_content import LetterContent
from outreach.messages.letter_frame import Pages, Windows, described
from outreach.messages.letter_room import WAYS, first_way
from outreach.resources import data_folder
from outreach.settings import Settings

_FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk", "fontpkg_amiri")
# Amiri stands for Arabic script: the words of current Noto Arabic builds cannot be copied out of a PDF again.
FONTS = ("Noto Sans", "Amiri", "Noto Sans Ethiopic", "Noto Sans CJK SC", "Noto Sans CJK KR")
_HANDFUL = 25
_PDFIUM = Lock()
"""PDFium reads for one thread at a time."""
_PAPER_WIDTH, _PAPER_HEIGHT = 8.5, 11


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
    def windows(self) -> Windows:
        """Width and height of the windows of sender and address."""
        return (self.return_width, self.return_height), (self.address_width, self.address_height)

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
    """The pages of each of a letter's languages, and in which of ``WAYS`` each is set."""

    own: int = 1
    copy: int = 1
    own_way: int = 0
    copy_way: int = 0

    def smaller(self, problem: str) -> _Length | None:
        """How a letter is tried next; None where its type is as small as it gets, or where *problem* is another."""
        if _LONG not in problem:
            return None
        name = "copy_way" if _LONG_COPY in problem else "own_way"
        way = getattr(self, name) + 1
        return replace(self, **{name: way}) if way < len(WAYS) else None


_LONG, _LONG_COPY = "is longer than one page", "the English copy of letter"
"""What the frame says against a letter that needs smaller type."""
_Sized = tuple[LetterContent, _Length]
_Shape = tuple[object, ...]


def render(
    contents: Sequence[LetterContent], measures: Measures, *, now: datetime, title: str, weigh: Callable[[int], int] | None = None
) -> Rendered:
    """Set *contents* as one PDF/UA-1 document in their order: a page for each language of a letter, more for large print.

    With *weigh*, which says the postage step of so many pages, the lighter letters come before the heavier ones.

    *now* is the document's date, so the same letters give the same bytes; *title* names the batch for readers of the file, such as the
    district. A letter too long for its page is tried in smaller type, then without its picture, before it fails; where to begin is
    estimated from its words.
    """
    return _Setting(measures, now, title).batch(contents, weigh)


class _Setting:
    """One setting of letters with the same measures, date and title."""

    def __init__(self, measures: Measures, now: datetime, title: str) -> None:
        self._measures = measures
        self._now = now.replace(microsecond=0)  # Typst takes whole seconds
        self._title = title

    def batch(self, contents: Sequence[LetterContent], weigh: Callable[[int], int] | None) -> Rendered:
        sized, failures = self._measured(contents)
        if weigh:
            sized.sort(key=lambda item: weigh(item[1].own + (item[1].copy if item[0].copy else 0)))
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
            length, problem = self._large(content) if content.large else (alike.get(_shape(content)) or self._guess(content), "")
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
                found[shape], _problem = self._alone(longest, self._guess(longest))  # a problem is met again when all are set
        return found

    def _guess(self, content: LetterContent) -> _Length:
        m = self._measures
        width = _PAPER_WIDTH - 2 * m.side
        beside = content.link.words if content.link else ""
        own = first_way(content.own, width=width, room=_PAPER_HEIGHT - m.body_top - m.foot, beside=beside)
        copy = first_way(content.copy, width=width, room=_PAPER_HEIGHT - m.top - m.foot, copy=True) if content.copy else 0
        return _Length(own_way=own, copy_way=copy)

    def _alone(self, content: LetterContent, length: _Length) -> tuple[_Length, str]:
        """Set one letter, in smaller type until it fits; return how, or what is wrong with it."""
        problem = self._compile([(content, length)])[1]
        while problem and (smaller := length.smaller(problem)):
            length = smaller
            problem = self._compile([(content, length)])[1]
        return length, problem

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
            if len(handful) > 1 and not self._compile(handful)[1]:
                found += [(content, length, "") for content, length in handful]
            else:
                found += [(content, *self._alone(content, length)) for content, length in handful]
        return found

    def _compile(self, sized: Sequence[_Sized]) -> tuple[bytes, str]:
        """Return the PDF, or what Typst says against it."""
        if not sized:
            return b"", ""
        # Typst sets a document anew to know on which page a letter ends. Where every language has one page and each page belongs to a
        # letter, the number of pages says as much, and the question is left for documents in which it does not come out.
        plain = not self._measures.duplex and not any(content.large for content, _length in sized)
        try:
            pdf = self._typeset(self._input(sized, asked=not plain))
            if plain and _page_count(pdf) != list(self._places(sized))[-1].last:
                pdf = self._typeset(self._input(sized))
        except typst.TypstError as error:
            return b"", _sentence(error.message)
        return pdf, ""

    def _typeset(self, given: Mapping[str, str]) -> bytes:
        """Raises typst.TypstError with what Typst, or a question of the frame, says against it."""
        return typst.compile(
            _frame(),
            root=_frame().parent,
            font_paths=fonts(self._measures.font_folder),
            sys_inputs=dict(given),
            pdf_standards=["ua-1"],
            timestamp=self._now,
        )

    def _places(self, sized: Sequence[_Sized]) -> Iterator[Pages]:
        page = 1
        for content, length in sized:
            place = Pages(page, page + length.own - 1, page + length.own - 1 + (length.copy if content.copy else 0))
            yield place
            page = place.last + 1
            page += self._measures.duplex and page % 2 == 0

    def _input(self, sized: Sequence[_Sized], *, measured: bool = False, asked: bool = True) -> dict[str, str]:
        """All that the frame prints; *measured* leaves open how many pages a letter may take.

        Without *asked* the frame neither notes nor holds a letter to the page on which it ends.
        """
        footers: dict[int, str] = {}
        letters = []
        for (content, length), place in zip(sized, self._places(sized), strict=True):
            ways = WAYS[length.own_way], WAYS[length.copy_way]
            letters.append(described(content, self._measures.windows, ways, None if measured else place))
            if content.large:
                footers |= {page: place.foot(content.letter_id, page) for page in range(place.first + 1, place.last + 1)}
        data = {
            "title": self._title,
            "fonts": FONTS,
            "measures": self._measures.inches,
            "duplex": self._measures.duplex,
            "asked": asked,
            "footers": [] if measured else [footers.get(page, "") for page in range(1, max(footers, default=0) + 1)],
            "letters": letters,
        }
        return {"data": json.dumps(data, ensure_ascii=False, default=vars)}


def _page_count(pdf: bytes) -> int:
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def _sentence(message: str) -> str:
    """Turn what Typst says into a reason for staff: our own checks word themselves, other errors name what could not be set."""
    own = "assertion failed: "
    return message.removeprefix(own) if message.startswith(own) else f"this letter cannot be set: {message}"


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


def calibration(measures: Measures, *, now: datetime) -> bytes:
    """One page with the outlines of the windows and where the paper is folded, to be held behind the district's own envelope."""
    folder = _frame().parent
    return typst.compile(
        folder / "calibration.typ",
        root=folder,
        font_paths=fonts(measures.font_folder),
        sys_inputs={"data": json.dumps({"measures": measures.inches, "fonts": FONTS})},
        pdf_standards=["ua-1"],
        timestamp=now.replace(microsecond=0),
    )


def _frame() -> Path:
    return data_folder("templates") / "letters" / "letter.typ"


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

"""Letters as one tagged PDF: one Typst document for a whole batch, one page for each household.

Data enter as JSON values, never as markup. The standard PDF/UA-1 makes a glyph that no font has an error, so a box is never posted; a
letter that cannot be set is named with its reason, and the others are printed.
"""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import typst

from outreach.messages.languages import DEFAULT, language
from outreach.messages.letter_content import LetterContent
from outreach.resources import data_folder
from outreach.settings import Settings

_FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk", "fontpkg_amiri")
# Amiri stands for Arabic script: the words of current Noto Arabic builds cannot be copied out of a PDF again.
_FONTS = ("Noto Sans", "Amiri", "Noto Sans Ethiopic", "Noto Sans CJK SC", "Noto Sans CJK KR")
_SIZES = (12.0, 11.0, 10.5)
"""Points to try, the kindest first."""
_HANDFUL = 25
_ARABIC = 1.15
"""Amiri looks small beside Noto Sans."""


@dataclass(frozen=True)
class Measures:
    """Where the windows are, in inches from the top left of the page; and the folder of further fonts."""

    return_left: float
    return_top: float
    address_left: float
    address_top: float
    address_width: float
    address_height: float
    body_top: float
    return_height: float = 0.792
    font_folder: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Measures:
        """Read the measures from the settings."""
        return cls(
            return_left=settings.letter_return_left,
            return_top=settings.letter_return_top,
            address_left=settings.letter_address_left,
            address_top=settings.letter_address_top,
            address_width=settings.letter_address_width,
            address_height=settings.letter_address_height,
            body_top=settings.letter_body_top,
            font_folder=settings.font_folder,
        )


@dataclass(frozen=True)
class Rendered:
    """A batch: the PDF (empty where no letter could be set), the page of each letter, and why the others have none."""

    pdf: bytes
    pages: Mapping[str, int]
    failures: tuple[tuple[str, str], ...]


def render(contents: Sequence[LetterContent], measures: Measures, *, now: datetime, title: str) -> Rendered:
    """Set *contents* as one PDF/UA-1 document, each letter on a page of its own, in their order.

    *now* is the document's date, so the same letters give the same bytes; *title* names the batch for readers of the file, such as the
    district. A letter too long for its page is tried in smaller type before it fails.
    """
    sized = [(content, _SIZES[0]) for content in contents]
    pdf, problem = _compile(sized, measures, now, title)
    failures: list[tuple[str, str]] = []
    if problem:
        found = _search(sized, measures, now, title)
        failures = [(content.letter_id, reason) for content, _size, reason in found if reason]
        sized = [(content, size) for content, size, reason in found if not reason]
        pdf, problem = _compile(sized, measures, now, title)
        if problem:  # letters that can be set alone can be set together
            raise RuntimeError(problem)
    pages = {content.letter_id: page for page, (content, _size) in enumerate(sized, start=1)}
    return Rendered(pdf, pages, tuple(failures))


_Sized = tuple[LetterContent, float]


def _search(sized: Sequence[_Sized], measures: Measures, now: datetime, title: str) -> list[tuple[LetterContent, float, str]]:
    """Find the letters that cannot be set: in handfuls, then one by one in the handfuls that fail; a batch is set about three times."""
    found: list[tuple[LetterContent, float, str]] = []
    for start in range(0, len(sized), _HANDFUL):
        handful = sized[start : start + _HANDFUL]
        if not _compile(handful, measures, now, title)[1]:
            found += [(content, size, "") for content, size in handful]
        else:
            found += [_alone(content, measures, now, title) for content, _size in handful]
    return found


def _alone(content: LetterContent, measures: Measures, now: datetime, title: str) -> tuple[LetterContent, float, str]:
    """Try one letter in ever smaller type; return the size that fits, or the reason why none does."""
    problem = ""
    for size in _SIZES:
        problem = _compile([(content, size)], measures, now, title)[1]
        if not problem:
            return content, size, ""
    return content, _SIZES[-1], problem


def _compile(sized: Sequence[_Sized], measures: Measures, now: datetime, title: str) -> tuple[bytes, str]:
    """Return the PDF, or what Typst says against it."""
    if not sized:
        return b"", ""
    folder = data_folder("templates") / "letters"
    data = json.dumps(_data(sized, measures, title), ensure_ascii=False)
    try:
        pdf = typst.compile(
            folder / "letter.typ",
            root=folder,
            font_paths=_fonts(measures.font_folder),
            sys_inputs={"data": data},
            pdf_standards=["ua-1"],
            timestamp=now.replace(microsecond=0),  # Typst takes whole seconds
        )
    except typst.TypstError as error:
        return b"", _sentence(error.message)
    return pdf, ""


def _sentence(message: str) -> str:
    """Turn what Typst says into a reason for staff: our own checks word themselves, other errors name what could not be set."""
    own = "assertion failed: "
    return message.removeprefix(own) if message.startswith(own) else f"this letter cannot be set: {message}"


def _data(sized: Sequence[_Sized], measures: Measures, title: str) -> dict[str, object]:
    most_common = Counter(content.locale for content, _size in sized).most_common(1)[0][0] if sized else DEFAULT
    inches = {name: value for name, value in asdict(measures).items() if isinstance(value, float)}
    return {
        "title": title,
        "lang": most_common.split("-")[0],
        "fonts": _FONTS,
        "measures": inches,
        "letters": [_letter(content, size, page) for page, (content, size) in enumerate(sized, start=1)],
    }


def _letter(content: LetterContent, size: float, page: int) -> dict[str, object]:
    return {
        **content.to_json(),
        **_tongue(content.locale),
        "tag": {"text": content.tag, **_tongue(content.tag_locale)} if content.tag else None,
        "size": size * (_ARABIC if language(content.locale).script == "Arab" else 1),
        "page": page,
    }


def _tongue(locale: str) -> dict[str, object]:
    """A language as Typst wants to hear of it."""
    chosen = language(locale)
    lang, _, rest = locale.partition("-")
    return {"lang": lang, "region": rest if len(rest) == len("BR") else None, "script": chosen.script.lower(), "rtl": chosen.rtl}


@lru_cache(maxsize=4)
def _fonts(folder: str) -> typst.Fonts:
    """Read the fonts once: the installed packages', and those of the district's own folder."""
    own = [Path(folder)] if folder else []
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[*own, *map(_package_folder, _FONT_PACKAGES)])


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        message = f"the font package {package} is not installed"
        raise RuntimeError(message)
    return Path(next(iter(spec.submodule_search_locations)))

"""An export as it lies in a folder: its rows as texts, and how it seems to be written."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from outreach.attendance.reading import FAULT, LINE, decode, read_frame
from outreach.attendance.refusal import RefusedError

DELIMITERS = (",", "\t", ";", "|")
ENDINGS = frozenset({".csv", ".txt", ".tsv"})
_FALLBACK, _LAST = "cp1252", "latin-1"
_HEAD = 20
"""Lines of a file that tell its separator."""
_LETTERS = 40


@dataclass(frozen=True)
class Sheet:
    """One export. *frame* holds texts with ``__line`` and ``__fault``, as the import reads them."""

    name: str
    frame: pl.DataFrame
    columns: tuple[str, ...]
    delimiter: str
    encoding: str
    letters: str
    """The letters beyond plain ASCII that stand in it: by them a person sees whether the encoding is right."""


def exports(folder: Path) -> list[Path]:
    """The files of *folder* that may be exports, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS) if folder.is_dir() else []


def read_sheet(path: Path, *, delimiter: str = "", encoding: str = "", headed: bool = True) -> Sheet:
    """Read one export; what is not said is found out. A file that is not *headed* has ``column 1``, ``column 2``, ….

    Raises RefusedError where it cannot be read.
    """
    raw = path.read_bytes()
    encoding = encoding or encoding_of(raw)
    text = decode(raw, encoding, path.name)
    delimiter = delimiter or delimiter_of(text)
    header = None if headed else unnamed(text, delimiter)
    frame = read_frame(path, encoding=encoding, delimiter=delimiter, header=header, wanted=[])
    columns = tuple(column for column in frame.columns if column not in {LINE, FAULT} and not column.startswith("__"))
    return Sheet(path.name, frame, columns, delimiter, encoding, _letters(text))


def encoding_of(raw: bytes) -> str:
    """UTF-8 where the bytes are, else the one that Windows writes, else the one in which every byte is a letter."""
    for encoding in ("utf-8-sig", _FALLBACK):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "utf-8" if encoding == "utf-8-sig" else encoding
    return _LAST


def delimiter_of(text: str) -> str:
    """What stands between values: the separator that the header holds, and that most lines hold as often."""
    lines = [line for line in text[:200_000].splitlines()[:_HEAD] if line.strip()]
    if not lines:
        return DELIMITERS[0]

    def score(delimiter: str) -> tuple[int, int]:
        first = lines[0].count(delimiter)
        return sum(line.count(delimiter) == first for line in lines) if first else 0, first

    return max(DELIMITERS, key=score)


def unnamed(text: str, delimiter: str) -> list[str]:
    """Names for the columns of a file without a header row."""
    width = len(next(csv.reader([text.partition("\n")[0].rstrip("\r")], delimiter=delimiter), []))
    return [f"column {number}" for number in range(1, width + 1)]


def _letters(text: str) -> str:
    if text.isascii():
        return ""
    found = Counter(unicodedata.normalize("NFC", text))
    return "".join(sorted((one for one, _ in found.most_common() if not one.isascii() and one.isalpha()), key=str.casefold)[:_LETTERS])


def usual(values: Sequence[str], otherwise: str) -> str:
    """The value that most of them have."""
    return Counter(values).most_common(1)[0][0] if values else otherwise


def tally(texts: pl.Series) -> dict[str, int]:
    """How often each text stands there, the most frequent first."""
    counted = pl.DataFrame({"text": texts}).group_by("text").len().sort(["len", "text"], descending=[True, False])
    return dict(counted.iter_rows())


def refuse_empty(folder: Path) -> list[Path]:
    """The exports of *folder*; raises RefusedError where there is none."""
    paths = exports(folder)
    if not paths:
        sentence = f"{folder} holds no exports (.csv, .txt, .tsv) to look at."
        raise RefusedError(sentence)
    return paths

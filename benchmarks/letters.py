"""Letters from facts to PDF, against bare Typst that sets the same pages from literal text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import partial
from itertools import count
from statistics import median
from time import perf_counter

import typst

from outreach.messages.compose import Child, Facts
from outreach.messages.letter_content import FRAME, LetterContent, Side, build, framed
from outreach.messages.letter_frame import bar_code, qr_code
from outreach.messages.letter_text import Block, Kind
from outreach.messages.letters import Measures, fonts, render
from outreach.messages.pairs import current_pairs
from outreach.messages.postal import Address
from outreach.settings import load_settings

_NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
_MONTHS = tuple(date(2026, month, 1) for month in (8, 9, 10, 11, 12))
_LOCALES = ("en", "es", "ru", "ar")
_PAIRS = {pair.locale: pair for _source, pair in current_pairs() if (pair.message, pair.channel) == ("count_10", "letter")}
_FRAMES = {pair.locale: pair for _source, pair in current_pairs() if pair.message == FRAME}
SINGLE, BATCH, ROUNDS = 40, 1000, 5
_BESIDE = 10_000
"""Bare Typst sets other letters of the same families of words: what one has set must not help the other."""


def run(single: int = SINGLE, batch: int = BATCH, rounds: int = ROUNDS) -> dict[str, object]:
    """Bars: bare seconds ÷ ours at least 0.7 one by one, and 0.6 in one batch.

    Each letter is a new one, for Typst remembers what it has set; bare Typst and ours take turns, so that both meet the same machine.
    """
    measures = Measures.of(load_settings(district_name="Lincoln Public Schools"))
    numbers = count()
    ours_of(measures, [next(numbers) for _locale in _LOCALES])  # both read fonts, words and names of months before anything is measured
    alone = [_pair(measures, [[next(numbers)] for _ in range(single)]) for _ in range(rounds)]
    together = [_pair(measures, [[next(numbers) for _ in range(batch)]]) for _ in range(rounds)]
    return {
        "single_letters": single,
        "batch_letters": batch,
        "single_ratio": round(median(bare / ours for bare, ours in alone), 2),
        "batch_ratio": round(median(bare / ours for bare, ours in together), 2),
        "single_seconds": [[round(bare, 3), round(ours, 3)] for bare, ours in alone],
        "batch_seconds": [[round(bare, 2), round(ours, 2)] for bare, ours in together],
    }


def _pair(measures: Measures, groups: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Seconds of bare Typst and of ours for letters of the same kind."""
    bare = ours = 0.0
    for group in groups:
        source = bare_source(measures, [letter(_BESIDE + n) for n in group])
        bare += _timed(partial(bare_pdf, source))
        ours += _timed(partial(ours_of, measures, group))
    return bare, ours


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def letter(number: int) -> LetterContent:
    """A made-up family's letter, from its facts and approved words."""
    missed = [Fraction(number * step % 7, 2) for step in (1, 2, 3, 4, 5)]
    child = Child(f"Ana{number}", sum(missed, Fraction(0)), 72, date(2026, 12, 4), "", months=tuple(zip(_MONTHS, missed, strict=True)))
    facts = Facts(
        "Lincoln Public Schools", "Roosevelt Elementary School", "(312) 555-0100", (child,), (f"Rosa Delgado{number}",), "Ms. Rivera"
    )
    address = Address(facts.adult_names, f"{number} W Maple St", "", "Lincoln", "IL", "60614")
    pair = _PAIRS[_LOCALES[number % len(_LOCALES)]]
    made = build(
        pair, facts, address, letter_id=f"L{number:06d}", sender=("Roosevelt Elementary School", "600 Oak Ave"), day=date(2026, 12, 7)
    )
    code = f"K7QX-{number:04d}"
    return framed(
        made, _FRAMES[pair.locale], url=f"https://lincoln.example.org/f/{pair.locale}#{code}", typed="lincoln.example.org/f", code=code
    )


def ours_of(measures: Measures, numbers: Sequence[int]) -> bytes:
    """Set letters as the service does."""
    return render([letter(number) for number in numbers], measures, now=_NOW, title="Lincoln").pdf


def bare_pdf(source: str) -> bytes:
    """Compile literal text."""
    return typst.compile(source.encode(), font_paths=fonts(""), pdf_standards=["ua-1"], timestamp=_NOW)


def bare_source(measures: Measures, letters: Sequence[LetterContent]) -> str:
    """The same pages as literal text of a Typst file, with nothing computed."""
    m = measures
    head = f"""#set document(title: "Lincoln")
#set page(paper: "us-letter", margin: (x: {m.side}in, top: {m.top}in, bottom: {m.foot}in))
#set text(font: ("Noto Sans", "Amiri"), size: 12pt, lang: "en", hyphenate: false)
#set par(leading: 0.64em, spacing: 1.05em)
"""
    return head + "\n#pagebreak()\n".join(_bare(m, content) for content in letters)


def _bare(m: Measures, content: LetterContent) -> str:
    windows = (
        (content.return_lines, m.return_left, m.return_top, "9pt"),
        (content.address_lines, m.address_left, m.address_top, "10.5pt"),
    )
    placed = "\n".join(
        f"#place(top + left, dx: {x - m.side}in, dy: {y - m.top}in, text(size: {size}, par(leading: 0.33em, {_lines(lines)})))"
        for lines, x, y, size in windows
    )
    bars = f'image(bytes({_text(bar_code(content.letter_id))}), format: "svg", width: 1in)'
    foot = f"#place(bottom + left, dy: {m.foot - 0.35}in)[#pdf.artifact({bars})]"
    link = content.link
    code = f'image(bytes({_text(qr_code(link.url))}), format: "svg", width: 0.95in)' if link else ""
    way = f"#figure({code}, alt: {_text(link.url)})\n\n#{_text(link.words)}" if link else ""
    copy = f"\n#pagebreak()\n= English copy\n{_side(content.copy, '')}" if content.copy else ""
    return f"{placed}\n{foot}\n#v({m.body_top - m.top}in)\n{_side(content.own, way)}{copy}"


def _side(side: Side, closing: str) -> str:
    direction = "rtl" if side.locale == "ar" else "ltr"
    blocks = "\n\n".join(map(_block, side.blocks))
    drawn = side.picture
    months = ""
    if drawn:
        cells = [f"[#{_text(name)}]" for name in drawn.months]
        bars = [
            f"[#stack(spacing: 0.25em, pdf.artifact(rect(width: 1.1em, height: {height * 1.8}em)), [#{_text(figure)}])]"
            for row in drawn.rows
            for figure, height in zip(row.figures, row.heights, strict=True)
        ]
        months = f"\n\n#{_text(drawn.caption)}\n#table(columns: {len(cells)}, table.header({', '.join(cells)}), {', '.join(bars)})"
    words = f"#{_text(side.date)}\n\n{blocks}{months}\n\n#{_lines(side.signature)}\n\n{closing}"
    return f'#[#set text(lang: "{side.locale.partition("-")[0]}", dir: {direction}, size: 11pt)\n{words}]'


def _block(block: Block) -> str:
    rows = [
        [" ".join(f"#strong({_text(run.text)})" if run.bold else f"#{_text(run.text)}" for run in cell) for cell in row]
        for row in block.rows
    ]
    if block.kind is Kind.TABLE:
        head, *body = (", ".join(f"[{cell}]" for cell in row) for row in rows)
        return f"#table(columns: {len(rows[0])}, table.header({head}), {', '.join(body)})"
    return "\n".join(f"- {cell}" if block.kind is Kind.LIST else cell for row in rows for cell in row)


def _lines(lines: Sequence[str]) -> str:
    return f"[{' #linebreak() '.join(f'#{_text(line)}' for line in lines)}]"


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)

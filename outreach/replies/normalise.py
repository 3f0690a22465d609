"""Text as the rules read it: one shape for letter case, width, marks, punctuation and invisible characters.

Words of spaced scripts are one token each. Chinese, Japanese and Korean characters are single tokens, because those families
write with or without spaces; a run of them then matches as a substring does. A full stop, a line break and their kin become the
token ``.``, so that a phrase with a gap does not reach into the next sentence.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

HEAD, TAIL = 4_000, 1_000
"""Characters read from the two ends of an overlong text. A text message holds 1,600; more is read by a person anyway."""

BOUNDARY = "."
_ENDERS = frozenset(".!?;\n\r\u2028\u2029…。！？؟۔።፧፨¡¿।")
_QUESTION_MARKS = frozenset("?？؟፧¿")
_APOSTROPHES = frozenset("'’‘ʼʻ`´＇ʹ′")
_ELIDED = frozenset({"l", "d", "j", "m", "t", "s", "n", "c", "k", "w", "qu"})
"""French and Haitian prefixes that an apostrophe ties to the next word: there it separates, elsewhere (don't) it vanishes."""

_SAME = str.maketrans(
    {
        **dict.fromkeys("ىیې", "ي"),
        **dict.fromkeys("کڪ", "ك"),
        **dict.fromkeys("ہھةۃۀ", "ه"),
        **dict.fromkeys("ٱ", "ا"),
        "ـ": "",
        "đ": "d",
        "ı": "i",
        "ł": "l",
        "ø": "o",
        # Ethiopic letters that sound alike and are written for one another
        **{
            a: b
            for olds, news in (("ሐኀ", "ሀሀ"), ("ሠሡሢሣሤሥሦ", "ሰሱሲሳሴስሶ"), ("ዐዑዒዓዔዕዖ", "አኡኢኣኤእኦ"), ("ፀፁፂፃፄፅፆ", "ጸጹጺጻጼጽጾ"))
            for a, b in zip(olds, news, strict=True)
        },
        **dict.fromkeys("ሓኃኻ", "ሃ"),
    }
)
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_SAID_OFTEN = 3
_LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True)
class Normal:
    """A text ready for the rules.

    ``tokens`` keep their accents, ``plain`` has none; both lists have the same length. ``text`` and ``plain_text`` are the tokens
    between single spaces, with a space at both ends, so that a word is found as ``" word "``.
    """

    raw: str
    tokens: tuple[str, ...]
    asks: bool
    """Whether it holds a question mark of any script."""
    cut: bool
    """Whether the middle of an overlong text was not read."""

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The tokens without accents."""
        return tuple(without_marks(token) for token in self.tokens)

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """The tokens without accents, and without the ends of sentences."""
        return tuple(token for token in self.plain if token != BOUNDARY)

    @cached_property
    def text(self) -> str:
        """The tokens in one line, accents kept."""
        return f" {' '.join(self.tokens)} " if self.tokens else " "

    @cached_property
    def plain_text(self) -> str:
        """The tokens in one line, without accents."""
        return f" {' '.join(self.plain)} " if self.tokens else " "

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The plain tokens without sentence boundaries."""
        return tuple(token for token in self.plain if token != BOUNDARY)

    @cached_property
    def sayings(self) -> tuple[str, ...]:
        """The whole as a keyword would be written, and the same with repeated words said once, without accents."""
        return _sayings(self.plain)

    @cached_property
    def accented_sayings(self) -> tuple[str, ...]:
        """``sayings`` with their accents."""
        return _sayings(self.tokens)

    @cached_property
    def vietnamese(self) -> bool:
        """Whether it holds letters that only Vietnamese writes; bare of accents they would look like other languages' words."""
        return any("\u1ea0" <= char <= "\u1ef9" or char in "ăđơư" for token in self.tokens for char in token)


def normalise(text: str) -> Normal:
    """Return *text* as the rules read it; never raises, whatever the text holds."""
    cut = len(text) > HEAD + TAIL
    part = f"{text[:HEAD]}\n{text[-TAIL:]}" if cut else text
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", part).casefold()).translate(_ARABIC_DIGITS)
    asks = any(mark in folded for mark in _QUESTION_MARKS)
    return Normal(raw=text, tokens=tuple(_tokens(folded)), asks=asks, cut=cut)


def storable(text: str) -> str:
    """Return *text* as every database can keep it: no NUL, no half of a character pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def without_marks(token: str) -> str:
    """Return *token* without accents, vowel signs and spelling variants of the same letter."""
    if token.isascii():
        return token
    decomposed = unicodedata.normalize("NFD", token)
    bare = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", bare).translate(_SAME)


def _sayings(tokens: tuple[str, ...]) -> tuple[str, ...]:
    words = [token for token in tokens if token != BOUNDARY]
    return " ".join(words), " ".join(dict.fromkeys(words))


def _tokens(folded: str) -> list[str]:
    tokens: list[str] = []
    word = ""
    for char in folded:
        if char.isalnum() and not _stands_alone(char):
            word += char
            continue
        category = unicodedata.category(char)
        if category == "Cf" or 0xFE00 <= ord(char) <= 0xFE0F:  # noqa: PLR2004 - variation selectors
            continue
        if category in {"Mn", "Mc"} and word:
            word += char
            continue
        if char in _APOSTROPHES and word and word not in _ELIDED:
            continue
        _flush(tokens, word)
        word = ""
        if char in _ENDERS:
            if tokens and tokens[-1] != BOUNDARY:
                tokens.append(BOUNDARY)
        elif _stands_alone(char) or category == "So":
            tokens.append(char)
    _flush(tokens, word)
    if tokens and tokens[-1] == BOUNDARY:
        tokens.pop()
    return tokens


def _flush(tokens: list[str], word: str) -> None:
    said = _LONG_RUN.sub(r"\1", word)
    # a word said over and over says no more than three times does, and would cost the phrases with gaps dearly
    if said and tokens[-_SAID_OFTEN:] != [said] * _SAID_OFTEN:
        tokens.append(said)


def _stands_alone(char: str) -> bool:
    code = ord(char)
    return 0x3040 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF  # noqa: PLR2004 - Unicode blocks of kana, Han and Hangul

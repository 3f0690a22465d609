"""What a translation service offers, whoever it is."""

from __future__ import annotations

from typing import Protocol


class UnreachableError(OSError):
    """The translation service gave no translation this time; asking again later may help."""


class NoSuchLanguageError(LookupError):
    """The translation service does not know this language, or refuses these words for good."""


class Translator(Protocol):
    """One translation service."""

    @property
    def name(self) -> str:
        """What staff read beside the words, such as ``DeepL``."""

    @property
    def is_cloud(self) -> bool:
        """Whether words leave the district's own machines: sealed words and words that may mean danger never go there."""

    def translate(self, words: str, source: str, target: str) -> str:
        """Return *words* in another of our locales; asked once, within the time of the settings.

        Raises UnreachableError and NoSuchLanguageError; neither repeats any of the words.
        """

    def close(self) -> None:
        """Give the connections back."""

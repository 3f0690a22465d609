"""Wordings written in the web, laid over the files: the file is version 0, every later version a row, and the newest one stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from outreach.messages.languages import DEFAULT

Place = tuple[str, str, str, str]
"""Message, channel, locale, and school; the school is empty for the district's words."""


@dataclass(frozen=True)
class Written:
    """The newest version of one wording; an empty *text* has gone back to what lies under it: the file, or the district's words."""

    version_id: int
    number: int
    text: str
    source_hash: str
    """Of the English it says the same as; of the text itself where it is English."""


@dataclass(frozen=True)
class Overlay:
    """The newest version of every wording that was ever written in the web."""

    newest: Mapping[Place, Written] = field(default_factory=lambda: MappingProxyType({}))

    def words(self, message: str, channel: str, *, locale: str = DEFAULT, school_id: str = "") -> Written | None:
        """The words that somebody wrote there, if any stand."""
        found = self.newest.get((message, channel, locale, school_id))
        return found if found is not None and found.text else None

    def copies(self, message: str, channel: str) -> list[str]:
        """The schools that have an English wording of their own."""
        return sorted(
            school
            for (of, on, locale, school), written in self.newest.items()
            if (of, on, locale) == (message, channel, DEFAULT) and school and written.text
        )

    def schools(self) -> list[str]:
        """The schools that have an English wording of their own for any message."""
        return sorted({school for (_, _, locale, school), written in self.newest.items() if locale == DEFAULT and school and written.text})


NOTHING_WRITTEN = Overlay()
"""The files as they are."""

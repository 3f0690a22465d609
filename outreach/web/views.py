"""Which list of cases a person looks at; it stands in the address, so that a link reopens exactly this list. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Shelf(StrEnum):
    """The fixed queues."""

    NEEDS_ME = "needs_me"
    ANSWERED = "answered"
    SNOOZED = "snoozed"
    INFORMATION = "information"
    CLOSED = "closed"


SHELVES = {
    Shelf.NEEDS_ME: "Needs me",
    Shelf.ANSWERED: "With the family",
    Shelf.SNOOZED: "Put aside",
    Shelf.INFORMATION: "For your information",
    Shelf.CLOSED: "Closed",
}


class Whose(StrEnum):
    """Whose cases."""

    ALL = "all"
    MINE = "mine"
    NOBODYS = "unassigned"


WHOSE = {Whose.ALL: "Team", Whose.MINE: "Mine", Whose.NOBODYS: "Nobody's"}
_LONGEST_ID = 100


@dataclass(frozen=True)
class View:
    """One list."""

    shelf: Shelf = Shelf.NEEDS_ME
    whose: Whose = Whose.ALL
    school: str = ""
    """One of the person's schools; empty for all of them."""

    @property
    def arguments(self) -> dict[str, Any]:
        """What stands in the address; the usual list needs nothing."""
        found = {"queue": self.shelf.value, "whose": self.whose.value, "school": self.school}
        return {name: value for name, value in found.items() if value not in {Shelf.NEEDS_ME.value, Whose.ALL.value, ""}}


def of(arguments: Mapping[str, str]) -> View:
    """Read a view from an address; what it does not understand is the usual."""
    shelf = next((one for one in Shelf if one == arguments.get("queue")), Shelf.NEEDS_ME)
    whose = next((one for one in Whose if one == arguments.get("whose")), Whose.ALL)
    school = arguments.get("school", "")
    return View(shelf, whose, school if school.isprintable() and len(school) <= _LONGEST_ID else "")

"""Which school a page is about, where a person's schools have more children than can be counted while somebody waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from outreach.cases import my_students
from outreach.clock import local_date
from outreach.web import people
from outreach.web.context import now, person, services

_AT_ONCE = 4_000
"""Children who are counted at once; of a larger scope people choose a school."""


@dataclass(frozen=True)
class Scope:
    """The schools among which a person can choose, and what they look at."""

    schools: dict[str, str]
    """School → its name, by name."""
    chosen: str
    """Empty: all of them."""

    @property
    def is_given(self) -> bool:
        """Whether the school was chosen for the person, who has too many to look at together."""
        return self.chosen != "" and request.args.get("school", "") != self.chosen


def scope(session: Session, first: Sequence[str] = ()) -> Scope:
    """What this request is about; where nothing is chosen and all would be too many, the first of *first*, else the first by name."""
    known = person()
    names = sorted(people.school_names(session).items(), key=lambda pair: pair[1])
    mine = {school: name for school, name in names if known.schools is None or school in known.schools}
    asked = request.args.get("school", "")
    if asked in mine:
        return Scope(mine, asked)
    given = next((school for school in (*first, *mine) if school in mine), "") if is_large(session) else ""
    return Scope(mine, given)


def is_large(session: Session) -> bool:
    """Whether this person's schools together have too many children."""
    today = local_date(now(), services().settings.zone)
    return my_students.are_more_than(session, _AT_ONCE, person().schools, today)

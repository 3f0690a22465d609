"""Numbers and languages that families named on their page, as a case shows them until a person has decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.cases import proposals, seals
from outreach.cases.proposals import What
from outreach.cases.tables import Case
from outreach.web import people
from outreach.web.context import person
from outreach.web.panel import shown_number


@dataclass(frozen=True)
class Wish:
    """One wish of a family."""

    id: int
    what: str
    adult: str
    shown: str
    """The number as people here write it, or the locale."""
    at: datetime


def of_case(session: Session, case_id: int) -> list[Wish]:
    """The wishes of a case that wait for a person; those that came under a seal are sealed like its words."""
    closed = seals.of_case(session, session.get_one(Case, case_id), person())
    waiting = [row for row in proposals.waiting(session, case_id) if not closed.over(row.at)]
    names = people.contact_names(session, {row.contact_id for row in waiting})
    return [
        Wish(row.id, row.what, names.get(row.contact_id, ""), shown_number(row.value) if row.what == What.PHONE else row.value, row.at)
        for row in waiting
    ]

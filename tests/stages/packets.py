"""A school with its families, conversations and steps, and what its printed papers say."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from unicodedata import normalize

import pypdfium2
from sqlalchemy.orm import Session

from outreach.cases.barrier_reports import new_barrier
from outreach.cases.help_states import SaidBy
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.evidence import packet_making, packet_reads, snapshots
from outreach.evidence.packet import Kind, Team
from outreach.evidence.packet_making import Asked
from outreach.evidence.paper import Paper, pdf
from outreach.settings import Settings
from outreach.staff import queries as staff
from tests.conftest import NOON
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.nights import Nights
from tests.web.seed import case_of, people

DAY = timedelta(days=1)
WORDS = "Zephyrine"
"""Written wherever words can stand; it must be on no paper."""
HELP = "House of Hope"


def a_school(database: Database, settings: Settings, folder: Path) -> Nights:
    """Forty children by chance at Lincoln and eight at Roosevelt, and people who look after them."""
    found, chance = Nights(database, settings, folder), random.Random(4)  # noqa: S311 - a made-up district
    for number in range(48):
        child = f"kid{number:02}"
        found.district.child(
            child,
            absent=chance.choice([0, 1, 3, 5, 8, 10]),
            school=LINCOLN if number < 40 else ROOSEVELT,
            grade=chance.choice(["K", "1", "10"]),
            home_language="Spanish",
        )
        found.district.adult(f"parent{number}", [child], phone=f"+131255501{number:02}")
    found.load()
    with database.write() as session:
        people(session, NOON)
    return found


def open_case(session: Session, child: str, days_ago: float = 10, **values: object) -> Case:
    at = NOON - days_ago * DAY
    return case_of(session, at, student_id=child, open_key=f"student:{child}", **{"school_id": LINCOLN, **values})


def barrier(session: Session, case: Case, reason: str, days_ago: float, *, yes_after: float | None = None, sealed: bool = False) -> Barrier:
    row = new_barrier(case, reason, SaidBy.TEXT, NOON - days_ago * DAY, sealed=sealed)
    row.words = WORDS
    if yes_after is not None:
        row.said_yes_at, row.state = row.heard_at + yes_after * DAY, "said_yes"
    session.add(row)
    session.flush()
    return row


def step(
    session: Session, case: Case, kind: str, layer: str, *, due: int | None = None, done: float | None = None, **values: object
) -> Step:
    """A step that is due in so many days, or was done so many days ago."""
    row = Step(
        **{
            "case_id": case.id, "barrier_id": None, "kind": kind, "layer": layer, "words": WORDS, "owner_id": case.owner_id,
            "state": "planned" if done is None else "done", "due_on": None if due is None else NOON.date() + due * DAY,
            "planned_at": NOON - 25 * DAY, "planned_by": "", "done_at": None if done is None else NOON - done * DAY, "outcome": WORDS,
            "told_id": None, "asked_id": None, **values,
        }
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def person(session: Session, name: str = "ana") -> staff.SignedIn:
    account = staff.by_email(session, f"{name}@example.org")
    assert account is not None
    return staff.as_reader(session, account)


def team(nights: Nights, now: datetime = NOON) -> Team:
    with nights.database.read() as session:
        return packet_reads.team(session, LINCOLN, nights.settings, now)


def take(nights: Nights, kind: Kind = Kind.TEAM, *, now: datetime = NOON, school: str = LINCOLN) -> Paper:
    """Make a paper as Ana, and keep that it was made."""
    asked = Asked(school, "Lincoln Elementary", kind)
    with nights.database.write() as session:
        made = packet_making.make(session, asked, person(session), nights.settings, now)
        packet_making.keep(session, asked, made, person(session), nights.settings, now)
    return made.paper


def said(paper: Paper) -> str:
    """Everything that the printed paper says, without the marks at which long words may break."""
    with closing(pypdfium2.PdfDocument(pdf(paper, now=NOON))) as document:
        text = "\n".join(document[page].get_textpage().get_text_bounded() for page in range(len(document)))
    return " ".join(normalize("NFKC", text).replace("\u200b", "").split())


def rows(paper: Paper, heading: str) -> list[tuple[str, ...]]:
    """The rows of one list, with plain spaces."""
    found = [one for one in paper.sections if one.heading.startswith(heading)]
    assert len(found) == 1, heading
    return [tuple(normalize("NFKC", cell) for cell in row) for row in found[0].table.rows] if found[0].table else []


def keep_days(nights: Nights, *days: date) -> None:
    with nights.database.read() as session:
        added = [snapshots.add_up(session, nights.settings, day, nights.now) for day in (nights.now.date(), *days)]
    with nights.database.write() as session:
        for day in added:
            snapshots.keep(session, day, nights.now)

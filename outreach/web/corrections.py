"""The wrong numbers of a case as its page shows them: what was told, what is true, why, and the correction in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.tables import FeedImport
from outreach.cases import corrections, queries
from outreach.cases.queries import Correction
from outreach.cases.tables import WrongCount
from outreach.messages.letter_content import LetterContent
from outreach.planning import release, situation
from outreach.planning.release import Go
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.web import people


@dataclass(frozen=True)
class ChangedDay:
    """A day that counts otherwise than when the number was told."""

    date: date
    then: str
    now: str
    made_by: FeedImport | None
    """None where no mark of that day changed: the calendar, an enrolment or a setting did."""


@dataclass(frozen=True)
class WrongNumber:
    """One child's number."""

    child: people.ChildName | None
    """None for a child at a school that this person has no part in."""
    row: WrongCount
    days: tuple[ChangedDay, ...]


@dataclass(frozen=True)
class Shown:
    """What one message told wrongly, and its correction."""

    told: PlannedMessage
    wrong: tuple[WrongNumber, ...]
    message: PlannedMessage | None
    waiting: bool
    """Whether the correction waits for approval."""
    undecided: bool
    """Whether a person has to approve or dismiss it."""
    seen: str
    """The numbers shown, which an approval must name."""
    words: tuple[str, ...]
    """The correction as it would leave now, a paragraph each."""
    language: str
    hindered: str
    """Why it could not leave as things are; empty where it could."""


def of_case(session: Session, case_id: int, schools: frozenset[str] | None, *, settings: Settings, now: datetime) -> list[Shown]:
    """The corrections of a case, message by message."""
    found = queries.corrections(session, case_id)
    rows = [row for correction in found for row in correction.wrong]
    names = people.children(session, {row.student_id for row in rows}, schools)
    wanted = {change["import_id"] for row in rows for change in row.changes if change["import_id"]}
    imports = {row.id: row for row in session.scalars(select(FeedImport).where(FeedImport.id.in_(wanted)))}
    return [_shown(session, correction, names, imports, settings, now) for correction in found]


def _shown(
    session: Session,
    found: Correction,
    names: dict[str, people.ChildName],
    imports: dict[int, FeedImport],
    settings: Settings,
    now: datetime,
) -> Shown:
    message = found.message
    waiting = message is not None and message.state == State.WAITING
    words, language, hindered = _preview(session, message, settings, now) if message is not None and waiting else ((), "", "")
    return Shown(
        told=found.told,
        wrong=tuple(WrongNumber(names.get(row.student_id), row, _days(row, imports)) for row in found.wrong),
        message=message,
        waiting=waiting,
        undecided=found.undecided,
        seen=corrections.shown(message) if message is not None else "",
        words=words,
        language=language,
        hindered=hindered,
    )


def _days(row: WrongCount, imports: dict[int, FeedImport]) -> tuple[ChangedDay, ...]:
    return tuple(
        ChangedDay(date.fromisoformat(day["date"]), day["then"], day["now"], imports.get(day["import_id"] or 0)) for day in row.changes
    )


def _preview(session: Session, message: PlannedMessage, settings: Settings, now: datetime) -> tuple[tuple[str, ...], str, str]:
    """The words as they would be now, their language, or why there are none."""
    facts = situation.load(session, message.student_ids, settings=settings, now=now)
    verdict = release.correction(session, message, facts)
    if not isinstance(verdict, Go):
        return (), "", verdict.reason
    return (paragraphs(verdict.letter) if verdict.letter else (verdict.body,)), verdict.language, ""


def paragraphs(letter: LetterContent) -> tuple[str, ...]:
    """A letter's text without its looks: a line for each paragraph and each row of its table."""
    rows = (["".join(run.text for run in cell) for cell in row] for block in letter.own.blocks for row in block.rows)
    return tuple(" · ".join(filter(None, cells)) for cells in rows if any(cells))

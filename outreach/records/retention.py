"""How long each kind of data is kept: what is old enough, how much of it would go, and the going.

Shipped, nothing goes by itself: a person looks at the preview and starts it, or switches a kind on. What is counted stays
true, because rows stay and only their words go; marks go of children only who left and are in no study. What ``holds.held`` names stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.district.overlays import merged
from outreach.records import retention_papers as papers
from outreach.records import retention_rows as rows
from outreach.records.holds import Held, held
from outreach.records.keeping_tables import RetentionRule, RetentionRun
from outreach.records.requests import RecordError
from outreach.records.retention_rows import Act, Part, Window
from outreach.settings import Settings
from outreach.staff.actions import audit

AT_ONCE = 2_000
"""Rows of one press or one tick; the next one goes on."""
_CHUNK = 100
"""Rows of one write transaction: others write between them."""
_LAST = 10
BY = "retention"
"""Who did it where no person pressed."""


class Kind(StrEnum):
    """What has a time of its own."""

    WORDS = "words"
    NOTES = "notes"
    MARKS = "marks"
    REJECTED = "rejected"
    MAIL = "mail"
    SURVEYS = "surveys"
    INCIDENTS = "incidents"
    PAPERS = "papers"
    PACKETS = "packets"
    FEEDS = "feeds"


@dataclass(frozen=True)
class Keeping:
    """One kind: what goes, counted from when, and how long it is kept unless the district says otherwise."""

    label: str
    unit: str
    """What is counted, as people say it."""
    goes: str
    since: str
    days: int
    shortest: int
    """The district can set no less."""
    parts: tuple[Part, ...]


KINDS: Mapping[Kind, Keeping] = MappingProxyType(
    {
        Kind.WORDS: Keeping(
            "What families wrote, and what we answered", "texts and answers",
            "The words and photos; that they came, when, and what they were about stays.",
            "the conversation was closed", 1_095, 90, (rows.TEXTS, rows.ANSWERS),
        ),
        Kind.NOTES: Keeping(
            "Notes of the staff", "notes", "The words of notes, calls, reasons, steps and check-ins; that they happened stays.",
            "the conversation was closed", 1_095, 90,
            (rows.NOTES, rows.BARRIERS, rows.STEPS, rows.REFERRALS, rows.RECORD_WORDS, rows.DRAFTS, rows.TASKS, rows.CHECK_INS),
        ),
        Kind.MARKS: Keeping(
            "Attendance of children who left", "children",
            "Every mark and its earlier versions. Children in a study are left out: what it found must stay true.",
            "the child was in the feed last", 1_825, 365, (rows.MARKS,),
        ),
        Kind.REJECTED: Keeping(
            "Values of rows that a feed had wrong", "values", "The value; the line, the problem and the numbers of the import stay.",
            "the import", 365, 30, (rows.PROBLEMS,),
        ),
        Kind.MAIL: Keeping(
            "E-mails to staff", "e-mails", "Subject and text; that it was sent stays.", "it was sent", 90, 7, (rows.EMAILS,),
        ),
        Kind.SURVEYS: Keeping(
            "What was written in surveys", "answers", "The words, which nobody signed; what was chosen stays.",
            "the last day of the survey", 365, 30, (rows.SURVEYS,),
        ),
        Kind.INCIDENTS: Keeping(
            "What was written down in incidents", "entries", "The words; who was called, who took it, and every hour stays.",
            "the incident was closed", 2_555, 365, (papers.INCIDENTS,),
        ),
        Kind.PAPERS: Keeping(
            "Papers of blocks", "papers", "The court order or letter itself; that the block stood, why, and until when stays.",
            "the block was lifted", 1_825, 365, (papers.PAPERS,),
        ),
        Kind.PACKETS: Keeping(
            "Which children stood in a team’s packet", "packets", "Their tiers; that the packet was made, and how many it named, stays.",
            "the packet was made", 365, 100, (papers.PACKETS,),
        ),
        Kind.FEEDS: Keeping(
            "Feeds as they were received", "files",
            "The files, but for each source’s last ones; what was read from them stays. While a hold stands all stay.",
            "the import", 1_825, 90, (papers.FEEDS,),
        ),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """How long a kind is kept, and whether it goes by itself."""

    days: int
    by_itself: bool
    set_by: str = ""


@dataclass(frozen=True)
class Preview:
    """What a deletion would do now, or did."""

    before: datetime
    going: int
    held: int
    """Old enough, and kept by a hold or an open request."""


def rule_of(session: Session, kind: Kind) -> Rule:
    """The rule that holds for a kind."""
    row = session.get(RetentionRule, kind.value)
    return Rule(row.days, row.by_itself, row.set_by) if row else Rule(KINDS[kind].days, by_itself=False)


def set_rule(session: Session, kind: Kind, *, days: int, by_itself: bool, by: str, now: datetime) -> None:
    """Say how long a kind is kept. Raises RecordError below the shortest time."""
    if days < KINDS[kind].shortest:
        message = f"At least {KINDS[kind].shortest} days: people still work with it until then."
        raise RecordError(message)
    session.merge(RetentionRule(kind=kind.value, days=days, by_itself=by_itself, set_at=now, set_by=by))
    session.flush()
    audit(session, actor=by, action="retention.set", subject=kind.value, now=now, detail={"days": days, "by_itself": by_itself})


def preview(session: Session, kind: Kind, now: datetime, *, days: int | None = None) -> Preview:
    """How many rows are old enough, and how many of them are held. Nothing changes."""
    before = now - timedelta(days=rule_of(session, kind).days if days is None else days)
    return _preview(session, kind, Window(before, held(session)))


def run(database: Database, kind: Kind, *, by: str, settings: Settings, now: datetime) -> Preview:
    """Let go what is old enough, and return what went: up to AT_ONCE rows, in short transactions; the rest goes with the next run."""
    with database.read() as session:
        before = now - timedelta(days=rule_of(session, kind).days)
    return _run(database, kind, before, "", Act(by, "its time was over", settings, now))


def preview_of_child(session: Session, student_id: str, now: datetime) -> dict[Kind, Preview]:
    """What of one child's closed conversations would go on request: the child's and nobody else's."""
    window = Window(now, held(session), _ids(session, student_id))
    return {kind: _preview(session, kind, window) for kind in (Kind.WORDS, Kind.NOTES)}


def delete_of_child(database: Database, student_id: str, *, why: str, by: str, settings: Settings, now: datetime) -> int:
    """Let the words of one child's closed conversations go, however young; return how many. Raises RecordError."""
    if not why.strip():
        message = "Write down why, and who asked."
        raise RecordError(message)
    act = Act(by, why.strip(), settings, now)
    return sum(_run(database, kind, now, student_id, act).going for kind in (Kind.WORDS, Kind.NOTES))


def last_runs(session: Session) -> Sequence[RetentionRun]:
    """What went lately, the newest first."""
    return session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(_LAST)).all()


def tick(database: Database, settings: Settings, now: datetime) -> int:
    """What the service does by itself: the kinds that a person switched on, a little each time. Return how many rows went."""
    with database.read() as session:
        due = [kind for kind in Kind if rule_of(session, kind).by_itself and preview(session, kind, now).going]
    return sum(run(database, kind, by=BY, settings=settings, now=now).going for kind in due)


def _preview(session: Session, kind: Kind, window: Window) -> Preview:
    def number(one: Window) -> int:
        return sum(session.scalar(select(func.count()).select_from(part.due(one).subquery())) or 0 for part in KINDS[kind].parts)

    going = number(window)
    return Preview(window.before, going, number(Window(window.before, Held(), window.students)) - going)


def _ids(session: Session, student_id: str) -> tuple[str, ...]:
    return tuple(merged(session).ids([student_id])) if student_id else ()


def _run(database: Database, kind: Kind, before: datetime, student_id: str, act: Act) -> Preview:
    """Write down what begins, then let it go piece by piece. What is held is asked anew for each piece: a hold may have come."""
    with database.write() as session:
        found = _preview(session, kind, Window(before, held(session), _ids(session, student_id)))
        row = RetentionRun(kind=kind.value, student_id=student_id, at=act.now, by=act.by, before=before, gone=0, held=found.held)
        session.add(row)
        session.flush()
        run_id, gone = row.id, 0
        subject = f"student {student_id}" if student_id else kind.value
        detail = {"run": run_id, "kind": kind.value, "due": found.going, "held": found.held, "before": before.isoformat()}
        audit(session, actor=act.by, action="retention.run", subject=subject, now=act.now, detail=detail)
    for part in KINDS[kind].parts:
        while gone < AT_ONCE:
            with database.write() as session:
                due = list(session.scalars(part.due(Window(before, held(session), _ids(session, student_id))).limit(_CHUNK)))
                part.go(session, due, act)
                gone += len(due)
                session.get_one(RetentionRun, run_id).gone = gone
            if len(due) < _CHUNK:
                break
    return replace(found, going=gone)

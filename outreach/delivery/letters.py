"""Letters leave as a batch: checked again, released together with exactly what is printed, then written as one PDF with its lists."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery.tables import LetterBatch, LetterPage
from outreach.messages.letter_content import LetterContent
from outreach.messages.letters import Measures, render
from outreach.planning import release as checks
from outreach.planning.release import Go, Stop
from outreach.planning.situation import Situation
from outreach.planning.states import Channel, State, move
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode

PDF, MANIFEST, NOT_WRITTEN = "batch.pdf", "manifest.csv", "not-written.csv"
_MANIFEST = ("letter_id", "page", "student_ids", "contact_ids", "message", "language", "days_absent", "as_of")
_NOT_WRITTEN = ("household", "student_ids", "contact_id", "channel", "message", "language", "state", "reason")


class NoSuchBatchError(ValueError):
    """There is no batch of that number."""


@dataclass(frozen=True)
class LettersReport:
    """What one release did."""

    batch_id: int | None
    letters: int
    not_written: int
    unprintable: int
    """Letters that could not be set; each is held with its reason."""

    @property
    def errors_for_a_person(self) -> int:
        """Letters that a person must look at."""
        return self.unprintable

    @property
    def sentence(self) -> str:
        """The report in words."""
        what = f"Batch {self.batch_id}: {self.letters} letters" if self.batch_id else "No letter is due; nothing new was written"
        held = f"; {self.unprintable} could not be set and are held" if self.unprintable else ""
        return f"{what}; {self.not_written} households are listed as not written to{held}."


@dataclass(frozen=True)
class _Ready:
    row: PlannedMessage
    go: Go
    letter: LetterContent


def release(database: Database, settings: Settings, clock: Clock, out: Path, *, by: str, batch: int | None = None) -> LettersReport:
    """Release every letter that is due as one batch and write its files into *out*; with *batch*, write an earlier one's again.

    The rows' release commits together with the content of every page, so a PDF that was lost can be made again, byte for byte in
    content. Files are written to the side and renamed; until they are, an open item tells a person so. Raises NoSuchBatchError.
    """
    now = clock.now()
    unprintable = 0
    if batch is not None:
        with database.read() as session:
            _batch(session, batch)
    out.mkdir(parents=True, exist_ok=True)
    if batch is None:
        with database.write() as session:
            batch, unprintable = _release(session, settings, now, by)
    with database.read() as session:
        letters = _write_batch(session, settings, out, batch) if batch is not None else 0
        left = _write_not_written(session, out)
    if batch is not None:
        with database.write() as session:
            resolve_key(session, _unwritten(batch), by="outreach letters", now=now)
    return LettersReport(batch, letters, left, unprintable)


def _release(session: Session, settings: Settings, now: datetime, by: str) -> tuple[int | None, int]:
    """Check every due letter, set those that may go, and release them in one batch; say how many could not be set."""
    due = _due(session, now)
    facts = checks.facts_for(session, due, settings, now)
    ready = [item for row in due if (item := _check(session, row, settings, now, facts))]
    ready.sort(key=lambda item: (_postal_code(item.letter), item.row.household, item.row.id))
    if not ready:
        return None, 0
    rendered = render([item.letter for item in ready], Measures.of(settings), now=now, title=settings.district_name)
    failed = dict(rendered.failures)
    for item in ready:
        if reason := failed.get(item.letter.letter_id):
            _hold(session, item.row, reason, now)
    printed = [item for item in ready if item.letter.letter_id not in failed]
    if not printed:
        return None, len(failed)
    batch = LetterBatch(released_at=now, released_by=by, pages=len(printed))
    session.add(batch)
    session.flush()
    for item in printed:
        _print(session, item, batch, rendered.pages[item.letter.letter_id], now)
    sentence = f"Letter batch {batch.id} was released, but its files were not written: run outreach letters with --batch {batch.id}."
    raise_item(session, kind="letters", key=_unwritten(batch.id), sentence=sentence, now=now)
    return batch.id, len(failed)


def _unwritten(batch_id: int) -> str:
    """The key of what a person sees while a released batch has no files."""
    return f"letters:{batch_id}"


def _postal_code(letter: LetterContent) -> str:
    """The code the letter is sorted by: the last word of the address, of which a ZIP+4 counts as well."""
    return letter.address_lines[-1].rpartition(" ")[2]


def _due(session: Session, now: datetime) -> Sequence[PlannedMessage]:
    statement = select(PlannedMessage).where(
        PlannedMessage.channel == Channel.LETTER, PlannedMessage.state.in_((State.PLANNED, State.HELD)), PlannedMessage.due_at <= now
    )
    return session.scalars(statement.order_by(PlannedMessage.id).with_for_update(skip_locked=True)).all()


def _check(session: Session, row: PlannedMessage, settings: Settings, now: datetime, facts: Situation) -> _Ready | None:
    verdict = checks.check(session, row, settings, now, facts=facts)
    if isinstance(verdict, Stop):
        row.state, row.reason, row.changed_at = move(State(row.state), verdict.state), verdict.reason, now
        return None
    return _Ready(row, verdict, verdict.letter) if verdict.letter else None


def _hold(session: Session, row: PlannedMessage, reason: str, now: datetime) -> None:
    row.state, row.reason, row.changed_at = move(State(row.state), State.HELD), f"cannot be printed: {reason}", now
    sentence = f"Letter {checks.letter_code(row)} cannot be printed; its reason stands on the delivery page."
    raise_item(
        session, kind="letter", key=f"letter:{row.id}", sentence=sentence, now=now, school_id=row.school_id, detail={"planned": row.id}
    )


def _print(session: Session, item: _Ready, batch: LetterBatch, page: int, now: datetime) -> None:
    row, go = item.row, item.go
    row.state, row.reason = move(State(row.state), State.PRINTED), ""
    row.language, row.approval_id = go.language, go.approval_id
    row.facts, row.student_ids = go.facts, list(go.student_ids)
    row.sent_at = row.changed_at = row.claimed_at = now
    session.add(LetterPage(planned_id=row.id, batch_id=batch.id, letter_id=item.letter.letter_id, page=page, content=item.letter.to_json()))


def _write_batch(session: Session, settings: Settings, out: Path, batch_id: int) -> int:
    batch = _batch(session, batch_id)
    pages = session.execute(
        select(LetterPage, PlannedMessage)
        .join(PlannedMessage, PlannedMessage.id == LetterPage.planned_id)
        .where(LetterPage.batch_id == batch_id)
        .order_by(LetterPage.page)
    ).all()
    letters = [LetterContent.from_json(page.content) for page, _ in pages]
    rendered = render(letters, Measures.of(settings), now=batch.released_at, title=settings.district_name)
    _replace(out / PDF, rendered.pdf)
    _write_csv(out / MANIFEST, _MANIFEST, [_manifest_row(page, row) for page, row in pages])
    return len(pages)


def _batch(session: Session, batch_id: int) -> LetterBatch:
    batch = session.get(LetterBatch, batch_id)
    if batch is None:
        sentence = f"There is no letter batch {batch_id}."
        raise NoSuchBatchError(sentence)
    return batch


def _manifest_row(page: LetterPage, row: PlannedMessage) -> tuple[object, ...]:
    children = row.facts.get("children", [])
    return (
        page.letter_id,
        page.page,
        "|".join(row.student_ids),
        "|".join(row.facts.get("contact_ids", [])),
        row.message,
        row.language,
        "|".join(child["days_absent"] for child in children),
        "|".join(child["as_of"] for child in children),
    )


def _write_not_written(session: Session, out: Path) -> int:
    """List every household whose child is over a threshold and who got nothing for it on a channel, with the reason."""
    rows = session.scalars(
        select(PlannedMessage)
        .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
        .join(Episode, Episode.id == PlannedEpisode.episode_id)
        .where(
            Episode.state.in_((EpisodeState.OPEN, EpisodeState.BASELINE)),
            PlannedMessage.state.in_((State.SKIPPED, State.HELD, State.CANCELLED, State.FAILED, State.UNDELIVERED)),
        )
        .order_by(PlannedMessage.household, PlannedMessage.channel, PlannedMessage.id)
    )
    listed = [
        (r.household, "|".join(r.student_ids), r.contact_id, r.channel, r.message, r.language, r.state, r.reason) for r in rows.unique()
    ]
    _write_csv(out / NOT_WRITTEN, _NOT_WRITTEN, listed)
    return len({row[0] for row in listed})


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    fresh.replace(path)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)

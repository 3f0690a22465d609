"""``outreach letters``: a batch as one PDF with its lists, written aside and renamed, and written again at will."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import resolve_key
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery import letter_batches
from outreach.delivery.letter_batches import (
    NoSuchBatchError,
    gather,
    leaf,
    pages_of,
    print_again,
    release_approved,
    unwritten,
)
from outreach.delivery.letter_rules import BatchError, BatchState, Part, parts
from outreach.delivery.letter_tables import LetterBatch, LetterPage
from outreach.formulas import disarmed
from outreach.planning.states import State
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from outreach.staff import queries as accounts
from outreach.staff.actions import audit
from outreach.staff.roles import Permission, Role, may
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode

PDF, MANIFEST, NOT_WRITTEN = "batch.pdf", "manifest.csv", "not-written.csv"
_MANIFEST = ("letter_id", "page", "student_ids", "contact_ids", "message", "language", "days_absent", "as_of")
_NOT_WRITTEN = ("household", "student_ids", "contact_id", "channel", "message", "language", "state", "reason")


@dataclass(frozen=True)
class LettersReport:
    """What one release did."""

    batch_id: int | None
    letters: int
    not_written: int
    unprintable: int
    """Letters that could not be set; each is held with its reason."""
    waits: int | None = None
    """A batch that people must look at first."""

    @property
    def errors_for_a_person(self) -> int:
        """Letters that a person must look at."""
        return self.unprintable

    @property
    def sentence(self) -> str:
        """The report in words."""
        what = f"Batch {self.batch_id}: {self.letters} letters" if self.batch_id else "No letter is due; nothing new was written"
        if self.waits:
            what = f"Batch {self.waits} waits until somebody has looked at it; nothing new was written"
        held = f"; {self.unprintable} could not be set and are held" if self.unprintable else ""
        return f"{what}; {self.not_written} households are listed as not written to{held}."


def release(database: Database, settings: Settings, clock: Clock, out: Path, *, by: str, batch: int | None = None) -> LettersReport:
    """Release the letters that are due as one batch and write its files into *out*; with *batch*, write an earlier one's again.

    Where the district wants people to look first (``letter_approvals``), the oldest approved batch is released; without one, what is
    due becomes a batch that waits. The rows' release commits together with the content of every page, so a PDF that was lost can be
    made again, byte for byte in content. Files are written to the side and renamed; until they are, an open item tells a person so.
    Raises NoSuchBatchError, and BatchError for a batch that was never released.
    """
    now = clock.now()
    unprintable, waits = 0, None
    if batch is not None:
        with database.read() as session:
            _released(session, batch)
    out.mkdir(parents=True, exist_ok=True)
    if batch is None:
        with database.write() as session:
            approved = session.scalars(
                select(LetterBatch.id).where(LetterBatch.state == BatchState.APPROVED).order_by(LetterBatch.id)
            ).first()
            found = release_approved(session, approved, settings, now, by) if approved else gather(session, settings, now, by)
            unprintable = found.unprintable
            batch = found.batch.id if found.batch and found.batch.state == BatchState.RELEASED else None
            waits = found.batch.id if found.batch and found.batch.state == BatchState.WAITING else None
    with database.read() as session:
        letters = _write_batch(session, settings, out, batch) if batch is not None else 0
        left = _write_not_written(session, out)
    if batch is not None:
        with database.write() as session:
            resolve_key(session, unwritten(batch), by="outreach letters", now=now)
    return LettersReport(batch, letters, left, unprintable, waits)


def approve(database: Database, settings: Settings, clock: Clock, batch_id: int, *, by: str) -> str:
    """Approve a batch that waits as *by*, who must have an account that may release letters; return what comes next, in a sentence.

    Raises BatchError, NoSuchBatchError.
    """
    now = clock.now()
    with database.write() as session:
        account = accounts.by_email(session, by)
        if account is None or account.disabled_at is not None or not may(Role(account.role), Permission.LETTERS_RELEASE):
            message = f"{by} may not release letters, or has no account."
            raise BatchError(message)
        batch = letter_batches.approve(session, batch_id, settings, now, account.email)
        audit(session, actor=account.email, action="letters.approved", subject=f"letter batch {batch.id}", now=now)
        approved = batch.state == BatchState.APPROVED
    return f"Letter batch {batch_id} is approved." if approved else f"Letter batch {batch_id} waits for a second person."


def _released(session: Session, batch_id: int) -> LetterBatch:
    batch = session.get(LetterBatch, batch_id)
    if batch is None:
        sentence = f"There is no letter batch {batch_id}."
        raise NoSuchBatchError(sentence)
    if batch.state != BatchState.RELEASED:
        sentence = f"Letter batch {batch_id} is {batch.state}; only a released batch is printed."
        raise BatchError(sentence)
    return batch


def _write_batch(session: Session, settings: Settings, out: Path, batch_id: int) -> int:
    batch = _released(session, batch_id)
    pages = [page for page, _ in pages_of(session, batch_id)]
    _replace(out / PDF, print_again(batch, settings, pages))
    split = parts((leaf(page, settings) for page in pages), settings)
    for number, part in enumerate(split if len(split) > 1 else [], start=1):
        _replace(out / f"part-{number}.pdf", part_pdf(session, batch, settings, part))
    _replace(out / MANIFEST, manifest(session, batch_id).encode())
    return len(pages)


def part_pdf(session: Session, batch: LetterBatch, settings: Settings, part: Part) -> bytes:
    """The PDF of one part of a batch: tags do not survive cutting a document, so it is set anew."""
    pages = [page for page, _ in pages_of(session, batch.id) if part.first_page <= page.page <= part.last_page]
    return print_again(batch, settings, pages)


def manifest(session: Session, batch_id: int) -> str:
    """The manifest of a batch as CSV."""
    return _csv(_MANIFEST, [_manifest_row(page, row) for page, row in pages_of(session, batch_id)])


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
            PlannedMessage.state.in_((State.SKIPPED, State.WAITING, State.HELD, State.CANCELLED, State.FAILED, State.UNDELIVERED)),
        )
        .order_by(PlannedMessage.household, PlannedMessage.channel, PlannedMessage.id)
    )
    listed = [
        (r.household, "|".join(r.student_ids), r.contact_id, r.channel, r.message, r.language, r.state, r.reason) for r in rows.unique()
    ]
    _replace(out / NOT_WRITTEN, _csv(_NOT_WRITTEN, listed).encode())
    return len({row[0] for row in listed})


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([disarmed(value) for value in row] for row in rows)
    return written.getvalue()


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)

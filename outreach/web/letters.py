"""Batches of letters: what is in one, who has looked at it, what it costs, and which printed letters to pull out again."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention.actions import resolve_key
from outreach.delivery import letter_batches as batches
from outreach.delivery import letter_pulls as pulls
from outreach.delivery import letters as files
from outreach.delivery.letter_batches import NoSuchBatchError
from outreach.delivery.letter_pulls import PullError
from outreach.delivery.letter_rules import BatchError, BatchState, Part, parts
from outreach.delivery.letter_tables import LetterBatch, LetterPage, LetterPull
from outreach.delivery.mail_house import WORDS as WITH_THE_HOUSE
from outreach.delivery.mail_house import MailingState
from outreach.delivery.mail_house_tables import Mailing
from outreach.messages.letters import Measures, calibration
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web.context import now, page_number, person, services
from outreach.web.letter_addresses import Respelled, respelled
from outreach.web.permissions import needs

blueprint = Blueprint("letters", __name__)

_PER_PAGE = 20
WORDS = {
    BatchState.WAITING: ("Waits for approval", "waiting", "◇"),
    BatchState.APPROVED: ("Approved", "moving", "→"),
    BatchState.RELEASED: ("Released", "good", "✓"),
    BatchState.REVOKED: ("Taken back", "off", "✕"),
}


@dataclass(frozen=True)
class Look:
    """What the page of one batch shows."""

    parts: list[Part]
    languages: list[tuple[str, int]]
    """Locale and letters, the most common first."""
    pulls: list[tuple[LetterPull, LetterPage]]
    waiting: int
    """Letters of a batch that was taken back which nobody has decided about."""
    respelled: list[Respelled]
    """Letters whose address is written as the post writes it, and not as the feed does."""
    mailed: dict[str, int]
    """What became of them with the mail house, in words → letters; empty where the district prints itself."""

    @property
    def cost(self) -> Decimal:
        """Printing and postage in dollars."""
        return sum((part.cost for part in self.parts), Decimal(0))


@blueprint.get("/letters")
@needs(Permission.LETTERS_READ)
def page() -> ResponseReturnValue:
    """The batches, the newest first, and how many letters the next one would look at."""
    number = page_number()
    with services().database.read() as session:
        newest = select(LetterBatch).order_by(LetterBatch.id.desc()).offset((number - 1) * _PER_PAGE).limit(_PER_PAGE + 1)
        rows = session.scalars(newest).all()
        to_pull = select(LetterPull.batch_id, func.count()).where(LetterPull.outcome == "").group_by(LetterPull.batch_id)
        return render_template(
            "letters.html",
            batches=rows[:_PER_PAGE],
            more=len(rows) > _PER_PAGE,
            page=number,
            due=batches.due_now(session, now()),
            to_pull={row[0]: row[1] for row in session.execute(to_pull)},
            approvals=services().settings.letter_approvals,
            words=WORDS,
        )


@blueprint.get("/letters/<int:batch_id>")
@needs(Permission.LETTERS_READ)
def one(batch_id: int) -> ResponseReturnValue:
    """One batch: what is in it, what is not and why, a sample in each language, its parts, and the letters to pull."""
    with services().database.read() as session:
        batch = _batch(session, batch_id)
        return render_template(
            "letter_batch.html",
            batch=batch,
            look=_look(session, batch),
            approvals=services().settings.letter_approvals,
            may_take_back=batch.state in {BatchState.WAITING, BatchState.APPROVED}
            or (batch.print_at is not None and now() < batch.print_at),
            words=WORDS,
            states=BatchState,
            mine=person().email in batch.approved_by,
            only_a_test=services().settings.mail_house != "none" and not services().settings.posts_letters,
        )


@blueprint.post("/letters/prepare")
@needs(Permission.LETTERS_RELEASE)
def prepare() -> ResponseReturnValue:
    """Put what is due into a batch that waits, or that is released at once where nobody needs to look first."""
    with services().database.write() as session:
        found = batches.gather(session, services().settings, now(), person().email)
        if found.batch is None:
            flash("No letter may go now. What is due and why it stays is on the delivery page.", "warning")
            return redirect(url_for("letters.page"))
        _audit(session, "letters.prepared", found.batch)
        batch_id = found.batch.id
    flash(f"Batch {batch_id} is ready to be looked at." if services().settings.letter_approvals else f"Batch {batch_id} is released.")
    return redirect(url_for("letters.one", batch_id=batch_id))


@blueprint.post("/letters/<int:batch_id>/approve")
@needs(Permission.LETTERS_RELEASE)
def approve(batch_id: int) -> ResponseReturnValue:
    """Say that a batch may be printed."""
    return _do(batch_id, "approved", lambda session: batches.approve(session, batch_id, services().settings, now(), person().email))


@blueprint.post("/letters/<int:batch_id>/release")
@needs(Permission.LETTERS_RELEASE)
def release(batch_id: int) -> ResponseReturnValue:
    """Release an approved batch, each letter checked once more."""
    return _do(
        batch_id, "released", lambda session: batches.release_approved(session, batch_id, services().settings, now(), person().email)
    )


@blueprint.post("/letters/<int:batch_id>/revoke")
@needs(Permission.LETTERS_RELEASE)
def revoke(batch_id: int) -> ResponseReturnValue:
    """Take a batch back before it goes to print."""
    why = storable(request.form.get("why", ""))[:200]
    return _do(batch_id, "taken back", lambda session: batches.revoke(session, batch_id, now(), person().email, why))


@blueprint.post("/letters/<int:batch_id>/settle")
@needs(Permission.LETTERS_RELEASE)
def settle(batch_id: int) -> ResponseReturnValue:
    """Say whether the letters of a batch that was taken back go into the next one."""
    again = request.form.get("again") == "yes"
    return _do(batch_id, "decided", lambda session: batches.settle_revoked(session, batch_id, now(), again=again, by=person().email))


@blueprint.post("/letters/<int:batch_id>/look")
@needs(Permission.LETTERS_RELEASE)
def look_again(batch_id: int) -> ResponseReturnValue:
    """Compare what was printed with what is known now."""
    with services().database.write() as session:
        new = pulls.look(session, services().settings, now())
    flash(f"{new} printed letters are no longer right." if new else "Everything that was printed is still right.")
    return redirect(url_for("letters.one", batch_id=batch_id, _anchor="pull"))


@blueprint.post("/letters/<int:batch_id>/pull/<int:planned_id>")
@needs(Permission.LETTERS_RELEASE)
def pull(batch_id: int, planned_id: int) -> ResponseReturnValue:
    """Say that a letter was pulled out of the pile, or that it had gone."""
    outcome, by = request.form.get("outcome", ""), person().email
    try:
        with services().database.write() as session:
            pulls.settle(session, planned_id, outcome, now=now(), by=by)
            staff.audit(
                session, actor=by, action=f"letters.{outcome}", subject=f"message {planned_id}", now=now(), detail={"batch": batch_id}
            )
        flash("Pulled: the family was told nothing." if outcome == pulls.PULLED else "Noted: it had gone already.")
    except PullError as problem:
        flash(str(problem), "warning")
    return redirect(url_for("letters.one", batch_id=batch_id, _anchor="pull"))


@blueprint.get("/letters/<int:batch_id>/batch.pdf")
@needs(Permission.LETTERS_READ)
def whole_pdf(batch_id: int) -> ResponseReturnValue:
    """The whole batch as one tagged document. Whoever may release it settles with this that its files are written."""
    with services().database.read() as session:
        batch = _released(session, batch_id)
        pdf = batches.print_again(batch, services().settings, [letter for letter, _ in batches.pages_of(session, batch_id)])
    if person().may(Permission.LETTERS_RELEASE):
        with services().database.write() as session:
            resolve_key(session, batches.unwritten(batch_id), by=person().email, now=now())
    return _pdf(pdf, f"letters-{batch_id}.pdf")


@blueprint.get("/letters/<int:batch_id>/part-<int:number>.pdf")
@needs(Permission.LETTERS_READ)
def part_pdf(batch_id: int, number: int) -> ResponseReturnValue:
    """One part of a batch."""
    with services().database.read() as session:
        batch = _released(session, batch_id)
        split = _look(session, batch).parts
        if not 1 <= number <= len(split):
            abort(404)
        return _pdf(files.part_pdf(session, batch, services().settings, split[number - 1]), f"letters-{batch_id}-part-{number}.pdf")


@blueprint.get("/letters/<int:batch_id>/manifest.csv")
@needs(Permission.LETTERS_READ)
def manifest(batch_id: int) -> ResponseReturnValue:
    """Which letter stands on which page, for whom."""
    with services().database.read() as session:
        _released(session, batch_id)
        text = files.manifest(session, batch_id)
    return send_file(io.BytesIO(text.encode()), "text/csv", as_attachment=True, download_name=f"letters-{batch_id}.csv")


@blueprint.get("/letters/<int:batch_id>/sample-<locale>.pdf")
@needs(Permission.LETTERS_READ)
def sample(batch_id: int, locale: str) -> ResponseReturnValue:
    """The batch's first letter in one language."""
    with services().database.read() as session:
        batch = _batch(session, batch_id)
        letter = next((letter for letter, _ in batches.pages_of(session, batch_id) if letter.content["own"]["locale"] == locale), None)
        if letter is None:
            abort(404)
        return _pdf(batches.print_again(batch, services().settings, [letter]), f"sample-{batch_id}.pdf")


@blueprint.get("/letters/calibration.pdf")
@needs(Permission.LETTERS_READ)
def calibration_page() -> ResponseReturnValue:
    """The outlines of the envelope's windows."""
    return _pdf(calibration(Measures.of(services().settings), now=now()), "calibration.pdf")


def _look(session: Session, batch: LetterBatch) -> Look:
    settings = services().settings
    letters = batches.pages_of(session, batch.id)
    pages = {letter.planned_id: letter for letter, _ in letters}
    listed = session.scalars(select(LetterPull).where(LetterPull.batch_id == batch.id)).all()
    return Look(
        parts=parts((batches.leaf(letter, settings) for letter, _ in letters), settings),
        languages=Counter(letter.content["own"]["locale"] for letter, _ in letters).most_common(),
        pulls=sorted(((row, pages[row.planned_id]) for row in listed if row.planned_id in pages), key=lambda pair: pair[1].page),
        waiting=sum(_waits(row) for _, row in letters) if batch.state == BatchState.REVOKED else 0,
        respelled=respelled(session, letters),
        mailed=_mailed(session, batch),
    )


def _mailed(session: Session, batch: LetterBatch) -> dict[str, int]:
    states = select(Mailing.state, func.count()).where(Mailing.batch_id == batch.id).group_by(Mailing.state).order_by(Mailing.state)
    return {WITH_THE_HOUSE[MailingState(row[0])]: row[1] for row in session.execute(states)}


def _waits(row: PlannedMessage) -> bool:
    return row.state == State.WAITING


def _batch(session: Session, batch_id: int) -> LetterBatch:
    batch = session.get(LetterBatch, batch_id)
    if batch is None:
        abort(404)
    return batch


def _released(session: Session, batch_id: int) -> LetterBatch:
    """A batch that is printed; of any other there is nothing to print."""
    batch = _batch(session, batch_id)
    if batch.state != BatchState.RELEASED:
        abort(404)
    return batch


def _do(batch_id: int, done: str, act: Callable[[Session], object]) -> ResponseReturnValue:
    """Do something to a batch, or say why it cannot be done any more."""
    try:
        with services().database.write() as session:
            act(session)
            _audit(session, f"letters.{done.replace(' ', '_')}", batches.batch_of(session, batch_id))
        flash(f"Batch {batch_id}: {done}.")
    except BatchError as problem:
        flash(str(problem), "warning")
    except NoSuchBatchError:
        abort(404)
    return redirect(url_for("letters.one", batch_id=batch_id))


def _audit(session: Session, action: str, batch: LetterBatch) -> None:
    detail = {"letters": batch.letters, "state": batch.state}
    staff.audit(session, actor=person().email, action=action, subject=f"letter batch {batch.id}", now=now(), detail=detail)


def _pdf(content: bytes, name: str) -> ResponseReturnValue:
    return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=name)

"""Batches of letters: gathered and checked, looked at by people where the district wants it, released, and taken back before print.

A batch is released in one transaction with exactly what is printed. Until then its letters are rows like any other that waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.delivery import family_codes, instance
from outreach.delivery import letter_returns as returns
from outreach.delivery.letter_rules import BatchError, BatchState, Leaf, move, next_print, ounces
from outreach.delivery.letter_tables import LetterBatch, LetterPage, LetterPull
from outreach.delivery.mail_house import MailingState
from outreach.delivery.mail_house_tables import Mailing
from outreach.messages.compose import Pair
from outreach.messages.letter_content import FRAME, LetterContent, framed
from outreach.messages.letters import Measures, Rendered, render
from outreach.messages.queries import in_force, pair_of
from outreach.planning import release as checks
from outreach.planning.release import Go, Stop
from outreach.planning.situation import Situation
from outreach.planning.states import Channel, State
from outreach.planning.states import move as move_message
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff import queries as accounts

_OPEN = (BatchState.WAITING, BatchState.APPROVED)
_DUE = (State.PLANNED, State.HELD)


class NoSuchBatchError(ValueError):
    """There is no batch of that number."""


@dataclass(frozen=True)
class Gathered:
    """What became of the letters that were due."""

    batch: LetterBatch | None
    unprintable: int


@dataclass(frozen=True)
class _Ready:
    row: PlannedMessage
    go: Go
    letter: LetterContent


@dataclass
class _Printed:
    """Letters that can be set, in their order, and where each stands."""

    items: list[_Ready]
    rendered: Rendered


def batch_of(session: Session, batch_id: int) -> LetterBatch:
    """Return a batch, locked for a change; raises NoSuchBatchError."""
    batch = session.get(LetterBatch, batch_id, with_for_update=True)
    if batch is None:
        sentence = f"There is no letter batch {batch_id}."
        raise NoSuchBatchError(sentence)
    return batch


def gather(session: Session, settings: Settings, now: datetime, by: str) -> Gathered:
    """Check every letter that is due and stands in no open batch, and put those that may go into a new one.

    It is released at once, or waits for as many people as ``letter_approvals`` says.
    """
    due = session.scalars(_due(now).order_by(PlannedMessage.id).with_for_update(skip_locked=True)).all()
    printed, left_out, unprintable = _checked(session, due, settings, now)
    if not printed.items:
        return Gathered(None, unprintable)
    batch = LetterBatch(
        state=BatchState.WAITING,
        prepared_at=now,
        prepared_by=by,
        approved_by=[],
        released_by="",
        letters=0,
        pages=0,
        left_out=left_out,
        revoked_by="",
        why="",
    )
    session.add(batch)
    session.flush()
    _place(session, batch, printed)
    if settings.letter_approvals:
        sentence = f"Letter batch {batch.id} ({batch.letters} letters) waits until somebody has looked at it."
        raise_item(session, kind="letters", key=_waits(batch.id), sentence=sentence, now=now)
    else:
        batch.state = BatchState.APPROVED
        _release(session, batch, printed, settings, now, by)
    return Gathered(batch, unprintable)


def approve(session: Session, batch_id: int, settings: Settings, now: datetime, by: str) -> LetterBatch:
    """Say that a batch may be printed; with two approvals, a second person must say so too. Raises BatchError, NoSuchBatchError."""
    batch = batch_of(session, batch_id)
    move(BatchState(batch.state), BatchState.APPROVED)
    if accounts.addresses(session, by) & set(batch.approved_by):
        message = "You have approved this batch already; a second person must look at it."
        raise BatchError(message)
    batch.approved_by = [*batch.approved_by, by]
    if len(batch.approved_by) >= settings.letter_approvals:
        batch.state = BatchState.APPROVED
        resolve_key(session, _waits(batch.id), by=by, now=now)
    return batch


def release_approved(session: Session, batch_id: int, settings: Settings, now: datetime, by: str) -> Gathered:
    """Release an approved batch: every letter is checked again, and those that may no longer go fall out with their reason.

    Raises BatchError, NoSuchBatchError.
    """
    batch = batch_of(session, batch_id)
    move(BatchState(batch.state), BatchState.RELEASED)
    rows = _rows(session, batch, _DUE)
    printed, left_out, unprintable = _checked(session, rows, settings, now)
    session.execute(delete(LetterPage).where(LetterPage.batch_id == batch.id))
    batch.left_out = dict(Counter(batch.left_out) + Counter(left_out))
    if not printed.items:
        batch.state, batch.revoked_at, batch.revoked_by = move(BatchState.APPROVED, BatchState.REVOKED), now, by
        batch.why = "none of its letters may go any more"
        return Gathered(batch, unprintable)
    _place(session, batch, printed)
    _release(session, batch, printed, settings, now, by)
    return Gathered(batch, unprintable)


def revoke(session: Session, batch_id: int, now: datetime, by: str, why: str) -> LetterBatch:
    """Take a batch back before it goes to print: its letters wait until somebody has them printed after all, or gives them up.

    Raises BatchError, NoSuchBatchError.
    """
    batch = batch_of(session, batch_id)
    state = BatchState(batch.state)
    if state is BatchState.RELEASED and batch.print_at is not None and now >= batch.print_at:
        message = "This batch has gone to print. Pull single letters out of the pile instead."
        raise BatchError(message)
    batch.state, batch.revoked_at, batch.revoked_by, batch.why = move(state, BatchState.REVOKED), now, by, why.strip()
    rows = _rows(session, batch, (*_DUE, State.PRINTED))
    for row in rows:
        _put(row, State.WAITING, _taken_back(batch), now)
    session.execute(delete(LetterPull).where(LetterPull.planned_id.in_([row.id for row in rows])))  # printed anew, looked at anew
    session.execute(delete(Mailing).where(Mailing.batch_id == batch.id))  # none has left: its print hour has not come
    family_codes.end(session, [row.id for row in rows], because="its batch was taken back", now=now)
    for key in (_waits(batch.id), unwritten(batch.id)):
        resolve_key(session, key, by=by, now=now)
    if rows:
        sentence = (
            f"Letter batch {batch.id} was taken back: say on its page whether its {len(rows)} letters go into the next one or are given up."
        )
        raise_item(session, kind="letters", key=_back(batch.id), sentence=sentence, now=now)
    return batch


def settle_revoked(session: Session, batch_id: int, now: datetime, *, again: bool, by: str) -> int:
    """Say of a batch that was taken back whether its letters go into the next one, or are given up; return how many.

    Raises BatchError, NoSuchBatchError.
    """
    batch = batch_of(session, batch_id)
    waiting = _rows(session, batch, (State.WAITING,)) if batch.state == BatchState.REVOKED else []
    rows = [row for row in waiting if row.reason == _taken_back(batch)]
    if not rows:
        message = "None of this batch's letters wait any more."
        raise BatchError(message)
    for row in rows:
        _put(row, State.PLANNED if again else State.CANCELLED, "" if again else f"given up with letter batch {batch.id}", now)
    resolve_key(session, _back(batch.id), by=by, now=now)
    return len(rows)


def _taken_back(batch: LetterBatch) -> str:
    return f"taken back with letter batch {batch.id}"


def pages_of(session: Session, batch_id: int) -> list[tuple[LetterPage, PlannedMessage]]:
    """The letters of a batch in their order."""
    statement = (
        select(LetterPage, PlannedMessage)
        .join(PlannedMessage, PlannedMessage.id == LetterPage.planned_id)
        .where(LetterPage.batch_id == batch_id)
        .order_by(LetterPage.page)
    )
    return [(page, row) for page, row in session.execute(statement)]


def print_again(batch: LetterBatch, settings: Settings, pages: Sequence[LetterPage]) -> bytes:
    """The PDF of some letters of a batch, from what was kept, with the date on which it was released."""
    letters = [LetterContent.from_json(page.content) for page in pages]
    at = batch.released_at or batch.prepared_at
    return render(letters, Measures.of(settings), now=at, title=settings.district_name).pdf


def due_now(session: Session, now: datetime) -> int:
    """How many letters the next batch would look at."""
    return len(session.scalars(_due(now).with_only_columns(PlannedMessage.id)).all())


def leaf(page: LetterPage, settings: Settings) -> Leaf:
    """A letter as paper."""
    return Leaf(page.page, page.pages, Measures.of(settings).sheets(page.pages))


def unwritten(batch_id: int) -> str:
    """The key of what a person sees while a released batch has no files."""
    return f"letters:{batch_id}"


def _waits(batch_id: int) -> str:
    return f"letters:{batch_id}:waits"


def _back(batch_id: int) -> str:
    return f"letters:{batch_id}:taken-back"


def _due(now: datetime) -> Select[PlannedMessage]:
    taken = select(LetterPage.planned_id).join(LetterBatch, LetterBatch.id == LetterPage.batch_id).where(LetterBatch.state.in_(_OPEN))
    return select(PlannedMessage).where(
        PlannedMessage.channel == Channel.LETTER,
        PlannedMessage.state.in_(_DUE),
        PlannedMessage.due_at <= now,
        PlannedMessage.id.not_in(taken),
    )


def _rows(session: Session, batch: LetterBatch, states: Collection[State]) -> Sequence[PlannedMessage]:
    members = select(LetterPage.planned_id).where(LetterPage.batch_id == batch.id)
    statement = select(PlannedMessage).where(PlannedMessage.id.in_(members), PlannedMessage.state.in_(states))
    return session.scalars(statement.order_by(PlannedMessage.id).with_for_update()).all()


def _checked(session: Session, due: Sequence[PlannedMessage], settings: Settings, now: datetime) -> tuple[_Printed, dict[str, int], int]:
    """Check and set letters; say why others are left out, and how many of those could not be set."""
    facts = checks.facts_for(session, due, settings, now)
    large, returned = returns.large_print(session), returns.unconfirmed(session)
    frames = {locale: pair_of(row) for (message, _, locale), row in in_force(session).items() if message == FRAME}
    ready = []
    for row in due:
        item = _check(session, row, facts)
        if item and returned & {(contact, returns.place(item.letter)) for contact in item.go.facts.get("contact_ids", [])}:
            _put(row, State.HELD, returns.REASON, now)
        elif item:
            ready.append(_adorned(session, item, large, frames.get(item.letter.locale), facts))
    ready.sort(key=lambda item: _order(item, settings))
    printed = _set(ready, settings, now)
    failed = dict(printed.rendered.failures)
    for item in ready:
        if reason := failed.get(item.letter.letter_id):
            _hold(session, item.row, reason, now)
    kept = {item.row.id for item in printed.items}
    left_out = Counter(row.reason.partition(":")[0].partition(" (")[0] for row in due if row.id not in kept)
    return printed, dict(left_out), len(failed)


def _check(session: Session, row: PlannedMessage, facts: Situation) -> _Ready | None:
    try:
        verdict = checks.check(session, row, facts.settings, facts.now, facts=facts)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this letter, the others are sound
        _hold(session, row, f"it cannot be checked ({type(error).__name__})", facts.now)
        return None
    if isinstance(verdict, Stop):
        _put(row, verdict.state, verdict.reason, facts.now)
        return None
    return _Ready(row, verdict, verdict.letter) if verdict.letter else None


def _adorned(session: Session, item: _Ready, large: set[str], frame: Pair | None, facts: Situation) -> _Ready:
    """The letter as this district prints it and this household reads, with the code of its family page where there is one.

    Without approved words around it (*frame*) it has neither the months nor a code.
    """
    settings, go = facts.settings, item.go
    letter = item.letter if settings.letter_english_copy else replace(item.letter, copy=None)
    link = frame and family_codes.issue(
        session,
        item.row,
        contact_ids=go.facts.get("contact_ids", []),
        student_ids=go.student_ids,
        locale=go.language,
        settings=settings,
        now=facts.now,
    )
    letter = framed(letter, frame, url=link.url, typed=link.typed, code=link.code) if link else framed(letter, frame)
    reads_large = settings.letter_large_print or not large.isdisjoint(item.go.facts.get("contact_ids", []))
    return replace(item, letter=replace(letter, large=reads_large))


def _order(item: _Ready, settings: Settings) -> tuple[str | int, ...]:
    keys = {"school": item.row.school_id, "language": item.letter.locale, "postal_code": postal_code(item.letter)}
    return (*(keys[name] for name in settings.letter_sort), item.row.household, item.row.id)


def postal_code(letter: LetterContent) -> str:
    """The code the letter is sorted by: the last word of the address, of which a ZIP+4 counts as well."""
    return letter.address_lines[-1].rpartition(" ")[2]


def _set(ready: Sequence[_Ready], settings: Settings, now: datetime) -> _Printed:
    """Set letters in their order, the heavier ones after the lighter ones: what is stamped alike lies together."""
    measures = Measures.of(settings)

    def weigh(pages: int) -> int:
        return ounces(measures.sheets(pages), settings)

    rendered = render([item.letter for item in ready], measures, now=now, title=settings.district_name, weigh=weigh)
    items = [item for item in ready if item.letter.letter_id in rendered.pages]
    return _Printed(sorted(items, key=lambda item: rendered.pages[item.letter.letter_id]), rendered)


def _place(session: Session, batch: LetterBatch, printed: _Printed) -> None:
    """Write down where each letter stands, and what is printed of it; a letter of a batch that was taken back moves here."""
    found = printed.rendered
    for item in printed.items:
        name = item.letter.letter_id
        content = item.letter.to_json()
        session.merge(
            LetterPage(
                planned_id=item.row.id,
                batch_id=batch.id,
                letter_id=name,
                page=found.pages[name],
                pages=found.lengths[name],
                content=content,
            )
        )
    batch.letters, batch.pages = len(printed.items), sum(found.lengths.values())
    counted = (child["as_of"] for item in printed.items for child in item.go.facts.get("children", []))
    batch.oldest_day = min(map(date.fromisoformat, counted), default=None)


def _release(session: Session, batch: LetterBatch, printed: _Printed, settings: Settings, now: datetime, by: str) -> None:
    """The batch's release is that of its letters; until its files are written, a person sees they are not. Raises BatchError in a copy."""
    if instance.is_held(session):
        sentence = f"Nothing is printed: {instance.HELD}."
        raise BatchError(sentence)
    for item in printed.items:
        row, go = item.row, item.go
        _put(row, State.PRINTED, "", now)
        row.language, row.approval_id = go.language, go.approval_id
        row.facts, row.student_ids = go.facts, list(go.student_ids)
        row.sent_at = row.claimed_at = now
    batch.state = move(BatchState(batch.state), BatchState.RELEASED)
    batch.released_at, batch.released_by, batch.print_at = now, by, next_print(now, settings)
    if settings.mail_house != "none":
        _give_to_house(session, batch, printed, batch.print_at)
        return
    sentence = f"Letter batch {batch.id} was released, but its files were not written: run outreach letters with --batch {batch.id}."
    raise_item(session, kind="letters", key=unwritten(batch.id), sentence=sentence, now=now)


def _give_to_house(session: Session, batch: LetterBatch, printed: _Printed, at: datetime) -> None:
    """Plan the letters for the mail house at the batch's print hour: nobody here writes files of them."""
    session.add_all(
        Mailing(
            planned_id=item.row.id, batch_id=batch.id, state=MailingState.PLANNED.value, reason="", due_at=at, claimed_at=None,
            clean_passes=0, asked_again=0, house_id="", taken_at=None,
        )
        for item in printed.items
    )  # fmt: skip


def _hold(session: Session, row: PlannedMessage, reason: str, now: datetime) -> None:
    _put(row, State.HELD, f"cannot be printed: {reason}", now)
    sentence = f"Letter {checks.letter_code(row)} cannot be printed; its reason stands on the delivery page."
    raise_item(
        session, kind="letter", key=f"letter:{row.id}", sentence=sentence, now=now, school_id=row.school_id, detail={"planned": row.id}
    )


def _put(row: PlannedMessage, state: State, reason: str, now: datetime) -> None:
    row.state, row.reason, row.changed_at = move_message(State(row.state), state), reason, now

"""The *pull these* list: printed letters that are no longer right while they may still lie in the district's own hands.

A letter has left when its batch is released; what changes later cannot stop it, only a person can who takes it out of the pile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.profiles import in_figures
from outreach.attendance.queries import StudentCount, student_counts
from outreach.attention.actions import raise_item, resolve_key
from outreach.delivery import family_codes
from outreach.delivery.letter_rules import BatchState
from outreach.delivery.letter_tables import LetterBatch, LetterPage, LetterPull
from outreach.delivery.mail_house import MailingState
from outreach.delivery.mail_house_tables import Mailing
from outreach.district.normalising import for_post
from outreach.district.people import Adult
from outreach.messages import postal
from outreach.planning import situation
from outreach.planning.reasons import Reason
from outreach.planning.situation import Situation
from outreach.planning.states import State, move
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

PULLED, GONE = "pulled", "gone"


class PullError(ValueError):
    """The letter is not on the list any more."""


@dataclass(frozen=True)
class _Letter:
    page: LetterPage
    row: PlannedMessage

    @property
    def children(self) -> Sequence[Mapping[str, str]]:
        told: Sequence[Mapping[str, str]] = self.row.facts.get("children", [])
        return told


def look(session: Session, settings: Settings, now: datetime, *, only: Collection[int] | None = None) -> int:
    """Put every printed letter on the list that is not right any more; return how many are new. Again changes nothing.

    Looks at batches released in the last ``letter_pull_days``: after that they are with the families, and a wrong number is corrected.
    What a mail house has is out of reach, too. With *only*, looks at those messages and no others.
    """
    letters = _printed(session, now - timedelta(days=settings.letter_pull_days), only)
    if not letters:
        return 0
    students = {student_id for letter in letters for student_id in letter.row.student_ids}
    facts = situation.load(session, students, settings=settings, now=now)
    counts = _counts(session, letters)
    new: defaultdict[int, int] = defaultdict(int)
    for letter in letters:
        if reason := next(_wrong(letter, facts, counts), ""):
            batch = letter.page.batch_id
            session.add(
                LetterPull(
                    planned_id=letter.row.id, batch_id=batch, reason=reason, found_at=now, outcome="", settled_at=None, settled_by=""
                )
            )
            new[batch] += 1
    session.flush()
    for batch, found in new.items():
        sentence = f"Letter batch {batch}: {found} printed letters are no longer right. Pull them out before the batch is posted."
        raise_item(session, kind="letters", key=_key(batch), sentence=sentence, now=now, urgent=True)
    return sum(new.values())


def settle(session: Session, planned_id: int, outcome: str, *, now: datetime, by: str) -> LetterPull:
    """Say that a letter was taken out of the pile (``pulled``: the family was told nothing), or that it had gone. Raises PullError."""
    pull = session.get(LetterPull, planned_id, with_for_update=True)
    if pull is None or pull.outcome or outcome not in {PULLED, GONE}:
        message = "Somebody has settled this letter meanwhile."
        raise PullError(message)
    pull.outcome, pull.settled_at, pull.settled_by = outcome, now, by
    row = session.get_one(PlannedMessage, planned_id, with_for_update=True)
    if outcome == PULLED and row.state == State.PRINTED:
        row.state, row.reason, row.changed_at = move(State.PRINTED, State.CANCELLED), f"pulled before it was posted: {pull.reason}", now
    if outcome == PULLED:
        family_codes.end(session, [planned_id], because="the letter was pulled", now=now)
    session.flush()
    if not open_pulls(session, pull.batch_id):
        resolve_key(session, _key(pull.batch_id), by=by, now=now)
    return pull


def open_pulls(session: Session, batch_id: int) -> Sequence[LetterPull]:
    """The letters of a batch that a person has still to look for."""
    return session.scalars(select(LetterPull).where(LetterPull.batch_id == batch_id, LetterPull.outcome == "")).all()


def _printed(session: Session, since: datetime, only: Collection[int] | None) -> list[_Letter]:
    listed, posted = select(LetterPull.planned_id), select(Mailing.planned_id).where(Mailing.state != MailingState.PLANNED)
    statement = (
        select(LetterPage, PlannedMessage)
        .join(PlannedMessage, PlannedMessage.id == LetterPage.planned_id)
        .join(LetterBatch, LetterBatch.id == LetterPage.batch_id)
        .where(
            LetterBatch.state == BatchState.RELEASED,
            LetterBatch.released_at > since if only is None else PlannedMessage.id.in_(only),
            PlannedMessage.state == State.PRINTED,
            PlannedMessage.id.not_in(listed),
            PlannedMessage.id.not_in(posted),
        )
        .order_by(LetterPage.batch_id, LetterPage.page)
    )
    return [_Letter(page, row) for page, row in session.execute(statement)]


def _counts(session: Session, letters: Sequence[_Letter]) -> dict[tuple[str, date], StudentCount]:
    """What is known today of the days that were printed: each child's count up to the day its letter names."""
    asked: defaultdict[date, set[str]] = defaultdict(set)
    for letter in letters:
        for child in letter.children:
            asked[date.fromisoformat(child["as_of"])].add(child["student_id"])
    return {
        (student_id, as_of): counted
        for as_of, some in asked.items()
        for student_id, counted in student_counts(session, as_of, students=some).items()
    }


def _wrong(letter: _Letter, facts: Situation, counts: Mapping[tuple[str, date], StudentCount]) -> Iterator[str]:
    """Why a letter is not right any more, the gravest reason first."""
    standings = [facts.standing(child["student_id"]) for child in letter.children]
    yield from sorted(filter(None, standings), key=lambda reason: reason != Reason.DECEASED)
    adults = {adult.contact_id: adult for home in facts.households for adult in home.adults}
    named = letter.row.facts.get("contact_ids", [])
    for child in letter.children:
        for contact_id in named:
            adult = adults.get(contact_id)
            refusal = facts.permissions.refusal(adult, child["student_id"]) if adult else Reason.NO_CONTACT
            if refusal:
                yield refusal
    no_post = [facts.permissions.no_post(adults[contact_id]) for contact_id in named if contact_id in adults]
    if Reason.ADDRESS_PROTECTED in no_post or (no_post and all(no_post)):
        yield Reason.ADDRESS_PROTECTED if Reason.ADDRESS_PROTECTED in no_post else no_post[0]
    if named and named[0] in adults and (reason := _moved(letter, adults[named[0]])):
        yield reason
    for child in letter.children:
        counted = counts.get((child["student_id"], date.fromisoformat(child["as_of"])))
        if counted is None or counted.count.unknown or not counted.count.calendar_known:
            yield "the count is not known any more"
        elif (figure := in_figures(counted.count.absent)) != child["days_absent"]:
            yield f"the count changed: {child['days_absent']} printed, {figure} now"


def _moved(letter: _Letter, adult: Adult) -> str:
    place = for_post(adult)
    try:
        lines = postal.place_lines(postal.Address((), place.line1, place.line2, place.city, place.state, place.postal_code))
    except postal.AddressError:
        return "the address is not usable any more"
    return "" if list(lines) == letter.page.content["place_lines"] else "the address changed"


def _key(batch_id: int) -> str:
    return f"letters:{batch_id}:pull"

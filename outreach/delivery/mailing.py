"""Released letters to the mail house, by the outbox's rules: a row first, claimed under a lock, asked for once, never blindly again.

The row is written with the release of its batch and leaves at the batch's print hour. Until then the batch can be taken back, and what
is no longer right is pulled here by itself: no paper lies anywhere yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.attention.queries import is_open
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery import instance
from outreach.delivery import letter_batches as batches
from outreach.delivery import letter_pulls as pulls
from outreach.delivery import letter_returns as returns
from outreach.delivery.letter_tables import LetterBatch, LetterPage, LetterPull
from outreach.delivery.mail_house import HouseAnswer, MailHouse, MailingState, Piece, Said, move
from outreach.delivery.mail_house_tables import Mailing
from outreach.district import queries as district
from outreach.district.normalising import for_post
from outreach.messages.letter_content import LetterContent
from outreach.messages.postal import Address
from outreach.planning import brakes
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

SET_UP = "mail-house:set-up"
"""While an item of this key is open nothing leaves: the account is not as it should be."""
_AT_ONCE = 5
"""Letters in one claim: what leaves well within the lease."""
_LEASE = timedelta(minutes=10)
_SOON, _LATER = timedelta(minutes=2), timedelta(minutes=15)
_WATCHED = timedelta(days=45)
"""How long after it was taken a letter may come back."""
_BY = "mail house"


@dataclass(frozen=True)
class _Claimed:
    planned_id: int
    claimed_at: datetime | None
    piece: Piece


def mail_due(database: Database, house: MailHouse | None, settings: Settings, clock: Clock) -> Counter[str]:
    """Hand over what is due, and return how many went which way. Any number of workers may do this at once."""
    done: Counter[str] = Counter()
    if house is None or instance.held(database, clock.now()):
        return done
    _give_up_lost(database, clock.now())
    while (planned_ids := _claim(database, settings, clock.now(), done)) is not None:
        for item in _pieces(database, planned_ids, settings):
            if not _still_ours(database, item):
                done["put back"] += 1
                continue
            done[_record(database, item.planned_id, house.mail(item.piece), clock.now())] += 1
    return done


def _due(now: datetime) -> Select[Mailing, PlannedMessage]:
    due = select(Mailing, PlannedMessage).join(PlannedMessage, PlannedMessage.id == Mailing.planned_id)
    return due.where(Mailing.state == MailingState.PLANNED, Mailing.due_at <= now).order_by(Mailing.planned_id)


def _claim(database: Database, settings: Settings, now: datetime, done: Counter[str]) -> list[int] | None:
    """Claim those of a handful that are still right; the commit of ``sending`` lets each go. None: nothing is due."""
    with database.read() as session:
        if is_open(session, SET_UP) or session.execute(_due(now).limit(1)).first() is None:
            return None
    with database.write() as session:
        rows = session.execute(_due(now).limit(_AT_ONCE).with_for_update(skip_locked=True, of=Mailing)).all()
        ids = [mailing.planned_id for mailing, _ in rows]
        pulls.look(session, settings, now, only=ids)
        pulled = {pull.planned_id: pull for pull in session.scalars(select(LetterPull).where(LetterPull.planned_id.in_(ids)))}
        stopped = brakes.standing(session)
        for mailing, row in rows:
            if mailing.planned_id in pulled or row.state != State.PRINTED:
                _pull(session, mailing, pulled.get(mailing.planned_id), now)
                done[MailingState.CANCELLED] += 1
            elif stopped.holds(brakes.Kind.STOP, row.school_id):
                mailing.due_at, mailing.reason = now + _LATER, "stopped: a person pressed the stop button"
                done["held"] += 1
            else:
                _put(mailing, MailingState.SENDING, "")
                mailing.claimed_at, mailing.clean_passes = now, 0
        return [mailing.planned_id for mailing, _ in rows if mailing.state == MailingState.SENDING]


def _pieces(database: Database, planned_ids: Sequence[int], settings: Settings) -> list[_Claimed]:
    """Each letter's very page, and in its parts the address that is printed on it: another one would have been pulled at the claim."""
    with database.read() as session:
        rows = session.scalars(select(PlannedMessage).where(PlannedMessage.id.in_(planned_ids)).order_by(PlannedMessage.id)).all()
        adults = {adult.contact_id: adult for adult in district.named_adults(session, {row.facts["contact_ids"][0] for row in rows})}
        found = []
        for row in rows:
            page, mailing = session.get_one(LetterPage, row.id), session.get_one(Mailing, row.id)
            letter, place = LetterContent.from_json(page.content), for_post(adults[row.facts["contact_ids"][0]])
            names = letter.address_lines[: -len(letter.place_lines)]
            pdf = batches.print_again(session.get_one(LetterBatch, page.batch_id), settings, [page])
            piece = Piece(row.ref, Address(tuple(names), place.line1, place.line2, place.city, place.state, place.postal_code), pdf)
            found.append(_Claimed(row.id, mailing.claimed_at, piece))
    return found


def _pull(session: Session, mailing: Mailing, pull: LetterPull | None, now: datetime) -> None:
    _put(mailing, MailingState.CANCELLED, pull.reason if pull else "its message changed meanwhile")
    if pull is not None and not pull.outcome:
        pulls.settle(session, mailing.planned_id, pulls.PULLED, now=now, by=_BY)


def _still_ours(database: Database, item: _Claimed) -> bool:
    """The last read before the request: nobody gave the claim up, pulled the letter or pressed stop since."""
    with database.read() as session:
        mailing, row = session.get_one(Mailing, item.planned_id), session.get_one(PlannedMessage, item.planned_id)
        ours = mailing.state == MailingState.SENDING and mailing.claimed_at == item.claimed_at
        pulled = session.get(LetterPull, item.planned_id) is not None or row.state != State.PRINTED
        held = is_open(session, SET_UP) or brakes.standing(session).holds(brakes.Kind.STOP, row.school_id)
    if ours and (pulled or held):
        with database.write() as session:
            mailing = session.get_one(Mailing, item.planned_id, with_for_update=True)
            if mailing.state == MailingState.SENDING and mailing.claimed_at == item.claimed_at:
                _put(mailing, MailingState.PLANNED, "")
        return False
    return ours


def _record(database: Database, planned_id: int, answer: HouseAnswer, now: datetime) -> str:
    """Write down what the mail house said, and put before a person what needs one."""
    with database.write() as session:
        mailing = session.get_one(Mailing, planned_id, with_for_update=True)
        if mailing.state == MailingState.TAKEN:
            return MailingState.TAKEN  # its list was faster
        match answer.said:
            case Said.TAKEN:
                _taken(session, mailing, answer.house_id, now)
            case Said.UNCERTAIN:
                if mailing.state == MailingState.SENDING:
                    _put(mailing, MailingState.UNCERTAIN, "no clear answer from the mail house; being looked up")
                mailing.due_at = now + _SOON
            case Said.LATER:
                _again(mailing, answer.detail, now + _SOON)
            case Said.NOT_OURS:
                _again(mailing, answer.detail, now + _LATER)
                sentence = (
                    f"The mail house takes nothing from us: {answer.detail}. No letter leaves until this is mended and marked as done here."
                )
                raise_item(session, kind="letters", key=SET_UP, sentence=sentence, now=now, urgent=True)
            case Said.BAD_ADDRESS | Said.BAD_LETTER:
                _refused(session, mailing, answer, now)
        return mailing.state


def _again(mailing: Mailing, reason: str, at: datetime) -> None:
    _put(mailing, MailingState.PLANNED, reason)
    mailing.due_at = at


def _taken(session: Session, mailing: Mailing, house_id: str, now: datetime) -> None:
    _put(mailing, MailingState.TAKEN, "")
    mailing.house_id, mailing.taken_at = house_id, now
    resolve_key(session, _lost(mailing.planned_id), by=_BY, now=now)


def _refused(session: Session, mailing: Mailing, answer: HouseAnswer, now: datetime) -> None:
    _put(mailing, MailingState.REFUSED, answer.detail)
    page, row = session.get_one(LetterPage, mailing.planned_id), session.get_one(PlannedMessage, mailing.planned_id, with_for_update=True)
    if answer.said is Said.BAD_ADDRESS:
        returns.came_back(session, page, row, now=now, by=_BY, why="no post arrives at this address, says the mail house")
        return
    returns.undelivered(row, f"the mail house refused it: {answer.detail}", now)
    sentence = f"The mail house refused letter {page.letter_id}: {answer.detail}. Print it here, or tell IT."
    raise_item(
        session, kind="letter", key=f"letter:{row.id}", sentence=sentence, now=now, school_id=row.school_id, detail={"planned": row.id}
    )


def _give_up_lost(database: Database, now: datetime) -> None:
    """A claim whose worker is gone may or may not have reached the mail house: only its list can tell."""
    lost = select(Mailing).where(Mailing.state == MailingState.SENDING, Mailing.claimed_at < now - _LEASE)
    with database.read() as session:
        if session.scalar(lost.with_only_columns(Mailing.planned_id).limit(1)) is None:
            return
    with database.write() as session:
        for mailing in session.scalars(lost.with_for_update(skip_locked=True)):
            _put(mailing, MailingState.UNCERTAIN, "no answer from the mail house; being looked up")
            mailing.due_at = now


def reconcile(database: Database, house: MailHouse | None, clock: Clock) -> None:
    """Look letters without a clear answer up in the mail house's list: found, they are ours; missing twice, they are asked once more."""
    now = clock.now()
    doubtful = select(Mailing).where(Mailing.state == MailingState.UNCERTAIN, Mailing.due_at <= now)
    with database.read() as session:
        asked = [
            (row.id, row.ref)
            for row in session.scalars(select(PlannedMessage).where(PlannedMessage.id.in_(doubtful.with_only_columns(Mailing.planned_id))))
        ]
    for planned_id, ref in asked if house else ():
        assert house is not None  # noqa: S101 - nothing is asked without one
        try:
            house_id = house.find(ref)
        except OSError:
            continue
        with database.write() as session:
            mailing = session.get_one(Mailing, planned_id, with_for_update=True)
            if mailing.state == MailingState.UNCERTAIN:
                _settle(session, mailing, house_id, now)


def _settle(session: Session, mailing: Mailing, house_id: str, now: datetime) -> None:
    if house_id:
        _taken(session, mailing, house_id, now)
        return
    mailing.clean_passes, mailing.due_at = mailing.clean_passes + 1, now + _LATER
    if mailing.clean_passes < 2:  # noqa: PLR2004 - a list may be a moment behind
        return
    if not mailing.asked_again:
        mailing.asked_again = 1
        _again(mailing, "the mail house does not have it; asked once more", now)
        return
    page, row = session.get_one(LetterPage, mailing.planned_id), session.get_one(PlannedMessage, mailing.planned_id)
    sentence = f"Letter {page.letter_id} was handed to the mail house twice without an answer, and is not on its list. Ask them."
    raise_item(session, kind="letter", key=_lost(row.id), sentence=sentence, now=now, school_id=row.school_id, detail={"planned": row.id})


def look_for_returns(database: Database, house: MailHouse | None, clock: Clock) -> int:
    """Take in what the post brought back to the mail house; return how many letters that were. Again changes nothing."""
    now = clock.now()
    watched = select(Mailing.house_id).where(Mailing.state == MailingState.TAKEN, Mailing.taken_at > now - _WATCHED)
    with database.read() as session:
        known = set(session.scalars(watched))
    if house is None or not known:
        return 0
    try:
        back = known & set(house.returned(now - _WATCHED))
    except OSError:
        return 0
    with database.write() as session:
        for mailing in session.scalars(select(Mailing).where(Mailing.house_id.in_(back)).with_for_update()):
            _put(mailing, MailingState.RETURNED, "brought back by the post")
            page, row = session.get_one(LetterPage, mailing.planned_id), session.get_one(PlannedMessage, mailing.planned_id)
            returns.came_back(session, page, row, now=now, by=_BY)
    return len(back)


def _put(mailing: Mailing, to: MailingState, reason: str) -> None:
    mailing.state, mailing.reason = move(MailingState(mailing.state), to).value, reason


def _lost(planned_id: int) -> str:
    return f"mail-house:{planned_id}"

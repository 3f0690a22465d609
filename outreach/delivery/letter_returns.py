"""Returned mail: a letter that came back makes its address one that is not used again until a person has confirmed it.

And large print, which is set for an adult and holds for every letter that names them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.delivery import family_codes
from outreach.delivery.following import like
from outreach.delivery.letter_tables import LargePrint, LetterPage, ReturnedMail
from outreach.messages.letter_content import LetterContent
from outreach.planning.queries import open_episodes_of
from outreach.planning.states import State, move
from outreach.planning.tables import PlannedEpisode, PlannedMessage

REASON = "returned mail: post came back from this address; a person must confirm it or find another"
_NUMBER = re.compile(r"\s*[Ll]?\s*0*(\d{1,9})\s*")


class UnknownLetterError(ValueError):
    """No printed letter of your schools has that number."""


def find(session: Session, typed: str, sees: Callable[[str], bool]) -> tuple[LetterPage, PlannedMessage]:
    """The printed letter whose number was scanned or typed ("L000142", "l142", "142"), at a school that the person *sees*.

    Raises UnknownLetterError.
    """
    number = _NUMBER.fullmatch(typed)
    page = session.scalars(select(LetterPage).where(LetterPage.letter_id == f"L{int(number[1]):06d}")).first() if number else None
    row = session.get(PlannedMessage, page.planned_id, with_for_update=True) if page else None
    if page is None or row is None or not sees(row.school_id) or row.state not in {State.PRINTED, State.UNDELIVERED, State.CANCELLED}:
        message = "No printed letter of your schools has that number. It stands at the foot of the first page, such as L000142."
        raise UnknownLetterError(message)
    return page, row


def came_back(
    session: Session, page: LetterPage, row: PlannedMessage, *, now: datetime, by: str, why: str = "returned by the post"
) -> None:
    """Note that a letter came back, and put its address before a person. Noted again, it is the newer news."""
    undelivered(row, why, now)
    family_codes.end(session, [row.id], because="the letter came back", now=now)
    where = place(LetterContent.from_json(page.content))
    for contact_id in row.facts.get("contact_ids", []):
        session.merge(
            ReturnedMail(
                contact_id=contact_id,
                place=where,
                planned_id=row.id,
                returned_at=now,
                returned_by=by,
                confirmed_at=None,
                settled_at=None,
                settled_by="",
            )
        )
    sentence = f"Letter {page.letter_id} came back: find out where the family lives now. Nothing is sent to the old address until then."
    raise_item(session, kind="address", key=_key(row.id), sentence=sentence, now=now, school_id=row.school_id, detail={"planned": row.id})


def undelivered(row: PlannedMessage, why: str, now: datetime) -> None:
    """Say of a printed letter that it did not arrive."""
    if row.state == State.PRINTED:
        row.state, row.reason, row.changed_at = move(State.PRINTED, State.UNDELIVERED), why, now


def settle(session: Session, row: PlannedMessage, *, confirmed: bool, now: datetime, by: str) -> None:
    """End the search after a letter that came back: its address is *confirmed* and used again, or another one is known by now."""
    for back in session.scalars(select(ReturnedMail).where(ReturnedMail.planned_id == row.id, ReturnedMail.settled_at.is_(None))):
        back.settled_at, back.settled_by = now, by
        back.confirmed_at = now if confirmed else None
    resolve_key(session, _key(row.id), by=by, now=now)
    _write_again(session, row, now)


def _write_again(session: Session, row: PlannedMessage, now: datetime) -> None:
    """Let the family be told after all what came back, where it still holds: a row of its own, checked at its release like any other."""
    key = f"again:{row.id}"
    is_planned = session.scalar(select(PlannedMessage.id).where(PlannedMessage.once_key == key)) is not None
    if row.state != State.UNDELIVERED or is_planned or not open_episodes_of(session, row.id):
        return
    again = like(row, now, once_key=key, due_at=now, expires_at=None, created_by="letter that came back")
    session.add(again)
    session.flush()
    session.execute(update(PlannedEpisode).where(PlannedEpisode.planned_id == row.id).values(planned_id=again.id))


def unconfirmed(session: Session) -> set[tuple[str, str]]:
    """Contacts, each with the address to which nothing is sent."""
    rows = session.execute(select(ReturnedMail.contact_id, ReturnedMail.place).where(ReturnedMail.confirmed_at.is_(None)))
    return {(row.contact_id, row.place) for row in rows}


def place(letter: LetterContent) -> str:
    """The lines of a letter's address below the names."""
    return "\n".join(letter.place_lines)


def large_print(session: Session) -> set[str]:
    """The adults whose letters are in large print."""
    return set(session.scalars(select(LargePrint.contact_id)))


def set_large_print(session: Session, contact_ids: Collection[str], *, large: bool, now: datetime, by: str) -> None:
    """Say whether letters that name some adults are in large print from now on."""
    for contact_id in contact_ids:
        known = session.get(LargePrint, contact_id)
        if large and known is None:
            session.add(LargePrint(contact_id=contact_id, since=now, by=by))
        elif not large and known is not None:
            session.delete(known)


def _key(planned_id: int) -> str:
    return f"returned:{planned_id}"

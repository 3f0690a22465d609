"""What staff write into the ledger by hand: a stop that was said to them, a consent on paper, letters that are wanted again.

None of it lifts a stop that a family texted: only the family's START does. Letters know no START, so there staff write down who asked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from outreach.consent.actions import record
from outreach.consent.queries import PhoneConsent, is_post, state
from outreach.consent.states import Kind, Source

_FAMILYS = {Source.FAMILY.value, Source.CARRIER.value}


class ConsentError(RuntimeError):
    """What was asked of the ledger cannot be done."""


class Word(StrEnum):
    """What a person may write down of a number, or of a contact's letters."""

    STOP = "stop"
    AGREED = "agreed"
    """In writing, to texts on this number."""
    LETTERS_AGAIN = "letters_again"
    RIGHT_NUMBER = "right_number"
    """A number that is not texted (wrong, no mobile) turned out to be good."""


def may_say(now_stands: PhoneConsent) -> tuple[Word, ...]:
    """What can be written down of a name of the ledger as it stands, the likeliest last: pure."""
    by = set(now_stands.opted_out_by.split())
    post = is_post(now_stands.phone)
    words = {
        Word.STOP: not by,
        Word.RIGHT_NUMBER: not post and bool(now_stands.suppressed) and not by & _FAMILYS,
        Word.AGREED: not post and not by - {Source.STAFF} and (bool(by) or not now_stands.verified) and not now_stands.suppressed,
        Word.LETTERS_AGAIN: post and bool(by),
    }
    return tuple(word for word, may in words.items() if may)


def say(session: Session, name: str, word: Word, *, why: str, by: str, now: datetime) -> PhoneConsent:
    """Write *word* down of a number (E.164) or of ``queries.post`` of a contact; *why* is who said so, when and how.

    Raises ConsentError where there is no reason, or where the ledger as it stands does not allow it.
    """
    if not why.strip():
        message = "Write down who said so, and when."
        raise ConsentError(message)
    before = state(session, name)
    if word not in may_say(before):
        raise ConsentError(_why_not(before, word))
    _WRITE[word](session, name, why.strip(), by, now)
    return state(session, name)


def _why_not(before: PhoneConsent, word: Word) -> str:
    by = set(before.opted_out_by.split())
    if by & _FAMILYS and word in {Word.AGREED, Word.RIGHT_NUMBER}:
        return "The family stopped texts to this number. Only their own START, from this phone, lifts that."
    if Source.FEED in by and word is Word.AGREED:
        return "The student information system says no texts to this number. Change it there; the next feed brings it here."
    return "Somebody wrote this down already, or it changed meanwhile. Look again."


def _stop(session: Session, name: str, why: str, by: str, now: datetime) -> None:
    record(session, name, Kind.OPT_OUT, source=Source.STAFF, by=by, now=now, note=why)


def _agreed(session: Session, name: str, why: str, by: str, now: datetime) -> None:
    """Lift what staff stopped, and take the paper for the confirmation of the number, too."""
    for kind in (Kind.OPT_IN, Kind.VERIFIED):
        record(session, name, kind, source=Source.STAFF, by=by, now=now, note=why)


def _letters_again(session: Session, name: str, why: str, by: str, now: datetime) -> None:
    """It is the family's word, which lifts every stop; *by* says who heard it."""
    record(session, name, Kind.OPT_IN, source=Source.FAMILY, by=by, now=now, note=why)


def _right_number(session: Session, name: str, why: str, by: str, now: datetime) -> None:
    record(session, name, Kind.UNSUPPRESSED, source=Source.STAFF, by=by, now=now, note=why)


_WRITE: dict[Word, Callable[[Session, str, str, str, datetime], None]] = {
    Word.STOP: _stop,
    Word.AGREED: _agreed,
    Word.LETTERS_AGAIN: _letters_again,
    Word.RIGHT_NUMBER: _right_number,
}

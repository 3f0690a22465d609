"""The ledger as people read it: what stands of texts and letters, who said so, and every statement that was ever made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, literal, or_, select
from sqlalchemy.orm import Session

from outreach.consent.queries import chunks, contact_of_post, is_post, post
from outreach.consent.tables import ConsentEntry, NumberReader, PhoneState
from outreach.district import corrections
from outreach.district.tables import ContactPhone, Enrolment, StudentContact


@dataclass(frozen=True)
class Page:
    """Some of the numbers and letters that are stopped, the latest change first, and how many there are in all."""

    rows: Sequence[PhoneState]
    total: int


def stopped(session: Session, schools: frozenset[str] | None, *, limit: int, offset: int = 0) -> Page:
    """What nothing is sent to, because somebody stopped it or because it must not be texted, of *schools* (None: the whole district)."""
    held = or_(PhoneState.opted_out, PhoneState.suppressed != "")
    asked = select(PhoneState).where(held, _within(schools))
    total = session.scalar(select(func.count()).select_from(PhoneState).where(held, _within(schools))) or 0
    rows = session.scalars(asked.order_by(PhoneState.changed_at.desc(), PhoneState.phone).limit(limit).offset(offset)).all()
    return Page(rows, total)


def names(session: Session, schools: frozenset[str] | None) -> list[str]:
    """Every number and every contact's letters of which the ledger holds a statement, in order."""
    return list(session.scalars(select(PhoneState.phone).where(_within(schools)).order_by(PhoneState.phone)))


def entries(session: Session, wanted: Collection[str]) -> dict[str, list[ConsentEntry]]:
    """Every statement about *wanted* names of the ledger, the first one first."""
    found: defaultdict[str, list[ConsentEntry]] = defaultdict(list)
    for part in chunks(sorted(wanted)):
        for row in session.scalars(select(ConsentEntry).where(ConsentEntry.phone.in_(part)).order_by(ConsentEntry.id)):
            found[row.phone].append(row)
    return found


def readers(session: Session, phones: Collection[str]) -> list[NumberReader]:
    """Who has shown that they read a number that strangers share."""
    rows = select(NumberReader).where(NumberReader.phone.in_(phones)).order_by(NumberReader.at)
    return list(session.scalars(rows))


def holders(session: Session, wanted: Iterable[str], schools: frozenset[str] | None) -> dict[str, list[str]]:
    """Name of the ledger → the contacts whose it is and who have a child at one of *schools*; names without any are absent."""
    asked = set(wanted)
    pairs = {(name, contact_of_post(name)) for name in asked if is_post(name)}
    pairs |= {(number, who) for number, who in corrections.read(session).new_numbers() if number in asked}
    for part in chunks(sorted(name for name in asked if not is_post(name))):
        rows = session.execute(select(ContactPhone.e164, ContactPhone.contact_id).where(ContactPhone.e164.in_(part)))
        pairs |= {(row.e164, row.contact_id) for row in rows}
    mine = _contacts(session, {who for _, who in pairs}, schools)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, who in sorted(pairs):
        if who in mine:
            found[name].append(who)
    return found


def _contacts(session: Session, asked: set[str], schools: frozenset[str] | None) -> set[str]:
    if schools is None:
        return asked
    found: set[str] = set()
    for part in chunks(sorted(asked)):
        found |= set(session.scalars(_of_schools(schools).where(StudentContact.contact_id.in_(part))))
    return found


def _of_schools(schools: frozenset[str]) -> Select[str]:
    """The contacts of children who attend, or attended, some schools."""
    tied = select(StudentContact.contact_id).join(Enrolment, Enrolment.student_id == StudentContact.student_id)
    return tied.where(Enrolment.school_id.in_(schools))


def _within(schools: frozenset[str] | None) -> ColumnElement[bool]:
    """Names of the ledger that belong to a contact of *schools*."""
    if schools is None:
        return literal(value=True)
    mine = _of_schools(schools)
    numbers = select(ContactPhone.e164).where(ContactPhone.contact_id.in_(mine))
    letters = mine.with_only_columns(literal(post("")).concat(StudentContact.contact_id))
    return or_(PhoneState.phone.in_(numbers), PhoneState.phone.in_(letters))

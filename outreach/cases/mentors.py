"""Mentors: which children are theirs, and their check-ins. A mentor sees those children and nobody else's, no family and no conversation.

Which children those are is an administrator's word: one child, or every child for whom the feed's student_adults.csv names an adult so.
Nobody becomes a mentor because two people share a name. It holds at the schools named for the account alone, and for as long as the child
is enrolled there: whoever leaves the school is not theirs to look at from that day on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from outreach.cases.mentor_tables import CheckIn, MentorTie
from outreach.cases.my_students import enrolled
from outreach.clock import local_date
from outreach.district.overlays import merged
from outreach.district.queries import slices
from outreach.district.tables import StudentAdult
from outreach.settings import Settings
from outreach.staff.actions import audit
from outreach.staff.queries import own_schools
from outreach.staff.roles import Role
from outreach.staff.tables import Account


class MentorError(RuntimeError):
    """What was asked of a mentor's children cannot be done."""


class CheckInKind(StrEnum):
    """What a mentor did."""

    CHILD = "child"
    FAMILY = "family"
    TRIED = "tried"


KINDS: Mapping[CheckInKind, str] = {
    CheckInKind.CHILD: "Talked with the child",
    CheckInKind.FAMILY: "Talked with the family",
    CheckInKind.TRIED: "Tried, and reached nobody",
}
"""The same as people say it."""


@dataclass(frozen=True)
class FeedName:
    """A name in student_adults.csv, and how many children of some schools it stands beside."""

    name: str
    role: str
    children: int


def children(session: Session, account_id: int, settings: Settings, now: datetime) -> set[str]:
    """The children of a mentor today, under the ids by which they are known now."""
    today = local_date(now, settings.zone)
    return _tied(session, account_id) & enrolled(session, own_schools(session, account_id), today)


def connected(session: Session, student_ids: Collection[str]) -> set[str]:
    """Those of the children whom an adult at school knows: one whom the feed names, or a mentor here."""
    found: set[str] = set()
    here = select(MentorTie.student_id).join(Account, Account.id == MentorTie.account_id).where(Account.disabled_at.is_(None))
    for some in slices(student_ids):
        found.update(session.scalars(select(StudentAdult.student_id).where(StudentAdult.student_id.in_(some))))
        found.update(session.scalars(here.where(MentorTie.student_id.in_(some))))
    return found


def _tied(session: Session, account_id: int) -> set[str]:
    ties, one = of_account(session, account_id), merged(session)
    names = {tie.name for tie in ties if tie.name}
    named = session.scalars(select(StudentAdult.student_id).where(StudentAdult.name.in_(names))) if names else ()
    return {one.of(student_id) for student_id in (*(tie.student_id for tie in ties if tie.student_id), *named)}


def check_in(  # noqa: PLR0913 - what a check-in consists of, by name
    session: Session,
    student_id: str,
    kind: CheckInKind,
    words: str,
    *,
    next_on: date | None,
    account_id: int,
    by: str,
    settings: Settings,
    now: datetime,
) -> CheckIn:
    """Write down a contact with one of a mentor's own children. Raises MentorError, alike for another's child and for none."""
    if student_id not in children(session, account_id, settings, now):
        message = "This child is not one of yours."
        raise MentorError(message)
    if next_on is not None and not 0 <= (next_on - local_date(now, settings.zone)).days <= 366:  # noqa: PLR2004 - a year
        message = "Choose a next day from today on, within a year."
        raise MentorError(message)
    row = CheckIn(student_id=student_id, account_id=account_id, at=now, kind=kind.value, words=words.strip(), next_on=next_on)
    session.add(row)
    audit(session, actor=by, action="child.checked_in", subject=f"student {student_id}", now=now, detail={"kind": kind.value})
    return row


def last_check_ins(session: Session, student_ids: Collection[str]) -> dict[str, CheckIn]:
    """Child → its last check-in by whichever mentor; children without any are left out."""
    one, found = merged(session), dict[str, CheckIn]()
    for some in slices(one.ids(student_ids)):
        newest = select(func.max(CheckIn.id)).where(CheckIn.student_id.in_(some)).group_by(CheckIn.student_id)
        for row in session.scalars(select(CheckIn).where(CheckIn.id.in_(newest)).order_by(CheckIn.id)):
            found[one.of(row.student_id)] = row
    return found


# --- administrators -------------------------------------------------------------------------------------------------------------


def mentors(session: Session, schools: Collection[str] | None) -> list[Account]:
    """The mentors at *schools* (None: all), by name."""
    rows = session.scalars(
        select(Account).where(Account.role == Role.MENTOR.value, Account.disabled_at.is_(None)).order_by(Account.name, Account.id)
    )
    return [row for row in rows if schools is None or own_schools(session, row.id) & set(schools)]


def of_account(session: Session, account_id: int) -> list[MentorTie]:
    """What was said of whose mentor an account is."""
    return list(session.scalars(select(MentorTie).where(MentorTie.account_id == account_id).order_by(MentorTie.id)))


def feed_names(session: Session, schools: Collection[str], settings: Settings, now: datetime) -> list[FeedName]:
    """The adults whom the feed names beside children of some schools, with how many, by name."""
    here, one = enrolled(session, schools, local_date(now, settings.zone)), merged(session)
    found: defaultdict[str, set[str]] = defaultdict(set)
    roles: dict[str, str] = {}
    for row in session.scalars(select(StudentAdult).where(StudentAdult.name != "")):
        if (child := one.of(row.student_id)) in here:
            found[row.name].add(child)
            roles[row.name] = row.role
    return [FeedName(name, roles[name], len(theirs)) for name, theirs in sorted(found.items())]


def tie(session: Session, account: Account, *, student_id: str = "", name: str = "", by: str, settings: Settings, now: datetime) -> None:
    """Give a mentor one child of their schools, or every child beside whom the feed has *name*. Giving it again changes nothing.

    Raises MentorError.
    """
    schools = own_schools(session, account.id)
    if account.role != Role.MENTOR or account.disabled_at is not None:
        message = "Only a mentor is given children so; others see those of their schools."
        raise MentorError(message)
    known = enrolled(session, schools, local_date(now, settings.zone)) if student_id else set()
    if bool(student_id) == bool(name) or (student_id and student_id not in known):
        message = "Choose a child of this mentor's schools."
        raise MentorError(message)
    if name and name not in {one.name for one in feed_names(session, schools, settings, now)}:
        message = "The feed names nobody so beside a child of this mentor's schools."
        raise MentorError(message)
    if any((row.student_id, row.name) == (student_id, name) for row in of_account(session, account.id)):
        return
    session.add(MentorTie(account_id=account.id, student_id=student_id, name=name, by=by, at=now))
    detail = {"student": student_id} if student_id else {"by_name": True}
    audit(session, actor=by, action="mentor.tied", subject=f"account {account.id}", now=now, detail=detail)


def untie(session: Session, account: Account, tie_id: int, *, by: str, now: datetime) -> None:
    """Take it back; it holds from the next page on."""
    gone = session.scalar(delete(MentorTie).where(MentorTie.id == tie_id, MentorTie.account_id == account.id).returning(MentorTie.id))
    if gone is not None:
        audit(session, actor=by, action="mentor.untied", subject=f"account {account.id}", now=now, detail={"tie": tie_id})

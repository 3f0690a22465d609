"""Who is asked next while nobody has answered, and whether enough people are known to answer: pure rules and the reads they need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.staff.oncall_tables import OnCallPage, OnCallPerson
from outreach.staff.roles import GRANTS, Permission, Reach
from outreach.staff.tables import Account, AccountSchool

NEEDED = 2
"""People who must have shown lately that a call reaches them."""
HOLDS = timedelta(days=31)
"""How long an acknowledged test counts: it is repeated every month."""
AGAIN = timedelta(days=28)
"""When a person is tested again by itself, so that nothing lapses."""


@dataclass(frozen=True)
class Duty:
    """One place in the chain, as the rules need it."""

    person_id: int
    place: int
    begins: time
    ends: time
    days: Collection[int]
    last_resort: bool = False

    def is_on(self, instant: datetime, zone: str) -> bool:
        """Whether this person is asked at *instant*; hours are those of *zone* (IANA), the last resort has none."""
        local = instant.astimezone(ZoneInfo(zone))
        today, hour, before = local.weekday(), local.time(), (local - timedelta(days=1)).weekday()
        if self.last_resort:
            return True
        if self.begins == self.ends:
            return today in self.days
        if self.begins < self.ends:
            return today in self.days and self.begins <= hour < self.ends
        return (today in self.days and hour >= self.begins) or (before in self.days and hour < self.ends)


def next_person(chain: Iterable[Duty], asked: Collection[int], instant: datetime, zone: str) -> Duty | None:
    """Who is asked next in this round: whoever is on duty in order, then the last resort; None when all of them were asked."""
    left = [duty for duty in chain if duty.person_id not in asked and duty.is_on(instant, zone)]
    return min(left, key=lambda duty: (duty.last_resort, duty.place, duty.person_id), default=None)


@dataclass(frozen=True)
class Readiness:
    """Whether families may be invited to write: who answered a test lately, and the schools where somebody answers families."""

    tested: frozenset[int]
    """People in the chain who acknowledged a test within the month."""
    has_last_resort: bool
    schools: frozenset[str]

    @property
    def on_call(self) -> bool:
        """Whether danger would reach a person at any hour, as far as can be known."""
        return len(self.tested) >= NEEDED and self.has_last_resort

    def at(self, school_id: str) -> bool:
        """Whether somebody of that school answers its families."""
        return school_id in self.schools


def readiness(session: Session, now: datetime) -> Readiness:
    """Read how things stand at *now*."""
    in_chain = select(OnCallPerson.id).where(OnCallPerson.removed_at.is_(None))
    last = session.scalar(in_chain.where(OnCallPerson.last_resort).limit(1)) is not None
    tested = frozenset(person for person, at in last_tests(session).items() if at > now - HOLDS)
    return Readiness(tested, last, frozenset(answering_schools(session)))


def last_tests(session: Session) -> Mapping[int, datetime]:
    """Person in the chain → when they acknowledged a test last; a call in earnest that they answered counts as one."""
    rows = session.execute(
        select(OnCallPage.person_id, func.max(OnCallPage.acknowledged_at))
        .join(OnCallPerson, OnCallPerson.id == OnCallPage.person_id)
        .join(Account, Account.id == OnCallPerson.account_id)
        .where(OnCallPage.acknowledged_at.is_not(None), OnCallPerson.removed_at.is_(None), Account.disabled_at.is_(None))
        .group_by(OnCallPage.person_id)
    )
    return {person: at for person, at in rows if at is not None}


def chain(session: Session) -> list[Duty]:
    """The people who may be asked, in order; whose account is disabled is left out."""
    rows = session.scalars(
        select(OnCallPerson)
        .join(Account, Account.id == OnCallPerson.account_id)
        .where(OnCallPerson.removed_at.is_(None), Account.disabled_at.is_(None))
        .order_by(OnCallPerson.place, OnCallPerson.id)
    )
    return [Duty(row.id, row.place, row.begins, row.ends, tuple(row.days), row.last_resort) for row in rows]


def answering_schools(session: Session) -> set[str]:
    """The schools with an account of their own that answers families; a district's administrator is nobody's coordinator."""
    roles = [role.value for role, grant in GRANTS.items() if grant.reach is Reach.SCHOOLS and Permission.INBOX_ANSWER in grant.permissions]
    own = select(AccountSchool.school_id).join(Account, Account.id == AccountSchool.account_id)
    return set(session.scalars(own.where(Account.role.in_(roles), Account.disabled_at.is_(None)).distinct()))

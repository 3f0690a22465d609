"""Makes a school's paper and keeps that it was made: it leaves the sign-in, so who took it out stands in the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.evidence import packet_leaders, packet_reads, packet_standing, packet_team
from outreach.evidence.packet import Kind, moment
from outreach.evidence.packet_tables import Packet
from outreach.evidence.paper import Paper
from outreach.settings import Settings
from outreach.staff.actions import audit
from outreach.staff.queries import SignedIn

SPANS = range(6, 10)
"""Weeks that a step back may look at."""
USUAL = 8


@dataclass(frozen=True)
class Asked:
    """What somebody wants."""

    school_id: str
    school: str
    """Its name."""
    kind: Kind
    weeks: int = USUAL
    """Of a step back."""


@dataclass(frozen=True)
class Made:
    """A paper that was put together, before it is kept that it was."""

    paper: Paper
    named: int = 0
    """Children whose names are on it."""
    tiers: dict[str, str] = field(default_factory=dict)
    """Child → tier, of those who miss a tenth or more."""


def make(session: Session, asked: Asked, person: SignedIn, settings: Settings, now: datetime) -> Made:
    """Put a paper together for *person*, who must see the school; nothing is kept."""
    standing = packet_standing.standing(session, asked.school_id, settings, now)
    made = f"Made {moment(now, settings.zone)} by {person.name}."
    names = {"school": asked.school, "district": settings.district_name, "made": made}
    if asked.kind is Kind.TEAM:
        team = packet_reads.team(session, asked.school_id, settings, now)
        tiers = {child.student_id: child.count.tier for child in team.watched}
        return Made(packet_team.paper(team, standing, **names), len(team.by_id), tiers)
    if asked.kind is Kind.ONE_PAGER:
        return Made(packet_leaders.one_pager(standing, packet_standing.desk(session, asked.school_id, settings, now), **names))
    period = packet_standing.period(session, asked.school_id, asked.weeks, settings, now)
    return Made(packet_leaders.step_back(standing, period, **names))


def keep(session: Session, asked: Asked, made: Made, person: SignedIn, settings: Settings, now: datetime) -> Packet:
    """Keep that a paper was given to *person*. Lists of children that no later packet is set against are emptied."""
    today = local_date(now, settings.zone)
    mine = Packet.school_id == asked.school_id, Packet.kind == asked.kind.value
    before = session.scalar(
        select(Packet.id).where(*mine, Packet.made_on < today).order_by(Packet.made_on.desc(), Packet.id.desc()).limit(1)
    )
    if before is not None:
        session.execute(update(Packet).where(*mine, Packet.id != before, Packet.made_on < today).values(tiers={}))
    row = Packet(
        school_id=asked.school_id,
        kind=asked.kind.value,
        made_on=today,
        made_at=now,
        made_by=person.email,
        named=made.named,
        tiers=made.tiers,
    )
    session.add(row)
    session.flush()
    detail = {"packet": row.id, "kind": asked.kind.value, "children": made.named}
    audit(session, actor=person.email, action="packet.made", subject=f"school {asked.school_id}", now=now, detail=detail)
    return row


def lately(session: Session, schools: Collection[str] | None, *, limit: int) -> Sequence[Packet]:
    """The newest papers of *schools* (None: all), the newest first."""
    rows = select(Packet).order_by(Packet.id.desc()).limit(limit)
    return session.scalars(rows if schools is None else rows.where(Packet.school_id.in_(schools))).all()

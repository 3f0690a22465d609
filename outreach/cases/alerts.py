"""E-mails that say that families wait, to whom chose them: at once, or at most once an hour. They hold a number, and no name or word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from outreach.cases import queries
from outreach.cases.states import CaseState, EventKind, Queue
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.mail import Kind, Recipient, Words
from outreach.delivery.mail_tables import Email, MailChoice
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.tables import Account

PAUSES: Mapping[Kind, timedelta] = MappingProxyType({Kind.REPLIES_AT_ONCE: timedelta(), Kind.REPLIES_HOURLY: timedelta(hours=1)})
"""The least time between two alerts to one person."""
_USEFUL = timedelta(hours=4)
_SAID: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "en": ("A family waits for a person", "{} families wait for a person", "The inbox is here:"),
        "es": ("Una familia espera a una persona", "{} familias esperan a una persona", "La bandeja de entrada está aquí:"),
    }
)


@dataclass(frozen=True)
class _Alert:
    """What one person is told."""

    kind: Kind
    to: Recipient
    key: str
    waiting: int


def plan(database: Database, settings: Settings, now: datetime) -> int:
    """Plan the alerts that are due: somebody wrote since the last one, and waits. Return how many are new."""
    with database.read() as session:
        due = list(_due(session, now))
    if not due:
        return 0
    with database.write() as session:
        rows = [
            mail.put(session, kind=one.kind, key=one.key, to=one.to, words=_words(one, settings), now=now, expires_at=now + _USEFUL)
            for one in due
        ]
    return sum(row is not None for row in rows)


def _due(session: Session, now: datetime) -> Iterator[_Alert]:
    for kind, pause in PAUSES.items():
        for to in mail.readers(session, kind):
            choice = session.get_one(MailChoice, (to.account_id, kind.value))
            told_at, told = _last(session, kind, to)
            if now - (told_at or choice.chosen_at) < pause:
                continue
            mine = _waiting(session, session.get_one(Account, to.account_id), now)
            wrote = select(func.max(CaseEvent.id)).join(Case, Case.id == CaseEvent.case_id).where(*mine, CaseEvent.id > told)
            newest = session.scalar(wrote.where(CaseEvent.kind == EventKind.INBOUND.value, CaseEvent.at > choice.chosen_at))
            if newest is not None:
                waiting = session.scalar(select(func.count()).select_from(Case).where(*mine)) or 0
                yield _Alert(kind, to, f"{kind}:{to.account_id}:{newest}", waiting)


def _last(session: Session, kind: Kind, to: Recipient) -> tuple[datetime | None, int]:
    """When a person was alerted last, and of which event."""
    newest = select(Email).where(Email.account_id == to.account_id, Email.kind == kind.value).order_by(Email.id.desc()).limit(1)
    row = session.scalars(newest).first()
    return (row.created_at, int(row.key.rpartition(":")[2])) if row else (None, 0)


def _waiting(session: Session, account: Account, now: datetime) -> list[ColumnElement[bool]]:
    """The cases under *Needs me* of a person's schools whose family waits."""
    mine: list[ColumnElement[bool]] = [
        Case.state == CaseState.OPEN.value,
        Case.queue == Queue.NEEDS_ME.value,
        Case.waiting_since.is_not(None),
        or_(Case.snoozed_until.is_(None), Case.snoozed_until <= now),
    ]
    schools = staff.scope(session, account)
    return mine if schools is None else [*mine, queries.of_schools(schools)]


def _words(alert: _Alert, settings: Settings) -> Words:
    one, many, here = _SAID.get(alert.to.locale, _SAID["en"])
    subject = one if alert.waiting == 1 else many.format(alert.waiting)
    address = f"{settings.public_url}/inbox" if settings.public_url else ""
    body = f"{subject}.\n" + (f"\n{here} {address}\n" if address else "")
    link = f'<p>{here} <a href="{address}">{address}</a></p>' if address else ""
    return Words(subject, body, f"<p>{subject}.</p>{link}")

"""E-mails that say that something in another language waits for a person: at once, or at most once an hour, as they chose.

They hold a number and an address, and no child, family, language or word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.cases.language_states import TaskState
from outreach.cases.language_tables import LanguageTask
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.mail import Kind, Recipient, Words
from outreach.delivery.mail_tables import Email, MailChoice
from outreach.settings import Settings

_PAUSES = {Kind.HELP_AT_ONCE: timedelta(), Kind.HELP_HOURLY: timedelta(hours=1)}
"""The least time between two e-mails to one person."""
_USEFUL = timedelta(days=1)
_SAID = {
    "en": ("Somebody waits for your language", "{} tasks wait for your language", "They are here, after you sign in:"),
    "es": ("Alguien espera a quien hable su idioma", "{} tareas esperan a quien hable su idioma", "Están aquí, después de iniciar sesión:"),
}


@dataclass(frozen=True)
class _Alert:
    """What one person is told."""

    kind: Kind
    to: Recipient
    newest: datetime
    open: int


def plan(database: Database, settings: Settings, now: datetime) -> int:
    """Plan the e-mails that are due: something came to a person since the last one, and waits. Return how many are new."""
    with database.read() as session:
        due = list(_due(session, now))
    if not due:
        return 0
    with database.write() as session:
        rows = [
            mail.put(
                session,
                kind=one.kind,
                key=_key(one.to, one.newest.isoformat()),
                to=one.to,
                words=_words(one, settings),
                now=now,
                expires_at=now + _USEFUL,
            )
            for one in due
        ]
    return sum(row is not None for row in rows)


def _due(session: Session, now: datetime) -> Iterator[_Alert]:
    for kind, pause in _PAUSES.items():
        for to in mail.readers(session, kind):
            mine = LanguageTask.helper_id == to.account_id, LanguageTask.state == TaskState.OPEN.value
            newest, waiting = session.execute(select(func.max(LanguageTask.given_at), func.count()).where(*mine)).one()
            last, told = _last(session, to)
            chosen = session.get(MailChoice, (to.account_id, kind.value))
            is_new = newest is not None and (told is None or newest > told) and (chosen is None or newest > chosen.chosen_at)
            if is_new and (last is None or now - last >= pause):
                yield _Alert(kind, to, newest, waiting)


def _last(session: Session, to: Recipient) -> tuple[datetime | None, datetime | None]:
    """When a person was told last, and of which task that was the newest then, by when it came to them."""
    mine = Email.account_id == to.account_id, Email.kind.in_([one.value for one in _PAUSES])
    row = session.scalars(select(Email).where(*mine).order_by(Email.id.desc()).limit(1)).first()
    return (row.created_at, datetime.fromisoformat(row.key.removeprefix(_key(to, "")))) if row else (None, None)


def _key(to: Recipient, newest: str) -> str:
    return f"help:{to.account_id}:{newest}"


def _words(alert: _Alert, settings: Settings) -> Words:
    one, many, here = _SAID.get(alert.to.locale, _SAID["en"])
    subject = one if alert.open == 1 else many.format(alert.open)
    address = f"{settings.public_url}/languages" if settings.public_url else ""
    body = f"{subject}.\n" + (f"\n{here} {address}\n" if address else "")
    link = f'<p>{here} <a href="{address}">{address}</a></p>' if address else ""
    return Words(subject, body, f"<p>{subject}.</p>{link}")

"""E-mails to staff, by the outbox's rules: a row first, claimed under a lock, asked for once, and never blindly again.

Families get none. An e-mail tells counts and where to look, never a child's or family's name, number or words.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from sqlalchemy import Select, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery import instance
from outreach.delivery.mail_tables import Email, MailChoice
from outreach.delivery.provider import Answer, Outcome
from outreach.staff.roles import Permission, Role, may
from outreach.staff.tables import Account

NO_SERVER = "no mail server: nobody carries e-mails until one is set (smtp_host)"
LOCALES = {"en": "English", "es": "Español"}
"""In which e-mails can be read."""
_LEASE = timedelta(minutes=5)
"""After this a claimed e-mail without an answer is uncertain: whoever claimed it is gone."""
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""Between tries that the mail server surely did not take; the last one is repeated."""
_SERVER = "mail:server"
_BY = "mail"


class Kind(StrEnum):
    """What an e-mail is for."""

    FEED_REPORT = "feed_report"
    REPLIES_AT_ONCE = "replies_at_once"
    """Families wait for a person; as soon as one writes."""
    REPLIES_HOURLY = "replies_hourly"
    HELP_AT_ONCE = "help_at_once"
    """Something in another language was given to a person; each time."""
    HELP_HOURLY = "help_hourly"
    HELP_NEVER = "help_never"
    """Said by a language helper who wants none; nothing is ever sent of this kind."""
    MID_DAY = "mid_day"
    """At mid-day: what waits, and which registers are missing."""
    CODE_REVIEW = "code_review"
    """At the end of the day: missing registers and odd codes, by school."""
    WEEKLY = "weekly_digest"
    CALL = "call"
    """Somebody on call has to look, beside the text that says so; nobody chooses it."""
    INVITATION = "invitation"
    """A link that signs a person in once; its words are taken out as soon as it has left or will not leave."""
    EMAIL_CHANGED = "email_changed"
    """To the former address, once somebody's account has another one; it follows nobody to a new address."""

    @property
    def words(self) -> str:
        """The kind as people say it."""
        return self.value.replace("_", " ")


CHOSEN: Mapping[Kind, Permission] = MappingProxyType(
    {
        Kind.REPLIES_AT_ONCE: Permission.INBOX_ANSWER,
        Kind.REPLIES_HOURLY: Permission.INBOX_ANSWER,
        Kind.HELP_AT_ONCE: Permission.LANGUAGE_HELP,
        Kind.HELP_HOURLY: Permission.LANGUAGE_HELP,
        Kind.HELP_NEVER: Permission.LANGUAGE_HELP,
        Kind.FEED_REPORT: Permission.FEEDS_MAP,
        Kind.MID_DAY: Permission.INBOX_READ,
        Kind.CODE_REVIEW: Permission.DATA_READ,
        Kind.WEEKLY: Permission.INBOX_ANSWER,
    }
)
"""Kinds that a person of the staff chooses for themselves, and what they must be allowed to see."""

UNTIL_SAID: Mapping[Kind, tuple[Role, frozenset[Kind]]] = MappingProxyType(
    {Kind.HELP_AT_ONCE: (Role.LANGUAGE_HELPER, frozenset({Kind.HELP_AT_ONCE, Kind.HELP_HOURLY, Kind.HELP_NEVER}))}
)
"""A kind that people of a role get until they have chosen one of some: a family was told a day, and helpers do not live in the inbox."""


class MailState(StrEnum):
    """Where an e-mail stands."""

    PLANNED = "planned"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    """The mail server has it."""
    UNCERTAIN = "uncertain"
    """It may have it: nobody sends it again."""
    FAILED = "failed"
    CANCELLED = "cancelled"


_S = MailState
MOVES: Mapping[MailState, frozenset[MailState]] = MappingProxyType(
    {
        _S.PLANNED: frozenset({_S.HELD, _S.SENDING, _S.CANCELLED}),
        _S.HELD: frozenset({_S.HELD, _S.SENDING, _S.CANCELLED}),
        _S.SENDING: frozenset({_S.PLANNED, _S.SENT, _S.UNCERTAIN, _S.FAILED}),
        _S.SENT: frozenset(),
        _S.UNCERTAIN: frozenset({_S.SENT}),
        _S.FAILED: frozenset(),
        _S.CANCELLED: frozenset(),
    }
)
"""The one table of moves; a mailer that answers after its lease may still turn doubt into certainty."""
_AFTER = {
    Outcome.ACCEPTED: _S.SENT,
    Outcome.REFUSED: _S.FAILED,
    Outcome.TRY_LATER: _S.PLANNED,
    Outcome.UNCERTAIN: _S.UNCERTAIN,
}


class MoveError(ValueError):
    """An e-mail cannot go from that state to this one."""


@dataclass(frozen=True)
class Recipient:
    """Who gets an e-mail; *account_id* is None where they have no account yet."""

    address: str
    locale: str
    account_id: int | None = None


@dataclass(frozen=True)
class Words:
    """What an e-mail says: a subject, plain text, and the same as HTML."""

    subject: str
    body: str
    html: str


@dataclass(frozen=True)
class Mail:
    """An e-mail ready to leave."""

    message_id: str
    address: str
    locale: str
    words: Words
    at: datetime


class Mailer(Protocol):
    """Carries e-mails. Never raises for the network: doubt is ``Outcome.UNCERTAIN``."""

    def send(self, mail: Mail) -> Answer:
        """Ask once for *mail* to be carried."""
        ...


def put(
    session: Session, *, kind: Kind, key: str, to: Recipient, words: Words, now: datetime, expires_at: datetime | None = None
) -> Email | None:
    """Plan one e-mail; None where there is one of that *key* already, were it planned by another worker this moment."""
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(Email)
    new = insert.values(
        kind=kind.value,
        key=key,
        account_id=to.account_id,
        address=to.address,
        subject=words.subject,
        body=words.body,
        html=words.html,
        locale=to.locale,
        state=MailState.PLANNED,
        reason="",
        created_at=now,
        due_at=now,
        expires_at=expires_at,
        attempts=0,
        message_id=uuid.uuid4().hex,
    )
    row: Email | None = session.scalars(new.on_conflict_do_nothing(index_elements=[Email.key]).returning(Email)).one_or_none()
    return row


def withdraw(session: Session, account_id: int, kind: Kind, now: datetime, why: str) -> None:
    """Let no e-mail of this kind leave any more that still waits for this person."""
    waiting = select(Email).where(Email.account_id == account_id, Email.kind == kind.value, Email.state.in_((_S.PLANNED, _S.HELD)))
    for row in session.scalars(waiting.with_for_update()):
        _move(row, _S.CANCELLED, now, why)


def readdress(session: Session, account_id: int, address: str) -> None:
    """Whatever still waits for this person goes to their new address."""
    waiting = select(Email).where(Email.account_id == account_id, Email.state.in_((_S.PLANNED, _S.HELD)))
    for row in session.scalars(waiting.with_for_update()):
        row.address = address


def choose(session: Session, account_id: int, kinds: Collection[Kind], *, locale: str, now: datetime) -> None:
    """Let a person get these kinds of e-mail and no others; the role is asked again whenever one is planned or leaves."""
    session.execute(delete(MailChoice).where(MailChoice.account_id == account_id))
    session.add_all(MailChoice(account_id=account_id, kind=kind.value, locale=locale, chosen_at=now) for kind in sorted(set(kinds)))
    session.flush()


def chosen_by(session: Session, account_id: int) -> dict[Kind, str]:
    """What a person chose: kind → the language in which they read it."""
    return {Kind(row.kind): row.locale for row in session.scalars(select(MailChoice).where(MailChoice.account_id == account_id))}


def readers(session: Session, kind: Kind) -> list[Recipient]:
    """Who chose a kind, or gets it until they choose, and may have it."""
    rows = session.execute(
        select(Account, MailChoice.locale)
        .join(MailChoice, MailChoice.account_id == Account.id)
        .where(MailChoice.kind == kind.value, Account.disabled_at.is_(None))
        .order_by(Account.id)
    )
    found = [Recipient(account.email, locale, account.id) for account, locale in rows if may(Role(account.role), CHOSEN[kind])]
    if kind in UNTIL_SAID:
        role, others = UNTIL_SAID[kind]
        said = select(MailChoice.account_id).where(MailChoice.kind.in_([one.value for one in others]))
        silent = select(Account).where(Account.role == role.value, Account.disabled_at.is_(None), Account.id.not_in(said))
        found += [Recipient(account.email, "en", account.id) for account in session.scalars(silent.order_by(Account.id))]
    return found


def send_due(database: Database, mailer: Mailer | None, clock: Clock) -> Counter[str]:
    """Send what is due, one after the other; return how many went which way. Any number of workers may do this at once."""
    done: Counter[str] = Counter()
    _give_up_lost(database, clock.now())
    if instance.held(database, clock.now()):
        return done
    while (claimed := _claim(database, clock.now(), may_send=mailer is not None, done=done)) is not None:
        mail_id, mail = claimed
        assert mailer is not None  # noqa: S101 - nothing is claimed without one
        done[_record(database, mail_id, mailer.send(mail), clock.now())] += 1
    return done


def _due(now: datetime) -> Select[Email]:
    return select(Email).where(Email.state.in_((_S.PLANNED, _S.HELD)), Email.due_at <= now).order_by(Email.due_at, Email.id)


def _claim(database: Database, now: datetime, *, may_send: bool, done: Counter[str]) -> tuple[int, Mail] | None:
    """Claim the next e-mail that may still leave; the commit is its release. What may not is settled on the way."""
    with database.read() as session:
        due = session.execute(_due(now).with_only_columns(Email.reason, Email.expires_at)).all()
    if not may_send and all(reason == NO_SERVER and (ends is None or ends > now) for reason, ends in due):
        return None
    with database.write() as session:
        for row in session.scalars(_due(now).with_for_update(skip_locked=True)):
            if reason := _unwanted(session, row, now):
                _move(row, _S.CANCELLED, now, reason)
                done[_S.CANCELLED] += 1
            elif not may_send:
                _move(row, _S.HELD, now, NO_SERVER)
                done[_S.HELD] += 1
            else:
                _move(row, _S.SENDING, now, "")
                row.claimed_at, row.attempts = now, row.attempts + 1
                return row.id, Mail(row.message_id, row.address, row.locale, Words(row.subject, row.body, row.html), now)
    return None


def _unwanted(session: Session, row: Email, now: datetime) -> str:
    """Why an e-mail must not leave any more; empty where it may."""
    if row.expires_at is not None and row.expires_at <= now:
        return "too late to be of use"
    if row.account_id is None:
        return ""
    kind, account = Kind(row.kind), session.get_one(Account, row.account_id)
    if account.disabled_at is not None:
        return "the account is closed"
    if kind in CHOSEN and account.id not in {one.account_id for one in readers(session, kind)}:
        return "no longer wanted"
    return ""


def _record(database: Database, mail_id: int, answer: Answer, now: datetime) -> MailState:
    """Note what the mail server said, and put before a person what needs one."""
    state = _AFTER[answer.outcome]
    with database.write() as session:
        row = session.get_one(Email, mail_id, with_for_update=True)
        if row.state == _S.UNCERTAIN and state is not _S.SENT:
            return _S.UNCERTAIN  # others gave it up because this worker slept past its lease; that is not taken back for a maybe
        _move(row, state, now, answer.detail)
        if state is _S.PLANNED:
            row.due_at = now + _PAUSES[min(row.attempts, len(_PAUSES)) - 1]
            sentence = f"E-mails to staff cannot be sent: {answer.detail}. They wait and are tried again; check smtp_host in the settings."
            raise_item(session, kind="mail", key=_SERVER, sentence=sentence, now=now)
        elif state is _S.SENT:
            resolve_key(session, _SERVER, by=_BY, now=now)
        else:
            _say(session, row, now)
    return state


def _say(session: Session, row: Email, now: datetime) -> None:
    """Tell a person of an e-mail that did not arrive, or may not have."""
    what = "was refused by the mail server" if row.state == _S.FAILED else "may not have arrived; it is not sent a second time"
    sentence = f"An e-mail ({Kind(row.kind).words}) to {row.address} {what}."
    raise_item(session, kind="mail", key=f"mail:{row.id}", sentence=sentence, now=now)


def _give_up_lost(database: Database, now: datetime) -> None:
    """A claim whose worker is gone may or may not have reached the mail server, which cannot be asked."""
    lost = select(Email).where(Email.state == _S.SENDING, Email.claimed_at < now - _LEASE)
    with database.read() as session:
        if session.scalar(lost.with_only_columns(Email.id).limit(1)) is None:
            return
    with database.write() as session:
        for row in session.scalars(lost.with_for_update(skip_locked=True)):
            _move(row, _S.UNCERTAIN, now, "no answer from the mail server")
            _say(session, row, now)


def _move(row: Email, to: MailState, now: datetime, reason: str) -> None:
    if to not in MOVES[MailState(row.state)]:
        message = f"An e-mail cannot go from {row.state} to {to}."
        raise MoveError(message)
    row.state, row.reason = to, reason
    row.ended_at = now if to in {_S.SENT, _S.UNCERTAIN, _S.FAILED, _S.CANCELLED} else None
    if row.ended_at is not None and row.kind == Kind.INVITATION:
        row.body = row.html = ""  # whoever reads the table must not find a link that opens an account

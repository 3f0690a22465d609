"""Whose account somebody has who signed in with the district's own provider: an invited person's or nobody's, never a new one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.staff import queries
from outreach.staff.actions import audit, take_links_back
from outreach.staff.tables import Account, LinkedIdentity, SignInLink


class UnknownPersonError(LookupError):
    """Nobody is invited with this e-mail. Ask your administrator for an invitation to the e-mail that you sign in with there."""


@dataclass(frozen=True)
class Told:
    """What a provider said in a token that was checked."""

    issuer: str
    subject: str
    """Which person it is there; stays the same when the e-mail changes (OpenID Connect Core 1.0 §5.7)."""
    email: str
    verified: bool
    """Whether the e-mail is surely theirs."""


def is_verified(email: str, claim: object, trusted_domains: Collection[str]) -> bool:
    """Whether an e-mail counts as its person's: the provider says so, or it says nothing and such e-mails are the district's own."""
    _, at, domain = email.strip().lower().rpartition("@")
    return claim is True if claim is not None else bool(at) and domain in {trusted.strip().lower() for trusted in trusted_domains}


def recognise(session: Session, told: Told, now: datetime) -> Account:
    """The account of whoever signed in there; the first time found by a verified e-mail, then by the subject alone.

    Raises UnknownPersonError for whoever was not invited, whose invitation was taken back or ran out, whose account is closed, and where
    the account already belongs to another subject of that issuer: an e-mail may be given to somebody else after its person has left.
    """
    linked = session.get(LinkedIdentity, (told.issuer, told.subject))
    account = session.get(Account, linked.account_id) if linked else _invited(session, told, now)
    if account is None or account.disabled_at is not None:
        raise UnknownPersonError(UnknownPersonError.__doc__)
    if linked is None:
        session.add(LinkedIdentity(issuer=told.issuer, subject=told.subject, account_id=account.id, linked_at=now))
        take_links_back(session, account, now)
        detail = {"issuer": told.issuer}
        audit(session, actor=account.email, action="identity.linked", subject=f"account {account.id}", now=now, detail=detail)
    return account


def linked(session: Session, account_id: int) -> Sequence[LinkedIdentity]:
    """By which numbers of which providers a person is known."""
    mine = select(LinkedIdentity).where(LinkedIdentity.account_id == account_id)
    return session.scalars(mine.order_by(LinkedIdentity.issuer, LinkedIdentity.subject)).all()


def _invited(session: Session, told: Told, now: datetime) -> Account | None:
    account = queries.by_email(session, told.email) if told.verified else None
    if account is None:
        return None
    other = select(LinkedIdentity.subject).where(LinkedIdentity.issuer == told.issuer, LinkedIdentity.account_id == account.id)
    link = select(SignInLink.token_hash).where(
        SignInLink.account_id == account.id, SignInLink.used_at.is_(None), SignInLink.expires_at > now
    )
    came_in = account.password_hash is not None or session.scalar(link.limit(1)) is not None
    return account if came_in and session.scalar(other.limit(1)) is None else None

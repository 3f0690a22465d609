"""Staff accounts, their school scopes, how they sign in, and the audit trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class Account(Base):
    """A person of the district who may sign in."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    name: Mapped[str]
    role: Mapped[str]
    """A ``staff.roles.Role``."""
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class FormerEmail(Base):
    """An e-mail by which a person was known here before: what they did then stays theirs, and nobody else gets it."""

    __tablename__ = "former_emails"

    email: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    until: Mapped[datetime]


class AccountSchool(Base):
    """One school that an account may see; district-wide roles need no rows."""

    __tablename__ = "account_schools"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    school_id: Mapped[str] = mapped_column(primary_key=True)


class SignInLink(Base):
    """A link that signs its account in once."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StaffSession(Base):
    """One sign-in of one person in one browser; a cookie is worth nothing once its row has ended."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index(None, "account_id"),)

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    """What pages call it by; it opens nothing."""
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    started_at: Mapped[datetime]
    browser: Mapped[str]
    """What the browser said of itself, in two words: ``Firefox on Windows``; empty where it said nothing known."""
    waits_for_code: Mapped[bool]
    """The password was right and the second factor has not been given yet: nobody is signed in by it."""
    by_link: Mapped[bool]
    """Signed in with a one-time link: may choose a password without telling the old one."""
    ended_at: Mapped[datetime | None]


class SecondFactor(Base):
    """The app with which a person proves who they are beside their password."""

    __tablename__ = "second_factors"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    sealed_secret: Mapped[str]
    """Encrypted with a key that is not in the database (``staff.factors``)."""
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When its first code was given; until then it is asked for nowhere."""
    last_step: Mapped[int]
    """The half minute of the newest code that was taken: neither it nor an older one is taken again."""


class RecoveryCode(Base):
    """A code on paper that stands in once for a lost app."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    used_at: Mapped[datetime | None]


class LinkedIdentity(Base):
    """Who a person is to the district's own sign-in provider, from their first sign-in with it on."""

    __tablename__ = "linked_identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    linked_at: Mapped[datetime]


class WrongPassword(Base):
    """One wrong password or code, for as long as it counts (``staff.tries``)."""

    __tablename__ = "wrong_passwords"
    __table_args__ = (Index(None, "typed", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    typed: Mapped[str]
    """Digest of the e-mail that was typed, or of whose code it was to be."""
    at: Mapped[datetime]


class AuditEntry(Base):
    """What a person did, when, to what; rows are only ever added."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    """The account's e-mail, or ``command line``."""
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[Json] = mapped_column(JSON)


class AuditSeal(Base):
    """A signature over the entries since the seal before it; only ever added (``staff.seals``)."""

    __tablename__ = "audit_seals"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_id: Mapped[int]
    """The newest entry it covers."""
    entries: Mapped[int]
    sealed_at: Mapped[datetime]
    digest: Mapped[str]

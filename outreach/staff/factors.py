"""The second factor: codes of an app (TOTP, RFC 6238), and codes on paper for the day the app is lost.

An app's secret has to be read again to check a code, so it is encrypted with the key of ``keys.secret_key``, which is not in the
database. Codes on paper are long random words: their SHA-256 is enough.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from outreach.settings import Settings
from outreach.staff.actions import audit, digest
from outreach.staff.oncall_tables import OnCallPerson
from outreach.staff.roles import Role
from outreach.staff.tables import Account, RecoveryCode, SecondFactor

STEP = 30
"""Seconds for which an app shows one code (RFC 6238 §4.1)."""
RECOVERY_CODES = 10
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_GROUPS, _GROUP = 4, 4
"""A code on paper holds 78 random bits, so nobody guesses it from its hash."""


class FactorError(ValueError):
    """The second factor cannot be set up so: the account has one already."""


@dataclass(frozen=True)
class Factor:
    """How an account's second factor stands."""

    since: datetime
    codes_left: int
    """Codes on paper that have not been used."""


def needed(session: Session, account_id: int, role: Role, settings: Settings) -> bool:
    """Whether this person comes in only with a second factor: by their role, or because danger would call them."""
    real = settings.public_url.startswith("https://") or settings.second_factor == "always"
    if not real or settings.second_factor == "never":
        return False
    in_chain = select(OnCallPerson.id).where(OnCallPerson.account_id == account_id, OnCallPerson.removed_at.is_(None)).limit(1)
    return role in settings.second_factor_roles or session.scalar(in_chain) is not None


def standing(session: Session, account_id: int) -> Factor | None:
    """The factor that is asked for at sign-in; None where there is none."""
    row = session.get(SecondFactor, account_id)
    if row is None or row.confirmed_at is None:
        return None
    left = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return Factor(row.confirmed_at, session.scalar(left) or 0)


def propose(session: Session, account_id: int, key: str, now: datetime) -> str:
    """Make a secret for an app, in place of one that was never confirmed; it is asked for once ``confirm`` has seen a code of it."""
    if standing(session, account_id) is not None:
        raise FactorError(FactorError.__doc__)
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
    secret = pyotp.random_base32()
    sealed = _box(key).encrypt(secret.encode()).decode("ascii")
    session.add(SecondFactor(account_id=account_id, sealed_secret=sealed, made_at=now, confirmed_at=None, last_step=0))
    session.flush()
    return secret


def proposed(session: Session, account_id: int, key: str) -> str | None:
    """The secret that waits for its first code; None where none waits."""
    row = session.get(SecondFactor, account_id)
    return None if row is None or row.confirmed_at is not None else _opened(row, key)


def app_address(secret: str, email: str, district: str) -> str:
    """What the QR code holds, by which an app learns the secret and how to call it."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=f"{district} outreach")


def confirm(session: Session, account: Account, key: str, code: str, now: datetime) -> Sequence[str] | None:
    """Ask for this factor from now on, and return the codes on paper; None where the app's code is not right."""
    row = session.get(SecondFactor, account.id)
    if row is None or row.confirmed_at is not None or not _take_step(session, row, key, code, now):
        return None
    row.confirmed_at = now
    audit(session, actor=account.email, action="factor.set", subject=f"account {account.id}", now=now)
    return fresh_codes(session, account.id)


def check(session: Session, account_id: int, key: str, code: str, now: datetime) -> bool:
    """Take a code of the app or one on paper, each at most once; of two that come at once, one wins."""
    row = session.get(SecondFactor, account_id)
    if row is None or row.confirmed_at is None:
        return False
    return _take_step(session, row, key, code, now) or _take_paper(session, account_id, code, now)


def fresh_codes(session: Session, account_id: int) -> Sequence[str]:
    """New codes on paper, told this once; those before are worth nothing."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_paper(account_id, code), account_id=account_id, used_at=None) for code in codes)
    session.flush()
    return codes


def forget(session: Session, account: Account, *, by: str, now: datetime) -> bool:
    """Ask this account for no second factor any more, until its person sets one up anew; return whether there was one."""
    known = standing(session, account.id) is not None
    for table in (SecondFactor, RecoveryCode):
        session.execute(delete(table).where(table.account_id == account.id))
    if known:
        audit(session, actor=by, action="factor.reset", subject=f"account {account.id}", now=now)
    return known


def _take_step(session: Session, row: SecondFactor, key: str, code: str, now: datetime) -> bool:
    """Whether *code* is the app's of this half minute or its neighbours (RFC 6238 §5.2), and nobody gave it or a later one before."""
    secret, said = _opened(row, key), "".join(code.split())
    if secret is None or not said.isascii():
        return False
    app, present = pyotp.TOTP(secret, interval=STEP), int(now.timestamp()) // STEP
    right = next((step for step in (present, present - 1, present + 1) if hmac.compare_digest(app.generate_otp(step), said)), None)
    if right is None:
        return False
    newer = SecondFactor.account_id == row.account_id, SecondFactor.last_step < right
    taken = session.execute(update(SecondFactor).where(*newer).values(last_step=right).returning(SecondFactor.account_id))
    return taken.scalar_one_or_none() is not None


def _take_paper(session: Session, account_id: int, code: str, now: datetime) -> bool:
    unused = RecoveryCode.code_hash == _paper(account_id, code), RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    taken = session.execute(update(RecoveryCode).where(*unused).values(used_at=now).returning(RecoveryCode.account_id))
    return taken.scalar_one_or_none() is not None


def _paper(account_id: int, code: str) -> str:
    return digest(f"{account_id} {''.join(letter for letter in code.upper() if letter in _LETTERS)}")


def _box(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second factors/{key}".encode()).digest()))


def _opened(row: SecondFactor, key: str) -> str | None:
    """The app's secret; None where the key is another one now: then only a code on paper or an administrator helps."""
    try:
        return _box(key).decrypt(row.sealed_secret.encode("ascii")).decode("ascii")
    except InvalidToken:
        return None

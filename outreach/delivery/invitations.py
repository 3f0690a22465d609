"""Bringing people in: an account, and a link by e-mail that signs its person in once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import escape
from sqlalchemy.orm import Session

from outreach.delivery import mail
from outreach.delivery.mail import Kind
from outreach.settings import Settings
from outreach.staff import actions
from outreach.staff.roles import Role
from outreach.staff.tables import Account

INVITATION_LIFETIME = timedelta(days=7)
"""For a first link, which must outlive a weekend; one for a forgotten password is asked for by somebody who waits
(``staff.actions.LINK_LIFETIME``)."""


@dataclass(frozen=True)
class Invited:
    """A link that is on its way, or to be handed over."""

    account: Account
    link: str
    """Where it leads; shown to nobody where it goes by e-mail."""
    by_mail: bool
    """Whether somebody carries e-mails; else whoever made it hands it over."""


def follow(session: Session, settings: Settings, account: Account, former: str, *, now: datetime) -> None:
    """Somebody has another e-mail: no link leaves for the former one, which is told, and what else waits goes to the new one."""
    mail.withdraw(session, account.id, Kind.INVITATION, now, "the e-mail changed")
    mail.readdress(session, account.id, account.email)
    if settings.smtp_host:
        key = f"email_changed:{account.id}:{former}:{now.isoformat()}"
        told = mail.Recipient(former, "en")  # no account: it must not follow the person, nor be held back if the account is closed
        mail.put(session, kind=Kind.EMAIL_CHANGED, key=key, to=told, words=_changed(settings, account), now=now)


def sign_in_address(settings: Settings, token: str, port: int = 8000) -> str:
    """Where a one-time link leads: never what a request says of its host, which whoever asks may make up."""
    base = settings.public_url.rstrip("/") or f"http://127.0.0.1:{port}"
    return f"{base}/sign-in/{token}"


def invite(
    session: Session, settings: Settings, *, email: str, name: str, role: Role, schools: Collection[str], by: str, now: datetime
) -> Invited:
    """Make an account and send its person a link. Raises ``staff.actions.AccountError``."""
    account = actions.add_account(session, email=email, name=name, role=role, schools=schools, now=now)
    detail = {"role": role.value, "schools": sorted(set(schools))}
    actions.audit(session, actor=by, action="account.invited", subject=f"account {account.id}", now=now, detail=detail)
    return send_link(session, settings, account, by=by, now=now)


def send_link(session: Session, settings: Settings, account: Account, *, by: str, now: datetime) -> Invited:
    """Send a fresh link, an invitation's or a forgotten password's; those before it work no more. Raises AccountError."""
    if account.disabled_at is not None:
        message = "This account is closed; nobody is let in by a link."
        raise actions.AccountError(message)
    mail.withdraw(session, account.id, Kind.INVITATION, now, "a newer link was sent")
    lifetime = INVITATION_LIFETIME if account.password_hash is None else actions.LINK_LIFETIME
    token = actions.one_time_link(session, account, now, lifetime)
    made = Invited(account, sign_in_address(settings, token), bool(settings.smtp_host))
    if made.by_mail:
        to = mail.Recipient(account.email, "en", account.id)
        key = f"link:{actions.digest(token)[:32]}"
        mail.put(session, kind=Kind.INVITATION, key=key, to=to, words=_words(settings, made, lifetime), now=now, expires_at=now + lifetime)
    actions.audit(session, actor=by, action="account.link", subject=f"account {account.id}", now=now, detail={"by_mail": made.by_mail})
    return made


def take_back(session: Session, account: Account, *, by: str, now: datetime) -> int:
    """Let the link that was sent work no more, and its e-mail not leave if it still waits; return how many links that were."""
    mail.withdraw(session, account.id, Kind.INVITATION, now, "taken back")
    taken = actions.take_links_back(session, account, now)
    if taken:
        actions.audit(session, actor=by, action="account.link.taken_back", subject=f"account {account.id}", now=now)
    return taken


def _words(settings: Settings, made: Invited, lifetime: timedelta) -> mail.Words:
    account, district = made.account, settings.district_name
    first = account.password_hash is None
    subject = f"{district}: you are invited" if first else f"{district}: your sign-in link"
    why = (
        f"you are invited to the attendance outreach of {district}, as {Role(account.role).words}."
        if first
        else f"here is the link you asked for, to the attendance outreach of {district}."
    )
    use = f"It signs you in once, within {lifetime.days} days; then you choose a password. Please give it to nobody."
    other = "If you did not expect this e-mail, tell your administrator, and do not use the link."
    body = f"Hello {account.name},\n\n{why}\n\n{made.link}\n\n{use}\n\n{other}\n"
    parts = [f"Hello {escape(account.name)},", escape(why), f'<a href="{escape(made.link)}">Sign in</a>', use, other]
    return mail.Words(subject, body, "".join(f"<p>{part}</p>" for part in parts))


def _changed(settings: Settings, account: Account) -> mail.Words:
    """To the former address; the new one is not named, for somebody else may read this mailbox by now."""
    subject = f"{settings.district_name}: your account has another e-mail"
    what = f"An administrator gave your account in the attendance outreach of {settings.district_name} another e-mail address."
    what = f"{what} This one signs nobody in any more."
    other = "If you did not ask for that, tell your administrator or IT today."
    hello = f"Hello {account.name},"
    html = "".join(f"<p>{escape(part)}</p>" for part in (hello, what, other))
    return mail.Words(subject, f"{hello}\n\n{what}\n\n{other}\n", html)

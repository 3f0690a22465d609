"""The people who are called when a text may mean danger: who they are, calls for them, and the monthly test."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from html import escape

import phonenumbers
from sqlalchemy import ColumnElement, Select, and_, exists, select, update
from sqlalchemy.orm import Session

from outreach.cases.danger_tables import Incident, IncidentStep
from outreach.delivery import mail
from outreach.planning import actions as planning
from outreach.planning.situation import window_of
from outreach.settings import Settings
from outreach.staff import oncall
from outreach.staff.actions import audit, digest
from outreach.staff.oncall_tables import OnCallPage, OnCallPerson
from outreach.staff.roles import GRANTS, Permission, Role
from outreach.staff.tables import Account

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
_MAIL_OF_USE = timedelta(hours=1)
_TRY_AGAIN = timedelta(days=1)
"""When a monthly test that nobody acknowledged is sent again."""


class OnCallError(ValueError):
    """What was asked of the chain cannot be done."""


def add_person(  # noqa: PLR0913 - what a place in the chain consists of, by name
    session: Session,
    account: Account,
    phone: str,
    *,
    by: str,
    now: datetime,
    begins: time = time(),
    ends: time = time(),
    days: Sequence[int] = EVERY_DAY,
    last_resort: bool = False,
) -> OnCallPerson:
    """Put an account at the end of the chain; equal hours are around the clock. Raises OnCallError.

    Only whose role may read sealed texts can be called: a call to anybody else would end in a closed door.
    """
    if Permission.DANGER_READ not in GRANTS[Role(account.role)].permissions:
        message = f"{account.name or account.email} may not read sealed texts; choose a coordinator or an administrator."
        raise OnCallError(message)
    if session.scalars(select(OnCallPerson.id).where(OnCallPerson.open_key == account.id)).first() is not None:
        message = f"{account.name or account.email} is on call already; take them off first to change their number or hours."
        raise OnCallError(message)
    if not days:
        message = "Choose at least one day."
        raise OnCallError(message)
    people = in_chain(session)
    if last_resort:
        _no_last_resort(session)
    row = OnCallPerson(
        account_id=account.id,
        open_key=account.id,
        place=max((person.place for person in people), default=0) + 1,
        phone=_e164(phone),
        begins=begins,
        ends=ends,
        days=sorted(set(days)),
        last_resort=last_resort,
        added_at=now,
        added_by=by,
        removed_at=None,
        removed_by="",
    )
    session.add(row)
    session.flush()
    audit(session, actor=by, action="on_call.added", subject=f"on call {row.id}", now=now, detail={"account": account.id})
    return row


def remove(session: Session, person: OnCallPerson, *, by: str, now: datetime) -> None:
    """Take a person off the chain; again changes nothing."""
    if person.removed_at is None:
        person.removed_at, person.removed_by, person.open_key = now, by, None
        audit(session, actor=by, action="on_call.removed", subject=f"on call {person.id}", now=now)


def move_up(session: Session, person: OnCallPerson, *, by: str, now: datetime) -> None:
    """Let a person be asked one place earlier; the first stays first."""
    before = [other for other in in_chain(session) if (other.place, other.id) < (person.place, person.id)]
    if before:
        other = before[-1]
        other.place, person.place = person.place, other.place
        audit(session, actor=by, action="on_call.moved", subject=f"on call {person.id}", now=now)


def make_last_resort(session: Session, person: OnCallPerson, *, by: str, now: datetime) -> None:
    """Name the one who is asked at any hour when nobody else has answered."""
    _no_last_resort(session)
    person.last_resort = True
    audit(session, actor=by, action="on_call.last_resort", subject=f"on call {person.id}", now=now)


def in_chain(session: Session) -> list[OnCallPerson]:
    """The chain in its order."""
    rows = select(OnCallPerson).where(OnCallPerson.removed_at.is_(None)).order_by(OnCallPerson.place, OnCallPerson.id)
    return list(session.scalars(rows))


def call(session: Session, person: OnCallPerson, settings: Settings, now: datetime, *, incident: Incident | None = None) -> OnCallPage:
    """Call one person by text and by e-mail: about an incident, or as a test. Neither says what was written, nor by whom."""
    token, code = secrets.token_urlsafe(12), _code(session, person)
    number = 1 + len(calls(session, incident.id)) if incident else 0
    page = OnCallPage(
        person_id=person.id,
        incident_id=incident.id if incident else None,
        number=number,
        round=incident.round if incident else 0,
        token_hash=digest(token),
        code=code,
        planned_id=None,
        at=now,
        acknowledged_at=None,
        acknowledged_how="",
    )
    session.add(page)
    session.flush()
    words = _words(settings, token, f"reply {code}", incident)
    planned = planning.plan_page(session, once=f"page:{page.id}", phone=person.phone, body=words, now=now)
    page.planned_id = planned.id if planned else None
    _mail(session, person, page, _words(settings, token, "sign in and look under Safety", incident), now)
    return page


def _mail(session: Session, person: OnCallPerson, page: OnCallPage, words: str, now: datetime) -> None:
    """The same by e-mail: a second way, in case the text is slow; it can be acknowledged by its link alone."""
    account = session.get_one(Account, person.account_id)
    subject = "A text may mean danger: please acknowledge" if page.incident_id else "Test of the call for danger: please acknowledge"
    mail.put(
        session,
        kind=mail.Kind.CALL,
        key=f"call:{page.id}",
        to=mail.Recipient(account.email, "en", account.id),
        words=mail.Words(subject, words, f"<p>{escape(words)}</p>"),
        now=now,
        expires_at=now + _MAIL_OF_USE,
    )


def calls(session: Session, incident_id: int) -> list[OnCallPage]:
    """The calls of an incident, the first one first."""
    return list(session.scalars(select(OnCallPage).where(OnCallPage.incident_id == incident_id).order_by(OnCallPage.number)))


def test(session: Session, person: OnCallPerson, settings: Settings, *, by: str, now: datetime) -> OnCallPage:
    """Call a person to see that they can be reached."""
    audit(session, actor=by, action="on_call.tested", subject=f"on call {person.id}", now=now)
    return call(session, person, settings, now)


def test_monthly(session: Session, settings: Settings, now: datetime) -> list[OnCallPage]:
    """Test everybody whose month is nearly over, and return the calls."""
    return [test(session, person, settings, by="on call", now=now) for person in due_for_test(session, settings, now)]


def due_for_test(session: Session, settings: Settings, now: datetime) -> list[OnCallPerson]:
    """Those whose month is nearly over, while texts may leave; who did not answer comes again the next day.

    The first test is a person's to send: nobody is called before they know what for.
    """
    if not window_of(None, settings).is_open(now):
        return []
    answered = oncall.last_tests(session)
    due = [person for person in in_chain(session) if person.id in answered and answered[person.id] <= now - oncall.AGAIN]
    lately = set(session.scalars(select(OnCallPage.person_id).where(OnCallPage.at > now - _TRY_AGAIN)))
    return [person for person in due if person.id not in lately]


def by_token(session: Session, token: str) -> OnCallPage | None:
    """The call whose link holds *token*; whoever has left the chain, or has no account any more, holds none.

    Nor does a call that somebody answered for before the family wrote again: what it asked was done.
    """
    return session.scalars(_calls().where(OnCallPage.token_hash == digest(token))).one_or_none()


def by_reply(session: Session, phone: str, body: str) -> OnCallPage | None:
    """The call that a text from *phone* acknowledges: its code stands in the words, whatever else does."""
    said = {"".join(filter(str.isdigit, word)) for word in body.split()}
    for page in _open_calls(session, phone):
        if page.code in said:
            return page
    return None


def _open_calls(session: Session, phone: str) -> list[OnCallPage]:
    unanswered = _calls().where(OnCallPage.acknowledged_at.is_(None))
    return list(session.scalars(unanswered.where(OnCallPerson.phone == phone, OnCallPerson.phone != "").order_by(OnCallPage.id.desc())))


def _calls() -> Select[OnCallPage]:
    return (
        select(OnCallPage)
        .join(OnCallPerson, OnCallPerson.id == OnCallPage.person_id)
        .join(Account, Account.id == OnCallPerson.account_id)
        .where(OnCallPerson.removed_at.is_(None), Account.disabled_at.is_(None), ~_overtaken())
    )


def _overtaken() -> ColumnElement[bool]:
    """Whether the call's incident was acknowledged after the call, and asks again since: only a call of the present asking stops it."""
    acknowledged = exists().where(
        IncidentStep.incident_id == OnCallPage.incident_id,
        IncidentStep.kind == "acknowledged",
        IncidentStep.at >= OnCallPage.at,
    )
    asks_again = exists().where(
        Incident.id == OnCallPage.incident_id,
        Incident.acknowledged_at.is_(None),
        Incident.closed_at.is_(None),
        Incident.round > OnCallPage.round,
    )
    return and_(acknowledged, asks_again)


def _no_last_resort(session: Session) -> None:
    session.execute(update(OnCallPerson).where(OnCallPerson.last_resort).values(last_resort=False))


def _e164(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone, "US")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        message = "Write the number that receives texts, with its area code."
        raise OnCallError(message)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _code(session: Session, person: OnCallPerson) -> str:
    """Four digits that no other open call of this number has."""
    taken = {page.code for page in _open_calls(session, person.phone)}
    while (code := f"{secrets.randbelow(9000) + 1000}") in taken:
        pass
    return code


def _words(settings: Settings, token: str, otherwise: str, incident: Incident | None) -> str:
    """What a call says; *otherwise* is how it is acknowledged without its link."""
    what = "A family's text may mean danger. Read it now." if incident else "TEST of the call for danger. Nothing has happened."
    link = f"{settings.public_url.rstrip('/')}/on-call/answer/{token} or {otherwise}" if settings.public_url else otherwise
    after = f" Without an answer the next person is asked in {settings.on_call_wait_minutes} minutes." if incident else ""
    return f"{settings.district_name}: {what} To acknowledge: {link}.{after}"

"""Calls people on duty when words in a survey may mean danger: a text and an e-mail each, without a word of what was written.

Nobody can be named and no family waits for an answer, so there is no incident to take; the item under Attention stays until a person
settled it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from sqlalchemy.orm import Session

from outreach.cases.survey_tables import SurveyRound
from outreach.delivery import mail
from outreach.planning import actions as planning
from outreach.settings import Settings
from outreach.staff import oncall
from outreach.staff.oncall_tables import OnCallPerson
from outreach.staff.queries import scope
from outreach.staff.tables import Account

_OF_USE = timedelta(hours=12)
_SUBJECT = "Words in a survey may mean danger: please read them now"


def call(session: Session, one: SurveyRound, settings: Settings, now: datetime) -> int:
    """Call everybody on duty now who may open this school's surveys, each at most once an hour for a round; return how many that is."""
    called = 0
    for duty in oncall.chain(session):
        person = session.get_one(OnCallPerson, duty.person_id)
        account = session.get_one(Account, person.account_id)
        schools = scope(session, account)
        if duty.is_on(now, settings.zone) and (schools is None or one.school_id in schools):
            called += _call(session, one, person, account, settings, now)
    return called


def _call(session: Session, one: SurveyRound, person: OnCallPerson, account: Account, settings: Settings, now: datetime) -> bool:
    key, where = f"survey:{one.id}:{person.id}:{now:%Y%m%d%H}", "sign in and look under Surveys"
    link = f"{settings.public_url.rstrip('/')}/surveys/{one.id}" if settings.public_url else where
    words = f"{settings.district_name}: words in an anonymous survey may mean danger. Nobody can be named. Read them now: {link}."
    to = mail.Recipient(account.email, "en", account.id)
    mailed = mail.put(
        session,
        kind=mail.Kind.CALL,
        key=key,
        to=to,
        words=mail.Words(_SUBJECT, words, f"<p>{escape(words)}</p>"),
        now=now,
        expires_at=now + _OF_USE,
    )
    if mailed is not None and person.phone:
        planning.plan_page(session, once=key, phone=person.phone, body=words, now=now)
    return mailed is not None

"""A district with approved English and translators at their bench."""

from __future__ import annotations

from sqlalchemy.orm import Session

from outreach.messages.actions import approve
from outreach.messages.bench_actions import set_languages
from outreach.messages.editing import Hand
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Role
from tests.conftest import NOON
from tests.web import seed

ZAHRA, IDIL = "zahra@example.org", "idil@example.org"
BOSS = Hand("boss@example.org", NOON)


def translators(session: Session) -> None:
    """Zahra translates Urdu and reviews Arabic, Idil translates and reviews Somali; all English is approved."""
    for email, name, chosen, reviews in ((ZAHRA, "Zahra Malik", ("ur", "ar"), ("ar",)), (IDIL, "Idil Warsame", ("so",), ("so",))):
        if accounts.by_email(session, email) is None:
            account = staff.add_account(session, email=email, name=name, role=Role.TRANSLATOR, schools=(), now=NOON)
            account.password_hash = seed._password_hash()
            set_languages(session, account.id, chosen, reviews, BOSS)
    approve(session, message=None, language="en", by=BOSS.by, now=NOON)
    approve(session, message=["help", "count"], language="ur", by=BOSS.by, now=NOON)

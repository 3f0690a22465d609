"""Who can help in the invented district: one is offered, one is full, and nobody has checked one for long."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import barriers, referrals, resource_actions
from outreach.cases.barriers import Told
from outreach.cases.help_states import SaidBy, Severity
from outreach.cases.referrals import Offer
from outreach.cases.resource_actions import Entry
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.settings import Settings
from outreach.staff.queries import as_reader
from outreach.staff.tables import Account

_DESK = Entry("Bus desk of the district", ("transportation",), "(312) 555-0104, until 4 pm; ask for a stop or another route")
_RIDES = Entry("Neighbors who drive", ("transportation",), "Pastor Lindqvist, (312) 555-0105", capacity=1)
_PASSES = Entry("Lake City Transit passes", ("transportation", "student_job"), "The counter at Depot St, with a school ID")
_PANTRY = Entry("Food pantry at Mill St", ("food",), "Saturdays 9 to 12; nobody asks for papers", languages=("en", "es"))
_TOLD = (("We moved, and the stop is too far to walk in the dark.", True), ("The bus is full before it reaches our corner.", False))
"""What two families told, and whether they were pointed to those who drive."""


def bring_in(session: Session, account: Account, settings: Settings, now: datetime) -> None:
    """Write the list as *account*, and the reasons of the two newest cases: to one of them went the only place of those who drive."""
    reader, today = as_reader(session, account), local_date(now, settings.zone)
    for entry in (_DESK, _PANTRY):
        resource_actions.save(session, entry, reader, today=today - timedelta(days=20), now=now)
    resource_actions.save(session, _PASSES, reader, today=today - timedelta(days=settings.resource_fresh_days + 30), now=now)
    rides = resource_actions.save(session, _RIDES, reader, today=today, now=now)
    for case, (words, driven) in zip(session.scalars(select(Case).order_by(Case.id.desc()).limit(len(_TOLD))).all(), _TOLD, strict=False):
        told = Told("transportation", Severity.MOST, SaidBy.FAMILY, words)
        barrier = barriers.note(session, case, told, by=account.email, now=now)
        if driven:
            wanted = Offer(barrier.id, rides.id, today + timedelta(days=7))
            referrals.offer(session, case, wanted, account_id=account.id, by=account.email, settings=settings, now=now)

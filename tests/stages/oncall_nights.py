"""A night at a small district: people on call, a family that writes, a clock that runs, and what is texted and kept on record."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from outreach.arrivals import Arrival
from outreach.cases import danger, intake, oncall
from outreach.cases.danger_tables import Incident, IncidentStep
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from tests.stages.families import PHONE, hear

TWO_AT_NIGHT = datetime(2026, 10, 6, 7, 0, tzinfo=UTC)
"""In Chicago, on a Tuesday."""
ROSA, SAM, PAT = "+13125550171", "+13125550172", "+13125550173"
BOSS = "boss@example.org"
WORDS = "he says he wants to kill himself"


@dataclass
class Night:
    """A district with people on call, its clock, and what they are texted."""

    database: Database
    settings: Settings
    now: datetime = TWO_AT_NIGHT
    people: dict[str, int] = field(default_factory=dict)

    def person(self, name: str, phone: str, *, role: Role = Role.COORDINATOR, schools: tuple[str, ...] = ("S1",), **values: object) -> None:
        """Put somebody on call."""
        with self.database.write() as session:
            account = staff.add_account(session, email=f"{name}@example.org", name=name, role=role, schools=list(schools), now=self.now)
            row = oncall.add_person(session, account, phone, by=BOSS, now=self.now, **values)  # type: ignore[arg-type]
            self.people[name] = row.id

    def hear(self, words: str = WORDS, phone: str = PHONE) -> tuple[Inbound, Case]:
        """A family texts."""
        with self.database.write() as session:
            found = hear(session, self.settings, words, phone=phone, at=self.now)
            session.expunge_all()
        return found

    def pass_minutes(self, minutes: int) -> None:
        """Let the clock run, with the job ticking every minute."""
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            danger.escalate(self.database, self.settings, self.now)

    def log(self) -> list[tuple[str, str, str]]:
        """Every step: local time, kind, and whom it was about."""
        names = {number: name for name, number in self.people.items()}
        with self.database.read() as session:
            rows = session.scalars(select(IncidentStep).order_by(IncidentStep.id)).all()
        local = [(row.at - timedelta(hours=5)).strftime("%H:%M") for row in rows]
        return [(at, row.kind, names.get(row.detail.get("person", 0), row.by)) for at, row in zip(local, rows, strict=True)]

    def pages(self, phone: str) -> list[PlannedMessage]:
        """Texts planned for a phone, in order."""
        with self.database.read() as session:
            return list(session.scalars(select(PlannedMessage).filter_by(phone=phone).order_by(PlannedMessage.id)))

    def code(self, phone: str) -> str:
        """The code of the newest call."""
        found = re.search(r"reply (\d{4})", self.pages(phone)[-1].body)
        assert found is not None
        return found[1]

    def texts(self, phone: str, body: str, sid: str = "SMstaff") -> None:
        """Somebody on call answers by text, the way of every text that comes in."""
        params = {"MessageSid": sid, "From": phone, "To": "+13125550100", "Body": body, "NumMedia": "0"}
        intake.take(self.database, self.settings, Arrival("inbound", sid, params, "", self.now), self.now)

    def incident(self) -> Incident:
        """The one incident."""
        with self.database.read() as session:
            return session.scalars(select(Incident)).one()

"""A family with a letter: two adults at one address, children they share and one that only the mother may know of, and a code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.attendance.importing import import_folder
from outreach.cases.tables import Case
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import family_codes
from outreach.delivery.family_codes import PageLink
from outreach.messages.actions import approve
from outreach.planning.rows import new_row
from outreach.planning.states import Channel, MessageClass, State
from outreach.replies.tables import Inbound
from outreach.services import Services
from outreach.settings import Settings
from tests.conftest import NOON
from tests.web.pages import Pages

MOTHER, FATHER, STRANGER = "+13125550142", "+13125550143", "+13125550144"
BORN = date(2016, 3, 4)
_FIRST_DAY = date(2026, 8, 17)
FILES = {
    "schools.csv": ["school_id,name,phone", "S1,Lincoln Elementary,(312) 555-0101"],
    "students.csv": [
        "student_id,first_name,last_name,birth_date,grade,home_language",
        "st1,Luis,Lopez,2016-03-04,3,Spanish",
        "st2,Elena,Lopez,2013-05-06,6,Spanish",
        "st3,Noor,Lopez,2018-07-08,2,Spanish",
        "st9,Omar,Haddad,2016-03-04,3,Arabic",
    ],
    "enrollments.csv": ["student_id,school_id,entry_date", *(f"{child},S1,{_FIRST_DAY}" for child in ("st1", "st2", "st3", "st9"))],
    "contacts.csv": [
        "contact_id,first_name,last_name,language,address_line1,city,state,postal_code",
        "c1,Maria,Lopez,Spanish,1 Willow St,Lincoln,IL,60601",
        "c2,Jorge,Lopez,Spanish,1 Willow St,Lincoln,IL,60601",
        "c9,Huda,Haddad,Arabic,2 Lake Ave,Lincoln,IL,60601",
    ],
    "contact_phones.csv": [
        "contact_id,phone,type,can_text",
        f"c1,{MOTHER},mobile,yes",
        f"c2,{FATHER},mobile,yes",
        f"c9,{STRANGER},mobile,yes",
    ],
    "student_contacts.csv": [
        "student_id,contact_id,relation,priority",
        "st1,c1,Mother,1",
        "st1,c2,Father,2",
        "st2,c1,Mother,1",
        "st2,c2,Father,2",
        "st3,c1,Mother,1",
        "st9,c9,Mother,1",
    ],
}
ABSENT = {"st1": 6, "st3": 2, "st9": 3}


@dataclass(frozen=True)
class Home:
    """The district with its letter."""

    database: Database
    settings: Settings
    folder: Path
    planned_id: int
    link: PageLink


def a_letter(
    database: Database, settings: Settings, folder: Path, *, contacts: tuple[str, ...] = ("c1", "c2"), now: datetime = NOON
) -> Home:
    """Load the district, approve all words, and write the letter about Luis to both parents."""
    load(database, settings, folder, now=now)
    with database.write() as session:
        approve(session, message=None, language=None, by="reviewer@example.org", now=now)
        row = new_row(
            now,
            once_key="letter",
            message_class=MessageClass.NUDGE,
            channel=Channel.LETTER,
            state=State.PRINTED,
            household="c1",
            contact_id="c1",
            student_ids=["st1"],
            school_id="S1",
            message="count",
            created_by="test",
        )
        session.add(row)
        session.flush()
        link = family_codes.issue(session, row, contact_ids=contacts, student_ids=["st1"], locale="es", settings=settings, now=now)
        assert link is not None
        return Home(database, settings, folder, row.id, link)


def load(database: Database, settings: Settings, folder: Path, now: datetime = NOON, **changed: list[str]) -> None:
    """Deliver the feed, with some files *changed*."""
    folder.mkdir(parents=True, exist_ok=True)
    days = [day for n in range(120) if (day := _FIRST_DAY + timedelta(n)).weekday() < 5]
    past = [day for day in days if day < now.date()]
    attendance = [f"{child},S1,{past[-1 - 3 * n]},U" for child, missed in ABSENT.items() for n in range(missed)]
    files = {
        **FILES,
        "calendar.csv": ["school_id,date,event", *(f"S1,{day},Instructional day" for day in days)],
        "attendance.csv": ["student_id,school_id,date,code", *attendance],
        **{f"{name}.csv": lines for name, lines in changed.items()},
    }
    (folder / "source.toml").write_text(
        'name = "home"\nschool_year_start = "07-01"\ntrust_registration_phones = true\n\n'
        '[codes]\nU = { kind = "absent", reason = "unexcused" }\n'
    )
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_folder(database, folder, home=settings.home, now=now - timedelta(hours=6))


@cache
def _pages_at(_after: timedelta) -> Pages:
    """Pages for each hour, because a test may look at two hours at once."""
    return Pages()


def app_at(home: Home, after: timedelta = timedelta()) -> Flask:
    """The application some time after noon."""
    return _pages_at(after).over(Services(home.settings, home.database, FixedClock(NOON + after), provider=None))


def enter(client: FlaskClient, code: str, born: str = "2016-3-4", locale: str = "es") -> tuple[int, str]:
    """Fill in the first page; return the status, and the page that follows."""
    year, month, day = born.split("-")
    fields = {"csrf_token": field(client.get(f"/f/{locale}").text, "csrf_token"), "code": code, "year": year, "month": month, "day": day}
    answer = client.post(f"/f/{locale}", data=fields)
    return answer.status_code, answer.text


def opened(home: Home, after: timedelta = timedelta()) -> FlaskClient:
    client = app_at(home, after).test_client()
    assert enter(client, home.link.code)[0] == 303
    return client


def read(page: str) -> str:
    """A page without the marks that keep a name's own direction."""
    return re.sub("[\u2066-\u2069]", "", page)


def say(client: FlaskClient, task: str, **fields: object) -> int:
    """Send one of the page's forms as a browser does."""
    form = client.get(f"/f/es/page/{task}")
    data = {"csrf_token": field(form.text, "csrf_token"), "once": field(form.text, "once"), **fields}
    return client.post(f"/f/es/page/{task}", data=data).status_code


def said(home: Home) -> tuple[Inbound, Case]:
    """What the family said last, and its case."""
    with home.database.read() as session:
        inbound = session.scalars(select(Inbound).order_by(Inbound.id.desc())).first()
        case = session.scalars(select(Case)).one()
        assert inbound is not None
        session.expunge_all()
        return inbound, case


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, f"the page has no {name}"
    return found[1]

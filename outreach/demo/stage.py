"""Sets the demo up: a home of its own, a moved clock, two nights of data, people, approved words and the first crossings."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.attendance.importing import Progress, import_folder
from outreach.cases import danger, oncall
from outreach.cases.crossings import open_for_crossings
from outreach.clock import MovableClock
from outreach.delivery.mail import Kind, choose
from outreach.demo import aims, heard
from outreach.demo.district import SCHOOLS, invent, write_feed
from outreach.demo.helpers import bring_in
from outreach.messages.actions import approve
from outreach.messages.bench_actions import set_languages
from outreach.messages.editing import Hand
from outreach.planning.actions import plan
from outreach.services import Services
from outreach.settings import Settings, load_settings
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from outreach.staff.actions import add_account, set_password
from outreach.staff.queries import by_email
from outreach.staff.roles import Role
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.versions import in_force
from outreach.wiring import wire

ZONE = ZoneInfo("America/Chicago")
FIRST_MORNING = datetime(2026, 10, 19, 9, 30, tzinfo=ZONE)
SECOND_MORNING = datetime(2026, 10, 20, 9, 30, tzinfo=ZONE)
PASSWORD = "a made-up district"  # noqa: S105 - printed on the screen, opens nothing but the demo
REVIEWER = "reviewer@demo.invalid"
PEOPLE = (
    ("admin@demo.invalid", "Dana Whitfield", Role.DISTRICT_ADMINISTRATOR, ()),
    ("heron@demo.invalid", "Rosa Delgado", Role.COORDINATOR, ("E1",)),
    ("cedar@demo.invalid", "Marcus Bell", Role.COORDINATOR, ("M1",)),
    ("lakeview@demo.invalid", "June Park", Role.COORDINATOR, ("H1",)),
    ("words@demo.invalid", "Hodan Warsame", Role.TRANSLATOR, ()),
)
TRANSLATES = ("so", "es")
"""The languages of the translator."""
ON_CALL = (("heron@demo.invalid", "+13125550107", False), ("admin@demo.invalid", "+13125550108", True))
"""Who is called when a text may mean danger, and whether they are the last resort; these phones show the calls."""
BASELINE_RELEASED = 12


@dataclass(frozen=True)
class Account:
    """What the set-up did, in numbers."""

    children: int
    marks: int
    baseline: int
    released: int
    new_crossings: int
    planned: dict[str, int]
    """Reason (empty for planned) → rows."""


def settings_for(home: Path, *, web_url: str, carrier_url: str, mail_port: int = 25) -> Settings:
    """Settings that can reach nothing but this demo, whatever the environment says."""
    home.mkdir(parents=True, exist_ok=True)
    return load_settings(
        home=home,
        database_url=f"sqlite:///{(home / 'demo.db').absolute()}",
        now=None,
        district_name="Prairie Lakes Schools",
        district_phone="(312) 555-0100",
        timezone=ZONE.key,
        provider="simulator",
        public_url=web_url,
        twilio_api_base=carrier_url,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        twilio_auth_token_secondary="",
        twilio_messaging_service_sid="MG" + "5" * 32,
        sender_rate=25.0,
        state="IL",
        backups_kept=0,
        two_way_needs_on_call="always",
        feed_folder=str(home / "feeds-in"),
        smtp_host="127.0.0.1",
        smtp_port=mail_port,
        smtp_user="",
        smtp_tls="none",
        mail_from="outreach@demo.invalid",
    )


def clear(home: Path) -> None:
    """Begin anew: a demo keeps nothing of the one before."""
    if (home / "demo-clock.json").exists():
        shutil.rmtree(home)
    MovableClock(home / "demo-clock.json").move_to(FIRST_MORNING)


def set_up(settings: Settings, progress: Progress) -> tuple[Services, Account]:
    """Play two mornings: a first delivery whose crossings are baseline, and a second one with new crossings."""
    clock = MovableClock(settings.home / "demo-clock.json")
    services = wire(settings)
    progress("inventing a district")
    made = invent()
    folder = settings.home / "feeds-in" / "prairie-lakes"
    _load(services, write_feed(made, folder, until=date(2026, 10, 16)), progress)
    progress("bringing people in and approving words")
    _people_and_words(services)
    with services.database.write() as session:
        now = services.clock.now()
        rules = in_force(session, settings, now)
        baseline = evaluate(session, rules, settings=settings, now=now)
        released = release_baseline(session, BASELINE_RELEASED, by=PEOPLE[0][0], now=now)
    clock.move_to(SECOND_MORNING)
    _load(services, write_feed(made, folder, until=date(2026, 10, 19)), progress)
    progress("evaluating and planning")
    with services.database.write() as session:
        now = services.clock.now()
        crossings = evaluate(session, rules, settings=settings, now=now)
        open_for_crossings(session, settings=settings, now=now)
        if administrator := by_email(session, PEOPLE[0][0]):
            bring_in(session, administrator, settings, now)
            heard.bring_in(session, administrator.email, settings, now)
            aims.bring_in(session, administrator.email, settings, now)
        rows = plan(session, settings=settings, now=now)
        planned: dict[str, int] = {}
        for row in rows:
            what = f"{row.channel}: {row.reason or 'planned'}"
            planned[what] = planned.get(what, 0) + 1
    marks = sum(mark[2] <= date(2026, 10, 19) for mark in made.marks)
    numbers = Account(
        children=len(made.students),
        marks=marks,
        baseline=len({c.student_id for c in baseline if c.state == "baseline"}),
        released=released,
        new_crossings=sum(c.new for c in crossings),
        planned=planned,
    )
    return services, numbers


def _load(services: Services, folder: Path, progress: Progress) -> None:
    import_folder(services.database, folder, home=services.settings.home, now=services.clock.now(), progress=progress)


def _people_and_words(services: Services) -> None:
    now = services.clock.now()
    with services.database.write() as session:
        for email, name, role, schools in PEOPLE:
            account = add_account(session, email=email, name=name, role=role, schools=schools, now=now)
            set_password(session, account, PASSWORD, now)
            if role is Role.TRANSLATOR:
                set_languages(session, account.id, TRANSLATES, (), Hand(PEOPLE[0][0], now))
            if role is Role.DISTRICT_ADMINISTRATOR:
                choose(session, account.id, [Kind.FEED_REPORT], locale="en", now=now)
        _on_call(session, services.settings, now)
        approve(session, message=None, language=None, by=REVIEWER, now=now, home=services.settings.home)


def _on_call(session: Session, settings: Settings, now: datetime) -> None:
    """Put two people on call who have acknowledged their test: without them no family would be invited to write."""
    for email, phone, last_resort in ON_CALL:
        account = by_email(session, email)
        if account is not None:
            row = oncall.add_person(session, account, phone, by=PEOPLE[0][0], now=now, last_resort=last_resort)
            danger.answer_call(session, oncall.test(session, row, settings, by=PEOPLE[0][0], now=now), how="text", now=now)


def school_names() -> dict[str, str]:
    """The invented schools by id."""
    return {school: name for school, name, _ in SCHOOLS}

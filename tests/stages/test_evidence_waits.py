"""Every kept figure of waits and of barriers by month equals a plain recomputation in pandas from what was planted."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from sqlalchemy import select, update

from outreach.cases.help_states import BarrierState
from outreach.cases.help_tables import Barrier
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.district.tables import Contact
from outreach.evidence import dashboard, snapshots
from outreach.evidence.snapshot_tables import SnapshotWait
from outreach.planning.rows import new_row
from outreach.planning.states import MessageClass
from outreach.replies.reasons import CATEGORY_OF
from outreach.settings import Settings
from tests.conftest import NOON
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.families import a_family, hear
from tests.stages.nights import Nights

HOUR = timedelta(hours=1)
REASONS = tuple(sorted(CATEGORY_OF))[::9]


@pytest.fixture
def planted(database: Database, settings: Settings, tmp_path: Path) -> tuple[Nights, pd.DataFrame, pd.DataFrame]:
    """Two families at two schools, forty barriers and as many answers, by chance; the frames hold what was planted."""
    nights, chance = Nights(database, settings, tmp_path), random.Random(11)  # noqa: S311 - a made-up district
    for school in (LINCOLN, ROOSEVELT):
        nights.district.child(f"kid-{school}", absent=9, school=school)
    nights.load()
    barriers, answers = [], []
    with database.write() as session:
        cases = {}
        for number, school in enumerate((LINCOLN, ROOSEVELT)):
            phone = f"+1312555010{number}"
            a_family(session, f"C{number}", {f"kid-{school}": school}, phone=phone)
            session.execute(update(Contact).where(Contact.contact_id == f"C{number}").values(locale=("so", "es")[number]))
            _, case = hear(session, settings, "thank you", phone=phone)
            session.execute(update(Case).where(Case.id == case.id).values(school_id=school))
            cases[school] = case.id, f"C{number}", phone
        sample = {column.name: None for column in Barrier.__table__.columns}
        for n in range(40):
            school, reason = chance.choice((LINCOLN, ROOSEVELT)), chance.choice(REASONS)
            case_id, contact, phone = cases[school]
            heard = NOON - timedelta(hours=chance.randrange(24 * 120))
            yes = heard + chance.randrange(1, 300) * HOUR if chance.random() < 0.5 else None
            closed = yes is not None or chance.random() < 0.3
            words = dict.fromkeys(("words", "confirmed_by", "closed_by", "closed_why"), "")
            row = sample | words | {"sealed": False, "urgent": False, "severity": "some", "said_by": "family"}
            row |= {"case_id": case_id, "reason": reason, "heard_at": heard, "said_yes_at": yes}
            row |= {"state": BarrierState.CLOSED if closed else BarrierState.OPEN}
            session.add(Barrier(**{key: value for key, value in row.items() if key != "id"}))
            barriers.append((school, CATEGORY_OF[reason].value, heard, yes, closed))
            wrote, answered = NOON - timedelta(days=30) + n * HOUR, NOON - timedelta(days=30) + n * HOUR + chance.randrange(1, 60) * HOUR
            about = {"phone": phone, "contact_id": contact, "school_id": school, "body": "x", "created_by": "ana@example.org"}
            facts = {"family_wrote_at": wrote.isoformat()}
            session.add(new_row(answered, once_key=f"a{n}", message_class=MessageClass.ANSWER, facts=facts, **about))
            answers.append((school, "so" if school == LINCOLN else "es", (answered - wrote).total_seconds()))
    columns = ["school", "cause", "heard", "yes", "closed"]
    return nights, pd.DataFrame(barriers, columns=columns), pd.DataFrame(answers, columns=["school", "language", "seconds"])


@pytest.mark.parametrize("schools", [None, {LINCOLN}, {LINCOLN, ROOSEVELT}])
def test_waits_and_barriers_by_month_are_those_that_were_planted(
    planted: tuple[Nights, pd.DataFrame, pd.DataFrame], schools: set[str] | None
) -> None:
    nights, barriers, answers = planted
    with nights.database.write() as session:
        day = next(one for one in snapshots.missing(session, nights.settings, nights.now) if one.year == nights.now.year)
        kept = snapshots.keep(session, snapshots.add_up(session, nights.settings, day, nights.now), nights.now)
        helped, answered = (dashboard.waited(session, kept, kind, schools) for kind in ("help", "answer"))
        months = dashboard.lying(session, kept, schools).barriers
    zone = ZoneInfo(nights.settings.zone)
    year_began = datetime(nights.now.year, 7, 1, tzinfo=zone)
    here = barriers[barriers.school.isin(schools or {LINCOLN, ROOSEVELT}) & (barriers.heard >= year_began)]
    for cause in ("", *here.cause.unique()):
        mine = here if not cause else here[here.cause == cause]
        took = (mine.yes - mine.heard).dropna().dt.total_seconds()
        found = helped[cause]
        assert (found.heard, found.helped) == (len(mine), len(took))
        assert found.closed_without_yes == int((mine.closed & mine.yes.isna()).sum())
        assert (found.median.total_seconds() if found.median is not None else None) == (took.median() if len(took) else None)
    assert set(helped) == {"", *here.cause.unique()}
    for (month, cause), number in here.groupby([here.heard.dt.tz_convert(zone).dt.strftime("%Y-%m"), "cause"]).size().items():
        assert months[month][cause] == number
    assert sum(sum(row.values()) for row in months.values()) == len(here)
    texts = answers[answers.school.isin(schools or {LINCOLN, ROOSEVELT})]
    assert {name: (one.helped, one.median.total_seconds()) for name, one in answered.items() if one.median} == {
        name: (len(some), some.median()) for name, some in texts.groupby("language").seconds
    }


def test_no_wait_of_a_single_family_is_in_the_district_row(planted: tuple[Nights, pd.DataFrame, pd.DataFrame]) -> None:
    nights, *_ = planted
    with nights.database.write() as session:
        day = snapshots.missing(session, nights.settings, nights.now)[0]
        kept = snapshots.keep(session, snapshots.add_up(session, nights.settings, day, nights.now), nights.now)
        rows = session.scalars(select(SnapshotWait).where(SnapshotWait.snapshot_id == kept.id)).all()
        assert all(row.seconds == [] for row in rows if not row.school_id)
        assert any(row.seconds for row in rows if row.school_id)

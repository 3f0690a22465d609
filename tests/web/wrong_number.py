"""A number that a family of the seed was told wrongly, found again by the job."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from outreach.attendance.importing import import_folder
from outreach.cases import corrections
from outreach.cases.tables import WrongCount
from outreach.database import Database
from outreach.messages.pairs import current_pairs
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.nights import approval
from tests.web.seed import OMAR, told

ARABIC = (
    "أخبرناكم أن {{ child }} غاب {{ days_told }} حتى {{ as_of }}. كان ذلك خطأ ونحن آسفون. العدد الصحيح {{ days_missed }}. "
    "{{ district }}. STOP"
)


def a_wrong_number(database: Database, settings: Settings, feed: Path, *, arabic: str = "") -> int:
    """Omar's family was told 8 days of Yusuf, and one of them goes; return the case. *arabic* words, where given, are approved."""
    english = next(p.translation for _, p in current_pairs() if (p.message, p.channel, p.locale) == ("correction", "sms", "en"))
    rows = (feed / "attendance.csv").read_text(encoding="utf-8").splitlines()
    mine = sorted(row for row in rows if row.startswith("st3,"))
    facts = {
        "student_id": "st3",
        "days_absent": str(len(mine)),
        "as_of": str(NOON.date() - timedelta(days=1)),
        "dates": [row.split(",")[2] for row in mine],
    }
    with database.write() as session:
        session.add(approval("correction", "sms", "en", english, NOON))
        if arabic:
            session.add(approval("correction", "sms", "ar", arabic, NOON))
        told(
            session, OMAR, NOON - timedelta(hours=1), claimed_at=NOON - timedelta(hours=1), student_ids=["st3"], contact_id="c2",
            household="c2", family_language="ar", facts={"children": [facts], "contact_ids": ["c2"]},
            body="Lincoln Schools: Yusuf has missed 8 days this school year.",
        )  # fmt: skip
    (feed / "attendance.csv").write_text("\n".join(row for row in rows if row != mine[0]) + "\n", encoding="utf-8")
    import_folder(database, feed, home=settings.home, now=NOON)
    assert corrections.recount(database, settings, NOON).new == 1
    with database.read() as session:
        return session.scalars(select(WrongCount.case_id)).one()

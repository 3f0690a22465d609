"""A night whose messages wait for a person: planned by the real rules at a school of its own."""

from __future__ import annotations

from pathlib import Path

from outreach.database import Database
from outreach.messages.pairs import digest
from outreach.messages.tables import Approval
from outreach.settings import Settings
from outreach.thresholds.actions import release_baseline
from tests.feeds import District
from tests.stages.nights import TEXT, Nights, approval

SCHOOL = "S7"
ARABIC = "{{ district }}: تغيب {{ child }} عن المدرسة {{ days_missed }} حتى {{ as_of }}. للإيقاف أرسل STOP"


def a_waiting_batch(database: Database, settings: Settings, folder: Path, *, released_by: str = "head@example.org") -> Nights:
    """Plan texts in English and Arabic and a letter, as a mass-send that *released_by* released; one family cannot be reached."""
    careful = settings.model_copy(update={"breaker_minimum": 2})
    school = {"school_id": SCHOOL, "name": "Jefferson High", "phone": "(312) 555-0107", "timezone": ""}
    nights = Nights(database, careful, folder, District(schools=[school]))
    for n, (language, phone) in enumerate((("en", "+13125550151"), ("en", "+13125550152"), ("ar", "+13125550153"), ("en", ""))):
        nights.district.child(f"kid{n}", absent=5, school=SCHOOL)
        nights.district.adult(f"parent{n}", [f"kid{n}"], phone=phone, language=language, address=f"{n} Oak Street" if n == 1 else "")
    nights.approve()
    with database.write() as session:
        session.add(_arabic(nights))
    nights.load()
    nights.evaluate()
    with database.write() as session:
        release_baseline(session, 1000, by=released_by, now=nights.now)
    nights.plan()
    return nights


def _arabic(nights: Nights) -> Approval:
    row = approval("count", "sms", "ar", TEXT, nights.now)
    row.translation_text, row.translation_hash = ARABIC, digest(ARABIC)
    return row

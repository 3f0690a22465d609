"""What lies beside the conversations goes when its time is over: the words and files, never that it happened; and a hold keeps it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from outreach.attendance.tables import FeedImport, KeptFile
from outreach.cases.danger_tables import Incident, IncidentStep
from outreach.cases.tables import Case
from outreach.consent import blocks
from outreach.consent.blocks import Paper
from outreach.consent.tables import ContactBlock
from outreach.database import Database
from outreach.evidence.packet_tables import Packet
from outreach.records import holds, retention
from outreach.records.redaction import TAKEN_OUT
from outreach.records.retention import KINDS, Kind
from outreach.settings import Settings
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.seed import Seeded, seed

BY, WORDS, PAPER = "rec@example.org", "She is safe at her aunt's", b"%PDF-1.4 order"
OLD, BOTH, LAST = "a" * 64, "b" * 64, "c" * 64
BESIDE = (Kind.INCIDENTS, Kind.PAPERS, Kind.PACKETS, Kind.FEEDS)


@pytest.fixture
def planted(database: Database, settings: Settings, tmp_path: Path) -> Seeded:
    """An ended incident of Maria's, a lifted block with its order, a packet that names Luis, and two deliveries as received."""
    cases = seed(database, settings, tmp_path / "feed")
    with database.write() as session:
        case = session.get_one(Case, cases.maria)
        incident = Incident(
            case_id=case.id, open_key=None, opened_at=NOON, round=1, next_step_at=None, acknowledged_at=NOON, acknowledged_by=BY,
            closed_at=NOON, closed_by=BY,
        )  # fmt: skip
        session.add(incident)
        session.flush()
        session.add(IncidentStep(incident_id=incident.id, at=NOON, kind="note", by=BY, text=WORDS, detail={}))
        name = blocks.keep(settings, PAPER)
        block = blocks.place(session, "c1", reason="Order 12", by=BY, now=NOON, paper=Paper(document=name, document_type="application/pdf"))
        blocks.lift(session, block.id, why="It ended", by=BY, now=NOON)
        first = session.scalars(select(FeedImport)).one()
        first.finished_at = NOON
        session.execute(delete(KeptFile))
        again = FeedImport(
            id=first.id + 1, source=first.source, folder="later", digest="d", started_at=NOON, finished_at=NOON, report={}, unchanged=False
        )
        session.add(again)
        session.flush()
        for import_id, sha256 in ((first.id, OLD), (first.id, BOTH), (again.id, BOTH), (again.id, LAST)):
            session.add(KeptFile(import_id=import_id, canonical=sha256[:3], file="attendance.csv", sha256=sha256))
            file(settings, sha256).parent.mkdir(exist_ok=True)
            file(settings, sha256).write_bytes(b"kept")
        session.add(Packet(school_id="S1", kind="team", made_on=NOON.date(), made_at=NOON, made_by=BY, named=1, tiers={"st1": "severe"}))
    return cases


def file(settings: Settings, sha256: str) -> Path:
    return settings.home / "feeds" / f"{sha256}.gz"


def left(database: Database, settings: Settings) -> dict[Kind, object]:
    """What of each kind can still be read."""
    with database.read() as session:
        return {
            Kind.INCIDENTS: session.scalars(select(IncidentStep.text)).one() == WORDS,
            Kind.PAPERS: blocks.document(settings, session.scalars(select(ContactBlock)).one()) == PAPER,
            Kind.PACKETS: session.scalars(select(Packet.tiers)).one() != {},
            Kind.FEEDS: file(settings, OLD).exists(),
        }


def test_each_goes_when_its_time_is_over_and_not_a_day_before(database: Database, settings: Settings, planted: Seeded) -> None:
    assert planted
    for kind in BESIDE:
        over = NOON + timedelta(days=KINDS[kind].days)
        assert retention.run(database, kind, by=BY, settings=settings, now=over).going == 0, kind
        assert left(database, settings)[kind], kind
        with database.read() as session:
            assert retention.preview(session, kind, over + timedelta(days=1)).going == 1, kind
        assert retention.run(database, kind, by=BY, settings=settings, now=over + timedelta(days=1)).going == 1, kind
        assert not left(database, settings)[kind], kind
        assert retention.run(database, kind, by=BY, settings=settings, now=over + timedelta(days=2)).going == 0, "once"
    with database.read() as session:
        assert session.scalars(select(IncidentStep.text)).one() == TAKEN_OUT
        assert session.scalars(select(ContactBlock.reason)).one() == "Order 12", "that it stood, and why, stays"
        assert session.scalars(select(Packet.named)).one() == 1
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "retention.run")).all()) == 3 * len(BESIDE)
        assert set(session.scalars(select(KeptFile.sha256))) == {BOTH, LAST}, "what the last delivery brought stays"
    assert file(settings, BOTH).exists()
    assert list((settings.home / "documents").iterdir()) == []


def test_a_hold_keeps_each(database: Database, settings: Settings, planted: Seeded) -> None:
    assert planted
    with database.write() as session:
        holds.place(session, student_id="st1", why="Letter of counsel", by=BY, now=NOON)
    late = NOON + timedelta(days=9_000)
    for kind in BESIDE:
        done = retention.run(database, kind, by=BY, settings=settings, now=late)
        assert (done.going, done.held) == (0, 1), kind
    assert all(left(database, settings).values())

"""Raw events on both databases: once, whatever arrives twice; taken in once, whoever tries."""

from __future__ import annotations

from sqlalchemy import func, select

from outreach.arrivals import Arrival
from outreach.attention.tables import AttentionItem
from outreach.cases import intake
from outreach.cases.intake import Kind
from outreach.database import Database
from outreach.delivery.tables import WebhookEvent
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from tests.conftest import NOON

TEXT = {"MessageSid": "SM1", "From": "+13125550142", "Body": "Hello \u200f\u05d0 \U0001f600", "NumMedia": "0"}


def keep(database: Database, sid: str, kind: Kind = Kind.INBOUND) -> int | None:
    """Store one raw event, and nothing more."""
    with database.write() as session:
        return intake.keep(session, Arrival(kind.value, sid, {**TEXT, "MessageSid": sid}, "", NOON))


def test_the_same_event_is_kept_once_and_another_kind_is_another(database: Database) -> None:
    kept = [keep(database, "SM1", kind) for kind in (Kind.INBOUND, Kind.INBOUND, Kind.STATUS)]
    assert kept[0] is not None
    assert kept[1] is None
    assert kept[2] is not None


def test_a_kept_event_is_taken_in_once(database: Database, settings: Settings) -> None:
    event_id = keep(database, "SM1")
    assert event_id is not None
    assert [intake.process(database, settings, event_id, NOON) for _ in range(2)] == [True, True]
    assert intake.process_left_behind(database, settings, NOON) == 0
    with database.read() as session:
        assert session.scalars(select(Inbound.body)).one() == TEXT["Body"]
        assert session.get_one(WebhookEvent, event_id).processed_at == NOON


def test_a_row_left_behind_by_a_crash_is_taken_in_later(database: Database, settings: Settings) -> None:
    for n in range(3):
        keep(database, f"SM{n}")
    assert intake.process_left_behind(database, settings, NOON, limit=2) == 2
    assert intake.process_left_behind(database, settings, NOON) == 1
    with database.read() as session:
        assert session.scalar(select(func.count(Inbound.id))) == 3
        assert session.scalar(select(func.count(AttentionItem.id)).where(AttentionItem.kind == "intake")) == 0

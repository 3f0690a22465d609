"""A storm of callbacks: in whatever order and however often receipts come, they end in the state in which they would end in order."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from outreach.attention.queries import open_items
from outreach.consent import queries as consent
from outreach.database import Database
from outreach.delivery.receipts import take_status
from outreach.delivery.tables import CarrierStatus
from tests.stages.outbox import NOON, Outbox, running

STORIES = {
    "arrived": ["queued", "sending", "sent", "delivered"],
    "read": ["queued", "sent", "delivered", "read"],
    "no receipt": ["queued", "sent"],
    "lost": ["queued", "sent", "undelivered"],
    "refused": ["queued", "failed"],
    "late": ["queued", "sent", "undelivered", "delivered"],
}
CODE = "30005"


@st.composite
def storms(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """What happened in order, and the same as it came in: shuffled and repeated, nothing missing."""
    story = draw(st.sampled_from(sorted(STORIES)))
    again = draw(st.lists(st.sampled_from(STORIES[story]), max_size=4))
    return STORIES[story], draw(st.permutations([*STORIES[story], *again]))


def _ends(outbox: Outbox, phone: str, words: list[str]) -> tuple[object, ...]:
    """Send a text to a number of its own and hear *words* of it; return all that stands afterwards."""
    planned = outbox.answer(phone=phone)
    outbox.send()
    sid = outbox.row(planned).provider_sid
    for word in words:
        code = {"ErrorCode": CODE} if word in {"undelivered", "failed"} else {}
        with outbox.database.write() as session:
            take_status(session, {"MessageSid": sid, "MessageStatus": word, **code}, outbox.row(planned).ref, NOON)
    row = outbox.row(planned)
    with outbox.database.read() as session:
        history = sorted(session.scalars(select(CarrierStatus.status).where(CarrierStatus.planned_id == planned)))
        told = sorted(item.kind for item in open_items(session, None) if item.detail.get("planned") == planned)
        return row.state, row.carrier_status, row.reason, row.error_code, history, told, bool(consent.state(session, phone).suppressed)


def test_a_storm_of_callbacks_ends_as_they_would_in_order(sqlite_database: Database, tmp_path: Path) -> None:
    numbers = (f"+1{area}55501{n:02d}" for area in ("312", "773", "217", "309") for n in range(100))
    with running(sqlite_database, tmp_path / "home") as outbox:

        @settings(max_examples=12, deadline=None)
        @given(storm=storms())
        def ends_the_same(storm: tuple[list[str], list[str]]) -> None:
            in_order, as_it_came = storm
            assert _ends(outbox, next(numbers), as_it_came) == _ends(outbox, next(numbers), in_order)

        ends_the_same()

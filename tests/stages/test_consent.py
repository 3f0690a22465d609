"""The consent ledger, restrictions and blocks on real databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from outreach.consent import actions, blocks, queries, restrictions
from outreach.consent.states import Kind, Source
from outreach.consent.tables import ConsentEntry
from outreach.database import Database
from outreach.district.tables import StudentContact
from tests.conftest import NOON

PHONE = "+13125550142"
OTHER = "+13125550143"


def link(student_id: str, contact_id: str, restriction: str = "") -> StudentContact:
    return StudentContact(
        source="s", import_id=1, line=2, student_id=student_id, contact_id=contact_id, relation="mother", restriction=restriction
    )


def test_a_number_nobody_spoke_of_has_a_plain_state(database: Database) -> None:
    with database.read() as session:
        assert queries.state(session, PHONE) == queries.PhoneConsent(PHONE)
        assert queries.states(session, [PHONE, OTHER]).keys() == {PHONE, OTHER}


def test_a_statement_is_kept_and_its_number_gets_a_new_version(database: Database) -> None:
    with database.write() as session:
        stopped = actions.record(session, PHONE, Kind.OPT_OUT, source=Source.FAMILY, by=PHONE, now=NOON, note="STOP")
    with database.read() as session:
        assert queries.state(session, PHONE) == stopped
        assert (stopped.opted_out, stopped.opted_out_by, stopped.version) == (True, "family", 1)
        entry = session.scalars(select(ConsentEntry)).one()
        assert (entry.kind, entry.source, entry.by, entry.at, entry.note) == ("opt_out", "family", PHONE, NOON, "STOP")
    with database.write() as session:
        started = actions.record(session, PHONE, Kind.OPT_IN, source=Source.FAMILY, by=PHONE, now=NOON + timedelta(hours=1))
    assert (started.opted_out, started.version) == (False, 2)


def test_two_writers_of_one_number_each_get_their_own_version(database: Database) -> None:
    def say(index: int) -> int:
        with database.write() as session:
            return actions.record(session, PHONE, Kind.OPT_OUT, source=Source.STAFF, by=f"clerk {index}", now=NOON).version

    with ThreadPoolExecutor(4) as pool:
        versions = sorted(pool.map(say, range(12)))
    assert versions == list(range(1, 13))
    with database.read() as session:
        assert queries.state(session, PHONE).version == 12


def test_a_feed_is_recorded_once_and_never_lifts_a_familys_stop(database: Database) -> None:
    for _night in range(2):
        with database.write() as session:
            news = actions.record_feed(session, {PHONE: False, OTHER: True}, by="sis", now=NOON)
    assert news == 0
    with database.write() as session:
        assert queries.state(session, PHONE).opted_out_by == "feed"
        assert queries.state(session, OTHER) == queries.PhoneConsent(OTHER)
        actions.record(session, PHONE, Kind.OPT_OUT, source=Source.FAMILY, by=PHONE, now=NOON)
        assert actions.record_feed(session, {PHONE: True}, by="sis", now=NOON) == 1
        assert queries.state(session, PHONE).opted_out_by == "family"


def test_a_block_covers_its_child_and_one_without_a_child_covers_all(database: Database) -> None:
    with database.write() as session:
        session.add_all([link("ann", "mum"), link("bob", "mum"), link("ann", "dad")])
        one = blocks.place(session, "mum", student_id="ann", reason="court order", by="clerk", now=NOON)
        assert blocks.place(session, "mum", student_id="ann", reason="again", by="clerk", now=NOON).id == one.id
        assert queries.block(session, "ann", "mum") == queries.BLOCKED
        assert queries.block(session, "bob", "mum") is None
        blocks.place(session, "mum", reason="no contact", by="clerk", now=NOON)
        assert queries.blocks(session, ["ann", "bob"]) == {("ann", "mum"): queries.BLOCKED, ("bob", "mum"): queries.BLOCKED}
        blocks.lift(session, one.id, why="the order ended", by="boss", now=NOON)
        assert queries.block(session, "ann", "mum") == queries.BLOCKED


def test_restriction_text_blocks_until_exactly_that_text_is_cleared(database: Database) -> None:
    with database.write() as session:
        row = link("ann", "dad", "see office")
        session.add(row)
        session.flush()
        assert queries.block(session, "ann", "dad") == queries.RESTRICTED
        assert queries.blocks(session, ["ann"]) == {("ann", "dad"): queries.RESTRICTED}
        restrictions.clear(session, "ann", "dad", "see office", by="clerk", now=NOON)
        assert queries.block(session, "ann", "dad") is None
        assert queries.blocks(session, ["ann"]) == {}
        row.restriction = "No contact order"
        session.flush()
        assert queries.block(session, "ann", "dad") == queries.RESTRICTED

"""What software cannot settle is one open row that a person sees."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from outreach.attention.actions import UnknownItemError, raise_item, resolve, resolve_key
from outreach.attention.queries import open_counts, open_items
from outreach.attention.tables import AttentionItem
from outreach.database import Database
from tests.conftest import NOON

LATER = NOON + timedelta(hours=1)


def test_the_same_trouble_again_is_the_same_row_seen_twice(database: Database) -> None:
    with database.write() as session:
        first = raise_item(session, kind="import", key="import:grand-bend", sentence="Line 4 was rejected.", now=NOON)
        again = raise_item(session, kind="import", key="import:grand-bend", sentence="Line 9 was rejected.", now=LATER, urgent=True)
        assert again.id == first.id

    with database.read() as session:
        [item] = open_items(session, None)
        assert (item.sentence, item.times_seen, item.urgent) == ("Line 9 was rejected.", 2, True)
        assert (item.opened_at, item.last_seen_at) == (NOON, LATER)


def test_an_urgent_item_never_becomes_ordinary_by_being_seen_again(database: Database) -> None:
    with database.write() as session:
        raise_item(session, kind="danger", key="k", sentence="s", now=NOON, urgent=True)
        assert raise_item(session, kind="danger", key="k", sentence="s", now=LATER).urgent


def test_a_resolved_trouble_that_returns_opens_a_new_row(database: Database) -> None:
    with database.write() as session:
        first = raise_item(session, kind="a", key="k", sentence="s", now=NOON)
        resolve(session, first.id, by="ana@example.org", now=NOON)
        second = raise_item(session, kind="a", key="k", sentence="s", now=LATER)

        assert second.id != first.id
        assert [item.id for item in open_items(session, None)] == [second.id]


def test_resolving_twice_keeps_the_first_person_on_record(database: Database) -> None:
    with database.write() as session:
        item = raise_item(session, kind="a", key="k", sentence="s", now=NOON)
        resolve(session, item.id, by="ana@example.org", now=NOON)
        resolve(session, item.id, by="ben@example.org", now=LATER)
        assert (item.resolved_by, item.resolved_at) == ("ana@example.org", NOON)
        with pytest.raises(UnknownItemError, match="no item 999"):
            resolve(session, 999, by="ana@example.org", now=NOON)


def test_a_stage_that_sees_the_trouble_gone_resolves_it_by_its_key(database: Database) -> None:
    with database.write() as session:
        raise_item(session, kind="a", key="k", sentence="s", now=NOON)
        gone = resolve_key(session, "k", by="dispatch", now=LATER)
        assert gone is not None
        assert gone.resolved_by == "dispatch"
        assert resolve_key(session, "k", by="dispatch", now=LATER) is None


def test_people_see_their_schools_and_the_district_sees_all_urgent_first(database: Database) -> None:
    with database.write() as session:
        raise_item(session, kind="a", key="1", sentence="ours", now=NOON, school_id="S1")
        raise_item(session, kind="a", key="2", sentence="theirs", now=NOON, school_id="S2")
        raise_item(session, kind="b", key="3", sentence="district", now=LATER, urgent=True)

        assert [i.sentence for i in open_items(session, {"S1"})] == ["ours"]
        assert [i.sentence for i in open_items(session, None)] == ["district", "ours", "theirs"]
        assert open_items(session, set()) == []
        assert open_counts(session, None) == {"a": 2, "b": 1}


def test_two_workers_that_see_the_same_trouble_at_once_leave_one_row(database: Database) -> None:
    start = threading.Barrier(4)

    def worker() -> None:
        start.wait()
        for _ in range(5):
            with database.write() as session:
                raise_item(session, kind="a", key="same", sentence="s", now=NOON)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        rows = session.query(AttentionItem).all()
        assert [(row.key, row.times_seen) for row in rows] == [("same", 20)]

"""Files of what the carrier told while the database was busy."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach import arrivals
from outreach.arrivals import Arrival
from tests.conftest import NOON

STOP = Arrival("inbound", "SM1", {"From": "+13125550142", "Body": "STOP"}, "", NOON)
READABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=READABLE, params=st.dictionaries(READABLE, READABLE, max_size=5), ref=READABLE)
def test_what_is_put_is_what_is_read(tmp_path: Path, key: str, params: dict[str, str], ref: str) -> None:
    arrival = Arrival("status", key, params, ref, NOON)
    arrivals.put(tmp_path, arrival)
    waiting = arrivals.read(tmp_path)
    arrivals.remove(waiting.events)
    assert (list(waiting.events.values()), waiting.unreadable) == ([arrival], ())
    assert not arrivals.is_waiting(tmp_path)


def test_only_this_user_can_read_it_and_its_name_says_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        arrivals.put(tmp_path / "home", STOP)
    finally:
        os.umask(before)
    (path,) = (tmp_path / "home" / "arrivals").iterdir()
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]
    assert not any(told in str(path) for told in ("312", "STOP", "SM1"))
    assert "STOP" not in repr(STOP)


def test_the_same_event_twice_is_one_file_and_the_first_moment_stands(tmp_path: Path) -> None:
    arrivals.put(tmp_path, STOP)
    arrivals.put(tmp_path, replace(STOP, received_at=NOON + timedelta(minutes=1)))
    assert list(arrivals.read(tmp_path).events.values()) == [STOP]


def test_events_are_read_in_the_order_they_came(tmp_path: Path) -> None:
    came = [replace(STOP, dedup_key=f"SM{n}", received_at=NOON + timedelta(seconds=n)) for n in range(20)]
    for arrival in came[::-1]:
        arrivals.put(tmp_path, arrival)
    assert list(arrivals.read(tmp_path).events.values()) == came


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"kind": "inbound"}',
        b'{"kind": 1, "dedup_key": "a", "params": {}, "ref": "", "received_at": "2026-10-06T17:00:00+00:00"}',
        b'{"kind": "inbound", "dedup_key": "a", "params": [], "ref": "", "received_at": "2026-10-06T17:00:00+00:00"}',
        b'{"kind": "inbound", "dedup_key": "a", "params": {"Body": "\\ud800"}, "ref": "", "received_at": "2026-10-06T17:00:00+00:00"}',
        b'{"kind": "inbound", "dedup_key": "a", "params": {"Body": "\\u0000"}, "ref": "", "received_at": "2026-10-06T17:00:00+00:00"}',
        b'{"kind": "inbound", "dedup_key": "a", "params": {}, "ref": "", "received_at": "2026-10-06T17:00:00"}',
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_can_be_put_aside(tmp_path: Path, content: bytes) -> None:
    arrivals.put(tmp_path, STOP)
    spoilt = tmp_path / "arrivals" / ("0" * 64 + ".json")
    spoilt.write_bytes(content)
    waiting = arrivals.read(tmp_path)
    assert (list(waiting.events.values()), waiting.unreadable) == ([STOP], (spoilt,))
    arrivals.remove(waiting.events)
    arrivals.put_aside(spoilt)
    arrivals.put_aside(spoilt)
    assert not arrivals.is_waiting(tmp_path)
    assert [path.read_bytes() for path in spoilt.parent.iterdir()] == [content]


def test_what_a_process_did_not_finish_writing_is_no_event_and_is_cleared_away_later(tmp_path: Path) -> None:
    """The carrier was never told that it is kept."""
    arrivals.put(tmp_path, STOP)
    begun = tmp_path / "arrivals" / ".arriving-1"
    begun.write_text('{"kind": "inb')
    assert len(arrivals.read(tmp_path).events) == 1
    assert begun.exists()
    os.utime(begun, (0, 0))
    arrivals.read(tmp_path)
    assert not begun.exists()


def test_without_a_folder_nothing_waits(tmp_path: Path) -> None:
    assert not arrivals.is_waiting(tmp_path / "none")
    assert arrivals.read(tmp_path / "none").events == {}

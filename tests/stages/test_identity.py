"""Every identity case: two parents, three children, numbers of one, of both, of two homes and of nobody, in every order of writing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.messages.templates import sources
from outreach.planning import release
from outreach.planning.release import Go
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.stages.families import hear
from tests.stages.nights import WORDS, Nights

ANA, BEN, BOTH, HOMES, NOBODY = (f"+1312555014{n}" for n in range(2, 7))
"""A number of hers, one of his, one that both read, one of his that a neighbour reads as well, and one that nobody gave us."""
READERS = {ANA: {"ana"}, BEN: {"ben"}, BOTH: {"ana", "ben"}, HOMES: {"ben", "eve"}, NOBODY: set()}
CHILDREN = ("lia", "sol", "kim")
NAMES = {name.capitalize() for name in (*CHILDREN, "ana", "ben", "eve", "reyes", "tom")}
TIES = list(itertools.combinations_with_replacement((("ana",), ("ben",), ("ana", "ben"), ()), 3))
"""For every child who may hear of it; the children are alike, so their own order says nothing."""
ORDERS = list(itertools.permutations(READERS))
SOME = [((("ana",), ("ana", "ben"), ()), True, 50), ((("ana",), ("ben",), ()), False, 119)]
EVERY = [pytest.param(ties, confirmed, every, marks=pytest.mark.long) for ties in TIES for confirmed, every in ((True, 1), (False, 24))]
Ties = tuple[tuple[str, ...], ...]


@contextmanager
def _unkept(database: Database) -> Iterator[Session]:
    """A transaction that keeps nothing of what it did."""
    with Session(database.engine, expire_on_commit=False) as session:
        yield session
        session.rollback()


def _district(nights: Nights, ties: Ties, *, confirmed: bool) -> None:
    """The family at 1 Elm St, and a neighbour with a child of her own who shares a number with him."""
    district, shipped = nights.district, {(one.message, "sms", "en"): one.text for one in sources() if one.channel == "sms"}
    nights.approve({**WORDS, **shipped})
    district.settings["trust_registration_phones"] = False
    for number, child in enumerate((*CHILDREN, "tom")):
        district.child(child, absent=3 + number)
    knows = dict(zip(CHILDREN, ties, strict=True))
    for adult, street in (("ana", "1 Elm St"), ("ben", "1 Elm St"), ("eve", "9 Oak St")):
        own = ["tom"] if adult == "eve" else [child for child in CHILDREN if adult in knows[child]]
        district.adult(adult, own, address=street)
        for phone, readers in READERS.items():
            if adult in readers:
                district.phone(adult, phone, consent="yes", **({"verified_on": "2026-08-20"} if confirmed else {}))
    nights.load()


def _may_leave(phone: str, ties: Ties, *, confirmed: bool) -> set[str]:
    """The children that whoever reads a number may all hear of, where it is known who reads it; nothing else may be named on it."""
    readers = READERS[phone]
    return {child.capitalize() for child, knows in zip(CHILDREN, ties, strict=True) if readers and readers <= {*knows} and confirmed}


@pytest.mark.parametrize(("ties", "confirmed", "every"), [*SOME, *EVERY])
def test_no_unconfirmed_name_leaves_whoever_writes_in_whatever_order(
    sqlite_database: Database, settings: Settings, tmp_path: Path, ties: Ties, every: int, *, confirmed: bool
) -> None:
    nights = Nights(sqlite_database, settings, tmp_path)
    _district(nights, ties, confirmed=confirmed)
    for order in ORDERS[::every]:
        with _unkept(sqlite_database) as session:
            _hear_all(session, nights, order, ties, confirmed=confirmed)


def _hear_all(session: Session, nights: Nights, order: tuple[str, ...], ties: Ties, *, confirmed: bool) -> None:
    threads = {}
    for phone in order:
        asked, case = hear(session, nights.settings, "which days?", phone=phone, at=nights.now)
        threads[phone] = case.id
        rows = session.scalars(select(PlannedMessage).where(PlannedMessage.phone == phone)).all()
        assert {row.reply_to_id for row in rows if row.message == "which_days"} <= {asked.id}, "an answer knows what it answers"
        checked = [release.check(session, row, nights.settings, nights.now) for row in rows]
        named = {name for found in checked if isinstance(found, Go) for name in NAMES if name in found.body}
        may = _may_leave(phone, ties, confirmed=confirmed)
        assert named <= may, (order, phone)
        if len(READERS[phone]) == 1 and len(may) == 1 and _children(READERS[phone], ties) == 1:
            assert named == may, "whose number it is for certain hears of the only child it can mean"
        assert asked.to_human is not bool(named), "where nothing could be said, a person answers"
    assert len(set(threads.values())) == len(READERS), "a thread a number"


def _children(readers: set[str], ties: Ties) -> int:
    return sum(bool(readers & {*knows}) for knows in ties)

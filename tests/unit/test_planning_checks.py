"""The message-class table of DESIGN, Delivery, cell by cell."""

from __future__ import annotations

import pytest

from outreach.planning.checks import CHECKS, Check
from outreach.planning.states import MessageClass

TABLE = """
               nudge campaign answer confirmation safety notice page trial welcome proposal
stop_button      x      x       x         x          x      x  .  .  x  x
shadow           x      x       .         .          .      x  .  .  x  .
spending         x      x       .         .          .      x  .  .  x  .
two_way          x      x       .         .          .      x  .  .  x  .
opt_out          x      x       x         x          x      x  x  .  x  x
deceased         x      x       x         x          x      x  x  .  x  x
block            x      x       x         x          x      x  x  .  x  x
count            x      .       .         .          .      .  .  .  .  .
freshness        x      .       .         .          .      .  .  .  .  .
enrolment        x      x       .         .          .      x  .  .  x  .
age              x      x       .         .          .      x  .  .  x  .
verified         x      x       .         .          .      x  .  .  .  x
approved         x      x       .         x          x      x  .  .  x  x
quiet_hours      x      x       x         .          .      x  .  .  x  x
school_day       x      x       .         .          .      .  .  .  x  .
turn             x      .       .         .          .      .  .  .  .  .
cap              x      .       .         .          .      .  .  .  .  .
pretended        .      .       .         .          .      .  .  x  .  .
"""
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [(row[0], kind, mark == "x") for row in ROWS for kind, mark in zip(HEAD, row[1:], strict=True)]


@pytest.mark.parametrize(("check", "kind", "binds"), CELLS, ids=[f"{kind}-{check}" for check, kind, _ in CELLS])
def test_each_class_is_bound_by_its_checks(check: str, kind: str, binds: bool) -> None:
    assert (Check(check) in CHECKS[MessageClass(kind)]) is binds


def test_the_table_holds_every_class_and_every_check() -> None:
    assert {(check, kind) for check, kind, _ in CELLS} == {(check, kind) for check in Check for kind in MessageClass}
    assert CHECKS.keys() == set(MessageClass)

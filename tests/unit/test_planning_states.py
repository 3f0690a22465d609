"""The one table of moves of a message."""

from __future__ import annotations

import pytest

from outreach.planning.states import IllegalMoveError, State, may_move, move

TABLE = """
            skipped waiting planned held cancelled sending uncertain accepted sent delivered undelivered failed printed
skipped        =       .       x      .      x        .        .         .      .       .         .        .       .
waiting        .       =       x      .      x        .        .         .      .       .         .        .       .
planned        x       x       =      x      x        x        .         .      .       .         .        .       x
held           x       x       x      =      x        x        .         .      .       .         .        .       x
cancelled      .       .       .      .      =        .        .         .      .       .         .        .       .
sending        .       .       x      .      x        =        x         x      x       x         x        x       .
uncertain      .       .       x      .      .        .        =         x      x       x         x        x       .
accepted       .       .       .      .      x        .        .         =      x       x         x        x       .
sent           .       .       .      .      .        .        .         .      =       x         x        x       .
delivered      .       .       .      .      .        .        .         .      .       =         .        .       .
undelivered    .       .       .      .      .        .        .         .      .       x         =        .       .
failed         .       .       .      .      .        .        .         .      .       x         .        =       .
printed        .       x       .      .      x        .        .         .      .       .         x        .       =
"""
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [(row[0], to, mark) for row in ROWS for to, mark in zip(HEAD, row[1:], strict=True)]


@pytest.mark.parametrize(("now", "to", "mark"), CELLS, ids=[f"{now}-{to}" for now, to, _ in CELLS])
def test_a_message_moves_by_the_table_and_by_nothing_else(now: str, to: str, mark: str) -> None:
    assert may_move(State(now), State(to)) is (mark != ".")
    if mark == ".":
        with pytest.raises(IllegalMoveError):
            move(State(now), State(to))
    else:
        assert move(State(now), State(to)) == State(to)


def test_the_table_holds_every_state() -> None:
    assert {now for now, _, _ in CELLS} == {to for _, to, _ in CELLS} == {state.value for state in State}

"""What families said of the attendance record, list by list, for the people of some schools."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import case as when
from sqlalchemy.orm import Session

from outreach.cases import queries
from outreach.cases.clerk_states import WordState
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.tables import Case
from outreach.replies.tables import Inbound

AGREES = "agrees"
"""The list of those with which the feed now agrees, whatever a person said of them; the others are in the list of their state."""


@dataclass(frozen=True)
class Said:
    """One word of a family with its text and its case."""

    word: RecordWord
    case: Case
    inbound: Inbound


def counts(session: Session, schools: Collection[str] | None) -> dict[str, int]:
    """How many stand in each list (None: of the whole district), empty ones too; closed ones are in none."""
    found = dict.fromkeys((AGREES, *(state.value for state in WordState if state is not WordState.CLOSED)), 0)
    name = when((_agrees(), AGREES), else_=RecordWord.state)
    rows = select(name, func.count()).join(Case, Case.id == RecordWord.case_id).where(*_scope(schools)).group_by(name)
    return found | {row[0]: row[1] for row in session.execute(rows)}


def listed(session: Session, schools: Collection[str] | None, name: str, *, skip: int = 0, most: int) -> list[Said]:
    """One list, who has waited longest first."""
    mine = [_agrees()] if name == AGREES else [~_agrees(), RecordWord.state == name]
    rows = (
        select(RecordWord, Case, Inbound)
        .join(Case, Case.id == RecordWord.case_id)
        .join(Inbound, Inbound.id == RecordWord.inbound_id)
        .where(*mine, *_scope(schools))
        .order_by(RecordWord.heard_at, RecordWord.id)
    )
    return [Said(word, case, inbound) for word, case, inbound in session.execute(rows.offset(skip).limit(most))]


def _agrees() -> ColumnElement[bool]:
    return func.json_array_length(RecordWord.shown) > 0


def _scope(schools: Collection[str] | None) -> list[ColumnElement[bool]]:
    mine = [] if schools is None else [queries.of_schools(schools)]
    return [RecordWord.state != WordState.CLOSED.value, *mine]

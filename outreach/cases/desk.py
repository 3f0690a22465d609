"""Several people at one inbox: who has a conversation open, whose words wait in it unsent, and what has come since somebody looked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, literal, null, or_, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.cases.inbox_tables import CaseDraft, CasePresence
from outreach.cases.states import EventKind
from outreach.cases.tables import CaseEvent
from outreach.staff.tables import Account

HERE = timedelta(seconds=45)
"""How long a person is here after the page was last seen open: it says so every ten seconds."""
TYPING = timedelta(seconds=20)


class DraftKind(StrEnum):
    """What the words are going to be: a family must never get what was meant as a note."""

    ANSWER = "answer"
    NOTE = "note"


@dataclass(frozen=True)
class Here:
    """A colleague who has the conversation open."""

    account_id: int
    name: str
    typing: bool


def look(session: Session, case_id: int, account_id: int, now: datetime, *, typing: bool = False) -> None:
    """Note that a person has a conversation open, and whether they write."""
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(CasePresence)
    values = {"seen_at": now} | ({"typed_at": now} if typing else {})
    new = insert.values(case_id=case_id, account_id=account_id, **{"typed_at": None, **values})
    session.execute(new.on_conflict_do_update(index_elements=[CasePresence.case_id, CasePresence.account_id], set_=values))


def leave(session: Session, case_id: int, account_id: int) -> None:
    """Note that a person went on: nobody need wait for them."""
    session.execute(delete(CasePresence).where(CasePresence.case_id == case_id, CasePresence.account_id == account_id))


def others(session: Session, case_ids: Collection[int], account_id: int, now: datetime) -> dict[int, list[Here]]:
    """Case → the colleagues of *account_id* who have it open now, who writes first; cases nobody has open are absent."""
    return around(session, case_ids, account_id, now)[0]


def around(session: Session, case_ids: Collection[int], account_id: int, now: datetime) -> tuple[dict[int, list[Here]], frozenset[int]]:
    """What ``others`` says, and those of the cases in which *account_id* has unsent words: one question, for a list."""
    found: defaultdict[int, list[Here]] = defaultdict(list)
    drafts = set()
    present = (
        select(CasePresence.case_id, CasePresence.account_id, Account.name, Account.email, CasePresence.typed_at)
        .join(Account, Account.id == CasePresence.account_id)
        .where(CasePresence.case_id.in_(case_ids), CasePresence.account_id != account_id, CasePresence.seen_at > now - HERE)
    )
    nobody = (literal(""), literal(""), null())
    mine = select(CaseDraft.case_id, CaseDraft.account_id, *nobody).where(
        CaseDraft.case_id.in_(case_ids), CaseDraft.account_id == account_id
    )
    rows: Sequence[Any] = session.execute(union_all(present, mine)).all()
    for case_id, who, name, email, typed_at in rows:
        if who == account_id:
            drafts.add(case_id)
        else:
            found[case_id].append(Here(who, name or email, typed_at is not None and typed_at > now - TYPING))
    return {case_id: sorted(here, key=lambda one: (not one.typing, one.name)) for case_id, here in found.items()}, frozenset(drafts)


def keep_draft(session: Session, case_id: int, account_id: int, kind: DraftKind, text: str, now: datetime) -> None:
    """Keep words that were not sent yet; empty words end the draft."""
    if not text.strip():
        drop_draft(session, case_id, account_id, kind)
        return
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(CaseDraft)
    new = insert.values(case_id=case_id, account_id=account_id, kind=kind.value, text=text, at=now)
    key = [CaseDraft.case_id, CaseDraft.account_id, CaseDraft.kind]
    session.execute(new.on_conflict_do_update(index_elements=key, set_={"text": text, "at": now}))


def drop_draft(session: Session, case_id: int, account_id: int, kind: DraftKind) -> None:
    """End a draft: it was sent, or its words were taken out."""
    mine = CaseDraft.case_id == case_id, CaseDraft.account_id == account_id, CaseDraft.kind == kind.value
    session.execute(delete(CaseDraft).where(*mine))


def drafts(session: Session, case_id: int, account_id: int) -> dict[str, str]:
    """A person's unsent words in a conversation, by kind."""
    mine = select(CaseDraft).where(CaseDraft.case_id == case_id, CaseDraft.account_id == account_id)
    return {row.kind: row.text for row in session.scalars(mine)}


def newest_event(session: Session, case_id: int) -> int:
    """The id of the last thing that happened in a case; 0 where nothing did."""
    return session.scalar(select(func.max(CaseEvent.id)).where(CaseEvent.case_id == case_id)) or 0


def unseen(session: Session, case_id: int, seen: int, by: str) -> CaseEvent | None:
    """The first word of the family, or answer of a colleague of *by*, that came after the event *seen*; None where there is none."""
    told = or_(CaseEvent.kind == EventKind.INBOUND.value, (CaseEvent.kind == EventKind.ANSWER.value) & (CaseEvent.by != by))
    return session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.id > seen, told).order_by(CaseEvent.id)).first()

"""Children whose families hear nothing until a person has decided: mostly sent home, or sent a truancy notice lately."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve
from outreach.attention.tables import AttentionItem
from outreach.planning.queries import Waiting
from outreach.planning.reasons import Reason

_ASKED: Mapping[Reason, tuple[str, str]] = {
    Reason.SUSPENDED: (
        "suspension",
        "A child over a threshold missed half or more of its days by suspension. No message leaves; decide what this family needs to hear.",
    ),
    Reason.TRUANCY: (
        "truancy",
        "A truancy notice about a child over a threshold went out lately. No message leaves for some days; a call may help more.",
    ),
}
"""Reason → kind and sentence of what a person sees."""


def ask(session: Session, refused: Iterable[tuple[str, Waiting]], school_of: Callable[[str], str], now: datetime) -> None:
    """Put each child before a person once per crossing, and take back what is no longer to be decided.

    *refused* are the crossings of a night that were left out, each with its reason. An item that a person resolved is decided and does
    not come back with the next planning.
    """
    newest: dict[tuple[str, str], int] = {}
    for reason, crossing in refused:
        if reason in _ASKED:
            newest[reason, crossing.student_id] = max(crossing.episode_id, newest.get((reason, crossing.student_id), 0))
    wanted = {f"{_ASKED[Reason(why)][0]}:{child}:{episode}": (Reason(why), child) for (why, child), episode in newest.items()}
    kinds = [kind for kind, _ in _ASKED.values()]
    raised = {item.key: item for item in session.scalars(select(AttentionItem).where(AttentionItem.kind.in_(kinds)))}
    for key, item in raised.items():
        if item.resolved_at is None and key not in wanted:
            resolve(session, item.id, by="plan", now=now)
    for key, (reason, child) in sorted(wanted.items()):
        if key not in raised:
            kind, sentence = _ASKED[reason]
            raise_item(session, kind=kind, key=key, sentence=sentence, now=now, school_id=school_of(child), detail={"student": child})

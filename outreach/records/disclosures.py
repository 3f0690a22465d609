"""The disclosure log as a view: who got what of which child, when, why and on what basis (34 CFR 99.32).

What was given on request or written down stands in ``disclosures``. Of one child the view adds what its family was told by text, letter
and family page, from those rows themselves: no entry of that kind can be forgotten, because nobody has to write it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from outreach.delivery.family_tables import FamilyCode, FamilyVisit
from outreach.district.overlays import merged
from outreach.planning.states import Channel
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.records.bases import GROUNDS, Basis
from outreach.records.gathering import family
from outreach.records.tables import Disclosure
from outreach.thresholds.tables import Episode


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    at: datetime
    student_id: str
    contact_id: str
    recipient: str
    """Empty where it is a contact."""
    what: str
    purpose: str
    basis: Basis
    by: str
    """Who gave it; empty for the service itself."""
    sha256: str = ""

    @property
    def must_log(self) -> bool:
        """Whether 34 CFR 99.32 asks for it; the rest is shown because families ask."""
        return GROUNDS[self.basis].must_log


@dataclass(frozen=True)
class Search:
    """What is looked for; whatever is left empty does not narrow."""

    student_id: str = ""
    words: str = ""
    """In the recipient, the purpose or what was given."""
    basis: Basis | None = None
    since: datetime | None = None
    until: datetime | None = None


def entries(session: Session, search: Search, *, limit: int) -> list[Entry]:
    """The newest lines that fit, the newest first."""
    ids = merged(session).ids([search.student_id]) if search.student_id else []
    found = list(_given(session, search, ids, limit))
    if ids:
        found += [one for one in (*_told(session, ids), *_opened(session, ids)) if _fits(one, search)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def _given(session: Session, search: Search, ids: list[str], limit: int) -> Iterator[Entry]:
    rows = select(Disclosure).order_by(Disclosure.at.desc(), Disclosure.id.desc()).limit(limit)
    if ids:
        rows = rows.where(Disclosure.student_id.in_(ids))
    if search.words:
        columns = (Disclosure.recipient, Disclosure.purpose, Disclosure.what)
        rows = rows.where(or_(*(column.icontains(search.words, autoescape=True) for column in columns)))
    if search.basis is not None:
        rows = rows.where(Disclosure.basis == search.basis.value)
    if search.since is not None:
        rows = rows.where(Disclosure.at >= search.since)
    if search.until is not None:
        rows = rows.where(Disclosure.at < search.until)
    for row in session.scalars(rows):
        basis = Basis(row.basis)
        yield Entry(row.at, row.student_id, row.contact_id, row.recipient, row.what, row.purpose, basis, row.by, row.sha256)


def _told(session: Session, ids: list[str]) -> Iterator[Entry]:
    """What left about the child, to its adults."""
    contacts = [adult.contact_id for adult in family(session, ids)]
    crossings = select(PlannedEpisode.planned_id).join(Episode, Episode.id == PlannedEpisode.episode_id).where(Episode.student_id.in_(ids))
    about = or_(PlannedMessage.contact_id.in_(contacts), PlannedMessage.id.in_(crossings))
    for row in session.scalars(select(PlannedMessage).where(about, PlannedMessage.sent_at.is_not(None))):
        if row.sent_at is None or not set(ids) & set(row.student_ids):
            continue
        letter = row.channel == Channel.LETTER
        named = row.facts.get("contact_ids", ()) if letter else ()
        for contact_id in dict.fromkeys([*([row.contact_id] if row.contact_id else []), *named]):
            what = f"{'Letter' if letter else 'Text'}: {row.message or row.message_class}"
            yield Entry(row.sent_at, ids[0], contact_id, "", what, "to tell the family", Basis.PARENT, "")


def _opened(session: Session, ids: list[str]) -> Iterator[Entry]:
    """The family page, opened with a letter's code."""
    contacts = [adult.contact_id for adult in family(session, ids)]
    rows = (
        select(FamilyVisit.opened_at, FamilyCode.contact_ids, FamilyCode.student_ids)
        .join(FamilyCode, FamilyCode.id == FamilyVisit.code_id)
        .join(PlannedMessage, PlannedMessage.id == FamilyCode.planned_id)
        .where(PlannedMessage.contact_id.in_(contacts))
    )
    for at, adults, children in session.execute(rows):
        if set(ids) & set(children):
            yield Entry(at, ids[0], adults[0] if adults else "", "", "Family page opened", "to tell the family", Basis.PARENT, "")


def _fits(one: Entry, search: Search) -> bool:
    folded = search.words.casefold()
    return (
        (not folded or folded in f"{one.what} {one.purpose}".casefold())
        and (search.basis is None or one.basis is search.basis)
        and (search.since is None or one.at >= search.since)
        and (search.until is None or one.at < search.until)
    )

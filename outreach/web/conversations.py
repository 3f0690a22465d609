"""Reads for the inbox: lists of cases, and one case as a conversation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from outreach.cases import desk, queries, seals, searching, speaking_queries
from outreach.cases.desk import Here
from outreach.cases.seals import Seals
from outreach.cases.states import CaseState, EventKind, Queue
from outreach.cases.tables import Case, CaseEvent
from outreach.district.overlays import merged
from outreach.planning.states import UNSAID, Channel, MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound, InboundMedia
from outreach.staff import queries as staff
from outreach.staff.queries import SignedIn
from outreach.translation.tables import MachineText
from outreach.web import people, pictures
from outreach.web.views import Shelf, View, Whose

PER_PAGE = 40
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
_EARLIER = 30
"""Earlier messages of ours shown above a conversation."""

Side = Literal["family", "us", "automatic", "note", "log", "event"]
_SIDES: dict[str, Side] = {
    EventKind.INBOUND: "family",
    EventKind.ANSWER: "us",
    EventKind.AUTOMATIC: "automatic",
    EventKind.NOTE: "note",
    EventKind.HANDOVER: "note",
    EventKind.CALL: "log",
    EventKind.NO_ANSWER: "log",
    EventKind.VISIT: "log",
}


@dataclass(frozen=True)
class Row:
    """One case in a list."""

    case: Case
    words: str
    """What the family wrote last."""
    last_id: int
    """Which text that was; 0 where it never wrote."""
    at: datetime
    child: people.ChildName | None
    adult: str
    relation: str
    language: str
    """Of the words: a locale; empty where it is not certain."""
    owner: str
    here: tuple[Here, ...]
    """Colleagues who have it open now."""
    draft: bool
    """Words of this person wait in it unsent."""


@dataclass(frozen=True)
class Item:
    """One thing in a conversation."""

    side: Side
    at: datetime
    by: str
    words: str
    kind: str
    planned: PlannedMessage | None = None
    inbound: Inbound | None = None
    media: tuple[InboundMedia, ...] = ()
    """The photos and documents that came with it."""
    language: str = ""
    """Of the words: a locale; empty where it is not certain."""
    reading: MachineText | None = None
    """What a machine made of it, for staff."""


@dataclass(frozen=True)
class Counts:
    """How many cases stand on each shelf of one owner, and how many of each owner on one shelf; closed ones are not counted."""

    shelves: dict[Shelf, int]
    whose: dict[Whose, int]


def counts(session: Session, person: SignedIn, view: View, now: datetime) -> Counts:
    """Count all shelves with one question to the database."""
    columns = (Case.state, Case.queue, Case.owner_id, Case.snoozed_until)  # in the order of the index, or all would be sorted first
    shelves: dict[Shelf, int] = dict.fromkeys((shelf for shelf in Shelf if shelf is not Shelf.CLOSED), 0)
    whose = dict.fromkeys(Whose, 0)
    rows = session.execute(
        select(*columns, func.count())
        .where(Case.state.in_((CaseState.OPEN.value, CaseState.ANSWERED.value)), *_scope(person, view))
        .group_by(*columns)
    )
    for state, queue, owner_id, until, count in rows:
        is_aside = until is not None and until > now
        shelf = Shelf.ANSWERED if state == CaseState.ANSWERED else Shelf.SNOOZED if is_aside else Shelf(queue)
        owners = {Whose.ALL, *([Whose.MINE] if owner_id == person.id else []), *([Whose.NOBODYS] if owner_id is None else [])}
        if view.whose in owners:
            shelves[shelf] += count
        if shelf is view.shelf:
            for owner in owners:
                whose[owner] += count
    return Counts(shelves, whose)


def listed(session: Session, person: SignedIn, view: View, now: datetime, page: int = 1) -> tuple[list[Row], bool]:
    """One page of a list, urgent first, then who has waited longest; and whether there are more."""
    ids = matching(person, view, now).with_only_columns(Case.id).offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1)
    cases = session.scalars(_order(view, select(Case).where(Case.id.in_(ids.scalar_subquery())))).all()
    return rows_of(session, cases[:PER_PAGE], person, now), len(cases) > PER_PAGE


def next_after(session: Session, person: SignedIn, view: View, case_id: int, now: datetime) -> int | None:
    """The case to look at after this one: the following in the list, else the first; None when the list holds no other."""
    ids = list(session.scalars(matching(person, view, now).with_only_columns(Case.id).limit(500)))
    after = ids[ids.index(case_id) + 1 :] if case_id in ids else ids
    return next(iter([*after, *(other for other in ids if other != case_id)]), None)


def thread(session: Session, case: Case, person: SignedIn) -> list[Item]:
    """A case as a conversation, the oldest first: what the family wrote, what we wrote, notes, and what happened to the case.

    From a text that may mean danger on, or from a sealed reason on, its words are sealed for whoever need not know them.
    """
    events = session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.at, CaseEvent.id)).all()
    planned = _planned(session, {event.planned_id for event in events if event.planned_id}, case)
    inbound = {
        row.id: row for row in session.scalars(select(Inbound).where(Inbound.id.in_([e.inbound_id for e in events if e.inbound_id])))
    }
    names = staff.names_by_email(session, {event.by for event in events})
    photos = pictures.of_texts(session, inbound)
    readings = speaking_queries.readings(session, inbound)
    items = [
        replace(
            _of_event(event, planned, inbound, names),
            media=photos.get(event.inbound_id or 0, ()),
            reading=readings.get(event.inbound_id or 0),
        )
        for event in events
    ]
    told = {event.planned_id for event in events}
    items += [_of_message(row) for row in planned.values() if row.id not in told]
    closed = seals.of_case(session, case, person)
    family = speaking_queries.home_language(session, case)
    return sorted((_sealed(replace(item, language=_language(item, family)), closed) for item in items), key=lambda item: item.at)


def _language(item: Item, family: str) -> str:
    """The language of one thing's words: as they were sent, or as they read."""
    if item.inbound is not None:
        return speaking_queries.written_in(item.inbound, family)
    sent_in = item.planned.language if item.planned is not None else ""
    return sent_in or (speaking_queries.language_of_words(item.words, family) if item.side == "us" else "")


def _sealed(item: Item, closed: Seals) -> Item:
    instead = closed.over(item.at, urgent=item.inbound is not None and item.inbound.urgent)
    is_bare = not (item.words or item.planned or item.inbound)  # that the owner changed, say, tells nothing of what was written
    return (
        replace(item, words=instead, planned=None, inbound=None, media=(), language="", reading=None) if instead and not is_bare else item
    )


def matching(person: SignedIn, view: View, now: datetime) -> Select[Case]:
    """The statement that selects a whole list, in its order."""
    is_open = Case.state == CaseState.OPEN.value
    shelves: dict[Shelf, list[ColumnElement[bool]]] = {
        Shelf.NEEDS_ME: [is_open, Case.queue == Queue.NEEDS_ME.value, ~_aside(now)],
        Shelf.SNOOZED: [is_open, Case.queue == Queue.NEEDS_ME.value, _aside(now)],
        Shelf.INFORMATION: [is_open, Case.queue == Queue.INFORMATION.value],
        Shelf.ANSWERED: [Case.state == CaseState.ANSWERED.value],
        Shelf.CLOSED: [Case.state == CaseState.CLOSED.value],
    }
    return _order(view, select(Case).where(*shelves[view.shelf], *_scope(person, view), *_whose(person, view.whose)))


def of_query(session: Session, person: SignedIn, query: str, now: datetime) -> tuple[list[Row], bool]:
    """The conversations that hold every word of *query*, open ones first, then the newest; and whether there are more."""
    holding = searching.find(query)
    if holding is None:
        return [], False
    order = Case.state == CaseState.CLOSED.value, Case.id.desc()
    cases = session.scalars(holding.where(*_scope(person, View())).order_by(*order).limit(PER_PAGE + 1)).all()
    return rows_of(session, cases[:PER_PAGE], person, now), len(cases) > PER_PAGE


def _aside(now: datetime) -> ColumnElement[bool]:
    return func.coalesce(Case.snoozed_until, _LONG_AGO) > now


def _order(view: View, cases: Select[Case]) -> Select[Case]:
    if view.shelf is Shelf.CLOSED:
        return cases.order_by(Case.closed_at.desc(), Case.id.desc())
    if view.shelf is Shelf.SNOOZED:
        return cases.order_by(Case.snoozed_until, Case.id)
    nobody_waits = Case.waiting_since.is_(None)
    return cases.order_by(Case.urgent.desc(), nobody_waits, func.coalesce(Case.waiting_since, Case.opened_at), Case.id)


def _scope(person: SignedIn, view: View) -> list[ColumnElement[bool]]:
    mine: list[ColumnElement[bool]] = [] if person.schools is None else [queries.of_schools(person.schools)]
    return [*mine, Case.school_id == view.school] if view.school else mine


def _whose(person: SignedIn, whose: Whose) -> list[ColumnElement[bool]]:
    if whose is Whose.MINE:
        return [Case.owner_id == person.id]
    return [Case.owner_id.is_(None)] if whose is Whose.NOBODYS else []


def rows_of(session: Session, cases: Sequence[Case], person: SignedIn, now: datetime) -> list[Row]:
    """Cases as lines of a list."""
    ids = [case.id for case in cases]
    last, one = _last_words(session, ids), merged(session)
    here, drafts = desk.around(session, ids, person.id, now)
    children = people.children(session, {case.student_id for case in cases if case.student_id}, person.schools, one)
    adults = people.contact_names(session, {case.contact_id for case in cases})
    relations = people.relations(session, {(case.contact_id, case.student_id) for case in cases}, one)
    owner_ids = {case.owner_id for case in cases if case.owner_id}
    owners = staff.names(session, owner_ids) if owner_ids else {}
    closed = seals.of_cases(session, cases, person)

    def words(case: Case) -> str:
        wrote = last.get(case.id)
        if wrote is None:
            return ""
        return closed[case.id].over(wrote.received_at, urgent=wrote.urgent) or wrote.body

    return [
        Row(
            case=case,
            words=words(case),
            last_id=last[case.id].id if case.id in last else 0,
            at=last[case.id].received_at if case.id in last else case.opened_at,
            child=children.get(case.student_id),
            adult=adults.get(case.contact_id, ""),
            relation=relations.get((case.contact_id, case.student_id), ""),
            language=speaking_queries.written_in(last[case.id], "") if case.id in last else "",
            owner=owners.get(case.owner_id, "") if case.owner_id else "",
            here=tuple(here.get(case.id, ())),
            draft=case.id in drafts,
        )
        for case in cases
    ]


def _last_words(session: Session, case_ids: Collection[int]) -> dict[int, Inbound]:
    newest = (
        select(CaseEvent.case_id, func.max(CaseEvent.inbound_id).label("inbound_id"))
        .where(CaseEvent.case_id.in_(case_ids), CaseEvent.inbound_id.is_not(None))
        .group_by(CaseEvent.case_id)
        .subquery()
    )
    rows = session.execute(select(newest.c.case_id, Inbound).join(Inbound, Inbound.id == newest.c.inbound_id))
    return {row[0]: row[1] for row in rows}


def _planned(session: Session, ids: Collection[int], case: Case) -> dict[int, PlannedMessage]:
    """The messages of the case's events, and what else this number was told before."""
    found = {row.id: row for row in session.scalars(select(PlannedMessage).where(PlannedMessage.id.in_(ids)))}
    if case.phone:
        sent = select(PlannedMessage).where(
            PlannedMessage.phone == case.phone,
            PlannedMessage.channel == Channel.SMS.value,
            PlannedMessage.message_class != MessageClass.PAGE.value,  # somebody on call may be a parent, too
            PlannedMessage.state.not_in([state.value for state in UNSAID]),
            PlannedMessage.school_id.in_({case.school_id, ""}),
        )
        newest = session.scalars(sent.order_by(PlannedMessage.created_at.desc()).limit(_EARLIER))
        found |= {row.id: row for row in newest}
    return found


def _of_event(event: CaseEvent, planned: dict[int, PlannedMessage], inbound: dict[int, Inbound], names: dict[str, str]) -> Item:
    told, heard = planned.get(event.planned_id or 0), inbound.get(event.inbound_id or 0)
    words = event.text or (heard.body if heard else "") or (told.body if told else "")
    return Item(_SIDES.get(event.kind, "event"), event.at, names.get(event.by, event.by), words, event.kind, told, heard)


def _of_message(row: PlannedMessage) -> Item:
    return Item("automatic", row.sent_at or row.created_at, "", row.body, row.message_class, row)

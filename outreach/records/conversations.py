"""What was said between a child's adults and the district, and what staff wrote down of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from outreach.cases import danger_queries as danger
from outreach.cases.barrier_words import shipped
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.danger_tables import Incident, IncidentStep
from outreach.cases.family_tables import ContactProposal
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.language_tables import LanguageTask
from outreach.cases.mentor_tables import CheckIn
from outreach.cases.resource_tables import Referral, Resource
from outreach.cases.tables import Case, CaseEvent
from outreach.delivery.letter_tables import LetterPage
from outreach.district.people import Adult
from outreach.messages.letter_content import LetterContent
from outreach.planning.states import Channel, MessageClass
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.records.items import Attached, Item, Nature, Shelf, lines
from outreach.replies.tables import Inbound, InboundMedia
from outreach.thresholds.tables import Episode
from outreach.translation.tables import MachineText

_NOT_OF_FAMILIES = frozenset({MessageClass.PAGE.value, MessageClass.TRIAL.value})
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Talks:
    """The cases about a child, and who is who in them."""

    cases: Mapping[int, Case]
    events: Sequence[CaseEvent]
    holders: Mapping[str, frozenset[str]]
    """Number → the contacts who hold it."""
    sealed: Mapping[int, datetime]
    """Case → since when its words are closed, because of a danger or a sealed reason; others are absent."""

    def writer(self, case: Case, phone: str) -> frozenset[str]:
        """Who wrote from a number: the case's adult, where the number is theirs alone; else nobody we can name."""
        held = self.holders.get(phone, _NOBODY)
        return held if held == {case.contact_id} else _NOBODY

    def owner(self, case: Case) -> frozenset[str]:
        """Whose thread a case is; one that nobody wrote in is nobody's."""
        return self.writer(case, case.phone)

    def is_sealed(self, case: Case, at: datetime) -> bool:
        """Whether words of an instant are closed in a case."""
        return case.id in self.sealed and at >= self.sealed[case.id]


def of_conversations(
    session: Session, ids: Collection[str], adults: Collection[Adult], holders: Mapping[str, frozenset[str]]
) -> list[Item]:
    """Every message, text, note, reason, step and incident; *holders* names for each number all contacts who have it."""
    talks = _talks(session, ids, adults, holders)
    messages = _messages(session, ids, adults, talks)
    found = [*_told(session, messages, talks), *_heard(session, talks), *_written(talks), *_helped(session, talks)]
    found += [*_of_the_record(session, talks), *_check_ins(session, ids)]
    return [*found, *_dangers(session, talks), *_asked(session, talks)]


def _talks(session: Session, ids: Collection[str], adults: Collection[Adult], holders: Mapping[str, frozenset[str]]) -> _Talks:
    contacts = [adult.contact_id for adult in adults]
    mine = select(Case).where(or_(Case.student_id.in_(ids), Case.contact_id.in_(contacts))).order_by(Case.id)
    cases = {case.id: case for case in session.scalars(mine)}
    events = session.scalars(select(CaseEvent).where(CaseEvent.case_id.in_(cases)).order_by(CaseEvent.at, CaseEvent.id)).all()
    sealed = dict(danger.sealed_since(session, cases.keys()))
    for case in cases.values():
        if case.sealed_since is not None:
            sealed[case.id] = min(case.sealed_since, sealed.get(case.id, case.sealed_since))
    return _Talks(cases, events, holders, sealed)


def _messages(session: Session, ids: Collection[str], adults: Collection[Adult], talks: _Talks) -> list[PlannedMessage]:
    contacts = [adult.contact_id for adult in adults]
    of_crossings = (
        select(PlannedEpisode.planned_id).join(Episode, Episode.id == PlannedEpisode.episode_id).where(Episode.student_id.in_(ids))
    )
    in_cases = {event.planned_id for event in talks.events if event.planned_id is not None}
    which = or_(PlannedMessage.contact_id.in_(contacts), PlannedMessage.id.in_(of_crossings), PlannedMessage.id.in_(in_cases))
    rows = session.scalars(select(PlannedMessage).where(which).order_by(PlannedMessage.created_at, PlannedMessage.id))
    return [
        row
        for row in rows
        if row.message_class not in _NOT_OF_FAMILIES and (row.id in in_cases or not row.student_ids or set(ids) & set(row.student_ids))
    ]


def _told(session: Session, messages: Sequence[PlannedMessage], talks: _Talks) -> Iterator[Item]:
    letters = {row.id for row in messages if row.channel == Channel.LETTER}
    pages = {page.planned_id: page for page in session.scalars(select(LetterPage).where(LetterPage.planned_id.in_(letters)))}
    case_of = {event.planned_id: talks.cases[event.case_id] for event in talks.events if event.planned_id is not None}
    for row in messages:
        named = {row.contact_id, *(row.facts.get("contact_ids", ()) if row.channel == Channel.LETTER else ())}
        case = case_of.get(row.id)
        of = frozenset(named - {""}) or (talks.writer(case, row.phone) if case else _NOBODY)
        what = "Letter" if row.channel == Channel.LETTER else "Text"
        title = f"{what} to the family" if row.sent_at else f"{what} that did not leave"
        facts = lines(to=row.phone, state=row.state.replace("_", " "), why=row.reason)
        words = _letter(pages[row.id]) if row.id in pages else row.body
        at = row.sent_at or row.created_at
        hidden = case is not None and talks.is_sealed(case, at)
        yield Item(f"message:{row.id}", Shelf.MESSAGES, title, facts, words, at, of, hidden=hidden)


def _letter(page: LetterPage) -> str:
    """What a letter says, without the address on it and without its code."""
    own = LetterContent.from_json(page.content).own
    paragraphs = ("\n".join(" ".join("".join(run.text for run in cell) for cell in row) for row in block.rows) for block in own.blocks)
    return "\n\n".join((own.date, *paragraphs, "\n".join(own.signature)))


def _heard(session: Session, talks: _Talks) -> Iterator[Item]:
    case_of = {event.inbound_id: talks.cases[event.case_id] for event in talks.events if event.inbound_id is not None}
    machine = select(MachineText.inbound_id, MachineText.words).where(MachineText.inbound_id.in_(case_of))
    person = select(LanguageTask.inbound_id, LanguageTask.result).where(LanguageTask.inbound_id.in_(case_of), LanguageTask.result != "")
    read = dict(session.execute(machine).all()) | dict(session.execute(person.order_by(LanguageTask.id)).all())
    came: defaultdict[int, list[Attached]] = defaultdict(list)
    for photo in session.scalars(select(InboundMedia).where(InboundMedia.inbound_id.in_(case_of)).order_by(InboundMedia.id)):
        came[photo.inbound_id].append(Attached(photo.id, photo.name, photo.type))
    for row in session.scalars(select(Inbound).where(Inbound.id.in_(case_of)).order_by(Inbound.received_at, Inbound.id)):
        facts, photos = lines(**{"from": row.phone}, in_English=read.get(row.id)), tuple(came[row.id])
        case, at = case_of[row.id], row.received_at
        of, hidden = talks.writer(case, row.phone), row.urgent or talks.is_sealed(case, at)
        yield Item(f"text:{row.id}", Shelf.CONVERSATIONS, "Text from the family", facts, row.body, at, of, hidden=hidden, attached=photos)


def _written(talks: _Talks) -> Iterator[Item]:
    """The conversations, and what staff wrote down in them: closed from the first danger or sealed reason on."""
    for case in talks.cases.values():
        facts = lines(because=case.opened_because, state=case.state, closed=case.closed_at and case.closed_at.date())
        of, sealed = talks.owner(case), case.id in talks.sealed
        yield Item(f"case:{case.id}", Shelf.CONVERSATIONS, "A conversation", facts, "", case.opened_at, of, sealed=sealed)
    for event in talks.events:
        case = talks.cases[event.case_id]
        if event.inbound_id is not None or event.planned_id is not None or not event.text:
            continue
        title = f"Written by staff: {event.kind.replace('_', ' ')}"
        of, sealed = talks.owner(case), talks.is_sealed(case, event.at)
        yield Item(f"event:{event.id}", Shelf.CONVERSATIONS, title, lines(by=event.by), event.text, event.at, of, sealed=sealed)


def _helped(session: Session, talks: _Talks) -> Iterator[Item]:
    names = shipped()
    barriers = {row.id: row for row in session.scalars(select(Barrier).where(Barrier.case_id.in_(talks.cases)).order_by(Barrier.id))}
    for row in barriers.values():
        of, sealed = talks.owner(talks.cases[row.case_id]), row.sealed or row.urgent
        facts = lines(reason=names.reason(row.reason), said_by=row.said_by, state=row.state.replace("_", " "), closed=row.closed_why)
        yield Item(f"barrier:{row.id}", Shelf.HELP, "What stands in the way", facts, row.words, row.heard_at, of, sealed=sealed)
    to = dict(session.execute(select(Referral.step_id, Resource.name).join(Resource, Resource.id == Referral.resource_id)).all())
    for step in session.scalars(select(Step).where(Step.case_id.in_(talks.cases)).order_by(Step.id)):
        case, against = talks.cases[step.case_id], barriers.get(step.barrier_id or 0)
        closed = against is not None and (against.sealed or against.urgent)
        sealed = closed or talks.is_sealed(case, step.planned_at)
        facts = lines(what=names.kind(step.kind), due=step.due_on, state=step.state, outcome=step.outcome, pointed_to=to.get(step.id, ""))
        yield Item(f"step:{step.id}", Shelf.HELP, "A step", facts, step.words, step.planned_at, talks.owner(case), sealed=sealed)


def _of_the_record(session: Session, talks: _Talks) -> Iterator[Item]:
    """What the family said of the attendance record itself, and what came of it."""
    rows = select(RecordWord).where(RecordWord.case_id.in_(talks.cases)).order_by(RecordWord.id)
    for row in session.scalars(rows):
        case, facts = talks.cases[row.case_id], lines(dates=", ".join(row.dates), state=row.state.replace("_", " "), why=row.why)
        of, sealed = talks.owner(case), talks.is_sealed(case, row.heard_at)
        title = "What was said of the attendance record"
        yield Item(f"word:{row.id}", Shelf.CONVERSATIONS, title, facts, "", row.heard_at, of, sealed=sealed)


def _check_ins(session: Session, ids: Collection[str]) -> Iterator[Item]:
    for row in session.scalars(select(CheckIn).where(CheckIn.student_id.in_(ids)).order_by(CheckIn.at, CheckIn.id)):
        facts = lines(how=row.kind.replace("_", " "), next=row.next_on)
        yield Item(f"check_in:{row.id}", Shelf.HELP, "A mentor's check-in", facts, row.words, row.at, _NOBODY)


def _dangers(session: Session, talks: _Talks) -> Iterator[Item]:
    incidents = select(Incident.id).where(Incident.case_id.in_(talks.cases))
    for step in session.scalars(select(IncidentStep).where(IncidentStep.incident_id.in_(incidents)).order_by(IncidentStep.id)):
        facts = lines(what=step.kind.replace("_", " "), by=step.by)
        yield Item(f"incident:{step.id}", Shelf.CONVERSATIONS, "Of an incident", facts, step.text, step.at, _NOBODY, sealed=True)


def _asked(session: Session, talks: _Talks) -> Iterator[Item]:
    rows = select(ContactProposal).where(ContactProposal.case_id.in_(talks.cases)).order_by(ContactProposal.id)
    for row in session.scalars(rows):
        facts = lines(what=row.what, value=row.value, taken=row.accepted)
        of = frozenset({row.contact_id})
        yield Item(
            f"proposal:{row.id}", Shelf.ADULTS, "A change asked for on the family page", facts, at=row.at, of=of, nature=Nature.DETAILS
        )

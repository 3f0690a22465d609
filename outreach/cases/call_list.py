"""The call list: children whose family a person should call, because a rule says so, or because neither text nor letter gets there.

Nothing is kept of it: the list is read from crossings, from what was planned for them and from the calls made since, and what stands in
the way of a call (a block, an opt-out, a family left in peace) is asked at the moment of showing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from outreach.cases.call_tables import CallMade
from outreach.cases.my_students import enrolled
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.consent.queries import PhoneConsent, chunks
from outreach.delivery.following import Step
from outreach.delivery.tables import FollowUp
from outreach.district.overlays import merged_away
from outreach.district.people import Adult
from outreach.planning import situation
from outreach.planning.queries import SILENT
from outreach.planning.reasons import Reason
from outreach.planning.recipients import for_letter, permitted
from outreach.planning.situation import Situation
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode, RuleVersion

AT_ONCE = 20
"""Families on one page of the list."""
OUT_OF_REACH = frozenset(
    {Reason.NO_PHONE, Reason.SUPPRESSED, Reason.UNVERIFIED, Reason.SHARED_NUMBER, Reason.NO_CONSENT, Reason.NO_ADDRESS}
)
"""Reasons for which a family was not written to that a call gets round; a wish for no more messages is none of them."""
_RUNNING = (EpisodeState.OPEN, EpisodeState.PASSED)
_LOST = frozenset({State.FAILED, State.UNDELIVERED})
_DEAD = ("wrong number", "The phone number is not valid", "The number is unknown or no longer in use", "given to somebody else")
"""How the ledger's word begins for a number on which no call reaches the family either."""
_NO_CALLS = frozenset({"fax"})
_LAST = 10**6


@dataclass(frozen=True)
class Number:
    """A number on which one adult of a child may be called now."""

    contact_id: str
    name: str
    relation: str
    phone: str
    language: str
    """A locale, or the name that the feed gives."""
    wrote_at: datetime | None
    """When a text last came from it: a time at which somebody looks at this phone."""
    talked_at: datetime | None
    """When somebody was last reached on it from this list."""


@dataclass(frozen=True)
class Why:
    """One thing that was tried before a person calls, and why it was not enough."""

    channel: str
    reason: str


@dataclass
class Listed:
    """One child on the list."""

    student_id: str
    since: datetime
    whys: list[Why] = field(default_factory=list)
    numbers: tuple[Number, ...] = ()
    nobody: str = ""
    """Why there is no number to call; empty where there is one."""
    calls: list[CallMade] = field(default_factory=list)
    """Calls made since, the oldest first."""
    unreached: set[int] = field(default_factory=set)
    """Messages that did not reach the family."""

    @property
    def seen(self) -> int:
        """The last call this page shows: an outcome is for the list as it was seen."""
        return self.calls[-1].id if self.calls else 0


@dataclass(frozen=True)
class CallList:
    """One page of the list."""

    rows: list[Listed]
    waiting: int
    """All children on it."""


def read(session: Session, schools: Collection[str] | None, *, settings: Settings, now: datetime, page: int = 1) -> CallList:
    """The children of some schools (None: the district) whose families should be called: first whom nobody has called, the oldest first."""
    found = _waiting(session, schools, local_date(now, settings.zone))
    order = sorted(found.values(), key=lambda one: (one.calls[-1].at if one.calls else one.since, bool(one.calls), one.student_id))
    order.sort(key=lambda one: bool(one.calls))
    shown = order[(page - 1) * AT_ONCE : page * AT_ONCE]
    return CallList(list(_with_numbers(session, shown, settings, now)), len(order))


def number(session: Session, schools: Collection[str] | None, *, settings: Settings, now: datetime) -> int:
    """How many children stand on the list of some schools (None: the district)."""
    return len(_waiting(session, schools, local_date(now, settings.zone)))


def one(session: Session, student_id: str, schools: Collection[str] | None, *, settings: Settings, now: datetime) -> Listed | None:
    """One child on the list of some schools; None where it is not on it, or not any more."""
    found = _waiting(session, schools, local_date(now, settings.zone), student_id)
    return next(_with_numbers(session, list(found.values()), settings, now), None)


def _waiting(session: Session, schools: Collection[str] | None, today: date, only: str = "") -> dict[str, Listed]:
    """Who should be called (or *only* one child, if so), without those with whom somebody has spoken since.

    Enrolments, calls and cases are read of the few who may be on it: a district has a hundred times as many children.
    """
    found: dict[str, Listed] = {}
    for student_id, since, why, planned_id in (*_by_rule(session), *_out_of_reach(session)):
        if only in ("", student_id):
            listed = found.setdefault(student_id, Listed(student_id, since))
            listed.since = min(listed.since, since)
            listed.unreached |= {planned_id} if planned_id else set()
            if why not in listed.whys:
                listed.whys.append(why)
    here = enrolled(session, schools, today, among=found.keys())
    found = {student_id: listed for student_id, listed in found.items() if student_id in here}
    talked = dict[str, datetime]()
    for some in chunks(sorted(here)):
        talked |= _talked(session, some)
        calls = select(CallMade).where(CallMade.undone_at.is_(None), CallMade.student_id.in_(some))
        for call in session.scalars(calls.order_by(CallMade.id)):
            if call.at >= found[call.student_id].since:
                found[call.student_id].calls.append(call)
    return {student_id: listed for student_id, listed in found.items() if not (at := talked.get(student_id)) or at < listed.since}


def _by_rule(session: Session) -> Iterator[tuple[str, datetime, Why, int]]:
    """Crossings of rules whose action is a call."""
    rules = {
        version.id: version.rule for version in session.scalars(select(RuleVersion)) if version.definition.get("action") == "call_list"
    }
    crossed = select(Episode).where(
        Episode.state == EpisodeState.OPEN, Episode.rule_version_id.in_(rules), Episode.student_id.not_in(merged_away())
    )
    for episode in session.scalars(crossed):
        yield episode.student_id, episode.released_at or episode.opened_at, Why("rule", rules[episode.rule_version_id]), 0


def _out_of_reach(session: Session) -> Iterator[tuple[str, datetime, Why, int]]:
    """Crossings of which no message told the family anything, and which a call may: each with what became of its text and its letter."""
    message = PlannedMessage
    columns = Episode.student_id, Episode.opened_at, Episode.released_at, message.channel, message.reason, message.id
    rows = (
        select(*columns)
        .join(PlannedEpisode, PlannedEpisode.episode_id == Episode.id)
        .join(message, message.id == PlannedEpisode.planned_id)
        .where(
            Episode.state == EpisodeState.OPEN,
            Episode.student_id.not_in(merged_away()),
            or_(and_(message.state == State.SKIPPED, message.reason.in_(OUT_OF_REACH)), _ended(), _came_back()),
            ~_told_of(),
        )
        .order_by(message.channel.desc(), message.id.desc())
    )
    for row in session.execute(rows):
        yield row.student_id, row.released_at or row.opened_at, Why(row.channel, row.reason), row.id


def _ended() -> ColumnElement[bool]:
    """A text that failed, after which neither another text nor a letter could follow."""
    person = exists().where(FollowUp.planned_id == PlannedMessage.id, FollowUp.step == Step.PERSON)
    return and_(PlannedMessage.state.in_(_LOST | {State.SKIPPED}), person)


def _came_back() -> ColumnElement[bool]:
    return and_(PlannedMessage.channel == Channel.LETTER, PlannedMessage.state == State.UNDELIVERED)


def _told_of() -> ColumnElement[bool]:
    """Whether something told, or is about to tell, the family of one of the child's standing crossings."""
    other, spoken, said = aliased(Episode), aliased(PlannedEpisode), aliased(PlannedMessage)
    return exists().where(
        other.student_id == Episode.student_id,
        other.state.in_(_RUNNING),
        spoken.episode_id == other.id,
        said.id == spoken.planned_id,
        said.state.not_in(SILENT | _LOST),
    )


def _talked(session: Session, students: Collection[str]) -> dict[str, datetime]:
    """When somebody last spoke with a child's family, as their cases tell it."""
    undone = select(CallMade.event_id).where(CallMade.undone_at.is_not(None))
    spoke = (
        select(Case.student_id, func.max(CaseEvent.at).label("at"))
        .join(CaseEvent, CaseEvent.case_id == Case.id)
        .where(Case.student_id.in_(students), CaseEvent.kind.in_((EventKind.CALL, EventKind.VISIT)), CaseEvent.id.not_in(undone))
        .group_by(Case.student_id)
    )
    return {row.student_id: row.at for row in session.execute(spoke)}


def _with_numbers(session: Session, rows: Sequence[Listed], settings: Settings, now: datetime) -> Iterator[Listed]:
    """The same with whom to call; without children of whom nothing may be said to their families now."""
    facts = situation.load(session, [row.student_id for row in rows], settings=settings, now=now)
    every = {row.student_id: list(_numbers(facts, row.student_id)) for row in rows}
    phones = {phone for found in every.values() for _, phone in found}
    wrote, talked = _heard_from(session, phones), _reached_on(session, phones)
    for row in rows:
        if facts.standing(row.student_id) or facts.quiet(row.student_id) or facts.counts[row.student_id].held_code:
            continue
        row.numbers = tuple(_number(facts, row.student_id, adult, phone, wrote, talked) for adult, phone in every[row.student_id])
        row.nobody = "" if row.numbers else _why_nobody(facts, row.student_id)
        row.whys = [*row.whys, *_no_letter(facts, row)]
        yield row


def _numbers(facts: Situation, student_id: str) -> Iterator[tuple[Adult, str]]:
    """The adults who may be told about a child in their order, each with the numbers on which a call may reach them."""
    given = set[str]()
    for home in facts.homes(student_id):
        for adult in permitted(home.adults, student_id, facts.permissions)[0]:
            for phone in sorted(adult.phones, key=lambda phone: (phone.priority if phone.priority is not None else _LAST, phone.id)):
                said = facts.numbers.consents.get(phone.e164, PhoneConsent(phone.e164))
                refused = said.opted_out or said.suppressed.startswith(_DEAD) or phone.type.casefold() in _NO_CALLS
                if phone.e164 and not refused and phone.e164 not in given:
                    given.add(phone.e164)
                    yield adult, phone.e164


def _number(
    facts: Situation, student_id: str, adult: Adult, phone: str, wrote: Mapping[str, datetime], talked: Mapping[str, datetime]
) -> Number:
    link = adult.link(student_id)
    locale, language = facts.locale(adult.locale, adult.language, student_id)
    return Number(
        contact_id=adult.contact_id,
        name=adult.name,
        relation=link.relation if link else "",
        phone=phone,
        language=locale or language,
        wrote_at=wrote.get(phone),
        talked_at=talked.get(phone),
    )


def _why_nobody(facts: Situation, student_id: str) -> str:
    """Why no number can be called, in the words of the outbox."""
    refusals = [permitted(home.adults, student_id, facts.permissions) for home in facts.homes(student_id)]
    if not any(adults for adults, _ in refusals):
        return next((why for _, why in refusals if why), Reason.NO_CONTACT)
    phones = [phone.e164 for adults, _ in refusals for adult in adults for phone in adult.phones if phone.e164]
    opted = any(facts.numbers.consents.get(phone, PhoneConsent(phone)).opted_out for phone in phones)
    return "opted out: the family asked for no more messages on its number" if opted else "no usable phone: no number of theirs works"


def _no_letter(facts: Situation, row: Listed) -> list[Why]:
    """Why no letter goes instead, where the rows do not say so themselves."""
    tried = {why.channel for why in row.whys}
    if Channel.SMS not in tried or Channel.LETTER in tried:
        return []
    refusals = [for_letter(home.adults, row.student_id, facts.permissions)[1] for home in facts.homes(row.student_id)]
    return [Why(Channel.LETTER.value, next((why for why in refusals if why), "no letter is due yet by the rules"))]


def _heard_from(session: Session, phones: Collection[str]) -> dict[str, datetime]:
    rows = select(Inbound.phone, func.max(Inbound.received_at).label("at")).where(Inbound.phone.in_(phones)).group_by(Inbound.phone)
    return {row.phone: row.at for row in session.execute(rows)}


def _reached_on(session: Session, phones: Collection[str]) -> dict[str, datetime]:
    rows = select(CallMade.phone, func.max(CallMade.at).label("at")).where(
        CallMade.phone.in_(phones), CallMade.outcome == "reached", CallMade.undone_at.is_(None)
    )
    return {row.phone: row.at for row in session.execute(rows.group_by(CallMade.phone))}

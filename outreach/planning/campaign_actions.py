"""Plans a campaign: one batch that waits for a person, with a row for every household, also for those who are left out and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.clock import local_date, start_of_day
from outreach.database import take_turns
from outreach.district import queries as district
from outreach.district.households import Household
from outreach.messages import queries as messages
from outreach.messages.queries import Choice
from outreach.planning import batches, brakes, campaigns, situation, turns
from outreach.planning.campaign_tables import Campaign
from outreach.planning.campaigns import AGAIN_AFTER, ONCE_A_YEAR, CampaignError, Kind, Wanted
from outreach.planning.days import Asked
from outreach.planning.reasons import Reason
from outreach.planning.recipients import Found, for_text
from outreach.planning.rows import new_row
from outreach.planning.school_days import closed_days
from outreach.planning.situation import Situation, window_of
from outreach.planning.states import TOLD, Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

_LONGEST = timedelta(days=60)
_TO_COME = (State.PLANNED, State.HELD, State.WAITING)
_ANY_CHILD = 0
_AT_ONCE = 2_000
"""Children whose days are looked at together: their dates are many."""


@dataclass(frozen=True)
class _One:
    """What becomes of one household."""

    key: str
    student_id: str
    found: Found
    locale: str = ""
    language: str = ""
    words: Choice | None = None
    refusal: str = ""


def meant(session: Session, wanted: Wanted, *, settings: Settings, now: datetime) -> Mapping[str, str]:
    """Child → school, of all whom a campaign is about; it only reads, and may take its time in a large district. Raises CampaignError."""
    today = local_date(now, settings.zone)
    _refuse(wanted, today)
    schools = campaigns.named(session, wanted, today)
    if wanted.kind == Kind.IMPROVING:
        better: set[str] = set()
        for some in batched(sorted(schools), _AT_ONCE):
            better |= campaigns.improved(session, situation.load(session, set(some), settings=settings, now=now), some)
        schools = {child: school_id for child, school_id in schools.items() if child in better}
    if not schools:
        message = "Nobody at these schools is meant by that: look at the grades, and at the day from which children are enrolled."
        raise CampaignError(message)
    return schools


def batched(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Pieces of a list, in order."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def plan(session: Session, wanted: Wanted, schools: Mapping[str, str], *, settings: Settings, now: datetime, by: str) -> Campaign:
    """Plan a campaign about the children of ``meant``: nothing of it leaves before a person let its batch go. Raises CampaignError."""
    take_turns(session, "plan")
    facts = situation.load(session, set(schools), settings=settings, now=now)
    facts = _with_who_comes(session, facts, schools)
    new = Campaign(
        kind=wanted.kind.value,
        schools=list(wanted.schools),
        grades=list(wanted.grades),
        first_day=wanted.first_day,
        last_day=wanted.last_day,
        children=len(schools),
        planned_by=by,
        planned_at=now,
        batch_id=None,
        called_off_by="",
        called_off_at=None,
    )
    session.add(new)
    session.flush()
    rows = [_row(new, one, schools, now) for one in _households(session, wanted, facts, schools)]
    _give_days(session, wanted, rows, facts)
    batches.gather(session, rows, [], settings, now, by, asks=True, started_by=[by])
    session.add_all(rows)
    session.flush()
    new.batch_id = next((row.batch_id for row in rows if row.batch_id), None)
    return new


def call_off(session: Session, campaign: Campaign, *, by: str, now: datetime) -> int:
    """End a campaign: what has not left does not leave any more. Return how many that is."""
    if campaign.called_off_at is not None:
        return 0
    campaign.called_off_at, campaign.called_off_by = now, by
    return batches.call_off(session, campaign.batch_id, by=by, now=now) if campaign.batch_id else 0


def rows_of(session: Session, campaign: Campaign) -> Sequence[PlannedMessage]:
    """The rows of a campaign, those who were left out among them; of a text that was tried again the try that tells more."""
    mine = PlannedMessage.once_key.startswith(f"campaign:{campaign.id}:", autoescape=True)
    if campaign.batch_id is not None:
        mine = or_(mine, PlannedMessage.batch_id == campaign.batch_id)
    rows = session.scalars(select(PlannedMessage).where(mine).order_by(PlannedMessage.id)).all()
    arrived = {row.id for row in rows if row.state == State.DELIVERED}
    again = {row.retry_of_id for row in rows if row.retry_of_id is not None} - arrived
    return [row for row in rows if row.id not in again and row.retry_of_id not in arrived]


def _with_who_comes(session: Session, facts: Situation, schools: Mapping[str, str]) -> Situation:
    """The situation with the schools of children who are at none today, and with whom those schools trust."""
    trusted = attendance.trusted_sources(session, {**{child: [school_id] for child, school_id in schools.items()}, **facts.enrolled})
    known = {**facts.schools, **district.schools(session, set(schools.values()))}
    return replace(facts, schools=known, numbers=replace(facts.numbers, trusted_sources=trusted))


def _refuse(wanted: Wanted, today: date) -> None:
    message = ""
    if not wanted.schools:
        message = "Choose at least one school."
    elif not today <= wanted.first_day <= wanted.last_day:
        message = "The first day is today or later, and the last day is not before it."
    elif wanted.last_day - wanted.first_day > _LONGEST:
        message = "A campaign lasts 60 days at most."
    if message:
        raise CampaignError(message)


def _households(session: Session, wanted: Wanted, facts: Situation, schools: Mapping[str, str]) -> Iterator[_One]:
    """One text a household, about the first child of whom somebody may be told; a row with the reason for every other."""
    heard = _heard(session, wanted.kind, facts)
    words: dict[tuple[str, str], Choice | None] = {}
    coming = campaigns.expected(session, schools, local_date(facts.now, facts.settings.zone))
    spoken: set[str] = set()
    for student_id in sorted(schools):
        homes = facts.homes(student_id)
        if not homes:
            yield _One(f"student:{student_id}", student_id, Found(), refusal=Reason.NO_CONTACT)
        for home in homes:
            refusal = campaigns.standing(session, wanted.kind, facts, student_id, coming) or facts.quiet(student_id)
            one = _decide(session, wanted, facts, home, student_id, words, schools[student_id], refusal)
            if not one.refusal and home.key in spoken:
                one = replace(one, refusal=Reason.SIBLING_FIRST)
            if not one.refusal and (home.key in heard or one.found.phone in heard):
                one = replace(one, refusal=Reason.TOO_SOON)
            if not one.refusal:
                spoken.add(home.key)
            yield one


def _decide(
    session: Session,
    wanted: Wanted,
    facts: Situation,
    home: Household,
    student_id: str,
    words: dict[tuple[str, str], Choice | None],
    school_id: str,
    refusal: str,
) -> _One:
    found = Found() if refusal else for_text(home.adults, student_id, facts.permissions, facts.numbers)
    own = found.adult
    locale, language = facts.locale(own.locale if own else "", own.language if own else "", student_id)
    if (locale, school_id) not in words:
        default = facts.settings.default_language
        words[locale, school_id] = messages.choose(session, wanted.kind, Channel.SMS, locale, default=default, school_id=school_id)
    chosen = words[locale, school_id]
    refusal = refusal or found.refusal or ("" if chosen else Reason.NO_WORDS)
    if not refusal and facts.brakes.holds(brakes.Kind.SHADOW, school_id):
        refusal = Reason.SHADOW
    return _One(home.key, student_id, found, locale, language, chosen, refusal)


def _heard(session: Session, kind: Kind, facts: Situation) -> set[str]:
    """Households and numbers that heard the same lately, or will."""
    since = facts.now - AGAIN_AFTER.get(kind, ONCE_A_YEAR)
    rows = select(PlannedMessage.household, PlannedMessage.phone).where(
        PlannedMessage.message == kind.value, PlannedMessage.state.in_((*TOLD, *_TO_COME)), PlannedMessage.created_at >= since
    )
    return {value for row in session.execute(rows) for value in row if value}


def _row(campaign: Campaign, one: _One, schools: Mapping[str, str], now: datetime) -> PlannedMessage:
    return new_row(
        now,
        once_key=f"campaign:{campaign.id}:{one.key}:{one.student_id}",
        message_class=MessageClass.CAMPAIGN,
        channel=Channel.SMS,
        state=State.SKIPPED if one.refusal else State.PLANNED,
        reason=one.refusal,
        household=one.key,
        contact_id=one.found.adult.contact_id if one.found.adult else "",
        phone=one.found.phone,
        student_ids=[one.student_id],
        school_id=schools[one.student_id],
        message=campaign.kind,
        language=one.words.locale if one.words else "",
        family_language=one.language,
        facts={"campaign": campaign.id},
        approval_id=one.words.approval_id if one.words else None,
        created_by=campaign.planned_by,
    )


def _give_days(session: Session, wanted: Wanted, rows: Sequence[PlannedMessage], facts: Situation) -> None:
    """Say on which of the campaign's days each text leaves. Raises CampaignError where they do not fit."""
    leaving, settings = [row for row in rows if row.state == State.PLANNED], facts.settings
    begins = max(facts.now, start_of_day(wanted.first_day, settings.zone))
    ends = start_of_day(wanted.last_day + timedelta(days=1), settings.zone)
    closed = {school: closed_days(session, school, settings, facts.now) for school in {row.school_id for row in leaving}}
    asked = [
        Asked(row.school_id, _ANY_CHILD, window_of(facts.schools.get(row.school_id), settings, row.phone, closed[row.school_id]), 2)
        for row in leaving
    ]
    for row, due in zip(leaving, turns.lay_out(session, asked, settings, begins), strict=True):
        row.due_at, row.expires_at = due, ends
    late = [row for row in leaving if row.due_at >= ends]
    if late:
        last = local_date(max(row.due_at for row in late), settings.zone)
        message = f"{len(late):,} of {len(leaving):,} texts do not fit into these days. The last could leave on {last:%B %-d}."
        raise CampaignError(message)

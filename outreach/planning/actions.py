"""Writes planned messages: a night's nudges, a coordinator's answer, an automatic confirmation."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.database import Json
from outreach.messages import queries as messages
from outreach.planning import queries, situation
from outreach.planning.facts import stored
from outreach.planning.nudges import Draft, drafts
from outreach.planning.queries import Waiting
from outreach.planning.reasons import Reason
from outreach.planning.situation import Situation, window_of
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from outreach.thresholds.rules import Rule
from outreach.thresholds.tables import Episode


@dataclass(frozen=True)
class _Night:
    """What one planning run works with."""

    session: Session
    now: datetime
    situation: Situation
    by: str
    rhythm: queries.Rhythm


def plan(session: Session, *, settings: Settings, now: datetime, by: str = "plan") -> list[PlannedMessage]:
    """Plan every crossing that has not spoken yet: one message per household and channel, or a row that says why not.

    Returns the rows written or confirmed by this run, skips included. Crossings that wait as baseline are skipped by that reason.
    """
    waiting = queries.waiting_episodes(session)
    students = {item.student_id for item in waiting}
    facts = situation.load(session, students, settings=settings, now=now)
    night = _Night(session, now, facts, by, queries.rhythm(session, now, weekly_cap=settings.weekly_nudge_cap))
    rows: list[PlannedMessage] = []
    for (household, channel), items in sorted(_by_household(facts, waiting).items()):
        unspoken = queries.unspoken(session, household, channel, items)
        if unspoken:
            rows.extend(_plan_household(night, household, Channel(channel), unspoken))
    session.flush()
    return rows


def _by_household(facts: Situation, waiting: Iterable[Waiting]) -> dict[tuple[str, str], list[Waiting]]:
    found: defaultdict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for item in waiting:
        keys = [home.key for home in facts.homes(item.student_id)] or [f"student:{item.student_id}"]
        for key in keys:
            found[key, item.rule.channel].append(item)
    return found


def _plan_household(night: _Night, key: str, channel: Channel, items: Sequence[Waiting]) -> list[PlannedMessage]:
    """Write the rows of one household and channel."""
    by_student: defaultdict[str, list[Waiting]] = defaultdict(list)
    for item in items:
        by_student[item.student_id].append(item)
    household = next((home for home in night.situation.households if home.key == key), None)
    if household is None:
        found = [Draft(key, channel, (student,), refusal=Reason.NO_CONTACT) for student in sorted(by_student)]
    else:
        baseline = [student for student, mine in sorted(by_student.items()) if all(item.baseline for item in mine)]
        found = [Draft(key, channel, (student,), refusal=Reason.BASELINE) for student in baseline]
        found += drafts(night.situation, household, channel, by_student.keys() - set(baseline))
    return [_write(night, draft, [item for student in draft.student_ids for item in by_student[student]]) for draft in found]


def _write(night: _Night, draft: Draft, items: Sequence[Waiting]) -> PlannedMessage:
    """Write one draft as a planned message or a skip, in place of an earlier skip of the same crossings."""
    lead = draft.student_ids[0]
    own = draft.adults[0] if draft.adults else None
    locale, family = night.situation.locale(own.locale if own else "", own.language if own else "", lead)
    rule = _loudest(items)
    words = messages.choose(night.session, rule.message, draft.channel, locale, default=night.situation.settings.default_language)
    refusal = draft.refusal or night.rhythm.refusal(draft, items) or ("" if words else Reason.NO_WORDS)
    earlier = queries.earlier_rows(night.session, draft, items)
    if same := _the_same_skip(earlier, refusal, items, night.session):
        return same
    _forget(night.session, earlier, items, draft)
    school_id = night.situation.school_of(lead)
    due = night.now
    if draft.channel == Channel.SMS:
        due = window_of(night.situation.schools.get(school_id), night.situation.settings).next_open(night.now)
    row = _row(
        night.now,
        once_key=_once_key(draft, items, earlier),
        message_class=MessageClass.NUDGE,
        channel=draft.channel,
        state=State.SKIPPED if refusal else State.PLANNED,
        reason=refusal,
        household=draft.household,
        contact_id=own.contact_id if own else "",
        phone=draft.phone,
        student_ids=list(draft.student_ids),
        school_id=school_id,
        message=rule.message,
        language=words.locale if words else "",
        family_language=family,
        facts=stored(night.situation, draft.student_ids, draft.adults),
        approval_id=words.approval_id if words else None,
        created_by=night.by,
        due_at=due,
        expires_at=due + timedelta(hours=night.situation.settings.nudge_expires_hours) if draft.channel == Channel.SMS else None,
    )
    night.session.add(row)
    night.session.flush()
    night.session.add_all(
        PlannedEpisode(planned_id=row.id, episode_id=item.episode_id, household=draft.household, channel=draft.channel) for item in items
    )
    night.session.flush()
    night.rhythm.spoke(row)
    return row


def _loudest(items: Sequence[Waiting]) -> Rule:
    """The highest rung among a draft's crossings; its words are used."""
    return max((item.rule for item in items), key=lambda rule: rule.rung)


def _the_same_skip(earlier: Sequence[PlannedMessage], refusal: str, items: Sequence[Waiting], session: Session) -> PlannedMessage | None:
    """The skip that already says this, so that a night without news writes nothing."""
    if len(earlier) != 1 or not refusal or earlier[0].state != State.SKIPPED or earlier[0].reason != refusal:
        return None
    linked = set(session.scalars(select(PlannedEpisode.episode_id).where(PlannedEpisode.planned_id == earlier[0].id)))
    return earlier[0] if linked == {item.episode_id for item in items} else None


def _forget(session: Session, earlier: Sequence[PlannedMessage], items: Sequence[Waiting], draft: Draft) -> None:
    """Take the crossings from earlier rows that said nothing; a skip that is left without any goes, a cancelled row stays as history."""
    for row in earlier:
        session.execute(
            delete(PlannedEpisode).where(
                PlannedEpisode.planned_id == row.id,
                PlannedEpisode.channel == draft.channel,
                PlannedEpisode.episode_id.in_([item.episode_id for item in items]),
            )
        )
        left = session.scalar(select(PlannedEpisode.episode_id).where(PlannedEpisode.planned_id == row.id).limit(1))
        if left is None and row.state == State.SKIPPED and not row.claimed_at:
            session.delete(row)
    session.flush()


def _once_key(draft: Draft, items: Sequence[Waiting], earlier: Sequence[PlannedMessage]) -> str:
    """What this message is: its household, channel and crossings; a new try after a cancelled one says so."""
    crossings = "+".join(str(item.episode_id) for item in sorted(items, key=lambda item: item.episode_id))
    tries = "".join(f"~{row.id}" for row in earlier if row.state != State.SKIPPED or row.claimed_at)
    return f"nudge:{draft.channel}:{draft.household}:{crossings}{tries}"


def plan_answer(  # noqa: PLR0913 - what a coordinator's answer consists of, by name
    session: Session,
    *,
    phone: str,
    body: str,
    inbound_id: int | None,
    household: str,
    contact_id: str,
    student_ids: Sequence[str],
    school_id: str,
    created_by: str,
    now: datetime,
    once: str = "",
    family_wrote_at: datetime | None = None,
) -> PlannedMessage:
    """Plan words a person typed.

    *once* names the act of sending, so that a doubled click is one message; *family_wrote_at* is when the family wrote last: within
    24 hours of it quiet hours do not bind the answer.
    """
    key = f"answer:{phone}:{once or secrets.token_hex(8)}"
    if already := session.scalars(select(PlannedMessage).filter_by(once_key=key)).first():
        return already
    row = _row(
        now,
        once_key=key,
        message_class=MessageClass.ANSWER,
        household=household,
        contact_id=contact_id,
        phone=phone,
        student_ids=list(student_ids),
        school_id=school_id,
        body=body,
        reply_to_id=inbound_id,
        created_by=created_by,
        facts={"family_wrote_at": family_wrote_at.isoformat()} if family_wrote_at else {},
    )
    session.add(row)
    session.flush()
    return row


def plan_automatic(
    session: Session,
    *,
    message: str,
    phone: str,
    locale: str,
    inbound_id: int,
    message_class: MessageClass,
    settings: Settings,
    now: datetime,
) -> PlannedMessage | None:
    """Plan an automatic answer to one inbound text; None where nobody approved its words, for then nothing is said."""
    words = messages.choose(session, message, Channel.SMS, locale, default=settings.default_language)
    key = f"{message_class}:{message}:{inbound_id}"
    if words is None or session.scalars(select(PlannedMessage).filter_by(once_key=key)).first():
        return None
    row = _row(
        now,
        once_key=key,
        message_class=message_class,
        phone=phone,
        message=message,
        language=words.locale,
        family_language=locale,
        approval_id=words.approval_id,
        reply_to_id=inbound_id,
        created_by="automatic",
    )
    session.add(row)
    session.flush()
    return row


def _row(now: datetime, **values: object) -> PlannedMessage:
    """A planned message with a reference of its own; what is not named is empty."""
    nothing: Json = {
        "channel": Channel.SMS,
        "state": State.PLANNED,
        "reason": "",
        "household": "",
        "contact_id": "",
        "phone": "",
        "student_ids": [],
        "school_id": "",
        "message": "",
        "language": "",
        "family_language": "",
        "facts": {},
        "body": "",
        "approval_id": None,
        "segments": None,
        "reply_to_id": None,
        "retry_of_id": None,
        "created_at": now,
        "changed_at": now,
        "due_at": now,
        "expires_at": None,
        "claimed_at": None,
        "requeued": 0,
        "provider_sid": "",
        "carrier_status": "",
        "error_code": "",
        "sent_at": None,
    }
    plain = {name: str(value) if isinstance(value, Channel | State | MessageClass | Reason) else value for name, value in values.items()}
    return PlannedMessage(ref=secrets.token_urlsafe(16), **{**nothing, **plain})


def episodes_of(session: Session, planned_id: int) -> list[Episode]:
    """The crossings a message speaks for."""
    statement = select(Episode).join(PlannedEpisode, PlannedEpisode.episode_id == Episode.id).where(PlannedEpisode.planned_id == planned_id)
    return list(session.scalars(statement))

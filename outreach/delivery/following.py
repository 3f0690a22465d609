"""What follows a text that did not arrive: a new text that is checked like any other, a letter, or a person.

The carrier may still report a failed text as delivered, so nothing follows at once. What follows is a row of its own, linked to the
first by ``retry_of_id``; where the first arrives after all, what has not left is cancelled (``receipts``).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item
from outreach.clock import Clock
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery.errors import Meaning, meaning_of
from outreach.delivery.tables import FollowUp
from outreach.messages import queries as messages
from outreach.planning import queries, situation
from outreach.planning.facts import stored
from outreach.planning.nudges import drafts
from outreach.planning.states import Channel, MessageClass, State, move
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings

_SETTLED = timedelta(hours=1)
"""How long a failure stands before anything follows it: a late receipt may say otherwise."""
_AT_ONCE = 50
"""Texts followed up in one transaction."""
_TRIED_AGAIN = frozenset({MessageClass.NUDGE, MessageClass.CAMPAIGN, MessageClass.NOTICE})
"""Classes that are tried again by themselves; of an answer its writer decides, a confirmation is too old by then."""


class Step(StrEnum):
    """What was done about a text that did not arrive."""

    RETRY = "retry"
    LETTER = "letter"
    PERSON = "person"
    """Neither text nor letter: somebody must call."""
    NOTHING = "nothing"


def follow(database: Database, settings: Settings, clock: Clock) -> int:
    """Do what follows each text that failed a while ago, and return how many there were. Any number may run at once."""
    now, done = clock.now(), 0
    with database.read() as session:
        if session.scalar(_failed(now).with_only_columns(PlannedMessage.id).limit(1)) is None:
            return 0
    while True:
        with database.write() as session:
            rows = session.scalars(_failed(now).limit(_AT_ONCE).with_for_update(skip_locked=True, of=PlannedMessage)).all()
            for row in rows:
                _note(session, row, _what_follows(session, row, settings, now), now)
        done += len(rows)
        if len(rows) < _AT_ONCE:
            return done


def give_up(session: Session, row: PlannedMessage, why: str, settings: Settings, now: datetime) -> None:
    """Skip a text that must not leave at all, and do at once what follows: a letter, or a person."""
    row.state, row.reason, row.changed_at = move(State(row.state), State.SKIPPED), why, now
    if row.message_class == MessageClass.NUDGE:
        _note(session, row, _instead(session, row, settings, now), now)


def _note(session: Session, row: PlannedMessage, done: tuple[Step, PlannedMessage | None], now: datetime) -> None:
    step, following = done
    session.add(FollowUp(planned_id=row.id, step=step.value, next_id=following.id if following else None, at=now))


def _failed(now: datetime) -> Select[PlannedMessage]:
    settled = select(PlannedMessage).where(
        PlannedMessage.channel == Channel.SMS,
        PlannedMessage.state.in_((State.FAILED, State.UNDELIVERED)),
        PlannedMessage.changed_at <= now - _SETTLED,
        ~select(FollowUp.planned_id).where(FollowUp.planned_id == PlannedMessage.id).exists(),
    )
    return settled.order_by(PlannedMessage.id)


def _what_follows(session: Session, row: PlannedMessage, settings: Settings, now: datetime) -> tuple[Step, PlannedMessage | None]:
    meaning = meaning_of(row.error_code)
    if meaning.again is not None and row.message_class in _TRIED_AGAIN:
        if _tries(session, row) < meaning.tries:
            return Step.RETRY, _retry(session, row, meaning.again, settings, now)
        if meaning.suppress_for is not None:
            _rest(session, row, meaning, meaning.suppress_for, now)
    if row.message_class != MessageClass.NUDGE or not meaning.writes_instead:
        return Step.NOTHING, None
    return _instead(session, row, settings, now)


def _instead(session: Session, row: PlannedMessage, settings: Settings, now: datetime) -> tuple[Step, PlannedMessage | None]:
    """Write a letter where none is on its way; where none can be written, a person calls."""
    items = [item for item in queries.open_episodes_of(session, row.id) if item.student_id in row.student_ids]
    episodes = {item.student_id: item.episode_id for item in items}
    if not episodes or _has_letter(session, list(episodes.values())):
        return Step.NOTHING, None  # the child is no longer over the threshold, or a letter is on its way already
    if letter := _letter(session, row, episodes, settings, now):
        return Step.LETTER, letter
    ask_for_a_call(session, row, now)
    return Step.PERSON, None


def ask_for_a_call(session: Session, row: PlannedMessage, now: datetime) -> None:
    """Put a family that got neither text nor letter before a person; it stands on the call list."""
    sentence = "A family got neither text nor letter about missed days. Call them: they are on the call list, with the reasons."
    raise_item(
        session,
        kind="unreached",
        key=unreached(row.id),
        sentence=sentence,
        now=now,
        school_id=row.school_id,
        detail={"planned": row.id},
    )


def unreached(planned_id: int) -> str:
    """The key of what a person sees while nobody has called a family that a message did not reach."""
    return f"unreached:{planned_id}"


def _tries(session: Session, row: PlannedMessage) -> int:
    """How many texts of this message were sent, this one included."""
    tries, earlier = 1, row.retry_of_id
    while earlier is not None:
        tries, earlier = tries + 1, session.scalar(select(PlannedMessage.retry_of_id).where(PlannedMessage.id == earlier))
    return tries


def _retry(session: Session, row: PlannedMessage, after: timedelta, settings: Settings, now: datetime) -> PlannedMessage:
    """Plan the same message once more; whether it may still leave, and with which number, is asked anew at its release."""
    due = max(now, row.changed_at + after)
    expires = due + timedelta(hours=settings.nudge_expires_hours) if row.expires_at else None
    retry = like(row, now, once_key=f"retry:{row.id}", due_at=due, expires_at=expires, created_by="retry")
    session.add(retry)
    session.flush()
    session.execute(update(PlannedEpisode).where(PlannedEpisode.planned_id == row.id).values(planned_id=retry.id))
    return retry


def _rest(session: Session, row: PlannedMessage, meaning: Meaning, time: timedelta, now: datetime) -> None:
    consent.record(
        session, row.phone, Kind.SUPPRESSED, source=Source.CARRIER, by="carrier", now=now, note=meaning.words, until=now + time
    )  # fmt: skip


def _letter(session: Session, row: PlannedMessage, episodes: dict[str, int], settings: Settings, now: datetime) -> PlannedMessage | None:
    """Plan a letter about the same crossings; None where nobody may be written to, or nobody approved its words."""
    facts = situation.load(session, list(episodes), settings=settings, now=now)
    household = facts.home_of(row.contact_id)
    if household is None:
        return None
    draft = next((draft for draft in drafts(facts, household, Channel.LETTER, list(episodes)) if not draft.refusal), None)
    if draft is None:
        return None
    locale, language = facts.locale(draft.adults[0].locale, draft.adults[0].language, draft.student_ids[0])
    words = messages.choose(
        session, row.message, Channel.LETTER, locale, default=settings.default_language, school_id=row.school_id
    )  # fmt: skip
    if words is None:
        return None
    letter = like(
        row, now, once_key=f"letter:{row.id}", channel=Channel.LETTER.value, phone="", household=household.key,
        contact_id=draft.adults[0].contact_id, student_ids=list(draft.student_ids), language=words.locale, family_language=language,
        facts=stored(facts, draft.student_ids, draft.adults), approval_id=words.approval_id, due_at=now, expires_at=None,
        created_by="letter instead of a text",
    )  # fmt: skip
    session.add(letter)
    session.flush()
    session.add_all(
        PlannedEpisode(planned_id=letter.id, episode_id=episodes[child], household=household.key, channel=Channel.LETTER.value)
        for child in draft.student_ids
    )
    session.flush()
    return letter


def _has_letter(session: Session, episodes: list[int]) -> bool:
    standing = select(PlannedEpisode.planned_id).where(
        PlannedEpisode.episode_id.in_(episodes), PlannedEpisode.channel == Channel.LETTER
    )  # fmt: skip
    return session.scalar(standing.limit(1)) is not None


def like(row: PlannedMessage, now: datetime, **changed: object) -> PlannedMessage:
    """A new message that follows *row*: the same but for what is *changed*, and as if nothing had happened to it yet."""
    fresh: dict[str, object] = {
        "ref": secrets.token_urlsafe(16), "state": State.PLANNED.value, "reason": "", "retry_of_id": row.id, "created_at": now,
        "changed_at": now, "body": "", "segments": None, "claimed_at": None, "requeued": 0, "provider_sid": "", "carrier_status": "",
        "error_code": "", "sent_at": None,
    }  # fmt: skip
    same = {column.name: getattr(row, column.name) for column in PlannedMessage.__table__.columns if column.name != "id"}
    return PlannedMessage(**{**same, **fresh, **changed})

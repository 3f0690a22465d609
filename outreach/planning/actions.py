"""Writes planned messages: a night's nudges, a coordinator's answer, an automatic confirmation."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.attendance import sis_differences
from outreach.clock import local_date
from outreach.database import take_turns
from outreach.messages import queries as messages
from outreach.messages.queries import Choice
from outreach.messages.segments import measure
from outreach.planning import batches, brakes, doses, queries, questions, situation, study_queries, turns, welcome
from outreach.planning.days import Asked
from outreach.planning.doses import Doses
from outreach.planning.facts import stored
from outreach.planning.nudges import Draft, drafts
from outreach.planning.queries import History, Rhythm, Waiting
from outreach.planning.reasons import Reason
from outreach.planning.rows import new_row, write_once
from outreach.planning.school_days import closed_days
from outreach.planning.situation import Situation, window_of
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.study_queries import Holding
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from outreach.thresholds.tables import Episode


@dataclass(frozen=True)
class _Night:
    """What one planning run works with."""

    session: Session
    now: datetime
    situation: Situation
    history: History
    rhythm: Rhythm
    doses: Doses
    studies: Holding
    by: str
    copies: frozenset[str]
    """Schools with words of their own."""
    words: dict[tuple[str, str, str, str], Choice | None] = field(default_factory=dict)

    def choose(self, message: str, channel: Channel, locale: str, school_id: str) -> Choice | None:
        """The approved words, asked for once a night: once for all schools that have none of their own."""
        key = message, channel.value, locale, school_id if school_id in self.copies else ""
        if key not in self.words:
            default = self.situation.settings.default_language
            self.words[key] = messages.choose(self.session, *key[:3], default=default, school_id=key[3])
        return self.words[key]

    def heard(self, family: frozenset[str], draft: Draft, items: Sequence[Waiting]) -> str:
        """Why a family is told nothing of some crossings now, for what it heard already; empty where it may be."""
        counts = {item.student_id: self.situation.counts[item.student_id].count for item in items}
        today = self.situation.today(draft.student_ids[0])
        tiers = {student_id: count.tier for student_id, count in counts.items()}
        if self.studies.waits(draft.student_ids, tiers, today):
            return Reason.NOT_THIS_ROUND
        too_soon = self.rhythm.refusal(family, draft.channel, items)
        return too_soon or self.doses.refusal(family, draft.channel, items, counts, today) or ""

    def in_shadow(self, student_id: str) -> bool:
        """Whether messages about a child are planned and not sent."""
        return self.situation.brakes.holds(brakes.Kind.SHADOW, self.situation.school_of(student_id))


@dataclass(frozen=True)
class _Decision:
    """A draft with the crossings it speaks for, and what becomes of it."""

    draft: Draft
    items: tuple[Waiting, ...]
    usual: str
    """The message of the highest rule that speaks."""
    message: str
    """The same, or the one that a study compares with it."""
    language: str
    """The family's own."""
    words: Choice | None
    refusal: str
    earlier: tuple[PlannedMessage, ...]
    """Rows of the same crossings that told the family nothing."""
    same: PlannedMessage | None
    """The one of them that already says this, so that a night without news writes nothing."""


def plan(session: Session, *, settings: Settings, now: datetime, by: str = "plan") -> list[PlannedMessage]:
    """Plan every crossing that has not spoken yet: one message per household and channel, or a row that says why not.

    Returns the rows written or confirmed by this run, skips included. Crossings that wait as baseline are skipped by that reason.
    """
    take_turns(session, "plan")
    sis_differences.refresh(session, now)
    waiting = [item for item in queries.waiting_episodes(session) if item.rule.action == "message"]
    facts = situation.load(session, {item.student_id for item in waiting}, settings=settings, now=now)
    lately = queries.rhythm(session, now, weekly_cap=settings.weekly_nudge_cap, cool_down=queries.longest_cool_down(waiting))
    heard = doses.load(session, waiting, settings, local_date(now, settings.zone))
    studies = study_queries.holding(session, {item.student_id for item in waiting})
    night = _Night(session, now, facts, queries.history(session), lately, heard, studies, by, messages.schools_with_copies(session))
    families = _by_household(facts, waiting)
    decisions = [
        decision
        for (key, channel), items in sorted(families.items())
        for decision in _decide_household(night, key, Channel(channel), items)
    ]
    _drop_skips_of_nobody(night, families)
    questions.ask(session, ((one.refusal, item) for one in decisions for item in one.items), facts.school_of, now)
    return _write(night, decisions)


def _drop_skips_of_nobody(night: _Night, families: Mapping[tuple[str, str], Sequence[Waiting]]) -> None:
    """Take away skips of households that are no more, or that a child no longer belongs to: whoever took their place is asked anew."""
    standing = {(item.episode_id, key, channel) for (key, channel), items in families.items() for item in items}
    rows = [row for row in night.history.rows.values() if not _was_tried(row)]
    _delete(night, [r for r in rows if not any((e, r.household, r.channel) in standing for e in night.history.episodes[r.id])])


def _by_household(facts: Situation, waiting: Iterable[Waiting]) -> dict[tuple[str, str], list[Waiting]]:
    found: defaultdict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for item in waiting:
        keys = [home.key for home in facts.homes(item.student_id)] or [f"student:{item.student_id}"]
        for key in keys:
            found[key, item.rule.channel].append(item)
    return found


def _decide_household(night: _Night, key: str, channel: Channel, items: Sequence[Waiting]) -> Iterator[_Decision]:
    """Decide what one household is told on one channel. A rung that was passed is told with the one that speaks, never by itself."""
    household = night.situation.household(key)
    by_student: defaultdict[str, list[Waiting]] = defaultdict(list)
    for item in night.history.unspoken(household, key, channel, items):
        by_student[item.student_id].append(item)
    speaking = {student: mine for student, mine in by_student.items() if not all(item.passed for item in mine)}
    if household is None:
        found = [Draft(key, channel, (student,), refusal=Reason.NO_CONTACT) for student in sorted(speaking)]
    else:
        baseline = [student for student, mine in sorted(speaking.items()) if all(item.baseline or item.passed for item in mine)]
        found = [Draft(key, channel, (student,), refusal=Reason.BASELINE) for student in baseline]
        found += drafts(night.situation, household, channel, speaking.keys() - set(baseline))
    family = queries.marks(household, key)
    for draft in found:
        yield _decide(night, draft, [item for student in draft.student_ids for item in speaking[student]], family)


def _decide(night: _Night, draft: Draft, items: Sequence[Waiting], family: frozenset[str]) -> _Decision:
    own = draft.adults[0] if draft.adults else None
    locale, language = night.situation.locale(own.locale if own else "", own.language if own else "", draft.student_ids[0])
    aloud = [item for item in items if not item.passed]
    rule = max((item.rule for item in aloud), key=lambda rule: rule.rung)
    message = night.studies.message(draft.student_ids[0], rule.message, night.situation.today(draft.student_ids[0]))
    words = night.choose(message, draft.channel, locale, night.situation.school_of(draft.student_ids[0]))
    refusal = draft.refusal or night.heard(family, draft, aloud) or ("" if words else Reason.NO_WORDS)
    if not refusal and night.in_shadow(draft.student_ids[0]):
        refusal = Reason.SHADOW
    earlier = night.history.earlier(draft.household, draft.channel, items)
    if not refusal:
        night.rhythm.note(family, draft.channel, -items[0].episode_id, night.now)
    same = _the_same_skip(night, earlier, refusal, items)
    return _Decision(draft, tuple(items), rule.message, message, language, words, refusal, tuple(earlier), same)


def _the_same_skip(night: _Night, earlier: Sequence[PlannedMessage], refusal: str, items: Sequence[Waiting]) -> PlannedMessage | None:
    if len(earlier) != 1 or not refusal or earlier[0].state != State.SKIPPED or earlier[0].reason != refusal:
        return None
    return earlier[0] if night.history.episodes[earlier[0].id] == {item.episode_id for item in items} else None


def _write(night: _Night, decisions: Sequence[_Decision]) -> list[PlannedMessage]:
    """Write what is new, in place of earlier rows of the same crossings that told nothing."""
    fresh = [decision for decision in decisions if decision.same is None]
    _take_back(night, fresh)
    rows = {id(decision): _planned(night, decision) for decision in fresh}
    leaving = [decision for decision in fresh if not decision.refusal]
    _give_turns(night, [(decision, rows[id(decision)]) for decision in leaving if decision.draft.channel == Channel.SMS])
    first_contacts = _welcomes(night, decisions)
    for asks in (False, True):
        mine = [decision for decision in leaving if asks == any(item.rule.approve for item in decision.items if not item.passed)]
        crossings = [item.episode_id for decision in mine for item in decision.items]
        together = [*(rows[id(decision)] for decision in mine), *(() if asks else first_contacts)]
        batches.gather(night.session, together, crossings, night.situation.settings, night.now, night.by, asks=asks)
    night.session.add_all([*rows.values(), *first_contacts])
    night.session.flush()
    night.session.add_all(
        PlannedEpisode(
            planned_id=rows[id(decision)].id,
            episode_id=item.episode_id,
            household=decision.draft.household,
            channel=decision.draft.channel.value,
        )
        for decision in fresh
        for item in decision.items
    )
    night.session.flush()
    return [*(decision.same or rows[id(decision)] for decision in decisions), *first_contacts]


def _welcomes(night: _Night, decisions: Sequence[_Decision]) -> list[PlannedMessage]:
    """First contacts with the numbers for whose confirmation families could not be told."""
    refused = ((one.refusal, one.draft.household, item) for one in decisions for item in one.items)
    return welcome.first_contacts(night.session, night.situation, refused, night.by)


def _give_turns(night: _Night, texts: Sequence[tuple[_Decision, PlannedMessage]]) -> None:
    """Say on which day each text leaves, and until when it is of use."""
    facts = night.situation
    closed = {school: closed_days(night.session, school, facts.settings, night.now) for school in {row.school_id for _, row in texts}}
    asked = [
        Asked(
            row.school_id,
            turns.rank(facts.counts[row.student_ids[0]].count.tier),
            window_of(facts.schools.get(row.school_id), facts.settings, row.phone, closed[row.school_id]),
            measure(decision.words.pair.translation).segments if decision.words else 1,
        )
        for decision, row in texts
    ]
    for (_, row), due in zip(texts, turns.lay_out(night.session, asked, facts.settings, night.now), strict=True):
        row.due_at, row.expires_at = due, due + timedelta(hours=facts.settings.nudge_expires_hours)


def _take_back(night: _Night, decisions: Sequence[_Decision]) -> None:
    """Take crossings from earlier rows that told nothing; a skip that is left without any goes, what was planned once stays as history."""
    taken: defaultdict[int, set[int]] = defaultdict(set)
    for decision in decisions:
        for row in decision.earlier:
            taken[row.id] |= {item.episode_id for item in decision.items}
    gone: list[PlannedMessage] = []
    for row_id, episodes in taken.items():
        row = night.history.rows[row_id]
        if not _was_tried(row) and night.history.episodes[row_id] <= episodes:
            gone.append(row)
        else:
            mine = PlannedEpisode.planned_id == row_id, PlannedEpisode.episode_id.in_(episodes)
            night.session.execute(delete(PlannedEpisode).where(*mine))
    _delete(night, gone)


def _delete(night: _Night, rows: Sequence[PlannedMessage], size: int = 500) -> None:
    """Delete skips, in pieces that fit into one query."""
    ids = [row.id for row in rows]
    for row in rows:
        night.session.expunge(row)
    for some in (ids[start : start + size] for start in range(0, len(ids), size)):
        night.session.execute(delete(PlannedEpisode).where(PlannedEpisode.planned_id.in_(some)))
        night.session.execute(delete(PlannedMessage).where(PlannedMessage.id.in_(some)))


def _was_tried(row: PlannedMessage) -> bool:
    """Whether a row is more than a skip, or ever got further than planning: then it is history, and other rows may point at it."""
    return row.state != State.SKIPPED or row.claimed_at is not None or bool(row.requeued)


def _planned(night: _Night, decision: _Decision) -> PlannedMessage:
    """One decision as a planned message or a skip."""
    draft, facts, words = decision.draft, night.situation, decision.words
    school_id = facts.school_of(draft.student_ids[0])
    return new_row(
        night.now,
        once_key=_once_key(decision),
        message_class=MessageClass.NUDGE,
        channel=draft.channel,
        state=State.SKIPPED if decision.refusal else State.PLANNED,
        reason=decision.refusal,
        household=draft.household,
        contact_id=draft.adults[0].contact_id if draft.adults else "",
        phone=draft.phone,
        student_ids=list(draft.student_ids),
        school_id=school_id,
        message=decision.message,
        language=words.locale if words else "",
        family_language=decision.language,
        facts=stored(facts, draft.student_ids, draft.adults) | _usual(decision),
        approval_id=words.approval_id if words else None,
        created_by=night.by,
    )


def _usual(decision: _Decision) -> dict[str, str]:
    """Which message a study's wording stands in for; the release asks whether that one's threshold is still met."""
    return {"in_place_of": decision.usual} if decision.message != decision.usual else {}


def _once_key(decision: _Decision) -> str:
    """What this message is: its household, channel and crossings; a new try after one that was tried says so."""
    crossings = "+".join(str(item.episode_id) for item in sorted(decision.items, key=lambda item: item.episode_id))
    tries = "".join(f"~{row.id}" for row in decision.earlier if _was_tried(row))
    return f"nudge:{decision.draft.channel}:{decision.draft.household}:{crossings}{tries}"


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
    row = new_row(
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
    return write_once(session, row) or session.scalars(select(PlannedMessage).filter_by(once_key=key)).one()


def plan_automatic(  # noqa: PLR0913 - what an automatic answer consists of, by name
    session: Session,
    *,
    message: str,
    phone: str,
    locale: str,
    inbound_id: int,
    message_class: MessageClass,
    settings: Settings,
    now: datetime,
    about: Mapping[str, object] | None = None,
) -> PlannedMessage | None:
    """Plan an automatic answer to one inbound text; None where it is planned already, or nobody approved its words.

    *about* holds what is certain about the number, and until when it is of use: ``contact_id``, ``student_ids``, ``school_id``,
    ``expires_at``.
    """
    words = messages.choose(session, message, Channel.SMS, locale, default=settings.default_language)
    if words is None:
        return None
    row = new_row(
        now,
        once_key=f"{message_class}:{message}:{inbound_id}",
        message_class=message_class,
        phone=phone,
        message=message,
        language=words.locale,
        family_language=locale,
        approval_id=words.approval_id,
        reply_to_id=inbound_id,
        created_by="automatic",
        **(about or {}),
    )
    return write_once(session, row)


def plan_page(session: Session, *, once: str, phone: str, body: str, now: datetime) -> PlannedMessage | None:
    """Plan a text to somebody on call; None where *once* is planned already."""
    row = new_row(now, once_key=once, message_class=MessageClass.PAGE, phone=phone, body=body, language="en", created_by="on call")
    return write_once(session, row)


def episodes_of(session: Session, planned_id: int) -> list[Episode]:
    """The crossings a message speaks for."""
    statement = select(Episode).join(PlannedEpisode, PlannedEpisode.episode_id == Episode.id).where(PlannedEpisode.planned_id == planned_id)
    return list(session.scalars(statement))

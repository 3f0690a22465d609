"""Dispatch: claim what is due, check it again, commit, ask the carrier once, record what it said.

No idempotency key exists at the carrier, so a request that may have left is never repeated: see ``reconcile``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Select, case, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from outreach import arrivals
from outreach.attention.actions import raise_item
from outreach.attention.queries import is_open
from outreach.clock import Clock
from outreach.consent import queries as consent
from outreach.database import Database, take_turns
from outreach.delivery import filtering, instance, last_look, lookups, outcomes, pacing, reconcile
from outreach.delivery.last_look import Known
from outreach.delivery.outcomes import SET_UP
from outreach.delivery.provider import Outcome, Provider, Text
from outreach.delivery.report import DispatchReport
from outreach.delivery.tables import Attempt, WebhookEvent
from outreach.planning import release, spending, turns
from outreach.planning.checks import CHECKS, Check
from outreach.planning.reasons import Reason
from outreach.planning.release import Go, Stop
from outreach.planning.situation import window_of
from outreach.planning.states import Channel, MessageClass, State, move
from outreach.planning.tables import PlannedMessage
from outreach.planning.window import Window
from outreach.settings import Settings

Checking = Callable[..., Go | Stop]
"""``planning.release.check``, or what a test puts in its place."""
Looking = Callable[[Session, int, int, int, Known], bool]
"""``last_look.is_unchanged``, or what a test puts in its place."""

NO_PROVIDER = "no provider: nobody sends texts until one is set (OUTREACH_PROVIDER)"
UNHEARD = "a text from this number has not been taken in yet; it may say stop"
TWIN = "the same words to this number are with the carrier without an answer; being looked up"
_SOON = timedelta(minutes=1)
_CLAIM_SECONDS = 2.0
"""A claim holds at most what leaves in this time (DESIGN 3, Delivery); what a slow carrier keeps waiting longer is put back."""
_FASTEST = 12.5
"""Texts that one sender gets rid of in a second, where the carrier answers within 80 ms: a claim needs no more."""
_LEASE = timedelta(minutes=5)
"""After this a claimed message without an answer is uncertain: whoever claimed it is gone."""
_LONGEST_QUEUE = 36_000
"""Seconds: what Twilio keeps a message at most."""
_LOOK_AGAIN = timedelta(minutes=15)
"""When a held message is looked at again, unless its reason names a time."""


@dataclass(frozen=True)
class _Claimed:
    """A released message on its way, with what its release knew."""

    planned_id: int
    attempt_id: int
    text: Text
    segments: int
    consent_version: int
    known: Known


@dataclass(frozen=True)
class _KeptBack:
    """What keeps a message back whatever its own facts are."""

    unheard: set[str]
    """Numbers whose last words nobody has taken in."""
    stopped: set[str]
    """Messages whose words the carrier filters."""
    unseen: set[str]
    """Numbers to look up first."""

    def verdict(self, row: PlannedMessage, now: datetime) -> Stop | None:
        """Why *row* waits, and until when; None if it need not. What came too late is not kept: its check gives it up."""
        if row.expires_at is not None and row.expires_at <= now:
            return None
        if row.phone in self.unheard:
            return Stop(State.HELD, UNHEARD, now + _SOON)
        if row.phone in self.unseen and row.message_class in lookups.WE_SPEAK_FIRST:
            return Stop(State.HELD, lookups.FIRST, now + _SOON)
        return Stop(State.HELD, filtering.STOPPED) if row.message in self.stopped else None


def dispatch(
    database: Database,
    provider: Provider | None,
    settings: Settings,
    clock: Clock,
    *,
    check: Checking = release.check,
    look: Looking = last_look.is_unchanged,
) -> DispatchReport:
    """Claim and send one handful of what is due; call it again until ``claimed`` is 0. Any number may run at once.

    Nothing is claimed while carrier's events wait in files, for one may say stop: call ``cases.intake.take_waiting`` before.
    """
    report = DispatchReport()
    if provider is None:
        _hold_all(database, clock.now(), report)
        return report
    _give_up_lost_claims(database, clock.now())
    if kept := instance.held(database, clock.now()):
        report.stopped = kept
        return report
    with database.read() as session:
        if is_open(session, SET_UP):
            report.stopped = "our texting account is not set up right; see Attention"
            return report
    while (claimed := _claim(database, settings, clock.now(), report, check)) is None:
        with database.read() as session:
            pause = pacing.pause(session)
        time.sleep(pause)
    until = time.monotonic() + _CLAIM_SECONDS
    for place, item in enumerate(claimed):
        started = time.monotonic()
        too_late = place and started > until
        if too_late or report.stopped or arrivals.is_waiting(settings.home) or not _is_unchanged(database, item, look):
            _put_back(database, item, clock.now(), report)
            continue
        answer = provider.send(item.text)
        outcomes.record(database, item.planned_id, item.attempt_id, answer, clock.now(), report)
        time.sleep(max(0.0, item.segments / settings.sender_rate - (time.monotonic() - started)))
    return report


def _hold_all(database: Database, now: datetime, report: DispatchReport) -> None:
    """Without a provider everything due is held, and says so; what waited too long is given up."""
    with database.read() as session:
        due = session.execute(_due(now).with_only_columns(PlannedMessage.reason, PlannedMessage.expires_at)).all()
    report.counts["held: no provider"] = len(due)
    if all(reason == NO_PROVIDER and (expires is None or expires > now) for reason, expires in due):
        return
    with database.write() as session:
        for row in session.scalars(_due(now).with_for_update(skip_locked=True)):
            expired = row.expires_at is not None and row.expires_at <= now
            _stop(session, row, Stop(State.CANCELLED, Reason.EXPIRED) if expired else Stop(State.HELD, NO_PROVIDER, row.due_at), now)


def _due(now: datetime) -> Select[PlannedMessage]:
    """Texts whose time has come: where somebody may be in danger first, words to a waiting family next, then nudges; the oldest first."""
    kind = PlannedMessage.message_class
    first = case(
        (kind.in_((MessageClass.PAGE, MessageClass.SAFETY)), 0), (kind.in_((MessageClass.NUDGE, MessageClass.CAMPAIGN)), 2), else_=1
    )
    return (
        select(PlannedMessage)
        .where(
            PlannedMessage.state.in_((State.PLANNED, State.HELD)),
            PlannedMessage.channel == Channel.SMS,
            PlannedMessage.due_at <= now,
        )
        .order_by(first, PlannedMessage.due_at, PlannedMessage.id)
    )


def _claim(database: Database, settings: Settings, now: datetime, report: DispatchReport, check: Checking) -> list[_Claimed] | None:
    """Release a handful: every check again inside this transaction; its commit is the release. None: others have just used the rate up."""
    claimed: list[_Claimed] = []
    room = max(1, int(_CLAIM_SECONDS * min(settings.sender_rate, _FASTEST)))
    segments = 0
    with database.write() as session:
        if arrivals.is_waiting(settings.home):
            return []
        take_turns(session, "claim")  # so that two senders never pass a cap that each of them alone would keep
        if pacing.pause(session):
            return None
        rows = session.scalars(_due(now).limit(room).with_for_update(skip_locked=True)).all()
        back = _KeptBack(_unheard(session), filtering.stopped_words(session), lookups.unseen(session, rows, settings, now))
        # the versions are read before the facts: what changes while we check is then seen by the last read before the request
        known, seen = last_look.known(session), consent.states(session, {row.phone for row in rows})
        facts = release.facts_for(session, rows, settings, now)
        doubtful = set(reconcile.unsettled(session, {row.phone for row in rows}).values())
        purse, today = spending.purse(session, settings, now), turns.today(session, {row.school_id for row in rows}, settings, now)
        for row in rows:
            asked, window = (
                partial(check, session, row, settings, now, facts=facts),
                window_of(facts.schools.get(row.school_id), settings, row.phone),
            )
            verdict = back.verdict(row, now) or _verdict(session, row, asked, now)
            if isinstance(verdict, Go) and (row.phone, verdict.body) in doubtful:
                verdict = Stop(State.HELD, TWIN)
            elif isinstance(verdict, Go) and not today.has_turn(MessageClass(row.message_class), row.school_id):
                verdict = Stop(State.HELD, Reason.TURN, window.next_open(window.closing(now)))
            elif isinstance(verdict, Go) and not purse.pays(MessageClass(row.message_class), verdict.segments or 1):
                verdict = Stop(State.HELD, Reason.SPENT, purse.refilled_at)
            if isinstance(verdict, Stop):
                _stop(session, row, verdict, now)
                report.counts[f"{verdict.state}: {verdict.reason.split(':')[0]}"] += 1
            else:
                segments += verdict.segments or 1
                if claimed and segments > room:
                    break
                today.take(MessageClass(row.message_class), row.school_id)
                text = _text(row, verdict, window, now)
                claimed.append(_release(session, row, verdict, now, (text, known, seen[row.phone].version)))
                doubtful.add((row.phone, verdict.body))
            report.claimed += 1
        purse.tell(session, now)
        if claimed:
            pacing.take(session, sum(item.segments for item in claimed), settings.sender_rate)
    return claimed


def _text(row: PlannedMessage, go: Go, window: Window, now: datetime) -> Text:
    """What is asked of the carrier; it may not keep a text that quiet hours bind until they have begun."""
    valid = None
    if Check.QUIET_HOURS in CHECKS[MessageClass(row.message_class)] and window.is_open(now):
        valid = min(_LONGEST_QUEUE, int((window.closing(now) - now).total_seconds()))
    return Text(row.phone, go.body, row.ref, valid_seconds=valid, is_notice=row.message_class == MessageClass.NOTICE)


def _unheard(session: Session) -> set[str]:
    """Numbers that wrote to us in words which are kept but not taken in yet."""
    waiting = select(WebhookEvent.params).where(WebhookEvent.kind == "inbound", WebhookEvent.processed_at.is_(None))
    return {str(params.get("From", "")).strip() for params in session.scalars(waiting)}


def _verdict(session: Session, row: PlannedMessage, check: Callable[[], Go | Stop], now: datetime) -> Go | Stop:
    """Check one row; one that cannot be checked is held for a person and keeps nobody else's message back."""
    try:
        return check()
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this row, the others are sound
        what = f"message {row.id} cannot be checked ({type(error).__name__})"
        raise_item(session, kind="dispatch", key=f"check:{row.id}", sentence=f"M{what[1:]}; it is held. Tell IT.", now=now)
        return Stop(State.HELD, what)


def _stop(session: Session, row: PlannedMessage, verdict: Stop, now: datetime) -> None:
    row.state, row.reason, row.changed_at = move(State(row.state), verdict.state), verdict.reason, now
    if verdict.state == State.HELD:
        row.due_at = verdict.due_at or now + _LOOK_AGAIN
    else:
        outcomes.tell_writer(session, row, verdict.reason, now)


def _release(session: Session, row: PlannedMessage, go: Go, now: datetime, asked: tuple[Text, Known, int]) -> _Claimed:
    row.state, row.reason = move(State(row.state), State.SENDING), ""
    row.body, row.segments, row.language, row.approval_id = go.body, go.segments, go.language, go.approval_id
    row.facts, row.student_ids = go.facts, list(go.student_ids)
    row.claimed_at = row.changed_at = now
    attempt = Attempt(
        planned_id=row.id, started_at=now, ended_at=None, outcome="open", error_code="", detail="", clean_passes=0, last_pass_at=None
    )
    session.add(attempt)
    session.flush()
    text, known, consent_version = asked
    return _Claimed(row.id, attempt.id, text, go.segments or 1, consent_version, known)


def _is_unchanged(database: Database, item: _Claimed, look: Looking) -> bool:
    with database.read() as session:
        return look(session, item.planned_id, item.attempt_id, item.consent_version, item.known)


def _put_back(database: Database, item: _Claimed, now: datetime, report: DispatchReport) -> None:
    """Something changed after the release, or our set-up is wrong: this request never left, the next dispatch checks anew."""
    with database.write() as session:
        row = session.get_one(PlannedMessage, item.planned_id, with_for_update=True)
        attempt = session.get_one(Attempt, item.attempt_id)
        if attempt.outcome in {"open", Outcome.UNCERTAIN} and row.state in {State.SENDING, State.UNCERTAIN}:
            row.state, row.reason, row.changed_at = move(State(row.state), State.PLANNED), report.stopped, now
            if report.stopped:
                row.due_at = now + _LOOK_AGAIN
        attempt.outcome, attempt.ended_at = "not_sent", now
    report.counts["put back"] += 1


def _give_up_lost_claims(database: Database, now: datetime) -> None:
    """A claim whose worker is gone may or may not have asked the carrier: only reconciliation can tell."""
    lost = select(PlannedMessage).where(PlannedMessage.state == State.SENDING, PlannedMessage.claimed_at < now - _LEASE)
    with database.read() as session:
        if session.scalar(lost.with_only_columns(PlannedMessage.id).limit(1)) is None:
            return
    with database.write() as session:
        for row in session.scalars(lost.with_for_update(skip_locked=True)):
            row.state, row.changed_at = move(State.SENDING, State.UNCERTAIN), now
            row.reason = "no answer from the carrier; being looked up"
            for attempt in session.scalars(select(Attempt).where(Attempt.planned_id == row.id, Attempt.outcome == "open")):
                attempt.outcome, attempt.ended_at = Outcome.UNCERTAIN.value, now

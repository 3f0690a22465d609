"""Crossings that ask for a person: where a rule says so, its crossing opens a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from outreach.cases import escalation
from outreach.cases.actions import open_case
from outreach.cases.events import add_event
from outreach.cases.matching import Match, school_of
from outreach.cases.states import CaseState, EventKind, Queue, move
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.district.overlays import merged_away
from outreach.planning.queries import told_in_vain
from outreach.settings import Settings
from outreach.thresholds.rules import asks_a_person
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode, RuleVersion


def open_for_crossings(session: Session, *, settings: Settings, now: datetime) -> list[Case]:
    """Open a case for every open episode whose rule asks for one, or that another count would not help; return the cases.

    It joins the child's open case where there is one.

    Baseline episodes wait for their release. Doing it again changes nothing: an episode joins one case, which the database keeps.
    """
    rules = {version.id: version.definition for version in session.scalars(select(RuleVersion))}
    asking = [version for version, definition in rules.items() if asks_a_person(definition)]
    waiting = (
        select(Episode)
        .outerjoin(CaseEvent, CaseEvent.episode_id == Episode.id)
        .where(Episode.state == EpisodeState.OPEN.value, CaseEvent.id.is_(None), Episode.student_id.not_in(merged_away()))
        .where(or_(Episode.rule_version_id.in_(asking), Episode.id.in_(told_in_vain())))
        .order_by(Episode.id)
    )
    return [_open(session, episode, rules[episode.rule_version_id], settings, now) for episode in session.scalars(waiting).all()]


def _open(session: Session, episode: Episode, rule: Mapping[str, Any], settings: Settings, now: datetime) -> Case:
    standing = session.scalars(
        select(Case).where(Case.student_id == episode.student_id, Case.open_key.is_not(None)).order_by(Case.id)
    ).first()
    if standing is None:
        school = school_of(session, episode.student_id, local_date(now, settings.zone))
        found = Match(student_id=episode.student_id, school_id=school)
        standing = open_case(
            session,
            f"student:{episode.student_id}",
            found,
            now,
            phone="",
            because=f"{'call list' if rule.get('action') == 'call_list' else 'crossing'}: {episode.rule}",
        )
    standing.state = move(CaseState(standing.state), CaseState.OPEN).value
    standing.queue, standing.snoozed_until = Queue.NEEDS_ME.value, None
    escalation.place(session, standing, settings, now)
    add_event(session, standing, EventKind.CROSSING, by="", now=now, text=episode.rule, episode_id=episode.id)
    return standing

"""Nights and mornings of a small district: feeds come, rules are evaluated, messages planned and asked for their release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from outreach.database import Database
from outreach.messages.compose import Pair, phrases_hash
from outreach.messages.pairs import digest
from outreach.messages.tables import Approval
from outreach.planning import actions, release
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.thresholds.actions import Crossing, evaluate, release_baseline
from outreach.thresholds.rules import Rule, load_rules
from outreach.thresholds.tables import Episode
from tests.conftest import NOON
from tests.feeds import District

TEXT = "{{ district }}: {{ child }} has missed {{ days_missed }} as of {{ as_of }}. STOP"
LETTER = "Dear {{ adult_names }},\n\n| Child | Days | Until |\n|---|---|---|\n| {{ child }} | {{ days_missed }} | {{ as_of }} |\n\nGoodbye."
WORDS: Mapping[tuple[str, str, str], str] = {("count", "sms", "en"): TEXT, ("count", "letter", "en"): LETTER}


@dataclass(frozen=True)
class Said:
    """A planned row as a test compares it."""

    household: str
    children: tuple[str, ...]
    contact: str
    channel: str
    state: str
    why: str
    """The reason up to its colon; empty for a message."""


@dataclass
class Nights:
    """One district in one database, and the hour of its clock."""

    database: Database
    settings: Settings
    folder: Path
    district: District = field(default_factory=District)
    now: datetime = NOON
    rules: Sequence[Rule] = field(default_factory=load_rules)

    def load(self) -> None:
        """Import the district as it is."""
        self.district.load(self.database, self.folder, self.now)

    def evaluate(self) -> list[Crossing]:
        """Evaluate the rules."""
        with self.database.write() as session:
            return evaluate(session, self.rules, settings=self.settings, now=self.now)

    def release_baseline(self, children: int = 1000) -> int:
        """Release the baseline."""
        with self.database.write() as session:
            return release_baseline(session, children, by="head@example.org", now=self.now)

    def plan(self) -> list[Said]:
        """Plan, and return what this run said, in order."""
        with self.database.write() as session:
            return sorted((said(row) for row in actions.plan(session, settings=self.settings, now=self.now)), key=repr)

    def open(self) -> None:
        """Load, evaluate and release all: every crossing may speak."""
        self.load()
        self.evaluate()
        self.release_baseline()

    def night(self, *, days: float = 1, **changes: Any) -> list[Said]:
        """Let time pass, load the district, evaluate and plan."""
        self.now += timedelta(days=days, **changes)
        self.load()
        self.evaluate()
        return self.plan()

    def approve(self, words: Mapping[tuple[str, str, str], str] = WORDS) -> None:
        """Approve texts by (message, channel, locale)."""
        with self.database.write() as session:
            session.add_all(approval(*key, text, self.now) for key, text in words.items())

    def rows(self, channel: str = "", state: str = "") -> list[PlannedMessage]:
        """The rows there are, by id."""
        with self.database.read() as session:
            found = session.scalars(select(PlannedMessage).order_by(PlannedMessage.id)).all()
        return [row for row in found if (not channel or row.channel == channel) and (not state or row.state == state)]

    def check(self, row: PlannedMessage) -> release.Go | release.Stop:
        """Ask whether a message may leave now."""
        with self.database.read() as session:
            return release.check(session, session.get_one(PlannedMessage, row.id), self.settings, self.now)

    def send(self, row: PlannedMessage, state: str = "sent") -> None:
        """Let a message leave now, as delivery does once the check says Go; Stop is an error of the test."""
        found = self.check(row)
        assert isinstance(found, release.Go), found
        self.become(row, state=state, claimed_at=self.now, sent_at=self.now, student_ids=list(found.student_ids), body=found.body)

    def become(self, row: PlannedMessage, **values: Any) -> None:
        """Set columns of a row."""
        with self.database.write() as session:
            stored = session.get_one(PlannedMessage, row.id)
            for name, value in values.items():
                setattr(stored, name, value)

    def episodes(self) -> list[tuple[str, str, int, str]]:
        """Child, rule, number and state of every episode, in order."""
        with self.database.read() as session:
            rows = session.scalars(select(Episode).order_by(Episode.student_id, Episode.rule, Episode.school_year, Episode.episode))
            return [(row.student_id, row.rule, row.episode, row.state) for row in rows]


def said(row: PlannedMessage) -> Said:
    """A row as a test compares it."""
    return Said(row.household, tuple(row.student_ids), row.contact_id, row.channel, row.state, row.reason.split(":")[0])


def approval(message: str, channel: str, locale: str, text: str, now: datetime) -> Approval:
    """The approval of one text as its own translation."""
    return Approval(
        message=message,
        channel=channel,
        locale=locale,
        source_hash=digest(text),
        translation_hash=digest(text),
        source_text=text,
        translation_text=text,
        phrases_hash=phrases_hash(Pair(message, channel, locale, text, text)),
        approved_by="head@example.org",
        approved_at=now,
    )

"""The rules in force on a day: the newest version that holds by then, else the file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.settings import Settings
from outreach.thresholds.rules import Rule, load_rules
from outreach.thresholds.version_tables import RulesVersion


def in_force(session: Session, settings: Settings, now: datetime) -> tuple[Rule, ...]:
    """Return the rules by which children are evaluated at *now*. Raises RulesError where the file is asked for and cannot be read."""
    return rules_of(standing(session, local_date(now, settings.zone)), settings)


def standing(session: Session, day: date) -> RulesVersion | None:
    """The version in force on *day*; None where it is the file. Of two that hold, the one made later does."""
    held = select(RulesVersion).where(RulesVersion.holds_from <= day).order_by(RulesVersion.number.desc()).limit(1)
    return session.scalars(held).first()


def versions(session: Session) -> Sequence[RulesVersion]:
    """Every version, the newest first; version 0, the file, is not among them."""
    return session.scalars(select(RulesVersion).order_by(RulesVersion.number.desc())).all()


def rules_of(version: RulesVersion | None, settings: Settings) -> tuple[Rule, ...]:
    """The rules of a version; of none, and of one that goes back to the file, those of the file as it reads now."""
    if version is None or version.back_to == 0:
        return load_rules(settings.home)
    return tuple(Rule.model_validate(values) for values in version.rules)

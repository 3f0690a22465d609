"""Changing the rules: a new version from a day on, the way back to an earlier one, and what a person typed as a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import ValidationError
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.database import take_turns
from outreach.settings import Settings
from outreach.thresholds.rules import Rule
from outreach.thresholds.version_tables import RulesVersion
from outreach.thresholds.versions import rules_of, versions

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SENTENCES: Mapping[str, str] = {
    "percent": "Give a share of days from 0.1 to 100 percent.",
    "days": "Give a number of days from 1 to 366.",
    "from_day": "Give a number of school days from 10 to 366; before ten a share means nothing.",
    "rung": "Give a step from 1 to 20.",
    "cool_down": "Give a number of days from 0 to 366.",
    "fires": "Choose when the rule looks.",
    "action": "Choose what follows.",
    "channel": "Choose a text or a letter.",
    "metric": "Choose which days are counted.",
}


class RulesEditError(ValueError):
    """The rules cannot be kept; nothing was written."""


class ChangedError(RulesEditError):
    """Somebody else changed the rules since you began. Look at theirs, then make your change again."""


class FieldsError(RulesEditError):
    """Some fields are missing or odd."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Keep one sentence a field."""
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


@dataclass(frozen=True)
class Base:
    """What a change begins with: the newest version, in force or still to come."""

    number: int
    rules: tuple[Rule, ...]
    holds_from: date | None
    """None for the file."""


@dataclass(frozen=True)
class Change:
    """Who changes the rules, when, from which day on and why; *seen* is the version that they began with."""

    by: str
    now: datetime
    holds_from: date
    why: str = ""
    seen: int | None = None


def base(session: Session, settings: Settings) -> Base:
    """Return the newest version, else the file as version 0."""
    newest = next(iter(versions(session)), None)
    return Base(newest.number if newest else 0, rules_of(newest, settings), newest.holds_from if newest else None)


def today(settings: Settings, now: datetime) -> date:
    """The district's own date."""
    return local_date(now, settings.zone)


def save(session: Session, rules: Sequence[Rule], change: Change, *, settings: Settings, back_to: int | None = None) -> RulesVersion | None:
    """Keep *rules* as the newest version; None where exactly they stand already. Raises RulesEditError.

    A day that is past means today: what was evaluated stays as it was.
    """
    take_turns(session, "rules")
    standing = base(session, settings)
    if change.seen is not None and change.seen != standing.number:
        raise ChangedError(ChangedError.__doc__)
    if not change.by.strip():
        sentence = "Say who changes the rules."
        raise RulesEditError(sentence)
    day = max(change.holds_from, today(settings, change.now))
    if tuple(rules) == standing.rules and (standing.holds_from is None or standing.holds_from <= day):
        return None
    row = RulesVersion(
        number=standing.number + 1,
        rules=[] if back_to == 0 else [{"name": rule.name, **rule.definition()} for rule in rules],
        holds_from=day,
        back_to=back_to,
        changed_by=change.by.strip(),
        changed_at=change.now,
        why=change.why.strip(),
    )
    session.add(row)
    session.flush()
    return row


def return_to(session: Session, number: int, change: Change, *, settings: Settings) -> RulesVersion | None:
    """Make an earlier version hold again, as a new one; 0 is the file. Raises RulesEditError."""
    return save(session, rules_at(session, number, settings), change, settings=settings, back_to=number)


def rules_at(session: Session, number: int, settings: Settings) -> tuple[Rule, ...]:
    """The rules of one version, 0 for the file. Raises RulesEditError where there is none."""
    version = session.get(RulesVersion, number) if number else None
    if number and version is None:
        sentence = f"There is no version {number} of the rules."
        raise RulesEditError(sentence)
    return rules_of(version, settings)


def with_rule(rules: Sequence[Rule], rule: Rule, name: str = "") -> tuple[Rule, ...]:
    """The rules with *rule* in the place of the one called *name*, else at the end. Raises FieldsError where the name is taken."""
    if rule.name != name and any(other.name == rule.name for other in rules):
        raise FieldsError({"name": "Another rule has this name."})
    if any(other.name == name for other in rules):
        return tuple(rule if other.name == name else other for other in rules)
    return (*rules, rule)


def without_rule(rules: Sequence[Rule], name: str) -> tuple[Rule, ...]:
    """The rules but for one."""
    return tuple(rule for rule in rules if rule.name != name)


def typed_rule(values: Mapping[str, object], *, messages: Mapping[str, Sequence[str]], schools: Sequence[str]) -> Rule:
    """A rule as a form describes it. Raises FieldsError with one sentence for each field.

    *messages* are the names of the messages there are, by channel; *schools* the ids of the district's schools.
    """
    faults = {}
    try:
        rule: Rule | None = Rule.model_validate(values)
    except ValidationError as error:
        rule = None
        for one in error.errors():
            field = str(one["loc"][0]) if one["loc"] else "message"
            faults[field] = _SENTENCES.get(field, "Choose a message and how it goes out; a rule for a person has neither.")
    if not _NAME.fullmatch(str(values["name"])):
        faults["name"] = "Give a short name of small letters, digits and underscores, such as letter_15."
    if rule is not None:
        faults |= _against_the_district(rule, messages, schools)
    if rule is None or faults:
        raise FieldsError(faults)
    return rule


_MOST_DAYS = 366
_MOST_RUNG = 20


def _against_the_district(rule: Rule, messages: Mapping[str, Sequence[str]], schools: Sequence[str]) -> dict[str, str]:
    most = {"days": _MOST_DAYS, "from_day": _MOST_DAYS, "cool_down": _MOST_DAYS, "rung": _MOST_RUNG}
    faults = {field: _SENTENCES[field] for field, limit in most.items() if getattr(rule, field) > limit}
    if rule.action == "message" and rule.message not in messages.get(rule.channel, ()):
        faults["message"] = "There are no such words for this way of telling."
    known = {name for names in messages.values() for name in names}
    faults |= {
        field: "There is no such wording." for field in ("wording", "again") if getattr(rule, field) and getattr(rule, field) not in known
    }
    if strange := sorted(set(rule.schools).difference(schools)):
        faults["schools"] = f"There is no school {strange[0]}."
    return faults

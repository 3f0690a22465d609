"""Threshold rules as data, and whether a count meets one: pure."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from outreach.attendance.counting import Count
from outreach.attendance.profiles import Days
from outreach.resources import data_folder

RULES_FILE = "thresholds.toml"


class RulesError(ValueError):
    """The threshold rules cannot be used."""


def asks_a_person(definition: Mapping[str, Any]) -> bool:
    """Whether a crossing of a rule, kept as its version's *definition*, opens a case."""
    return bool(definition.get("case")) or definition.get("action", "message") != "message"


class Rule(BaseModel):
    """One rule; the keys are explained in ``config/thresholds.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    percent: Annotated[Fraction, Field(gt=0, le=100)]
    days: Annotated[int, Field(ge=1)]
    from_day: Annotated[int, Field(ge=10)]
    fires: Literal["crossing", "round"] = "crossing"
    action: Literal["message", "case", "call_list"] = "message"
    channel: Literal["sms", "letter", "person"]
    message: str = ""
    wording: str = ""
    again: str = ""
    rung: Annotated[int, Field(ge=1)]
    case: bool = False
    cool_down: Annotated[int, Field(ge=0)] = 30
    requalify: bool = True
    metric: Literal["absent", "unexcused"] = "absent"
    schools: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    approve: bool = False

    @model_validator(mode="after")
    def _says_what_its_action_needs(self) -> Self:
        if (self.action == "message") != (self.channel != "person") or (self.action == "message") != bool(self.message):
            message = (
                'a rule with the action "message" names its channel and message; one for a person has the channel "person" and no message'
            )
            raise ValueError(message)
        return self

    def met(self, count: Count) -> bool:
        """Whether the days known to be missed reach the threshold; unknown days never do."""
        return count.calendar_known and self._reached(count.absent if self.metric == "absent" else count.unexcused, count)

    def may_meet(self, count: Count) -> bool:
        """Whether the threshold would be reached if every unknown day were an absence: then nobody can say that it is not."""
        known = count.absent if self.metric == "absent" else count.unexcused + count.unspecified + count.conflict
        return not count.calendar_known or self._reached(known + count.unknown, count)

    def concerns(self, school_id: str, grade: str, groups: Collection[str]) -> bool:
        """Whether a child of this school, grade and these subgroups is in the rule's scope; an empty part of it leaves nobody out."""
        return (
            (not self.schools or school_id in self.schools)
            and (not self.grades or grade in self.grades)
            and (not self.subgroups or not set(self.subgroups).isdisjoint(groups))
        )

    def _reached(self, absent: Days, count: Count) -> bool:
        if count.enrolled < max(self.from_day, count.minimum_days):
            return False
        return absent >= self.days and 100 * absent >= self.percent * count.enrolled

    def definition(self) -> dict[str, object]:
        """The rule as plain values, for the database."""
        return self.model_dump(mode="json", exclude={"name"})

    @property
    def digest(self) -> str:
        """The same rule has the same digest; a changed one has another."""
        return _digest(self.definition())

    def beginning(self, round_day: date | None) -> str:
        """Names one beginning of the rule at a school: of the rule as it reaches now, or of one of its rounds; empty before the first."""
        if self.fires == "crossing":
            return self.reach
        return f"{self.reach}@{round_day}" if round_day else ""

    @property
    def reach(self) -> str:
        """Names whom the rule reaches: where this changes, the rule is as good as new and its first finds are baseline.

        Schools are not in it: each has its own first evaluation anyway.
        """
        whom = self.model_dump(mode="json", include={"percent", "days", "from_day", "channel", "metric", "grades", "subgroups"})
        return _digest(whom)


def load_rules(home: Path | None = None) -> tuple[Rule, ...]:
    """Read the district's rules, else the shipped ones. Raises RulesError with one sentence."""
    own = home / RULES_FILE if home else None
    path = own if own and own.is_file() else data_folder("config") / RULES_FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return tuple(Rule(name=name, **values) for name, values in data["rules"].items())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, AttributeError, TypeError) as error:
        sentence = f"{path.name} cannot be read: {error}."
        raise RulesError(sentence) from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        sentence = f"{path.name}: {problems}."
        raise RulesError(sentence) from error


def digest_of(rules: Iterable[Rule]) -> str:
    """The same rules have the same digest."""
    return hashlib.sha256("".join(sorted(rule.name + rule.digest for rule in rules)).encode()).hexdigest()


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def met_rungs(rules: Sequence[Rule], count: Count, running: Collection[str] = ()) -> tuple[list[Rule], list[Rule]]:
    """The rules that speak for a count (the highest rung of each channel), and the lower ones that are met and passed.

    A rule that is *running* stands until its threshold is surely no longer met: days that became unknown end nothing.
    """
    met = [rule for rule in rules if rule.met(count) or (rule.name in running and rule.may_meet(count))]
    top = {channel: max(rule.rung for rule in met if rule.channel == channel) for channel in {rule.channel for rule in met}}
    return [r for r in met if r.rung == top[r.channel]], [r for r in met if r.rung < top[r.channel]]

"""Threshold rules as data, and whether a count meets one: pure."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from outreach.attendance.counting import Count
from outreach.resources import data_folder

RULES_FILE = "thresholds.toml"


class RulesError(ValueError):
    """The threshold rules cannot be used."""


class Rule(BaseModel):
    """One rule; the keys are explained in ``config/thresholds.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    percent: Annotated[Fraction, Field(gt=0, le=100)]
    days: Annotated[int, Field(ge=1)]
    from_day: Annotated[int, Field(ge=10)]
    channel: Literal["sms", "letter"]
    message: str
    rung: Annotated[int, Field(ge=1)]
    case: bool = False
    cool_down: Annotated[int, Field(ge=0)] = 30

    def met(self, count: Count) -> bool:
        """Whether the days known to be missed reach the threshold; unknown days never do."""
        if not count.calendar_known or count.enrolled < max(self.from_day, count.minimum_days):
            return False
        return count.absent >= self.days and 100 * count.absent >= self.percent * count.enrolled

    def definition(self) -> dict[str, object]:
        """The rule as plain values, for the database."""
        return self.model_dump(mode="json", exclude={"name"})

    @property
    def digest(self) -> str:
        """The same rule has the same digest; a changed one has another."""
        return hashlib.sha256(json.dumps(self.definition(), sort_keys=True).encode()).hexdigest()


def load_rules(home: Path | None = None) -> tuple[Rule, ...]:
    """Read the district's rules, else the shipped ones. Raises RulesError with one sentence."""
    own = home / RULES_FILE if home else None
    path = own if own and own.is_file() else data_folder("config") / RULES_FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
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


def met_rungs(rules: Sequence[Rule], count: Count) -> tuple[list[Rule], list[Rule]]:
    """The rules that speak for a count (the highest rung of each channel), and the lower ones that are met and passed."""
    met = [rule for rule in rules if rule.met(count)]
    top = {channel: max(rule.rung for rule in met if rule.channel == channel) for channel in {rule.channel for rule in met}}
    return [r for r in met if r.rung == top[r.channel]], [r for r in met if r.rung < top[r.channel]]

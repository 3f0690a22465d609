"""Rules in plain words, and what a form says of one: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from outreach.replies.normalise import storable
from outreach.thresholds.rules import Rule

_SHARE = re.compile(r"\d{1,3}(\.\d{1,2})?")
_LONGEST = 60
METRICS = {"absent": "any reason", "unexcused": "without an excuse only"}
FOLLOWS = {"message": "The family is told", "case": "A case for a coordinator", "call_list": "A call by a coordinator"}
CHANNELS = {"sms": "Text", "letter": "Letter"}
FIRES = {"crossing": "As soon as a child comes over it", "round": "On the days of the district's rounds"}
_PLAIN = ("name", "days", "from_day", "fires", "action", "message", "wording", "again", "rung", "cool_down", "metric")
_SWITCHES = ("case", "requalify", "approve")
_LISTS = ("grades", "subgroups")


def share(percent: Fraction) -> str:
    """A share as people write it: ``7.5``."""
    return f"{float(percent):g}"


def when(rule: Rule) -> str:
    """From when on a rule is met: one phrase."""
    days = "school days missed" + (" without an excuse" if rule.metric == "unexcused" else "")
    asked = " (asked on each round)" if rule.fires == "round" else ""
    return f"From {share(rule.percent)} % of the {days}, at least {rule.days}, after {rule.from_day} days at school{asked}"


def then(rule: Rule) -> str:
    """What follows: one phrase."""
    told = {"sms": "a text", "letter": "a letter", "person": "a case for a coordinator"}[rule.channel]
    if rule.action == "call_list":
        told = "a call by a coordinator"
    words = f" in the words “{(rule.wording or rule.message).replace('_', ' ')}”" if rule.message else ""
    more = " and a case for a coordinator" if rule.case and rule.action == "message" else ""
    again = f", at most every {rule.cool_down} days" if rule.action == "message" and rule.cool_down else ""
    waits = "; waits for a person’s approval" if rule.approve else ""
    return f"{told}{words}{again}{more}{waits}"


def where(rule: Rule, names: Mapping[str, str]) -> str:
    """Whom it concerns: one phrase."""
    schools = ", ".join(sorted(names.get(school, school) for school in rule.schools)) or "all schools"
    grades = f", grades {', '.join(rule.grades)}" if rule.grades else ""
    groups = f", only {', '.join(rule.subgroups)}" if rule.subgroups else ""
    return schools + grades + groups


def changes(before: Sequence[Rule], after: Sequence[Rule], names: Mapping[str, str]) -> list[str]:
    """What is different between two versions, a sentence for each rule."""
    old, new = {rule.name: rule for rule in before}, {rule.name: rule for rule in after}
    said = [f"{name} is gone." for name in old if name not in new]
    for name, rule in new.items():
        if name not in old:
            said.append(f"{name} is new. {_all(rule, names)}")
        elif rule != old[name]:
            said.append(f"{name}: {_all(rule, names)} Before: {_all(old[name], names)}")
    return said


def _all(rule: Rule, names: Mapping[str, str]) -> str:
    return f"{when(rule)}: {then(rule)} ({where(rule, names)})."


def as_typed(rule: Rule) -> dict[str, object]:
    """A rule as the fields of its form."""
    plain = {name: str(getattr(rule, name)) for name in (*_PLAIN, "channel")}
    switches = {name: getattr(rule, name) for name in _SWITCHES}
    lists = {name: ", ".join(getattr(rule, name)) for name in _LISTS}
    return {**plain, **switches, **lists, "percent": share(rule.percent), "schools": list(rule.schools)}


def read(asked: Mapping[str, str], schools: Sequence[str]) -> dict[str, object]:
    """The fields of a form as somebody typed them, trimmed; *schools* are the ticked ones."""
    plain: dict[str, object] = {name: storable(asked.get(name, "")).strip()[:_LONGEST] for name in (*_PLAIN, *_LISTS, "percent", "channel")}
    return {**plain, **{name: asked.get(name) == "on" for name in _SWITCHES}, "schools": list(schools)}


def values(typed: Mapping[str, object]) -> dict[str, object]:
    """What a form holds, as the values of a rule: lists parted, and what is no number left out of its field."""
    found = dict(typed)
    for name in _LISTS:
        found[name] = list(dict.fromkeys(part.strip() for part in str(typed[name]).split(",") if part.strip()))
    found["percent"] = typed["percent"] if _SHARE.fullmatch(str(typed["percent"])) else ""
    for name in ("days", "from_day", "rung", "cool_down"):
        number = str(typed[name])
        found[name] = number if number.isascii() and number.isdigit() and len(number) <= len("9999") else ""
    if typed["action"] != "message":
        found |= {"channel": "person", "message": "", "wording": "", "again": ""}
    return found

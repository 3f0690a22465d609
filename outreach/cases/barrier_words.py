"""Reasons, root causes and kinds of steps as staff read them, and which reasons are sealed. Data: ``config/barriers.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from outreach.cases.help_states import Layer
from outreach.replies.reasons import CATEGORY_OF, Category
from outreach.resources import data_folder

LAYERS: Mapping[Layer, str] = MappingProxyType(
    {Layer.PREVENTION: "Prevention", Layer.PROBLEM_SOLVING: "Problem-solving", Layer.MITIGATION: "Mitigation"}
)
"""The three layers in the words of the field."""


class BarrierWordsError(ValueError):
    """The list of reasons and steps cannot be used as it is."""


@dataclass(frozen=True)
class Kind:
    """One kind of step."""

    name: str
    label: str
    layer: Layer


@dataclass(frozen=True)
class BarrierWords:
    """What ``config/barriers.toml`` holds."""

    reasons: Mapping[str, str]
    categories: Mapping[str, str]
    sealed: frozenset[str]
    kept_as: Mapping[str, str]
    kinds: Mapping[str, Kind]

    def reason(self, code: str) -> str:
        """A reason in plain words."""
        return self.reasons.get(code, code.replace("_", " "))

    def category(self, code: str) -> str:
        """The root cause of a reason in plain words; empty where the reason is none of the thirty."""
        return self.categories[CATEGORY_OF[code]] if code in CATEGORY_OF else ""

    def kind(self, name: str) -> str:
        """A kind of step in plain words; one that is no longer in the list keeps its name."""
        return self.kinds[name].label if name in self.kinds else name.replace("_", " ").capitalize()


def read(text: str) -> BarrierWords:
    """Read the file's text. Raises BarrierWordsError where a reason has no words, or one that nobody knows is named."""
    data: dict[str, Any] = tomllib.loads(text)
    reasons, sealed, kept_as = data["reasons"], frozenset(data["sealed"]), data["kept_as"]
    if strange := (set(reasons) | sealed | set(kept_as) | set(kept_as.values())) - set(CATEGORY_OF):
        message = f"No reason of the thirty: {', '.join(sorted(strange))}."
        raise BarrierWordsError(message)
    if missing := set(CATEGORY_OF) - set(reasons):
        message = f"Without words: {', '.join(sorted(missing))}."
        raise BarrierWordsError(message)
    kinds = {name: Kind(name, one["label"], Layer(one["layer"])) for name, one in data["steps"].items()}
    categories = {category.value: data["categories"][category.value] for category in Category}
    return BarrierWords(MappingProxyType(reasons), MappingProxyType(categories), sealed, MappingProxyType(kept_as), MappingProxyType(kinds))


@cache
def shipped(folder: Path | None = None) -> BarrierWords:
    """The list of *folder*, or the shipped one."""
    return read(((folder or data_folder("config")) / "barriers.toml").read_text(encoding="utf-8"))

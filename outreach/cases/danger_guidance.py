"""What a person needs who has a text that may mean danger: whom to report to, and what to go through. Data: ``config/danger.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from outreach.resources import data_folder


@dataclass(frozen=True)
class Hotline:
    """A number for reports of child abuse or neglect, and where the number is from."""

    name: str
    number: str
    source: str
    note: str = ""


def hotlines(state: str) -> tuple[Hotline, ...]:
    """The numbers for a state (two capital letters): its own first, then the national one; only that where the state is not known."""
    national = Hotline(**_data()["national"])
    own = _data()["states"].get(state)
    found = [Hotline(**own)] if own else []
    return tuple(found) if found and found[0].number == national.number else (*found, national)


def checklist() -> Mapping[str, str]:
    """Key → what to do, in order."""
    return MappingProxyType(_data()["checklist"])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((data_folder("config") / "danger.toml").read_text(encoding="utf-8"))

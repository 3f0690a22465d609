"""Every setting with what it does, what holds, and where that comes from, read from ``config/default.toml`` itself.

The file is the one place where a setting is explained: what stands above its key there is what people read. Secrets say only that they
are set.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from outreach.resources import data_folder
from outreach.settings import Settings

ELSEWHERE = "Addresses and secrets"
"""Settings that no file of ours holds."""
_OF_THE_PROGRAM = frozenset({"now"})
"""For demonstrations and tests."""
_KEY = re.compile(r"(\w+) = ")
_EXPLAINED: Mapping[str, str] = {
    "home": "The folder with the database, settings.toml, kept feeds and letters.",
    "database_url": "PostgreSQL's address; empty: SQLite in the home folder.",
    "public_url": "The address at which families and the carrier reach this service over HTTPS.",
    "secret_key": "Signs sessions and links. Without one the service makes its own and keeps it in the home folder.",
    "feed_keys": "With what the servers of feeds let us in, by the feed's name.",
    "sign_in_providers": "With whom people sign in besides a password, by the name in the address (docs/signing-in.md).",
    "smtp_password": "The mail server's.",
    "mail_house_key": "The mail house's.",
    "translation_key": "The translation service's.",
    "metrics_token": "With it another machine may read /metrics.",
    "twilio_account_sid": "The carrier's account.",
    "twilio_auth_token": "The carrier's secret: we sign in with it, and it signs what comes to us.",
    "twilio_auth_token_secondary": "While the secret is changed: the other one.",
    "twilio_messaging_service_sid": "The messaging service that texts leave by.",
    "twilio_notices_service_sid": "The one for notices and danger; empty: the same.",
    "twilio_api_base": "Where the carrier's interface is, if not at its own address.",
}


class Origin(StrEnum):
    """Where a value comes from; the last one that says anything wins."""

    SHIPPED = "as shipped"
    FILE = "settings.toml"
    ENVIRONMENT = "environment"
    PROGRAM = "the way it was started"


@dataclass(frozen=True)
class Setting:
    """One key and what holds now, as text."""

    name: str
    value: str
    shipped: str
    origin: Origin
    variable: str
    """The environment variable that sets it."""


@dataclass(frozen=True)
class Topic:
    """Some settings that one explanation speaks of."""

    group: str
    explanation: str
    settings: tuple[Setting, ...]


def topics(settings: Settings) -> list[Topic]:
    """Return every setting, in the order of the file; then what no file of ours holds."""
    text = (data_folder("config") / "default.toml").read_text(encoding="utf-8")
    shipped, mine = tomllib.loads(text), _own(settings)
    found = [
        Topic(group, said, tuple(_setting(settings, name, mine, shipped.get(name)) for name in names)) for group, said, names in _read(text)
    ]
    others = [name for name in type(settings).model_fields if name not in shipped and name not in _OF_THE_PROGRAM]
    return found + [Topic(ELSEWHERE, _EXPLAINED.get(name, ""), (_setting(settings, name, mine, None),)) for name in others]


def matching(found: Sequence[Topic], words: str) -> list[Topic]:
    """Those that speak of all *words*: in a key, its value, its group or its explanation."""
    wanted = words.casefold().split()
    return [topic for topic in found if all(word in _all_of(topic) for word in wanted)]


def _all_of(topic: Topic) -> str:
    return " ".join([topic.group, topic.explanation, *(f"{one.name} {one.value} {one.variable}" for one in topic.settings)]).casefold()


def _read(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Group, explanation and keys: a comment speaks of the keys below it, up to the next comment."""
    group, said, names = "", list[str](), list[str]()
    for line in [*text.splitlines(), "#"]:
        if line.startswith("#"):
            if names:
                yield group, " ".join(said), names
                said, names = [], []
            group = line.removeprefix("## ") if line.startswith("## ") else group
            said = [] if line.startswith("## ") else [*said, line.removeprefix("#").strip()]
        elif key := _KEY.match(line):
            names = [*names, key[1]]
        elif not names:
            said = []  # the file's own head


def _own(settings: Settings) -> Mapping[str, object]:
    """What the home's file says."""
    file = settings.home / "settings.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _setting(settings: Settings, name: str, mine: Mapping[str, object], shipped: object) -> Setting:
    info, value = type(settings).model_fields[name], getattr(settings, name)
    default = info.get_default(call_default_factory=True, validated_data={}) if shipped is None else shipped
    said, plain = (_set(value), "") if not info.repr else (_words(value), _words(default))
    return Setting(name, said, plain, _origin(name, info, mine, changed=_words(value) != _words(default)), _variables(name, info)[0])


def _origin(name: str, info: FieldInfo, mine: Mapping[str, object], *, changed: bool) -> Origin:
    if any(variable.upper() in {key.upper() for key in os.environ} for variable in _variables(name, info)):
        return Origin.ENVIRONMENT
    if name in mine:
        return Origin.FILE
    return Origin.PROGRAM if changed else Origin.SHIPPED


def _variables(name: str, info: FieldInfo) -> list[str]:
    if isinstance(info.validation_alias, AliasChoices):
        return [str(one) for one in info.validation_alias.choices]
    return [f"OUTREACH_{name.upper()}"]


def _set(value: object) -> str:
    """Of a secret, only that there is one."""
    return "set" if value else "not set"


def _words(value: object) -> str:
    """A value as people write it in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_words, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value) if value not in ("", None) else "empty"

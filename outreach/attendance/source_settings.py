"""``source.toml``: how one source writes its feed, and what its codes and events mean."""

from __future__ import annotations

import codecs
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from outreach.attendance.profiles import profile
from outreach.attendance.refusal import RefusedError

SETTINGS_FILE = "source.toml"


class Kind(StrEnum):
    """What an attendance code says about the day."""

    PRESENT = "present"
    ABSENT = "absent"
    PARTIAL = "partial"
    SUSPENDED_OUT = "suspended_out"
    SUSPENDED_IN = "suspended_in"
    INSTRUCTED_ELSEWHERE = "instructed_elsewhere"
    ON_SITE = "on_site"


class Reason(StrEnum):
    """Why a child was absent, as far as the record says."""

    EXCUSED = "excused"
    UNEXCUSED = "unexcused"
    SUSPENDED = "suspended"
    UNSPECIFIED = "unspecified"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Meaning(_Strict):
    """What a code means; ``hold`` keeps messages back (bereavement, hospital)."""

    kind: Kind
    reason: Reason = Reason.UNSPECIFIED
    hold: bool = False

    @model_validator(mode="before")
    @classmethod
    def _suspension_is_its_own_reason(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("kind") in {Kind.SUSPENDED_OUT, Kind.SUSPENDED_IN}:
            return {"reason": Reason.SUSPENDED, **value}
        return value


def _month_day(value: str) -> str:
    if not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", value) or value in {"02-29", "02-30", "02-31"}:
        message = "must be a month and a day that every year has, such as 07-01"
        raise ValueError(message)
    return value


def _known_encoding(value: str) -> str:
    try:
        name = codecs.lookup(value).name
        "a".encode(name)  # some codecs turn bytes into bytes; they cannot do this
    except (LookupError, UnicodeError) as error:
        message = f"{value!r} is no known encoding"
        raise ValueError(message) from error
    return name


_SHORTHANDS = (("%-", "%"), ("%F", "%Y-%m-%d"), ("%D", "%m/%d/%y"), ("%T", "%H:%M:%S"), ("%R", "%H:%M"))


def _whole_date(value: str) -> str:
    plain = value
    for short, long in _SHORTHANDS:
        plain = plain.replace(short, long)
    day = datetime(2026, 12, 31, tzinfo=UTC)
    try:
        told = datetime.strptime(day.strftime(plain), plain).date()  # noqa: DTZ007 - a plain date has no zone
    except ValueError:
        told = None
    if told != day.date():
        message = f"{value!r} does not tell year, month and day, as %m/%d/%Y does"
        raise ValueError(message)
    return value


def _in_the_folder(value: str) -> str:
    if not value or Path(value).name != value:
        message = f"{value!r} is no plain file name; a feed's files stand in its own folder"
        raise ValueError(message)
    return value


def _hour(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", value):
        message = "must be an hour of the day such as 10:30, or 24:00 for never on the day itself"
        raise ValueError(message)
    return value


def _known_profile(value: str) -> str:
    profile(value)
    return value


def _as_read(value: object) -> object:
    """Spell a key as values of files are read: trimmed, composed letters."""
    return unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else value


def _lower(value: object) -> object:
    spelled = _as_read(value)
    return spelled.casefold() if isinstance(spelled, str) else spelled


_Key = Annotated[str, BeforeValidator(_as_read)]
_Events = dict[Annotated[str, BeforeValidator(_lower)], bool]
_MonthDay = Annotated[str, AfterValidator(_month_day)]
_Profile = Annotated[str, AfterValidator(_known_profile)]
_Hour = Annotated[str, AfterValidator(_hour)]
_Percent = Annotated[int, Field(ge=1, le=100)]


class SchoolOverride(_Strict):
    """What one school does differently; None and missing keys leave the source's own."""

    reporting: Literal["exceptions", "affirmative"] | None = None
    calendar: Literal["file", "from-events"] | None = None
    exit_day: Literal["inclusive", "exclusive"] | None = None
    profile: _Profile | None = None
    school_year_start: _MonthDay | None = None
    trust_registration_phones: bool | None = None
    expected_percent: _Percent | None = None
    cut_off: _Hour | None = None
    codes: dict[_Key, Meaning] = Field(default_factory=dict)
    events: _Events = Field(default_factory=dict)


class SourceSettings(_Strict):
    """The settings of one source, with the defaults of the feed contract."""

    name: Annotated[str, Field(min_length=1)]
    school_year_start: _MonthDay = "07-01"
    exit_day: Literal["inclusive", "exclusive"] = "inclusive"
    reporting: Literal["exceptions", "affirmative"] = "exceptions"
    calendar: Literal["file", "from-events"] = "file"
    delivery: Literal["full", "window", "delta"] = "full"
    window_days: Annotated[int, Field(gt=0)] | None = None
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    date_format: Annotated[str, AfterValidator(_whole_date)] = "%Y-%m-%d"
    profile: _Profile = "federal"
    trust_registration_phones: bool = False
    expected_percent: _Percent = 95
    """How many of a hundred children expected at an affirmative school have a mark before families are told of the day."""
    cut_off: _Hour = "10:00"
    """The school's own hour from which silence of an exceptions-only school is taken for presence."""
    deceased_exits: list[_Key] = Field(default_factory=list)
    """Further exit types by which this source says that a child has died."""
    files: dict[str, Annotated[str, AfterValidator(_in_the_folder)]] = Field(default_factory=dict)
    header: dict[str, list[str]] = Field(default_factory=dict)
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)
    only: dict[str, dict[str, list[_Key]]] = Field(default_factory=dict)
    """Canonical file → column → the values of the rows that are read; rows of another kind are passed over."""
    periods: dict[str, _Key] = Field(default_factory=dict)
    """Column of attendance.csv that holds the code of one class → the section_id of that class."""
    codes: dict[_Key, Meaning] = Field(default_factory=dict)
    events: _Events = Field(default_factory=dict)
    languages: dict[_Key, str] = Field(default_factory=dict)
    schools: dict[_Key, SchoolOverride] = Field(default_factory=dict)

    oneroster: dict[str, object] | None = None
    edfi: dict[str, object] | None = None
    sftp: dict[str, object] | None = None
    drop: dict[str, object] | None = None
    """How ``outreach.feeds`` makes this delivery from something else; nothing here looks inside."""

    @model_validator(mode="after")
    def _a_window_has_a_length(self) -> Self:
        if self.delivery == "window" and self.window_days is None:
            message = 'delivery = "window" needs window_days'
            raise ValueError(message)
        return self

    @property
    def brings_attendance(self) -> bool:
        """Whether this source says anything about attendance files."""
        named = any("attendance" in table for table in (self.files, self.columns, self.header, self.only)) or bool(self.periods)
        return named or bool(self.codes) or any(school.codes for school in self.schools.values())

    def at(self, school_id: str) -> SourceSettings:
        """The settings that hold at one school; its codes and events are laid over the source's."""
        override = self.schools.get(school_id)
        if override is None:
            return self
        changed = {key: value for key, value in override.model_dump(exclude={"codes", "events"}).items() if value is not None}
        merged = {"codes": {**self.codes, **override.codes}, "events": {**self.events, **override.events}}
        return self.model_copy(update={**changed, **merged})

    def varied(self, changes: Mapping[str, str]) -> SourceSettings:
        """The same settings with some values changed for the source and for every school of it."""
        if not changes:
            return self
        schools = {school: own.model_copy(update=dict.fromkeys(changes)) for school, own in self.schools.items()}
        return self.model_copy(update={**changes, "schools": schools})


def read_settings(folder: Path, known_files: frozenset[str]) -> SourceSettings:
    """Read ``source.toml`` of *folder*; raises RefusedError with one sentence when it is missing or wrong."""
    path = folder / SETTINGS_FILE
    if not path.is_file():
        sentence = f"{folder} holds no {SETTINGS_FILE}; a feed is a folder with a {SETTINGS_FILE} that names it."
        raise RefusedError(sentence)
    try:
        settings = SourceSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        sentence = f"{SETTINGS_FILE} cannot be read: {error}."
        raise RefusedError(sentence) from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors())
        sentence = f"{SETTINGS_FILE}: {problems}."
        raise RefusedError(sentence) from error
    named = {*settings.files, *settings.header, *settings.columns, *settings.only}
    if unknown := sorted(named - known_files):
        sentence = f"{SETTINGS_FILE} names the unknown file {unknown[0]!r}; known are {', '.join(sorted(known_files))}."
        raise RefusedError(sentence)
    return settings

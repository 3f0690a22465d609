"""What ``source.toml`` says about an adapter: its tables ``[oneroster]`` and ``[edfi]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE
from outreach.settings import is_loopback


class Strict(BaseModel):
    """A table in which an unknown key is a typing error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OneRoster(Strict):
    """How a OneRoster package is read."""

    file: str = ""
    """The zip in the folder; needed only where there are several."""
    student_id: Literal["sourcedId", "identifier"] = "sourcedId"
    """Which of the two ids of a user is the one that attendance speaks of."""
    school_id: Literal["sourcedId", "identifier"] = "sourcedId"
    undated_enrollments: Literal["reject", "year-start"] = "reject"
    """A child at a school without any date: left out and listed, or taken to be there since the school year began."""


def _safe_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        message = "must begin with https://, for the key and the children's data travel over it"
        raise ValueError(message)
    if parts.username or parts.password:
        message = "must not hold a password; the key belongs into feed_keys of the settings"
        raise ValueError(message)
    return url.rstrip("/")


class EdFi(Strict):
    """Where an Ed-Fi ODS/API is, and how it is asked."""

    url: Annotated[str, AfterValidator(_safe_address)]
    """The server's base address, whose root document names all others."""
    school_years: Annotated[list[Annotated[int, Field(ge=1990, le=2100)]], Field(min_length=1)]
    """The years whose calendars and attendance are read, each by the year in which it ends."""
    route: list[str] = Field(default_factory=list)
    """What fills the placeholders of the server's addresses (tenant, school year), in their order."""
    page_size: Annotated[int, Field(ge=1, le=500)] = 500
    timeout_seconds: Annotated[float, Field(gt=0)] = 60
    snapshot: bool = False
    """Whether to read the server's snapshot, which stands still while it is read, rather than its live data."""
    reload_days: Annotated[int, Field(ge=1)] = 28
    """Everything is read anew after so many days."""
    every_hours: Annotated[int, Field(ge=1)] = 20
    """The service by itself asks again after so many hours."""


_Options = TypeVar("_Options", bound=Strict)


def read_options(model: type[_Options], table: str, values: Mapping[str, object]) -> _Options:
    """Check an adapter's table; raises RefusedError with one sentence."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        sentence = f"{SETTINGS_FILE}: {_told(table, error)}."
        raise RefusedError(sentence) from None


def _told(table: str, error: ValidationError) -> str:
    problems = [(".".join(map(str, (table, *one["loc"]))), one["msg"]) for one in error.errors(include_input=False)]
    return "; ".join(f"{where}: {said.removeprefix('Value error, ')}" for where, said in problems)

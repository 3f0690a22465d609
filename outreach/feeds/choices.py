"""What is said about an export so far: which file is which, its columns and forms, and what a person confirmed. Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from outreach.attendance.source_settings import Meaning


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Placed(_Strict):
    """The export that holds a canonical file, and which of its columns are read."""

    file: str
    columns: dict[str, str] = Field(default_factory=dict)
    """Canonical column → the export's own."""


class Confirmed(_Strict):
    """What a person said a code means."""

    meaning: Meaning
    by: str
    """Who; an e-mail address."""
    on: date


class Choices(_Strict):
    """Everything that ``source.toml`` will say. Codes count only where they are confirmed."""

    name: str
    preset: str = ""
    """The system whose codes are proposed; empty where none is known."""
    delimiter: str = ","
    encoding: str = "utf-8"
    date_format: str = ""
    """Empty until it is certain or somebody said which."""
    school_year_start: str = "07-01"
    exit_day: Literal["inclusive", "exclusive"] = "inclusive"
    reporting: Literal["exceptions", "affirmative"] = "exceptions"
    calendar: Literal["file", "from-events"] = "file"
    headerless: list[str] = Field(default_factory=list)
    """Exports whose first line is a row already."""
    placed: dict[str, Placed] = Field(default_factory=dict)
    """Canonical file → where it is."""
    only: dict[str, dict[str, list[str]]] = Field(default_factory=dict)
    """Canonical file → column → the values of the rows that are read."""
    periods: dict[str, str] = Field(default_factory=dict)
    """Column of the attendance that holds the code of one class → the section it is of."""
    codes: dict[str, Confirmed] = Field(default_factory=dict)
    events: dict[str, bool] = Field(default_factory=dict)
    """Calendar event → whether it is a school day, where a person said so."""
    languages: dict[str, str] = Field(default_factory=dict)
    """A language as the export names it → locale, where a person said so."""
    count_to: date | None = None
    """The day up to which a trial counts, where a person said so; it is no part of ``source.toml``."""

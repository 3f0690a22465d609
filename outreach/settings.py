"""Settings: shipped defaults, then the home's ``settings.toml``, then the environment (the last one wins)."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from datetime import datetime, time
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from outreach.clock import Clock, FixedClock, MovableClock, SystemClock
from outreach.resources import data_folder

SHIPPED_TIMEZONE = "America/Chicago"


class SettingsError(ValueError):
    """A setting is missing or cannot be used."""


class Settings(BaseSettings):
    """Every setting of the service; keys and meanings are those of ``config/default.toml``."""

    model_config = SettingsConfigDict(env_prefix="OUTREACH_", extra="forbid", frozen=True, populate_by_name=True)

    home: Path = Path("var")
    database_url: str = ""
    now: datetime | None = None
    secret_key: str = ""

    district_name: str
    district_phone: str
    default_language: str
    timezone: str
    quiet_start: time
    quiet_end: time
    send_days: list[int]
    feed_fresh_days: int
    nudge_expires_hours: int
    weekly_nudge_cap: int
    contacts_living_elsewhere: Literal["hold", "write"]
    adult_students: Literal["hold", "write"]
    opt_out_confirmation: Literal["carrier", "service"]
    provider: Literal["", "twilio", "simulator"]
    provider_timeout_seconds: float
    sender_rate: float
    feed_folder: str
    letter_return_left: float
    letter_return_top: float
    letter_address_left: float
    letter_address_top: float
    letter_address_width: float
    letter_address_height: float
    letter_body_top: float
    letter_return_lines: list[str]
    font_folder: str

    public_url: str = ""
    twilio_api_base: str = ""
    twilio_account_sid: str = Field("", validation_alias=AliasChoices("TWILIO_ACCOUNT_SID", "twilio_account_sid"))
    twilio_auth_token: str = Field("", repr=False, validation_alias=AliasChoices("TWILIO_AUTH_TOKEN", "twilio_auth_token"))
    twilio_auth_token_secondary: str = Field(
        "", repr=False, validation_alias=AliasChoices("TWILIO_AUTH_TOKEN_SECONDARY", "twilio_auth_token_secondary")
    )
    twilio_messaging_service_sid: str = Field(
        "", validation_alias=AliasChoices("TWILIO_MESSAGING_SERVICE_SID", "twilio_messaging_service_sid")
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, the home's file, the shipped file."""
        home = Path(os.environ.get("OUTREACH_HOME") or "var")
        files = [data_folder("config") / "default.toml", home / "settings.toml"]
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=files)

    @field_validator("now")
    @classmethod
    def _now_has_a_zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            message = "must be an instant with its zone, such as 2026-10-05T10:00:00-05:00"
            raise ValueError(message)
        return value

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            return str(ZoneInfo(value)) if value else ""
        except (ZoneInfoNotFoundError, ValueError) as error:
            message = f"{value!r} is not a time zone name such as America/Chicago"
            raise ValueError(message) from error

    @model_validator(mode="after")
    def _a_moved_clock_never_meets_real_phones(self) -> Self:
        if self.now is not None and self.provider == "twilio" and not _is_loopback(self.twilio_api_base):
            message = "OUTREACH_NOW sets a pretended time and is refused with the provider twilio, unless OUTREACH_TWILIO_API_BASE is a loopback address"
            raise ValueError(message)
        return self

    @property
    def zone(self) -> str:
        """The IANA zone of schools that name none."""
        return self.timezone or SHIPPED_TIMEZONE

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database; SQLite in the home folder unless set."""
        url = self.database_url or f"sqlite:///{(self.home / 'outreach.db').absolute()}"
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url

    def clock(self) -> Clock:
        """The clock these settings ask for: a fixed instant, the home's movable demo clock, or the computer's."""
        if self.now is not None:
            return FixedClock(self.now)
        demo_clock = self.home / "demo-clock.json"
        return MovableClock(demo_clock) if demo_clock.exists() else SystemClock()


def load_settings(**overrides: object) -> Settings:
    """Read all sources; raises SettingsError with one sentence per bad setting."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {_plain(e['msg'])}" for e in error.errors())
        raise SettingsError(problems) from error
    except tomllib.TOMLDecodeError as error:
        sentence = f"settings.toml cannot be read: {error}"
        raise SettingsError(sentence) from error


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

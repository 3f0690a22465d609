"""Settings: shipped defaults, then the home's ``settings.toml``, then the environment (the last one wins)."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as UnreadableError

from outreach.clock import Clock, FixedClock, MovableClock, SystemClock
from outreach.resources import data_folder

SHIPPED_TIMEZONE = "America/Chicago"


class SignInProvider(BaseModel):
    """A service of the district's that says who somebody is (OpenID Connect): Google, Microsoft, Clever, ClassLink, or another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    issuer: str
    """The address that the service signs its tokens with; of Microsoft the one of the district's own tenant."""
    client_id: str
    client_secret: str = Field("", repr=False)
    trusted_domains: list[str] = []
    """What stands after the @ of e-mails that count as verified where the service does not say (Microsoft, ClassLink)."""

    @field_validator("issuer")
    @classmethod
    def _nobody_listens(cls, value: str) -> str:
        if not value.startswith("https://") and not is_loopback(value):
            message = "must begin with https://"
            raise ValueError(message)
        return value


RoleName = Literal[
    "coordinator",
    "attendance_clerk",
    "school_administrator",
    "district_administrator",
    "mentor",
    "translator",
    "language_helper",
    "records_officer",
    "evaluator",
    "it",
]
"""What ``staff.roles.Role`` knows, a floor further up: a misspelt role must not let its people in with less."""


class SettingsError(ValueError):
    """A setting is missing or cannot be used."""


class FeedKey(BaseModel):
    """With what a feed's server lets us in: key and secret, or a user's name and password, or a name and a private key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    """Of an SFTP server the user's name."""
    secret: str = Field("", repr=False)
    """Or the passphrase of the private key."""
    private_key_file: str = ""

    @model_validator(mode="after")
    def _opens_something(self) -> Self:
        if not self.secret and not self.private_key_file:
            message = "needs a secret or a private_key_file"
            raise ValueError(message)
        return self


class Settings(BaseSettings):
    """Every setting of the service; keys and meanings are those of ``config/default.toml``."""

    model_config = SettingsConfigDict(env_prefix="OUTREACH_", extra="forbid", frozen=True, populate_by_name=True)

    home: Path = Path("var")
    database_url: str = Field("", repr=False)
    """May hold a password."""
    now: datetime | None = None
    secret_key: str = Field("", repr=False)

    district_name: str
    district_phone: str
    interpreter_phone: str
    translation_days_core: PositiveInt
    translation_days: PositiveInt
    translators_approve_own: bool
    default_language: str
    timezone: str
    rounds: list[date]
    quiet_start: time
    quiet_end: time
    send_days: list[Annotated[int, Field(ge=0, le=6)]]
    school_days_only: bool
    feed_fresh_days: NonNegativeInt
    nudge_expires_hours: PositiveInt
    weekly_nudge_cap: NonNegativeInt
    yearly_nudge_dose: NonNegativeInt
    counts_before_case: PositiveInt
    other_contact_days: NonNegativeInt
    truancy_quiet_days: NonNegativeInt
    truancy_kinds: list[str]
    welcome_unverified: bool
    reverify_after_days: NonNegativeInt
    contacts_living_elsewhere: Literal["hold", "write"]
    adult_students: Literal["hold", "write"]
    opt_out_confirmation: Literal["carrier", "service"]
    school_opens: time
    school_closes: time
    undo_seconds: NonNegativeInt
    resource_fresh_days: PositiveInt
    route_after_school_hours: PositiveInt
    on_call_wait_minutes: PositiveInt
    two_way_needs_on_call: Literal["phones", "always"]
    second_factor: Literal["https", "always", "never"]
    second_factor_roles: list[RoleName]
    state: Annotated[str, Field(pattern="^([A-Z]{2})?$")]
    smtp_host: str
    smtp_port: Annotated[int, Field(ge=1, le=65_535)]
    smtp_user: str
    smtp_tls: Literal["starttls", "tls", "none"]
    smtp_timeout_seconds: PositiveFloat
    mail_from: str
    provider: Literal["", "twilio", "simulator"]
    provider_timeout_seconds: PositiveFloat
    number_lookup_days: NonNegativeInt
    sender_rate: PositiveFloat
    segment_price: Annotated[Decimal, Field(ge=0)]
    daily_spending_cap: Annotated[Decimal, Field(ge=0)]
    letter_price: Annotated[Decimal, Field(ge=0)]
    daily_nudges_per_coordinator: PositiveInt
    breaker_minimum: NonNegativeInt
    breaker_times: PositiveInt
    breaker_percent: Annotated[int, Field(ge=1, le=100)]
    batches_wait: bool
    carrier_keeps_days: NonNegativeInt
    media_kept_days: PositiveInt
    backup_folder: str
    backups_kept: NonNegativeInt
    backup_at: time
    encryption_keys: str
    feed_folder: str
    feed_settle_seconds: NonNegativeFloat
    feed_report_at: time
    contact_log_folder: str
    contact_log_at: time
    mid_day_bulletin_at: time
    code_review_at: time
    weekly_digest_at: time
    weekly_digest_day: Annotated[int, Field(ge=0, le=6)]
    letter_return_left: NonNegativeFloat
    letter_return_top: NonNegativeFloat
    letter_return_width: NonNegativeFloat
    letter_return_height: NonNegativeFloat
    letter_address_left: NonNegativeFloat
    letter_address_top: NonNegativeFloat
    letter_address_width: NonNegativeFloat
    letter_address_height: NonNegativeFloat
    letter_body_top: NonNegativeFloat
    letter_side_margin: NonNegativeFloat
    letter_top_margin: NonNegativeFloat
    letter_foot_margin: NonNegativeFloat
    letter_return_lines: list[str]
    letter_english_copy: bool
    letter_large_print: bool
    letter_duplex: bool
    letter_most_sheets: PositiveInt
    letter_envelope_ounces: NonNegativeFloat
    letter_sheet_ounces: PositiveFloat
    letter_extra_ounce_price: Annotated[Decimal, Field(ge=0)]
    letter_sort: list[Literal["school", "language", "postal_code"]]
    letter_part_pages: PositiveInt
    letter_approvals: Annotated[int, Field(ge=0, le=2)]
    letter_print_at: time
    letter_pull_days: NonNegativeInt
    mail_house: Literal["none", "lob"]
    mail_house_api_base: str
    mail_house_from: str
    mail_house_address_placement: Literal["insert_blank_page", "top_first_page"]
    mail_house_timeout_seconds: PositiveFloat
    translation: Literal["none", "libretranslate", "deepl"]
    translation_api_base: str
    translation_sends: Literal["families", "staff", "both"]
    translation_timeout_seconds: PositiveFloat
    speaker_within_days: Annotated[int, Field(ge=1, le=10)]
    family_code_days: PositiveInt
    proxies: NonNegativeInt
    font_folder: str

    feed_keys: dict[str, FeedKey] = Field(default_factory=dict, repr=False)
    """Source name → what its server wants to see; ``[feed_keys."NAME"]`` in settings.toml."""
    sign_in_providers: dict[Annotated[str, Field(pattern="^[a-z0-9-]+$")], SignInProvider] = Field(default_factory=dict, repr=False)
    """Name in the address → with whom people sign in; ``[sign_in_providers.NAME]`` in settings.toml (docs/signing-in.md)."""
    smtp_password: str = Field("", repr=False)
    mail_house_key: str = Field("", repr=False)
    translation_key: str = Field("", repr=False)
    metrics_token: str = Field("", repr=False)
    """Who sends this word ("Authorization: Bearer ...") may read /metrics; empty: only this machine itself."""
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
    twilio_notices_service_sid: str = Field("", validation_alias=AliasChoices("TWILIO_NOTICES_SERVICE_SID", "twilio_notices_service_sid"))
    """The sender of notices where they have one of their own: a stop to the nudges' service does not silence it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic hands over all five
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, the home's file, the shipped file."""
        home = Path(init_settings().get("home") or os.environ.get("OUTREACH_HOME") or "var")
        files = [data_folder("config") / "default.toml", home / "settings.toml"]
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=files)

    @field_validator("now", mode="before")
    @classmethod
    def _empty_means_the_real_time(cls, value: object) -> object:
        return None if value == "" else value

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
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"{value!r} is not a time zone name such as America/Chicago"
            raise ValueError(message) from error

    @model_validator(mode="after")
    def _texts_leave_within_one_day(self) -> Self:
        if self.quiet_end >= self.quiet_start:
            message = "quiet_end must be earlier in the day than quiet_start: texts leave between the two"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _a_moved_clock_never_meets_real_phones(self) -> Self:
        moved = self.now is not None or self.demo_clock.exists()
        if moved and self.provider == "twilio" and not is_loopback(self.twilio_api_base):
            message = (
                "the clock is moved (OUTREACH_NOW, or this home is the demo's), which is refused with the provider twilio "
                "unless OUTREACH_TWILIO_API_BASE is a loopback address"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _a_mail_server_is_told_whole(self) -> Self:
        here = is_loopback(f"//{self.smtp_host}")
        if self.smtp_host and not self.mail_from:
            message = "smtp_host needs mail_from, the address that e-mails come from"
            raise ValueError(message)
        if self.smtp_host and self.smtp_tls == "none" and not here:
            message = "smtp_tls = none is only for a mail server on this machine"
            raise ValueError(message)
        if self.smtp_host and not here and (self.now is not None or self.demo_clock.exists()):
            message = "the clock is moved (OUTREACH_NOW, or the demo's home), which is refused with a mail server on another machine"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _a_mail_house_is_told_whole(self) -> Self:
        if self.mail_house == "none":
            return self
        if not (self.mail_house_key and self.mail_house_from):
            message = "mail_house needs mail_house_key (OUTREACH_MAIL_HOUSE_KEY) and mail_house_from, the return address in its account"
            raise ValueError(message)
        moved = self.now is not None or self.demo_clock.exists()
        if moved and self.posts_letters:
            message = "the clock is moved (OUTREACH_NOW, or the demo's home), which is refused with a mail house's live key"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _a_translation_service_is_told_whole(self) -> Self:
        if {"libretranslate": not self.translation_api_base, "deepl": not self.translation_key}.get(self.translation, False):
            message = "translation needs translation_api_base (libretranslate: your own server) or OUTREACH_TRANSLATION_KEY (deepl)"
            raise ValueError(message)
        return self

    @property
    def demo_clock(self) -> Path:
        """The file that moves the clock of the demo's home; elsewhere it does not exist."""
        return self.home / "demo-clock.json"

    @property
    def backups(self) -> Path:
        """Where snapshots lie."""
        return Path(self.backup_folder) if self.backup_folder else self.home / "backups"

    @property
    def posts_letters(self) -> bool:
        """Whether letters leave for people's mailboxes: a test key prints nothing, and a stand-in neither."""
        return self.mail_house != "none" and not self.mail_house_key.startswith("test_") and not is_loopback(self.mail_house_api_base)

    @property
    def reaches_phones(self) -> bool:
        """Whether texts leave for people's phones, and not for a simulator."""
        return self.provider == "twilio" and not is_loopback(self.twilio_api_base)

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
        return MovableClock(self.demo_clock) if self.demo_clock.exists() else SystemClock()


def load_settings(**overrides: object) -> Settings:
    """Read all sources; raises SettingsError with one sentence per bad setting, which never repeats a secret."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("; ".join(map(_sentence, error.errors(include_input=False)))) from None
    except UnreadableError as error:
        sentence = f"{error}; lists are written like [0, 1, 2]"
        raise SettingsError(sentence) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        sentence = f"settings.toml cannot be read: {error}"
        raise SettingsError(sentence) from error


_KNOWN_SENTENCES = {"extra_forbidden": "is not a setting", "missing": "is missing"}


def _sentence(error: ErrorDetails) -> str:
    where = ".".join(map(str, error["loc"])) or "settings"
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{where}: {_KNOWN_SENTENCES.get(error['type'], said)}"


def is_loopback(url: str) -> bool:
    """Whether an address leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

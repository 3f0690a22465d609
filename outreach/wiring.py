"""Fills the services from the settings: the only place that knows which parts are real."""

from __future__ import annotations

from outreach.database import Database
from outreach.delivery.provider import Provider
from outreach.delivery.twilio_provider import TwilioProvider
from outreach.services import Services
from outreach.settings import Settings, load_settings


def wire(settings: Settings | None = None, *, upgrade: bool = False) -> Services:
    """Open the database (creating or upgrading its schema as the rules allow) and the provider. Raises SettingsError, SchemaError."""
    settings = settings or load_settings()
    database = Database(settings.database)
    database.prepare(upgrade=upgrade)
    return Services(settings, database, settings.clock(), provider_of(settings))


def provider_of(settings: Settings) -> Provider | None:
    """The company that sends texts, or None while nobody was chosen."""
    return TwilioProvider.from_settings(settings) if settings.provider else None

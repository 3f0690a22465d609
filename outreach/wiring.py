"""Fills the services from the settings: the only place that knows which parts are real."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from outreach import keyring, sqlite_files
from outreach.database import Database
from outreach.delivery import instance
from outreach.delivery.lob import Lob
from outreach.delivery.provider import Provider
from outreach.delivery.smtp import SmtpMailer
from outreach.delivery.twilio_media import TwilioMedia
from outreach.delivery.twilio_provider import TwilioProvider
from outreach.keyring import Ring
from outreach.services import Services
from outreach.settings import Settings, is_loopback, load_settings
from outreach.translation.choosing import translator_of


class DatabaseUnusableError(RuntimeError):
    """The database cannot be opened: the server does not answer, or the address or the file is wrong."""


def wire(settings: Settings | None = None, *, upgrade: bool = False) -> Services:
    """Open the database (creating or upgrading its schema as the rules allow) and the provider.

    A new database is at home here from now on. Raises SettingsError, KeyringError, SchemaError,
    DatabaseUnusableError.
    """
    settings = settings or load_settings()
    ring = keyring.ring_of(settings.encryption_keys, settings.home)
    keyring.check(ring, settings.home)
    database = opened(settings.database, ring, upgrade=upgrade)
    if database.key_id:
        keyring.note_used(settings.home, keyring.used(settings.home) | {database.key_id})
    clock = settings.clock()
    _keep_apart(settings, demo=instance.settle(database, clock.now(), demo=settings.demo_clock.exists()))
    media = TwilioMedia.from_settings(settings) if settings.provider else None
    return Services(
        settings,
        database,
        clock,
        provider_of(settings),
        SmtpMailer.from_settings(settings),
        media,
        Lob.from_settings(settings),
        translator_of(settings),
    )


def opened(url: str, ring: Ring, *, upgrade: bool) -> Database:
    """The database, ready for use; what its driver says first is passed on, and never the address, which may hold a password."""
    try:
        database = Database(url, ring=ring)
        database.prepare(upgrade=upgrade)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        sentence = "OUTREACH_DATABASE_URL is no address of a SQLite or PostgreSQL database."
        raise DatabaseUnusableError(sentence) from error
    except DBAPIError as error:
        said = str(error.orig).partition("\n")[0].rstrip(".")
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            said += ", or it is encrypted and the setting encryption_keys does not name its file of keys"
        sentence = f"The database cannot be opened: {said}."
        raise DatabaseUnusableError(sentence) from error
    except sqlite_files.ERRORS as error:
        sentence = f"The database cannot be opened: {error}."
        raise DatabaseUnusableError(sentence) from error
    return database


def _keep_apart(settings: Settings, *, demo: bool) -> None:
    """Refuse invented families and a real carrier, mail server or mail house together."""
    mails = settings.smtp_host and not is_loopback(f"//{settings.smtp_host}")
    if demo and (settings.reaches_phones or settings.posts_letters or mails):
        sentence = (
            "This is a demo's database: its families are invented, so a real carrier, mail server or mail house is refused. "
            "Take an empty database."
        )
        raise DatabaseUnusableError(sentence)


def needs_postgres(services: Services) -> None:
    """Refuse what only a database of many machines can do. Raises DatabaseUnusableError."""
    if services.database.is_sqlite:
        sentence = "Workers share a PostgreSQL database (OUTREACH_DATABASE_URL); with SQLite 'outreach serve' runs the jobs itself."
        raise DatabaseUnusableError(sentence)


def provider_of(settings: Settings) -> Provider | None:
    """The company that sends texts, or None while nobody was chosen."""
    return TwilioProvider.from_settings(settings) if settings.provider else None

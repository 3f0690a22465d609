"""What the pages, jobs and commands work with, wired once."""

from __future__ import annotations

from dataclasses import dataclass

from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery.mail import Mailer
from outreach.delivery.mail_house import MailHouse
from outreach.delivery.provider import Media, Provider
from outreach.settings import Settings
from outreach.translation.translator import Translator


@dataclass(frozen=True)
class Services:
    """The parts that depend on where the service runs."""

    settings: Settings
    database: Database
    clock: Clock
    provider: Provider | None
    """Nobody sends texts while this is None."""
    mailer: Mailer | None = None
    """Nobody carries e-mails while this is None."""
    media: Media | None = None
    """Photos of families wait at the carrier while this is None."""
    house: MailHouse | None = None
    """The district prints its letters itself while this is None."""
    translator: Translator | None = None
    """No machine translates for staff while this is None."""

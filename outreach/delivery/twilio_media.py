"""Photos that families texted, from Twilio's server or one that speaks like it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import requests

from outreach.delivery.provider import MediaGoneError
from outreach.settings import Settings

_TWILIO = "https://api.twilio.com"
_GONE = {403, 404, 410}
_PIECE = 64 * 1024


@dataclass(frozen=True)
class TwilioMedia:
    """The account's stored media. Twilio answers with a way to its store, on another server, which is asked without our password."""

    base: str
    account_sid: str
    auth_token: str = field(repr=False)
    timeout_seconds: float

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The account of the settings."""
        base = (settings.twilio_api_base or _TWILIO).rstrip("/")
        return cls(base, settings.twilio_account_sid, settings.twilio_auth_token, settings.provider_timeout_seconds)

    def media(self, path: str, most: int) -> bytes:
        """At most *most* bytes of what lies at *path*; raises MediaGoneError, or OSError where it may work later."""
        there = {"auth": (self.account_sid, self.auth_token), "timeout": self.timeout_seconds, "stream": True}
        with requests.Session() as session:
            session.trust_env = not self.base.startswith("http://")  # another server is one of this machine
            with session.get(self.base + path, **there) as answer:  # type: ignore[arg-type]  # options by name
                if answer.status_code in _GONE:
                    raise MediaGoneError
                answer.raise_for_status()
                found = bytearray()
                for piece in answer.iter_content(_PIECE):
                    found += piece
                    if len(found) >= most:
                        break
        return bytes(found[:most])

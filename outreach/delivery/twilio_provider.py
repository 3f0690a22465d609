"""Texts through Twilio's HTTP interface: one adapter for production, the demo's simulator and the tests."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from outreach.delivery.provider import Answer, Listed, Outcome, Text
from outreach.delivery.twilio_account import UNREADABLE, TwilioAccount, word
from outreach.settings import Settings

_TOO_MANY = 429
_SERVER_ERROR = 500
_PAGE = 1000


class _Elsewhere(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
    """Sends what is meant for Twilio to another server instead, for the simulator; nothing else is sent anywhere."""

    def __init__(self, base: str, **options: Any) -> None:  # noqa: ANN401 - the library's own options
        super().__init__(**options)
        self._base = urlsplit(base)

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Response:  # noqa: ANN401 - the library's own
        """Keep path and query, replace scheme and host."""
        there = urlsplit(url)
        if not (there.hostname or "").endswith(".twilio.com"):
            message = "only requests to Twilio can be sent elsewhere"
            raise ValueError(message)
        moved = urlunsplit((self._base.scheme, self._base.netloc, there.path, there.query, ""))
        return super().request(method, moved, *arguments, **named)


class TwilioProvider(TwilioAccount):
    """Asks Twilio, or a server that speaks like it, to send texts."""

    def __init__(self, client: Client, *, messaging_service_sid: str, public_url: str, notices_sid: str = "") -> None:
        """Send through *client*'s account and Messaging Service, or one number (+1…); receipts come to *public_url*.

        Notices leave through *notices_sid*, where given: a stop to the one service does not stop the other at the carrier.
        """
        super().__init__(client, messaging_service_sid)
        self._sender = _sender(messaging_service_sid)
        self._notices = _sender(notices_sid) if notices_sid else self._sender
        self._callback = f"{public_url.rstrip('/')}/webhooks/twilio/status" if public_url else ""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Make the client the settings ask for. It has a timeout, tries nothing twice, and logs no family's number or words."""
        silent = logging.Logger("twilio", level=logging.CRITICAL + 1)  # noqa: LOG001 - stands alone, so no handler ever hears it
        options = {"timeout": settings.provider_timeout_seconds, "max_retries": 0, "logger": silent}
        http = _Elsewhere(settings.twilio_api_base, **options) if settings.twilio_api_base else TwilioHttpClient(**options)
        client = Client(settings.twilio_account_sid or "AC0", settings.twilio_auth_token or "none", http_client=http)
        return cls(
            client,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            public_url=settings.public_url,
            notices_sid=settings.twilio_notices_service_sid,
        )

    def send(self, text: Text) -> Answer:
        """Ask once for *text* to be sent; our reference travels in the receipts' address."""
        more: dict[str, object] = {**(self._notices if text.is_notice else self._sender)}
        if self._callback:
            more["status_callback"] = f"{self._callback}?o={quote(text.ref)}"
        if text.valid_seconds is not None:
            more["validity_period"] = max(1, text.valid_seconds)
        try:
            message = self._client.messages.create(to=text.to, body=text.body, smart_encoded=False, **more)
        except TwilioException as error:
            return _answer(error)
        except requests.RequestException as error:
            return Answer(Outcome.TRY_LATER if _never_left(error) else Outcome.UNCERTAIN, detail=type(error).__name__)
        except UNREADABLE as error:
            return Answer(Outcome.UNCERTAIN, detail=type(error).__name__)
        if not message.sid:
            return Answer(Outcome.UNCERTAIN, detail="an answer without a name for the message")
        return Answer(Outcome.ACCEPTED, sid=message.sid, status=word(message.status))

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """List what was created for *phone* since an instant; raises OSError when the carrier cannot be asked."""
        try:
            found = self._client.messages.list(to=phone, page_size=_PAGE)
        except (TwilioException, requests.RequestException, *UNREADABLE) as error:
            sentence = "the carrier's list cannot be read"
            raise OSError(sentence) from error
        return [
            Listed(message.sid or "", phone, message.body or "", word(message.status), str(message.error_code or ""), message.date_created)
            for message in found
            if message.date_created is not None and message.date_created >= since and not word(message.direction).startswith("inbound")
        ]


def _answer(error: TwilioException) -> Answer:
    """What an error answer means: busy, refused with a code, or nothing one can rely on."""
    status, code = getattr(error, "status", 0) or 0, str(getattr(error, "code", "") or "")
    if status == _TOO_MANY:
        return Answer(Outcome.TRY_LATER, error_code=code)
    if not status or status >= _SERVER_ERROR:
        return Answer(Outcome.UNCERTAIN, error_code=code, detail=f"HTTP {status}")
    return Answer(Outcome.REFUSED, error_code=code, detail=f"HTTP {status}")


def _never_left(error: requests.RequestException) -> bool:
    """Whether the connection was never made, so that nothing can have been taken."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _sender(sid: str) -> dict[str, object]:
    return {"from_" if sid.startswith("+") else "messaging_service_sid": sid}

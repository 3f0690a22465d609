"""What Twilio's account offers beside sending: what came in, forgetting words, and opt-outs it should know of."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from urllib3.exceptions import HTTPError

from outreach.delivery.provider import Heard, Line, Listed

_Found = TypeVar("_Found")
_PAGE = 1000
_GONE = 404
_ALL = ""
_NO_LIST = {404, 405}
_NO_SUCH_NUMBER = {400, 404}
"""What Lookup answers of a number that it cannot read: nothing is known of it, and the others are asked all the same."""
_TOLD_AT_ONCE = 25
"""Consents in one request."""
_OUT_OF_ORDER = timedelta(days=1)
"""The list is in the order of sending; a text made earlier may stand before one made later."""
UNREADABLE = (HTTPError, OSError, ValueError, KeyError, TypeError)
"""What else comes out of the library where an answer breaks off or is not what Twilio writes: it proves nothing either way."""


class TwilioAccount:
    """One account, through its client; *sender* is our Messaging Service (MG…) or number (+1…)."""

    def __init__(self, client: Client, sender: str) -> None:
        """Keep both."""
        self._client, self._own = client, sender

    def numbers(self) -> list[str]:
        """Our own numbers: the one that sends, or those of the Messaging Service; an empty one stands for all, where it names none."""
        if self._own.startswith("+"):
            return [self._own]
        try:
            found = _asked("our numbers", self._client.messaging.v1.services(self._own).phone_numbers.list)
        except OSError as error:
            if getattr(error.__cause__, "status", 0) != _GONE:
                raise
            return [_ALL]
        return [number.phone_number for number in found]

    def heard(self, number: str, since: datetime) -> list[Heard]:
        """What came in on *number* since an instant. The library writes a time as it is shown and calls it UTC, so it is turned first."""
        after = since.astimezone(UTC)
        to = {"to": number} if number else {}
        try:
            listed = _asked("the list", lambda: self._client.messages.list(**to, date_sent_after=after, page_size=_PAGE))
        except OSError as error:
            if getattr(error.__cause__, "status", 0) not in _NO_LIST:
                raise
            return []  # such a server holds nothing back; at Twilio an account that is not found can send nothing either
        inbound = (message for message in listed if word(message.direction) == "inbound")
        heard = [Heard(m.sid, m.from_, m.to, m.body or "", int(m.num_media or 0), m.date_sent or m.date_created or since) for m in inbound]
        return sorted((one for one in heard if one.at >= since), key=lambda one: one.at)

    def said(self, since: datetime) -> list[Listed]:
        """What we sent since an instant, from whichever sender: one that waits at a service has no number yet.

        The list is read from its newest end, for what still waits has no time of sending to ask for either.
        """
        found = _asked("the list", lambda: self._newest(since - _OUT_OF_ORDER))
        return sorted((one for one in found if one.created_at >= since), key=lambda one: one.created_at)

    def _newest(self, since: datetime) -> list[Listed]:
        found = []
        for m in self._client.messages.stream(page_size=_PAGE):
            if m.date_created is not None and m.date_created < since:
                break
            if m.date_created is not None and word(m.direction) == "outbound-api":
                found.append(Listed(m.sid or "", m.to or "", m.body or "", word(m.status), str(m.error_code or ""), m.date_created))
        return found

    def forget(self, sid: str) -> None:
        """Empty one message's words; a message that is no longer there has none."""
        try:
            _asked("a message", lambda: self._client.messages(sid).update(body=""))
        except OSError as error:
            if getattr(error.__cause__, "status", 0) != _GONE:
                raise

    def look_up(self, phone: str, sure_on: date | None) -> Line:
        """Ask Twilio's Lookup; whether a number changed hands can only be asked with a day."""
        fields, more = ["line_type_intelligence"], {}
        if sure_on is not None:
            fields.append("reassigned_number")
            more["last_verified_date"] = f"{sure_on:%Y%m%d}"
        try:
            found = _asked("a number", lambda: self._client.lookups.v2.phone_numbers(phone).fetch(fields=",".join(fields), **more))
        except OSError as error:
            if getattr(error.__cause__, "status", 0) not in _NO_SUCH_NUMBER:
                raise
            return Line("", reassigned=False)
        reassigned = (found.reassigned_number or {}).get("is_number_reassigned")
        return Line(str((found.line_type_intelligence or {}).get("type") or ""), str(reassigned).lower() in {"yes", "true"})

    def tell_stopped(self, phones: Collection[str], at: datetime) -> list[str]:
        """Tell the carrier of opt-outs that it did not hear itself."""
        taken = []
        wanted = sorted(phones)
        for some in (wanted[start : start + _TOLD_AT_ONCE] for start in range(0, len(wanted), _TOLD_AT_ONCE)):
            by_id = {uuid.uuid4().hex: phone for phone in some}
            items: list[object] = [
                {"contact_id": phone, "correlation_id": name, "sender_id": self._own, "status": "opt-out", "source": "others",
                 "date_of_consent": at.astimezone(UTC).isoformat()}
                for name, phone in by_id.items()
            ]  # fmt: skip
            answer = _asked("the consents", lambda items=items: self._client.accounts.v1.bulk_consents.create(items=items))  # type: ignore[misc]
            refused = {str(item.get("correlation_id")) for item in answer.items or [] if item.get("error_code")}
            taken += [phone for name, phone in by_id.items() if name not in refused]
        return taken


def word(value: object) -> str:
    """One of Twilio's words, however the library wraps it."""
    return str(getattr(value, "value", value) or "")


def _asked(what: str, ask: Callable[[], _Found]) -> _Found:
    try:
        return ask()
    except (TwilioException, requests.RequestException, *UNREADABLE) as error:
        sentence = f"the carrier cannot be asked about {what}"
        raise OSError(sentence) from error

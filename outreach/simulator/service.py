"""What the pretended carrier does with a message, once it has it: receipts to the service, and parents' texts to its webhook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from outreach.simulator.carrier import Carrier, Message, Photo
from outreach.simulator.faults import Order, receipts
from outreach.simulator.mailbox import Mailbox
from outreach.simulator.outbound import Outbound, Post

_TWILIO = "https://api.twilio.com"
"""As the real carrier names the place of a photo; the service asks its own base address for it."""


@dataclass
class Simulation:
    """A running carrier: its memory, its way out, and the account it serves."""

    carrier: Carrier
    outbound: Outbound
    account_sid: str
    auth_token: str = field(repr=False)
    webhook_base: str = ""
    """The service's public address; parents' texts go to its inbound webhook. Empty: nobody listens."""
    zone: str = "America/Chicago"
    """Whose clock the phones show."""
    latency: float = 0.0
    """Seconds every request to send takes."""
    receipt_pause: float = 0.02
    """Seconds between receipts."""
    mailbox: Mailbox = field(default_factory=Mailbox)
    """The staff's e-mails, once it listens."""

    def report(self, message: Message, order: Order | None) -> None:
        """Let an accepted message's receipts leave, as usual or as ordered to go wrong."""
        by_service = message.sender.startswith("MG")
        statuses = receipts(order, by_service=by_service, valid_seconds=message.valid_seconds)
        if not statuses:
            return
        pause = self.receipt_pause if message.callback else 0.0
        for status, code in statuses:
            self.report_one(message, status, code, pause=pause)

    def report_one(self, message: Message, status: str, code: str = "", *, pause: float = 0.0) -> None:
        """Let one receipt leave."""
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "To": message.to,
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
        }
        if message.sender.startswith("MG"):
            fields["MessagingServiceSid"] = message.sender
        if code:
            fields["ErrorCode"] = code
        progress = partial(self.carrier.progress, message.sid, status, code)
        self.outbound.put(Post(message.callback, fields, pause, progress))

    def text_from(self, number: str, body: str, photos: Sequence[Photo] = ()) -> Message:
        """Take a parent's text: answer a keyword as the carrier does, and pass every text on to the service."""
        message, _reply = self.carrier.hear(number, body, photos)
        if self.webhook_base:
            self.outbound.put(Post(f"{self.webhook_base.rstrip('/')}/webhooks/twilio/inbound", self._inbound(message)))
        return message

    def again(self, message: Message) -> None:
        """Post an inbound text a second time, as a carrier does that lost our answer."""
        self.outbound.put(Post(f"{self.webhook_base.rstrip('/')}/webhooks/twilio/inbound", self._inbound(message)))

    def _inbound(self, message: Message) -> dict[str, str]:
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": message.body,
            "From": message.sender,
            "FromCountry": "US",
            "MessageSid": message.sid,
            "NumMedia": str(len(message.photos)),
            "NumSegments": "1",
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.number,
            "ToCountry": "US",
        }
        for number, photo in enumerate(message.photos):
            place = f"{_TWILIO}/2010-04-01/Accounts/{self.account_sid}/Messages/{message.sid}/Media/{photo.sid}"
            fields |= {f"MediaUrl{number}": place, f"MediaContentType{number}": photo.type}
        return fields | ({"MessagingServiceSid": message.to} if message.to.startswith("MG") else {})

"""A pretended phone call: what the service answers is read as a phone network reads it, and told in words."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree import ElementTree as ET  # what is read comes from our own service

from outreach.simulator.carrier import DEFAULT_SENDER
from outreach.simulator.outbound import Post
from outreach.simulator.service import Simulation


@dataclass(frozen=True)
class Heard:
    """One thing that happened in a call."""

    what: str
    """said, played, rang, or hung up."""
    words: str = ""
    """What was said; the address of a recording; the number that rang."""
    language: str = ""


def call(simulation: Simulation, number: str, *, picked_up: bool) -> list[Heard]:
    """Call the service's number from *number*, and return what the caller heard; *picked_up*: whoever it rings at answers."""
    fields = {"AccountSid": simulation.account_sid, "CallSid": "CA" + secrets.token_hex(16), "From": number, "To": DEFAULT_SENDER}
    fields |= {"ApiVersion": "2010-04-01", "CallStatus": "ringing", "Direction": "inbound"}
    place = f"{simulation.webhook_base.rstrip('/')}/webhooks/twilio/voice"
    return list(_follow(simulation, place, fields, picked_up=picked_up))


def _follow(simulation: Simulation, place: str, fields: dict[str, str], *, picked_up: bool) -> Iterator[Heard]:
    answer = simulation.outbound.ask(Post(place, fields))
    for step in ET.fromstring(answer) if answer else ():  # noqa: S314 - from our own service
        if step.tag == "Say":
            yield Heard("said", step.text or "", step.get("language", ""))
        elif step.tag == "Play":
            yield Heard("played", step.text or "")
        elif step.tag == "Dial":
            yield Heard("rang", "".join(step.itertext()))
            status = {"DialCallStatus": "completed" if picked_up else "no-answer"}
            yield from _follow(simulation, urljoin(place, step.get("action", "")), fields | status, picked_up=picked_up)
            return
    yield Heard("hung up")

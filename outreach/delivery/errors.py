"""What the carrier's error codes mean and what is done about each: the table of Twilio's codes as data.

Twilio may change codes, so an unknown one has a branch of its own: the message has failed, and a person sees the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Action(StrEnum):
    """What a code asks for."""

    SUPPRESS = "suppress"
    """The number cannot be texted: no more texts, the school repairs it, a letter is the way."""
    OPT_OUT = "opt_out"
    """The person asked the carrier for no more texts."""
    RETRY = "retry"
    """Nothing was taken; it may be asked again later."""
    STOP_ALL = "stop_all"
    """Our own set-up is wrong: nothing else leaves until a person mends it."""
    FIX = "fix"
    """This text cannot be sent as it is."""
    FAILED = "failed"
    """It did not arrive, and asking again at once would not help."""


@dataclass(frozen=True)
class Meaning:
    """What a code means, in words staff understand, and what follows it."""

    action: Action
    words: str
    again: timedelta | None = None
    """After how long a new text may be tried; None: never."""
    tries: int = 2
    """How many texts in all may end with this code, where another may be tried."""
    suppress_for: timedelta | None = None
    """For how long the number then gets no texts; None: the tries say nothing about it."""
    may_have_arrived: bool = False

    @property
    def writes_instead(self) -> bool:
        """Whether a letter goes where the text did not arrive and no other text is tried."""
        return self.action in {Action.SUPPRESS, Action.OPT_OUT, Action.FAILED} and not self.may_have_arrived


_PHONE = "Phone cannot receive texts"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SETUP = "The texting account is not set up right"

MEANINGS: Mapping[str, Meaning] = {
    # a page instead of Twilio's answer: the library gives the HTTP status for a code
    "401": Meaning(Action.STOP_ALL, f"{_SETUP}: its address asks for other credentials (HTTP 401)"),
    "403": Meaning(Action.STOP_ALL, f"{_SETUP}: its address is not reached, something in between refuses (HTTP 403)"),
    "404": Meaning(Action.STOP_ALL, f"{_SETUP}: nothing is found at its address (HTTP 404)"),
    "405": Meaning(Action.STOP_ALL, f"{_SETUP}: its address is not the carrier's (HTTP 405)"),
    "407": Meaning(Action.STOP_ALL, f"{_SETUP}: the proxy asks for credentials (HTTP 407)"),
    "20003": Meaning(Action.STOP_ALL, f"{_SETUP}: the credentials are wrong"),
    "20005": Meaning(Action.STOP_ALL, f"{_SETUP}: the account is not active"),
    "20404": Meaning(Action.STOP_ALL, f"{_SETUP}: the account was not found"),
    "20429": Meaning(Action.RETRY, "The carrier is busy"),
    "21211": Meaning(Action.SUPPRESS, "The phone number is not valid"),
    "21214": Meaning(Action.SUPPRESS, "The phone number is not valid"),
    "21217": Meaning(Action.SUPPRESS, "The phone number is not valid"),
    "21212": Meaning(Action.STOP_ALL, f"{_SETUP}: the sender is not valid"),
    "21603": Meaning(Action.STOP_ALL, f"{_SETUP}: no sender is given"),
    "21606": Meaning(Action.STOP_ALL, f"{_SETUP}: the sender cannot text"),
    "21608": Meaning(Action.STOP_ALL, f"{_SETUP}: a trial account texts verified numbers only"),
    "21609": Meaning(Action.STOP_ALL, f"{_SETUP}: the public address is not valid"),
    "21703": Meaning(Action.STOP_ALL, f"{_SETUP}: the Messaging Service has no sender"),
    "21704": Meaning(Action.STOP_ALL, f"{_SETUP}: the Messaging Service has no sender"),
    "21408": Meaning(Action.SUPPRESS, "The number is in a region we may not text"),
    "21610": Meaning(Action.OPT_OUT, "The family asked the carrier for no more texts"),
    "21611": Meaning(Action.RETRY, "The carrier's queue is full"),
    "21612": Meaning(Action.FAILED, "The carrier has no way to this number", again=_DAY, suppress_for=365 * _DAY),
    "21614": Meaning(Action.SUPPRESS, f"{_PHONE}: not a mobile number"),
    "21617": Meaning(Action.FIX, "The text is too long"),
    "21620": Meaning(Action.FIX, "The text's picture cannot be fetched"),
    "21635": Meaning(Action.SUPPRESS, f"{_PHONE}: a landline"),
    "30001": Meaning(Action.FAILED, "The carrier's queue overflowed", again=2 * _HOUR),
    "30002": Meaning(Action.STOP_ALL, f"{_SETUP}: the account is suspended"),
    "30003": Meaning(Action.FAILED, "Phone is off or out of reach", again=36 * _HOUR, suppress_for=30 * _DAY),
    "30004": Meaning(Action.SUPPRESS, "The phone or its carrier blocks our texts"),
    "30005": Meaning(Action.SUPPRESS, "The number is unknown or no longer in use"),
    "30006": Meaning(Action.SUPPRESS, f"{_PHONE}: a landline, or a carrier out of reach"),
    "30007": Meaning(Action.FIX, "The carrier's filter stopped the text"),
    "30008": Meaning(Action.FAILED, "The carrier gave no reason", again=4 * _HOUR),
    "30017": Meaning(Action.FAILED, "The carrier's network is congested", again=_DAY, tries=3),
    "30022": Meaning(Action.FAILED, "Too many texts at once for this campaign", again=_DAY, tries=3),
    "30023": Meaning(Action.FAILED, "The day's limit of this campaign is reached", again=_DAY, tries=3),
    "30032": Meaning(Action.STOP_ALL, f"{_SETUP}: the toll-free number is not verified"),
    "30034": Meaning(Action.STOP_ALL, f"{_SETUP}: the number is not registered for texting"),
    "30036": Meaning(Action.FAILED, "The text was too old when its turn came", again=_HOUR, tries=3),
    # never asked again: Twilio did not retry it either, to avoid a double
    "30410": Meaning(Action.FAILED, "The carrier did not answer in time; it may have arrived", may_have_arrived=True),
}


def meaning_of(code: str) -> Meaning:
    """What *code* means; an unknown code is a failure that names itself."""
    return MEANINGS.get(code, Meaning(Action.FAILED, f"The carrier refused it (code {code or 'none'})"))

"""The consent ledger in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.consent.by_hand import Word
from outreach.consent.queries import PhoneConsent, is_post
from outreach.consent.states import Kind, Source
from outreach.consent.tables import ConsentEntry

KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.OPT_OUT: ("No more texts", "No more letters"),
    Kind.OPT_IN: ("Texts are welcome again", "Letters are welcome again"),
    Kind.VERIFIED: ("The number is this family's", ""),
    Kind.UNVERIFIED: ("Nobody is sure any more whose number this is", ""),
    Kind.SUPPRESSED: ("Not to be texted", ""),
    Kind.UNSUPPRESSED: ("May be texted again", ""),
}
"""Statement → what it says of texts, and of letters."""
BUTTONS: Mapping[Word, str] = {
    Word.STOP: "Write down a stop",
    Word.AGREED: "They agreed in writing",
    Word.LETTERS_AGAIN: "Letters are wanted again",
    Word.RIGHT_NUMBER: "The number is good after all",
}
ASKS: Mapping[Word, str] = {
    Word.STOP: "Who said stop, how and when",
    Word.AGREED: "Which paper, signed by whom and when",
    Word.LETTERS_AGAIN: "Who asked for letters again, how and when",
    Word.RIGHT_NUMBER: "How you know",
}
_SOURCES = {
    Source.FAMILY: "the family",
    Source.FEED: "the student information system",
    Source.CARRIER: "the carrier",
    Source.STAFF: "staff",
}
_WAYS = {
    "text": "by text",
    "family page": "on its web page",
    "carrier": "",
    "lookup": "when a number was looked up",
    "time": "its time is over",
}


def statement(entry: ConsentEntry) -> str:
    """What one entry says."""
    texts, letters = KINDS[Kind(entry.kind)]
    return letters if is_post(entry.phone) else texts


def speaker(entry: ConsentEntry, names: Mapping[str, str]) -> str:
    """Who said so, and how; *names* are those of staff by e-mail address."""
    source = Source(entry.source)
    if source is Source.STAFF:
        return names.get(entry.by, entry.by)
    said = _WAYS.get(entry.by)
    if source is Source.FAMILY and said is None:
        return f"the family, written down by {names.get(entry.by, entry.by)}"
    return f"{_SOURCES[source]}{f', {said}' if said else ''}{f' ({entry.by})' if source is Source.FEED else ''}"


def note(entry: ConsentEntry) -> str:
    """What was noted beside it. Of a family's text only that it stopped us: how it was understood is for who may read the thread."""
    said_by_text = entry.source == Source.FAMILY and entry.by in {"text", "family page"}
    return "" if said_by_text and entry.kind in {Kind.OPT_OUT, Kind.OPT_IN} else entry.note


def standing(found: PhoneConsent) -> tuple[bool, str]:
    """Whether the ledger lets something be sent, and the sentence that says so."""
    by, post = set(found.opted_out_by.split()), is_post(found.phone)
    if by & {Source.FAMILY.value, Source.CARRIER.value} and not post:
        return False, "The family stopped texts. Only their own START, from this phone, lifts that; nobody here can."
    if by:
        who = " and ".join(_SOURCES[Source(one)] for one in sorted(by))
        what = "Letters are stopped" if post else "Texts are stopped"
        return False, f"{what} by {who}."
    if found.suppressed:
        return False, f"Not texted: {found.suppressed}."
    return True, "Nobody has stopped letters." if post else "Nobody has stopped texts."

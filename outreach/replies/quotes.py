"""Our own words coming back: a phone's reaction to a text, or a text of ours quoted in the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.replies.lexicon import Lexicon
from outreach.replies.normalise import BOUNDARY, Normal, normalise
from outreach.replies.reading import Reading

_QUOTED = re.compile(r"[“«„‟『「](?P<a>.+?)[”»“』」]|\"(?P<b>.+?)\"|“(?P<c>.+)\Z", re.DOTALL)
_REACTION_WORDS = 6
_RUN = 5
"""Words in a row that answer and message must share to be a quotation."""
_LIKES = frozenset("👍❤♥💕🩷💙💚💛🧡💜😂🤣😊😀🙂😍🥰🙏👏🎉✅😄😁💯🙌👌")


@dataclass(frozen=True)
class OwnWords:
    """An answer without our own words."""

    rest: str
    """What the family wrote itself."""
    reaction: bool
    """Whether it is nothing but a phone's reaction to our text."""
    positive: bool


def without_our_words(text: str, recent: Sequence[str], lexicon: Lexicon) -> OwnWords:
    """Take out of *text* what only repeats us.

    A reaction is a few words that phones put before a quotation ("Liked “…”", a face or thumb "to “…”") and the quotation itself.
    Elsewhere a quotation is ours when *recent* (the last texts we sent to that number) holds it.
    """
    found = _QUOTED.search(text)
    if found is not None:
        before, after = text[: found.start()], text[found.end() :]
        verb = _reaction(normalise(before), lexicon)
        if verb is not None and not normalise(after).words:
            return OwnWords(rest="", reaction=True, positive=verb)
        if verb is not None:
            return OwnWords(rest=after, reaction=False, positive=False)
    return OwnWords(rest=_without_quotations(text, recent), reaction=False, positive=False)


def _reaction(before: Normal, lexicon: Lexicon) -> bool | None:
    """Say whether the words before a quotation are a positive reaction, a negative one, or (None) no reaction."""
    if not before.tokens or len(before.tokens) > _REACTION_WORDS:
        return None
    faces = [face for face in before.tokens if not face[0].isalnum() and face != BOUNDARY]
    if Reading(before, lexicon).hits("reaction"):
        return not faces or all(face in _LIKES for face in faces)
    words = [token for token in before.plain if token[0].isalnum()]
    if faces and len(words) <= 1:
        return all(face in _LIKES for face in faces)
    if len(words) <= 2 and words and words[0] in {"disliked", "questioned"}:  # noqa: PLR2004 - "Disliked an image"
        return False
    return None


def _without_quotations(text: str, recent: Sequence[str]) -> str:
    """Return *text* without runs of words that one of *recent* holds word for word."""
    ours = [normalise(body).plain_text for body in recent]
    if not ours:
        return text
    pieces = re.findall(r"\S+\s*", text)
    kept: list[str] = []
    at = 0
    while at < len(pieces):
        length = _quoted_run(pieces, at, ours)
        if not length:
            kept.append(pieces[at])
        at += length or 1
    return "".join(kept)


def _quoted_run(pieces: list[str], at: int, ours: Sequence[str]) -> int:
    best = 0
    for length in range(_RUN, len(pieces) - at + 1):
        run = normalise("".join(pieces[at : at + length])).plain_text
        if not any(run in body for body in ours):
            break
        best = length
    return best

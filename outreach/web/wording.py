"""States and reasons in words that staff understand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from outreach.planning.states import State

Tone = Literal["good", "moving", "waiting", "trouble", "off"]


@dataclass(frozen=True)
class StateWords:
    """A state as staff read it. The sign and the label say what the colour says."""

    label: str
    sign: str
    tone: Tone
    meaning: str


STATES: Mapping[State, StateWords] = MappingProxyType(
    {
        State.WAITING: StateWords("Waits for approval", "◇", "waiting", "Ready; leaves only when a person approves it."),
        State.PLANNED: StateWords("Planned", "◷", "waiting", "Waits for its time; everything is checked again before it leaves."),
        State.HELD: StateWords("On hold", "‖", "waiting", "Could not leave now; tried again until it is too old to be of use."),
        State.SKIPPED: StateWords("Not sent", "⊘", "off", "Not to be sent as things are; planned again when the reason is gone."),
        State.CANCELLED: StateWords("Cancelled", "✕", "off", "Taken back before it left."),
        State.SENDING: StateWords("Leaving", "→", "moving", "On its way to the carrier."),
        State.UNCERTAIN: StateWords("Unclear", "?", "trouble", "The carrier gave no clear answer. Being looked into; never sent twice."),
        State.ACCEPTED: StateWords("With the carrier", "→", "moving", "The carrier took it."),
        State.SENT: StateWords("Sent, unconfirmed", "→", "moving", "The carrier sent it; the phone has not confirmed it."),
        State.DELIVERED: StateWords("Delivered", "✓", "good", "It arrived on the phone."),
        State.UNDELIVERED: StateWords("Did not arrive", "!", "trouble", "The carrier could not deliver it."),
        State.FAILED: StateWords("Failed", "!", "trouble", "The carrier did not take it."),
        State.PRINTED: StateWords("Printed", "✓", "good", "In a batch of letters."),
    }
)


def of_state(state: str) -> StateWords:
    """The words for a stored state."""
    return STATES[State(state)]


def of_opening(because: str) -> str:
    """Why a case was opened (``crossing: <rule>``, ``reply: <intent>``) as a sentence, for a case in which nobody wrote yet."""
    kind, _, what = because.partition(": ")
    if kind == "crossing":
        return f"Over the threshold {what.replace('_', ' ')}: the rule asks for a person. Nobody has written yet."
    if kind == "call list":
        return f"On the call list of {what.replace('_', ' ')}: call the family, no message goes out. Nobody has written yet."
    if kind == "correction":
        return "A number that this family was told turned out wrong."
    return of_reason(because.replace("_", " "))


def of_reason(reason: str) -> str:
    """A stored reason as a sentence begins; empty stays empty."""
    return reason[:1].upper() + reason[1:]

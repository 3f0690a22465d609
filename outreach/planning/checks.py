"""Which checks bind which class of message: one table, from DESIGN, Delivery."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from outreach.planning.states import MessageClass


class Check(StrEnum):
    """One check made when a message is released."""

    STOP_BUTTON = "stop_button"
    """Nobody has stopped everything, in the district or at the school."""
    SHADOW = "shadow"
    """The school is not in shadow mode: there everything is planned and nothing begun by us leaves."""
    SPENDING = "spending"
    """The day's texts have not cost more than the cap."""
    TWO_WAY = "two_way"
    """People are on call for what families write back, and somebody at the school answers them."""
    OPT_OUT = "opt_out"
    """The number's opt-outs and suppressions."""
    DECEASED = "deceased"
    """No child whom it names has died."""
    BLOCK = "block"
    """Custody, no contact, address protection: beats every other rule."""
    COUNT = "count"
    """The child is still over the threshold, and the number in the words is today's."""
    FRESHNESS = "freshness"
    """Attendance was delivered lately."""
    ENROLMENT = "enrolment"
    """The child is at school here today."""
    AGE = "age"
    """The child is no adult yet, or the district writes to parents of adults, too."""
    VERIFIED = "verified"
    """The number is still the contact's, confirmed and consented to."""
    APPROVED = "approved"
    """A named person approved the words."""
    QUIET_HOURS = "quiet_hours"
    SCHOOL_DAY = "school_day"
    """No holiday of the school; asked together with the quiet hours."""
    TURN = "turn"
    """The school's people can still hear back from as many families today; asked as a text is claimed."""
    CAP = "cap"
    """Cool-down and weekly cap."""
    PRETENDED = "pretended"
    """The carrier and the phone are pretended, and the number is no family's."""


_ALL = frozenset(Check) - {Check.PRETENDED}
_ALWAYS = frozenset({Check.STOP_BUTTON, Check.DECEASED, Check.OPT_OUT, Check.BLOCK})
"""A family that wrote to us hears from us in shadow mode, too, and whatever was spent."""

CHECKS: Mapping[MessageClass, frozenset[Check]] = {
    MessageClass.NUDGE: _ALL,
    # a campaign keeps its own calendar: no cap, no threshold
    MessageClass.CAMPAIGN: _ALL - {Check.CAP, Check.TURN, Check.COUNT, Check.FRESHNESS},
    # words a person typed are approved by sending; quiet hours do not bind within 24 h of the family's own message
    MessageClass.ANSWER: _ALWAYS | {Check.QUIET_HOURS},
    # the one confirmation of an opt-out is the only text that may follow it; a block binds even that
    MessageClass.CONFIRMATION: _ALWAYS | {Check.APPROVED},
    MessageClass.SAFETY: _ALWAYS | {Check.APPROVED},
    # a notice quotes no count of today; a correction's is counted anew for its own day (planning.correcting)
    # what the law sets is the district's to time, within the hours of all texts
    MessageClass.NOTICE: _ALL - {Check.CAP, Check.TURN, Check.COUNT, Check.FRESHNESS, Check.SCHOOL_DAY},
    # it asks for the confirmation that others need, so it names no child and quotes no number
    MessageClass.WELCOME: _ALL - {Check.CAP, Check.TURN, Check.COUNT, Check.FRESHNESS, Check.VERIFIED},
    # an answer to what was said on the family page, to the number on file alone
    MessageClass.PROPOSAL: _ALWAYS | {Check.VERIFIED, Check.APPROVED, Check.QUIET_HOURS},
    # to staff about a danger: neither the hour, nor the stop button of texts to families, may keep it back
    MessageClass.PAGE: frozenset({Check.DECEASED, Check.OPT_OUT, Check.BLOCK}),
    # words under work reach nobody but their writer, so the one check is that they cannot
    MessageClass.TRIAL: frozenset({Check.PRETENDED}),
}

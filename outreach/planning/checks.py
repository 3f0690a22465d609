"""Which checks bind which class of message: one table, from DESIGN, Delivery."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from outreach.planning.states import MessageClass


class Check(StrEnum):
    """One check made when a message is released."""

    OPT_OUT = "opt_out"
    BLOCK = "block"
    COUNT = "count"
    FRESHNESS = "freshness"
    ENROLMENT = "enrolment"
    AGE = "age"
    VERIFIED = "verified"
    APPROVED = "approved"
    QUIET_HOURS = "quiet_hours"
    CAP = "cap"


_ALL = frozenset(Check)

CHECKS: Mapping[MessageClass, frozenset[Check]] = {
    MessageClass.NUDGE: _ALL,
    # a campaign keeps its own calendar: no cap, no threshold
    MessageClass.CAMPAIGN: _ALL - {Check.CAP, Check.COUNT, Check.FRESHNESS},
    # words a person typed are approved by sending; quiet hours do not bind within 24 h of the family's own message
    MessageClass.ANSWER: frozenset({Check.OPT_OUT, Check.BLOCK, Check.QUIET_HOURS}),
    # the one confirmation of an opt-out is the only text that may follow it
    MessageClass.CONFIRMATION: frozenset({Check.OPT_OUT, Check.APPROVED}),
    MessageClass.SAFETY: frozenset({Check.OPT_OUT, Check.BLOCK, Check.APPROVED}),
    MessageClass.NOTICE: _ALL - {Check.CAP, Check.COUNT, Check.FRESHNESS},
}

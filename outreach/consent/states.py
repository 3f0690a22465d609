"""The statements the consent ledger holds."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """One kind of statement about a number."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    SUPPRESSED = "suppressed"
    """Must or can not be texted (wrong number, landline); a person or a new feed number repairs it."""
    UNSUPPRESSED = "unsuppressed"


class Source(StrEnum):
    """Who made a statement."""

    FAMILY = "family"
    FEED = "feed"
    CARRIER = "carrier"
    STAFF = "staff"

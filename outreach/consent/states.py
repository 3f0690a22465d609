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


class BlockKind(StrEnum):
    """What a person's order about a contact rests on."""

    CUSTODY = "custody"
    """A court's order, or another binding paper, takes a parent's right to be told (34 CFR 99.4)."""
    NO_CONTACT = "no_contact"
    ADDRESS = "address_protection"
    """An address confidentiality programme or a protective order: nothing goes to the address on file, and it is shown nowhere."""

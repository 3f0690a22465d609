"""Words in a CSV file that a person opens in a spreadsheet: what looks like a formula stays text (OWASP, CSV injection)."""

from __future__ import annotations

_STARTS_ONE = ("=", "+", "-", "@", "\t", "\r", "\n")


def disarmed(value: object) -> str:
    """A value as a spreadsheet must read it: a number as it is, and an apostrophe before text that would run."""
    text = "" if value is None else str(value)
    return f"'{text}" if not isinstance(value, int | float) and _would_run(text) else text


def as_written(cell: str) -> str:
    """What ``disarmed`` was given, for files that come back."""
    return cell[1:] if cell.startswith("'") and _would_run(cell) else cell


def _would_run(text: str) -> bool:
    """Apostrophes in front count too, so that every text comes back as it went."""
    return text.lstrip("'").startswith(_STARTS_ONE)

"""Instants and days as staff read them. Pure; instants come in aware, zones are IANA names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def clock_time(instant: datetime, zone: str) -> str:
    """``9:05 am``."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'pm' if local.hour // 12 else 'am'}"


def day(when: date, today: date) -> str:
    """``today``, ``yesterday``, ``Mon, Oct 5``; with its year where that is not this one."""
    if when == today:
        return "today"
    if when == today - _DAY:
        return "yesterday"
    year = "" if when.year == today.year else f", {when.year}"
    return f"{when:%a, %b} {when.day}{year}"


def moment(instant: datetime, now: datetime, zone: str) -> str:
    """``10:12 am`` today, ``yesterday, 4:05 pm``, ``Mon, Oct 5, 4:05 pm``."""
    local, today = instant.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    spoken = clock_time(instant, zone)
    return spoken if local == today else f"{day(local, today)}, {spoken}"


def full_moment(instant: datetime, zone: str) -> str:
    """``Mon, Oct 5, 2026, 4:05 pm``."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%a, %b} {local.day}, {local.year}, {clock_time(instant, zone)}"


def elapsed(since: datetime, now: datetime) -> str:
    """How long it has been: ``just now``, ``12 min``, ``5 h``, ``1 day``, ``3 days``."""
    passed = now - since
    if passed < _MINUTE:
        return "just now"
    if passed < _HOUR:
        return f"{passed // _MINUTE} min"
    if passed < _DAY:
        return f"{passed // _HOUR} h"
    days = passed // _DAY
    return f"{days} day{'' if days == 1 else 's'}"

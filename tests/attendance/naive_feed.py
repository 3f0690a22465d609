"""How the naive counter reads a feed: settings, codes, the marks that stand, and what kind of day a date is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Row = dict[str, str]
Feed = dict[str, Any]

SCHOOL_DAY = {"instructional day", "make-up day", "student late arrival/early dismissal"}
NO_SCHOOL_DAY = {"holiday", "teacher only day", "weather day", "emergency day", "strike", "non-instructional day", "other"}


def setting(feed: Feed, school: str, name: str, default: Any) -> Any:
    """A school's own setting, else the feed's, else the contract's default."""
    own = feed["settings"].get("schools", {}).get(school, {})
    return own.get(name, feed["settings"].get(name, default))


def code_of(feed: Feed, school: str, code: str) -> dict[str, Any] | None:
    """What a code means at a school, or None where nobody said."""
    own = feed["settings"].get("schools", {}).get(school, {}).get("codes", {})
    found = own.get(code, feed["settings"].get("codes", {}).get(code))
    return found if found is None else dict(found)


def day(text: str) -> date:
    """A date of the feed."""
    return date.fromisoformat(text.strip())


def year_of(feed: Feed, when: date) -> tuple[date, date]:
    """First and last day of the school year that holds a date."""
    month, number = (int(part) for part in feed["settings"].get("school_year_start", "07-01").split("-"))
    first = date(when.year, month, number)
    if when < first:
        first = date(when.year - 1, month, number)
    return first, date(first.year + 1, month, number) - timedelta(days=1)


def live_marks(feed: Feed) -> list[Row]:
    """The marks that stand after the file was applied from its first row to its last."""
    standing: dict[tuple[str, ...], Row] = {}
    for row in feed["files"].get("attendance", []):
        key = tuple(row.get(part, "").strip() for part in ("student_id", "school_id", "date", "section_id", "code"))
        if row.get("action", "") == "delete":
            standing.pop(key, None)
        else:
            standing[key] = row
    return list(standing.values())


def chain(feed: Feed, school: str) -> list[str]:
    """The school, then the organisations above it, nearest first."""
    parents = {row["school_id"]: row.get("parent_id", "") for row in feed["files"].get("schools", [])}
    found = [school]
    while parents.get(found[-1]) and parents[found[-1]] not in found:
        found.append(parents[found[-1]])
    return found


def concerns(row: Row, track: str, grade: str) -> bool:
    """Whether a calendar row is about the children of a track and grade; an empty one on either side is about all."""
    if row.get("track") and track and row["track"].lower() != track.lower():
        return False
    grades = row.get("grades", "").lower().replace("|", " ").replace(",", " ").split()
    return not grades or not grade or grade.lower() in grades


def day_kind(feed: Feed, school: str, when: date, track: str = "", grade: str = "") -> tuple[str, int, set[str]]:
    """("school" | "closed" | "unknown" | "none", scheduled minutes or 0, cycle days) of a date for children of a track and grade."""
    if setting(feed, school, "calendar", "file") == "from-events":
        sent = any(mark["school_id"] == school and day(mark["date"]) == when for mark in live_marks(feed))
        return ("school", 0, set()) if sent else ("none", 0, set())
    listed = {name.lower(): yes for name, yes in feed["settings"].get("events", {}).items()}
    for organisation in chain(feed, school):
        rows = [row for row in feed["files"].get("calendar", []) if row["school_id"] == organisation and day(row["date"]) == when]
        if not rows:
            continue
        rows = [row for row in rows if concerns(row, track, grade)]
        kinds = []
        for row in rows:
            event = row["event"].strip().lower()
            if event in listed:
                kinds.append("school" if listed[event] else "closed")
            elif event in SCHOOL_DAY:
                kinds.append("school")
            elif event in NO_SCHOOL_DAY:
                kinds.append("closed")
            else:
                kinds.append("unknown")
        told = [int(row["minutes"]) for row, kind in zip(rows, kinds, strict=True) if kind == "school" and int(row.get("minutes") or 0)]
        minutes = min(told, default=0)  # a late start beside an instructional day is that day, shortened
        for kind in ("school", "closed", "unknown"):
            if kind in kinds:
                return kind, minutes, {row["cycle_day"].lower() for row in rows if row.get("cycle_day")}
        break  # the nearest organisation that speaks of a date decides it, even where it leaves these children out
    return "none", 0, set()


def has_calendar(feed: Feed, school: str, first: date, last: date, track: str, grade: str) -> bool:
    """Whether any calendar speaks in the year of children of that track and grade at this school."""
    dates = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return any(day_kind(feed, school, when, track, grade)[0] != "none" for when in dates)

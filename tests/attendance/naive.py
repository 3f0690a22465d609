"""A second counter, written from the contract alone: plain loops over plain dicts of text, nothing of the service imported.

It is slow and says each rule once, in the order the contract says it, so that a disagreement with the service is settled by
reading the contract. A feed is ``{"settings": {…as in source.toml…}, "files": {"attendance": [{column: text}], …}}``.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

Row = dict[str, str]
Feed = dict[str, Any]

SCHOOL_DAY = {"instructional day", "make-up day", "student late arrival/early dismissal"}
NO_SCHOOL_DAY = {"holiday", "teacher only day", "weather day", "emergency day", "strike", "non-instructional day", "other"}
NO_MEMBERSHIP = {"no show", "invalid enrollment"}
REASONS = ("excused", "unexcused", "suspended", "unspecified", "conflict")
ABSENCE_REASON = {"suspended_out": "suspended"}


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


def day_kind(feed: Feed, school: str, when: date) -> tuple[str, int]:
    """("school" | "closed" | "unknown" | "none", scheduled minutes or 0) of a date at a school."""
    if setting(feed, school, "calendar", "file") == "from-events":
        sent = any(mark["school_id"] == school and day(mark["date"]) == when for mark in live_marks(feed))
        return ("school", 0) if sent else ("none", 0)
    listed = {name.lower(): yes for name, yes in feed["settings"].get("events", {}).items()}
    for organisation in chain(feed, school):
        rows = [row for row in feed["files"].get("calendar", []) if row["school_id"] == organisation and day(row["date"]) == when]
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
                return kind, minutes
    return "none", 0


def has_calendar(feed: Feed, school: str, first: date, last: date) -> bool:
    """Whether any calendar speaks of this school in the year."""
    return any(day_kind(feed, school, first + timedelta(days=n))[0] != "none" for n in range((last - first).days + 1))


def membership(feed: Feed, enrolment: Row, first: date, last: date) -> list[date] | None:
    """The dates an enrolment covers in the year from *first* to *last*; None where it does not touch that year."""
    entry = day(enrolment["entry_date"])
    if enrolment.get("exit_date"):
        end = day(enrolment["exit_date"])
        if setting(feed, enrolment["school_id"], "exit_day", "inclusive") == "exclusive":
            end -= timedelta(days=1)
    else:
        end = year_of(feed, entry)[1]
    if enrolment.get("exit_type", "").strip().lower() in NO_MEMBERSHIP or end < entry:
        return [] if first <= entry <= last else None  # it never was, in the year it would have begun
    if end < first or entry > last:
        return None
    dates = []
    when = max(entry, first)
    while when <= min(end, last):
        dates.append(when)
        when += timedelta(days=1)
    return dates


ABSENCES = ("absent", "suspended_out", "partial")


def share_missed(mark: Row, kind: str, scheduled: int) -> Fraction | None:
    """The share of the day that a mark of an absence kind says was missed; None where that cannot be told."""
    if mark.get("portion"):
        return Fraction(mark["portion"])
    if mark.get("minutes"):
        if int(mark["minutes"]) == 0:
            return Fraction(0)
        return Fraction(int(mark["minutes"]), scheduled) if scheduled else None
    return Fraction(0) if kind == "partial" else Fraction(1)


def one_reason(reasons: set[str]) -> str:
    """Two different named reasons are a conflict; a named one beats unspecified."""
    named = sorted(reasons - {"unspecified"})
    if len(named) > 1:
        return "conflict"
    return named[0] if named else "unspecified"


def verdict(feed: Feed, school: str, kind: str, minutes: int, marks: list[Row], *, silent: bool) -> tuple[str, str]:
    """("absent" | "unknown" | "present", reason) of one student at one school on one enrolled day."""
    missed, reasons, unknown = Fraction(0), set(), kind == "unknown"
    for mark in marks:
        meaning = code_of(feed, school, mark["code"].strip())
        if meaning is None:
            unknown = True
        elif meaning["kind"] in ABSENCES:
            share = share_missed(mark, meaning["kind"], minutes)
            if share is None:
                unknown = True
            elif share > 0:
                missed += share
                reasons.add(meaning.get("reason") or ABSENCE_REASON.get(meaning["kind"], "unspecified"))
    if missed >= Fraction(1, 2):
        return "absent", one_reason(reasons)
    if unknown:
        return "unknown", ""
    if not marks and (silent or setting(feed, school, "reporting", "exceptions") == "affirmative"):
        return "unknown", ""
    return "present", ""


def enrolled_on(feed: Feed, school: str, when: date) -> int:
    """Children with membership at a school on a date."""
    first, last = year_of(feed, when)
    rows = [row for row in feed["files"].get("enrollments", []) if row["school_id"] == school]
    return len({row["student_id"] for row in rows if when in (membership(feed, row, first, last) or [])})


def silent_days(feed: Feed, school: str, first: date, as_of: date) -> set[date]:
    """Days of a school's silence that is too long to be believed; what was sent after the last day counted is known, too."""
    if setting(feed, school, "calendar", "file") == "from-events":
        return set()
    last = year_of(feed, as_of)[1]
    marked = {day(mark["date"]) for mark in live_marks(feed) if mark["school_id"] == school}
    until = max([as_of, *(when for when in marked if first <= when <= last)])
    dates = [first + timedelta(days=n) for n in range((until - first).days + 1)]
    school_days = [when for when in dates if day_kind(feed, school, when)[0] in ("school", "unknown")]
    silent: set[date] = set()
    longest, with_marks = 0, 0
    run: list[date] = []
    for when in [*school_days, None]:
        if when is not None and when not in marked:
            run.append(when)
            continue
        if len(run) > 5 and len(run) > longest and with_marks >= 20 and enrolled_on(feed, school, run[0]) >= 100:
            silent.update(run)
        longest = max(longest, len(run))
        run = []
        with_marks += 1
    return silent


def student_days(feed: Feed, as_of: date) -> tuple[dict[tuple[str, str], dict[date, tuple[str, str]]], set[str]]:
    """Verdicts by (student, school) and date, and the schools that have no calendar in the year."""
    first, last = year_of(feed, as_of)
    members: dict[tuple[str, str], set[date]] = {}
    for enrolment in feed["files"].get("enrollments", []):
        if day(enrolment["entry_date"]) > as_of:
            continue
        dates = membership(feed, enrolment, first, last)
        if dates is not None:
            members.setdefault((enrolment["student_id"], enrolment["school_id"]), set()).update(dates)
    marks = defaultdict(list)
    for mark in live_marks(feed):
        marks[mark["student_id"], mark["school_id"], day(mark["date"])].append(mark)
    verdicts: dict[tuple[str, str], dict[date, tuple[str, str]]] = {}
    blind = {school for _, school in members if not has_calendar(feed, school, first, last)}
    calendars = {}
    silences = {}
    for school in {school for _, school in members}:
        all_days = [first + timedelta(days=n) for n in range((as_of - first).days + 1)]
        calendars[school] = {when: day_kind(feed, school, when) for when in all_days}
        silences[school] = silent_days(feed, school, first, as_of)
    for (student, school), covered in members.items():
        verdicts[student, school] = {}
        for when in sorted(covered):
            if when > as_of:
                continue
            kind, minutes = calendars[school][when]
            if kind in ("school", "unknown"):
                verdicts[student, school][when] = verdict(
                    feed, school, kind, minutes, marks[student, school, when], silent=when in silences[school]
                )
    return verdicts, blind


def across_schools(found: list[tuple[str, str]]) -> tuple[str, str]:
    """One date of a student at several schools: absent only if absent at every one."""
    if any(state == "present" for state, _ in found):
        return "present", ""
    if any(state == "unknown" for state, _ in found):
        return "unknown", ""
    return "absent", one_reason({reason for _, reason in found})


def tier_of(absent: int, enrolled: int) -> str:
    """Attendance Works' tier of a share."""
    if 100 * absent >= 20 * enrolled:
        return "severe"
    if 100 * absent >= 10 * enrolled:
        return "moderate"
    return "at_risk" if 100 * absent >= 5 * enrolled else "satisfactory"


def rate(absent: int, enrolled: int) -> str:
    """Four places, half up, empty without enrolled days."""
    if not enrolled:
        return ""
    scaled = (2 * 10000 * absent + enrolled) // (2 * enrolled)
    return f"{scaled // 10000}.{scaled % 10000:04d}"


def totals(days: list[tuple[str, str]]) -> dict[str, int]:
    """The day columns of a row."""
    found = {"days_enrolled": len(days), "days_absent": sum(state == "absent" for state, _ in days)}
    for reason in REASONS:
        found[f"days_{reason}"] = sum(why == reason for _, why in days)
    found["days_unknown"] = sum(state == "unknown" for state, _ in days)
    return found


def judge(sums: dict[str, int], *, calendar: bool, minimum: int = 10) -> tuple[str, str]:
    """(chronic, tier)."""
    enrolled, absent, unknown = sums["days_enrolled"], sums["days_absent"], sums["days_unknown"]
    if not calendar:
        return "unknown", "unknown"
    if enrolled < minimum:
        return "false", "too_early"
    low, high = tier_of(absent, enrolled), tier_of(absent + unknown, enrolled)
    tier = low if low == high else "unknown"
    if 10 * absent >= enrolled:
        return "true", tier
    return ("false" if 10 * (absent + unknown) < enrolled else "unknown"), tier


def counts(feed: Feed, as_of: date, by: str) -> list[dict[str, str]]:
    """The rows of ``outreach counts --as-of DATE --by …``, as text."""
    verdicts, blind = student_days(feed, as_of)
    rows: dict[tuple[str, str], tuple[dict[str, int], str, str]] = {}
    if by == "student":
        for student in {student for student, _ in verdicts}:
            by_date = defaultdict(list)
            schools = [school for who, school in verdicts if who == student]
            for school in schools:
                for when, found in verdicts[student, school].items():
                    by_date[when].append(found)
            sums = totals([across_schools(found) for found in by_date.values()])
            rows[student, ""] = (sums, *judge(sums, calendar=not blind & set(schools)))
    else:
        for (student, school), days in verdicts.items():
            sums = totals(list(days.values()))
            rows[student, school] = (sums, *judge(sums, calendar=school not in blind))
    if by == "school":
        return by_school(rows)
    return [
        {"student_id": student, "school_id": school, **{k: str(v) for k, v in sums.items()}}
        | {"rate": rate(sums["days_absent"], sums["days_enrolled"]), "tier": tier, "chronic": chronic}
        for (student, school), (sums, chronic, tier) in sorted(rows.items(), key=lambda item: item[0][::-1])
    ]


def by_school(rows: dict[tuple[str, str], tuple[dict[str, int], str, str]]) -> list[dict[str, str]]:
    """One row a school: its students' rows added up."""
    found = []
    for school in sorted({school for _, school in rows}):
        mine = [row for (_, at), row in rows.items() if at == school]
        sums = {column: sum(row[0][column] for row in mine) for column in totals([])}
        found.append(
            {"school_id": school, "students": str(len(mine)), **{k: str(v) for k, v in sums.items()}}
            | {
                "rate": rate(sums["days_absent"], sums["days_enrolled"]),
                "chronic_students": str(sum(chronic == "true" for _, chronic, _ in mine)),
                "unknown_students": str(sum(chronic == "unknown" for _, chronic, _ in mine)),
            }
        )
    return found

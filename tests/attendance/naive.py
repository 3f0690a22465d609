"""A second counter, written from the contract alone: plain loops over plain dicts of text, nothing of the service imported.

It is slow and says each rule once, in the order the contract says it, so that a disagreement with the service is settled by
reading the contract. A feed is ``{"settings": {…as in source.toml…}, "files": {"attendance": [{column: text}], …}}``.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from tests.attendance.naive_feed import Feed, Row, code_of, day, day_kind, has_calendar, live_marks, setting, year_of

NO_MEMBERSHIP = {"no show", "invalid enrollment"}
REASONS = ("excused", "unexcused", "suspended", "unspecified", "conflict")
ABSENCE_REASON = {"suspended_out": "suspended", "suspended_in": "suspended"}
RULES: dict[str, tuple[int, int, Fraction, Fraction, bool]] = {
    "federal": (10, 0, Fraction(1, 2), Fraction(1, 2), False),
    "CA": (31, 1, Fraction(1), Fraction(1), False),
    "CT": (1, 0, Fraction(1, 2), Fraction(1, 2), True),
    "NY": (10, 1, Fraction(1, 2), Fraction(1, 2), False),
    "OH": (1, 0, Fraction(1), Fraction(0), False),
    "IN": (10, 0, Fraction(1, 2), Fraction(1, 2), False),
    "NV": (10, 0, Fraction(1, 2), Fraction(1, 2), False),
    "MD": (10, 0, Fraction(1, 2), Fraction(1, 2), False),
    "NM": (10, 0, Fraction(1, 2), Fraction(1, 2), False),
    "TX": (10, 0, Fraction(1), Fraction(1), False),
    "half-days": (10, 0, Fraction(1), Fraction(1, 2), False),
}
"""Enrolled and attended days that are needed, share from which a day is absent, from which half of one (0: each share counts as it
is), and whether in-school suspension is an absence."""


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


def schedule(feed: Feed, student: str, school: str, when: date, cycle: set[str]) -> dict[str, list[int]] | None:
    """The minutes (0 where not told) of each meeting of the child's sections on a date; None where nobody can know."""
    found: dict[str, list[int]] = {}
    for row in feed["files"].get("sections", []):
        if (row["student_id"], row["school_id"]) != (student, school):
            continue
        if when < day(row["begin_date"]) or (row["end_date"] and when > day(row["end_date"])):
            continue
        if row.get("weekdays") and "MTWRFSU"[when.weekday()] not in row["weekdays"]:
            continue
        if row.get("cycle_days"):
            if not cycle:
                return None
            if not cycle & set(row["cycle_days"].lower().split("|")):
                continue
        found.setdefault(row["section_id"], []).append(int(row.get("minutes") or 0))
    told = [length > 0 for lengths in found.values() for length in lengths]
    return None if not told or (any(told) and not all(told)) else found


def share_missed(mark: Row, kind: str, scheduled: int, sections: dict[str, list[int]] | None) -> Fraction | None:
    """The share of the day that a mark of an absence kind says was missed; None where that cannot be told."""
    if mark.get("portion"):
        return Fraction(mark["portion"])
    own = sum(sum(lengths) for lengths in (sections or {}).values())
    section = mark.get("section_id", "")
    share: Fraction | None = Fraction(1)
    if section:
        meetings = (sections or {}).get(section)
        every = sum(len(lengths) for lengths in (sections or {}).values())
        share = None if meetings is None else Fraction(sum(meetings), own) if own else Fraction(len(meetings), every)
    if mark.get("minutes"):
        if int(mark["minutes"]) == 0:
            return Fraction(0)
        length = own if section else (scheduled or own)
        if not length or share is None:
            return None
        by_minutes = Fraction(int(mark["minutes"]), length)
        return min(share, by_minutes) if section else by_minutes
    return Fraction(0) if kind == "partial" else share


def one_reason(reasons: set[str]) -> str:
    """Two different named reasons are a conflict; a named one beats unspecified."""
    named = sorted(reasons - {"unspecified"})
    if len(named) > 1:
        return "conflict"
    return named[0] if named else "unspecified"


def verdict(
    feed: Feed, school: str, here: tuple[str, int, set[str]], marks: list[Row], *, silent: bool, rules: str
) -> tuple[str, str, Fraction]:
    """("absent" | "unknown" | "present", reason, days) of one student at one school on one enrolled day."""
    _, _, whole, half, inside = RULES[rules]
    missed, reasons, unknown = {"": Fraction(0)}, set(), False
    taught = {
        mark["section_id"]
        for mark in marks
        if mark.get("section_id") and kind_of(feed, school, mark) in ("on_site", "instructed_elsewhere")
    }
    for mark in marks:
        section = mark.get("section_id", "")
        kind = kind_of(feed, school, mark)
        if kind is None:
            unknown = True
        elif (kind in ABSENCES or (inside and kind == "suspended_in")) and not (section and section in taught):
            sections = schedule(feed, mark["student_id"], school, day(mark["date"]), here[2])
            share = share_missed(mark, kind, here[1], sections)
            if share is None:
                unknown = True
            elif share > 0:
                missed[section] = max(missed.get(section, Fraction(0)), share) if section else missed[""] + share
                meaning = code_of(feed, school, mark["code"].strip()) or {}
                reasons.add(meaning.get("reason") or ABSENCE_REASON.get(kind, "unspecified"))
    most = max(missed[""], sum((share for section, share in missed.items() if section), Fraction(0)))
    if most >= whole:
        return "absent", one_reason(reasons), Fraction(1)
    if unknown:
        return "unknown", "", Fraction(1)
    if most >= half and most > 0:
        return "absent", one_reason(reasons), Fraction(1, 2) if half else most
    if here[0] == "unknown" or (not marks and (silent or setting(feed, school, "reporting", "exceptions") == "affirmative")):
        return "unknown", "", Fraction(1)
    return "present", "", Fraction(0)


def kind_of(feed: Feed, school: str, mark: Row) -> str | None:
    """The kind of a mark's code, or None where it has no meaning."""
    meaning = code_of(feed, school, mark["code"].strip())
    return None if meaning is None else str(meaning["kind"])


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


Found = tuple[str, str, Fraction]
"""A day's state, reason and length."""


def stronger(one: Found) -> tuple[int, Fraction, str]:
    """Where stays with different calendars overlap: absent over unknown over present."""
    return ("present", "unknown", "absent").index(one[0]), one[2], one[1]


def student_days(feed: Feed, as_of: date, rules: str = "federal") -> tuple[dict[tuple[str, str], dict[date, Found]], set[tuple[str, str]]]:
    """Verdicts by (student, school) and date, and the pairs of which no calendar speaks in the year."""
    first, last = year_of(feed, as_of)
    grades = {row["student_id"]: row.get("grade", "") for row in feed["files"]["students"]}
    marks = defaultdict(list)
    for mark in live_marks(feed):
        marks[mark["student_id"], mark["school_id"], day(mark["date"])].append(mark)
    silences = {row["school_id"]: silent_days(feed, row["school_id"], first, as_of) for row in feed["files"]["schools"]}
    verdicts: dict[tuple[str, str], dict[date, Found]] = {}
    blind = set()
    for enrolment in feed["files"].get("enrollments", []):
        dates = membership(feed, enrolment, first, last) if day(enrolment["entry_date"]) <= as_of else None
        if dates is None:
            continue
        student, school = pair = enrolment["student_id"], enrolment["school_id"]
        track, grade = enrolment.get("track", ""), enrolment.get("grade") or grades.get(student, "")
        if not has_calendar(feed, school, first, last, track, grade):
            blind.add(pair)
        days = verdicts.setdefault(pair, {})
        for when in dates:
            here = day_kind(feed, school, when, track, grade)
            if when <= as_of and here[0] in ("school", "unknown"):
                found = verdict(feed, school, here, marks[student, school, when], silent=when in silences[school], rules=rules)
                days[when] = max(found, days.get(when, found), key=stronger)
    return verdicts, blind


def across_schools(found: list[Found]) -> Found:
    """One date of a student at several schools: absent only if absent at every one."""
    if any(state == "present" for state, _, _ in found):
        return "present", "", Fraction(0)
    if any(state == "unknown" for state, _, _ in found):
        return "unknown", "", Fraction(1)
    return "absent", one_reason({reason for _, reason, _ in found}), min(length for _, _, length in found)


def tier_of(absent: Fraction, enrolled: int) -> str:
    """Attendance Works' tier of a share."""
    if 100 * absent >= 20 * enrolled:
        return "severe"
    if 100 * absent >= 10 * enrolled:
        return "moderate"
    return "at_risk" if 100 * absent >= 5 * enrolled else "satisfactory"


def rate(absent: Fraction, enrolled: int) -> str:
    """Four places, half up, empty without enrolled days."""
    if not enrolled:
        return ""
    scaled = (2 * 10000 * absent / enrolled + 1) // 2
    return f"{scaled // 10000}.{scaled % 10000:04d}"


def totals(days: list[Found]) -> dict[str, Fraction]:
    """The day columns of a row."""
    found = {"days_enrolled": Fraction(len(days)), "days_absent": sum((n for state, _, n in days if state == "absent"), Fraction(0))}
    for reason in REASONS:
        found[f"days_{reason}"] = sum((n for _, why, n in days if why == reason), Fraction(0))
    found["days_unknown"] = Fraction(sum(state == "unknown" for state, _, _ in days))
    return found


def figures(sums: dict[str, Fraction]) -> dict[str, str]:
    """12, or 12.5; four places at most, half up."""
    found = {}
    for name, n in sums.items():
        scaled = (2 * 10000 * n + 1) // 2
        found[name] = f"{scaled // 10000}.{scaled % 10000:04d}".rstrip("0").rstrip(".")
    return found


def judge(sums: dict[str, Fraction], rules: str, *, calendar: bool) -> tuple[str, str]:
    """(chronic, tier)."""
    enrolled, absent, unknown = int(sums["days_enrolled"]), sums["days_absent"], sums["days_unknown"]
    if not calendar:
        return "unknown", "unknown"
    if enrolled < RULES[rules][0] or enrolled - absent < RULES[rules][1]:
        return "false", "too_early"
    low, high = tier_of(absent, enrolled), tier_of(absent + unknown, enrolled)
    tier = low if low == high else "unknown"
    if 10 * absent >= enrolled:
        return "true", tier
    return ("false" if 10 * (absent + unknown) < enrolled else "unknown"), tier


def counts(feed: Feed, as_of: date, by: str, rules: str = "federal") -> list[dict[str, str]]:
    """The rows of ``outreach counts --as-of DATE --by … --profile …``, as text."""
    verdicts, blind = student_days(feed, as_of, rules)
    rows: dict[tuple[str, str], tuple[dict[str, Fraction], str, str]] = {}
    if by == "student":
        for student in {student for student, _ in verdicts}:
            by_date = defaultdict(list)
            schools = [school for who, school in verdicts if who == student]
            for school in schools:
                for when, found in verdicts[student, school].items():
                    by_date[when].append(found)
            sums = totals([across_schools(found) for found in by_date.values()])
            rows[student, ""] = (sums, *judge(sums, rules, calendar=not any((student, school) in blind for school in schools)))
    else:
        for pair, days in verdicts.items():
            sums = totals(list(days.values()))
            rows[pair] = (sums, *judge(sums, rules, calendar=pair not in blind))
    if by == "school":
        return by_school(rows)
    return [
        {"student_id": student, "school_id": school, **figures(sums)}
        | {"rate": rate(sums["days_absent"], int(sums["days_enrolled"])), "tier": tier, "chronic": chronic}
        for (student, school), (sums, chronic, tier) in sorted(rows.items(), key=lambda item: item[0][::-1])
    ]


def by_school(rows: dict[tuple[str, str], tuple[dict[str, Fraction], str, str]]) -> list[dict[str, str]]:
    """One row a school: its students' rows added up."""
    found = []
    for school in sorted({school for _, school in rows}):
        mine = [row for (_, at), row in rows.items() if at == school]
        sums = {column: sum((row[0][column] for row in mine), Fraction(0)) for column in totals([])}
        found.append(
            {"school_id": school, "students": str(len(mine)), **figures(sums)}
            | {
                "rate": rate(sums["days_absent"], int(sums["days_enrolled"])),
                "chronic_students": str(sum(chronic == "true" for _, chronic, _ in mine)),
                "unknown_students": str(sum(chronic == "unknown" for _, chronic, _ in mine)),
            }
        )
    return found

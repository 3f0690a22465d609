"""Children whose days lie on an edge of the rules: rare in a random district, so each made-up district gets some on purpose.

Every function adds one child of its own; what it does not need is left to chance.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

Row = dict[str, str]
Feed = dict[str, Any]

ABSENCES = ["A", "E", "U", "P", "Q"]
LATE = "Student late arrival/early dismissal"
OPEN = "Instructional day"


def add_edges(random: Random, feed: Feed, dates: list[date]) -> None:
    """Add a child of some of the kinds below, at schools of the district that have school days."""
    schools = [row["school_id"] for row in feed["files"]["schools"] if row["name"]]
    for number, edge in enumerate((_leaver, _short_day, _unequal_sections, _minutes_in_a_section, _two_schools)):
        weekdays = [when for when in dates[:-1] if when.weekday() < 5]
        if random.random() < 0.85:
            edge(random, feed, f"edge{number}", random.sample(schools, len(schools)), random.choice(weekdays))


def _leaver(random: Random, feed: Feed, student: str, schools: list[str], when: date) -> None:
    """Leaves on a school day, marked absent about then."""
    _enrol(feed, student, schools[0], when - timedelta(days=30), str(when))
    _open(feed, schools[0], when)
    for day in (when, when + timedelta(days=random.choice([-1, 1]))):
        _mark(feed, student, schools[0], day, random.choice(["A", "E", "U"]))


def _short_day(random: Random, feed: Feed, student: str, schools: list[str], when: date) -> None:
    """Misses minutes of a day that the calendar gives two lengths; half of the one is less than half of the other."""
    _enrol(feed, student, schools[0], when - timedelta(days=30))
    lengths = random.sample(["200", "420", "360", "150"], 2)
    for event, minutes in zip((OPEN, LATE), lengths, strict=True):
        _open(feed, schools[0], when, event, minutes)
    half = int(random.choice(lengths)) // 2
    _mark(feed, student, schools[0], when, random.choice(ABSENCES), minutes=str(half + random.choice([-1, 0, 0, 5])))


def _unequal_sections(random: Random, feed: Feed, student: str, schools: list[str], when: date) -> None:
    """Is absent from sections of which one, some or all say how long they are."""
    _enrol(feed, student, schools[0], when - timedelta(days=30))
    _open(feed, schools[0], when)
    names = ["math", "art", "P3", "gym"][: random.choice([2, 3, 4])]
    silent = random.sample(names, random.choice([0, 1, 1, len(names)]))
    for name in names:
        _section(feed, student, schools[0], name, "" if name in silent else random.choice(["30", "60", "90"]))
    for name in random.sample(names, random.randint(1, len(names))):
        _mark(feed, student, schools[0], when, random.choice(["A", "E", "U"]), section_id=name)


def _minutes_in_a_section(random: Random, feed: Feed, student: str, schools: list[str], when: date) -> None:
    """Misses more minutes of a section than it has, or about as many."""
    _enrol(feed, student, schools[0], when - timedelta(days=30))
    _open(feed, schools[0], when)
    short, long = random.choice([("45", "60"), ("30", "90"), ("60", "60")])
    _section(feed, student, schools[0], "math", short)
    _section(feed, student, schools[0], "art", long)
    minutes = int(short) + random.choice([-1, 0, 15, 60])
    _mark(feed, student, schools[0], when, random.choice(ABSENCES), section_id="math", minutes=str(minutes))
    if random.random() < 0.3:
        _mark(feed, student, schools[0], when, random.choice(ABSENCES), section_id="art", minutes="10")


def _two_schools(random: Random, feed: Feed, student: str, schools: list[str], when: date) -> None:
    """Is enrolled at two schools at once and misses a part of the same day at each."""
    for school in schools[:2]:
        _enrol(feed, student, school, when - timedelta(days=30))
        _open(feed, school, when)
        _mark(feed, student, school, when, random.choice(ABSENCES), portion=random.choice(["0.5", "0.6", "0.75", "1", "1"]))


def _enrol(feed: Feed, student: str, school: str, entry: date, leaving: str = "") -> None:
    if all(row["student_id"] != student for row in feed["files"]["students"]):
        feed["files"]["students"].append({"student_id": student, "first_name": "Ada", "last_name": "Lee"})
    row = {"student_id": student, "school_id": school, "entry_date": str(entry), "exit_date": leaving}
    feed["files"]["enrollments"].append(row | {"track": "", "grade": "", "exit_type": ""})


def _open(feed: Feed, school: str, when: date, event: str = OPEN, minutes: str = "") -> None:
    """Let a date be a school day for everybody there, and of so many minutes where they are given."""
    plain = {"school_id": school, "date": str(when), "event": event, "track": "", "grades": ""}
    same = [row for row in feed["files"]["calendar"] if all(row[name] == value for name, value in plain.items())]
    if not same:
        feed["files"]["calendar"].append(plain | {"minutes": minutes, "cycle_day": ""})
    for row in same:
        row["minutes"] = minutes or row["minutes"]


def _section(feed: Feed, student: str, school: str, section: str, minutes: str) -> None:
    row = {"student_id": student, "school_id": school, "section_id": section, "begin_date": "2026-08-01", "end_date": ""}
    feed["files"]["sections"].append(row | {"cycle_days": "", "weekdays": "", "minutes": minutes})


def _mark(feed: Feed, student: str, school: str, when: date, code: str, **more: str) -> None:
    row = {"student_id": student, "school_id": school, "date": str(when), "code": code, "section_id": "", **more}
    feed["files"]["attendance"].append(row)

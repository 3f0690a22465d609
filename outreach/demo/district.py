"""Makes the feed of the invented district: the same seed, the same district."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from outreach.demo.people import NAMINGS, STREETS, Naming

FIRST_DAY = date(2026, 8, 17)
LAST_DAY = date(2027, 6, 4)
SCHOOLS = (
    ("E1", "Heron Elementary School", "(312) 555-0101"),
    ("M1", "Cedar Middle School", "(312) 555-0102"),
    ("H1", "Lakeview High School", "(312) 555-0103"),
)
"""Id, name and phone."""
_GRADES = {"E1": ("K", "1", "2", "3", "4", "5"), "M1": ("6", "7", "8"), "H1": ("9", "10", "11", "12")}
_DAYS_OFF = {date(2026, 9, 7), date(2026, 10, 12), date(2027, 1, 18), date(2027, 2, 15), date(2027, 5, 31)}
_BREAKS = ((date(2026, 11, 25), date(2026, 11, 27)), (date(2026, 12, 21), date(2027, 1, 1)), (date(2027, 3, 22), date(2027, 3, 26)))
_AREA_CODES = ("312", "773")
_SETTINGS = """\
name = "prairie-lakes"
school_year_start = "07-01"
reporting = "exceptions"
calendar = "file"
delivery = "full"

[codes]
"E" = { kind = "absent", reason = "excused" }
"U" = { kind = "absent", reason = "unexcused" }
"S" = { kind = "suspended_out" }
"T" = { kind = "present" }
"""


@dataclass
class Invented:
    """The rows of every file, before they are written."""

    students: list[Sequence[object]] = field(default_factory=list)
    enrollments: list[Sequence[object]] = field(default_factory=list)
    contacts: list[Sequence[object]] = field(default_factory=list)
    phones: list[Sequence[object]] = field(default_factory=list)
    ties: list[Sequence[object]] = field(default_factory=list)
    marks: list[tuple[str, str, date, str]] = field(default_factory=list)


class _Numbers:
    """Telephone numbers that are set aside for stories: 555-0100 to 555-0199 in each area code."""

    def __init__(self) -> None:
        self._given = 10

    def next(self) -> str:
        area, line = divmod(self._given, 100)
        self._given += 1
        return f"({_AREA_CODES[area]}) 555-01{line:02d}"


def school_days() -> list[tuple[date, str]]:
    """Every weekday of the year with its calendar event."""
    days = (FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))
    return [(day, "Holiday" if _is_off(day) else "Instructional day") for day in days if day.weekday() < 5]  # noqa: PLR2004 - Saturday


def _is_off(day: date) -> bool:
    return day in _DAYS_OFF or any(first <= day <= last for first, last in _BREAKS)


def invent(seed: int = 7) -> Invented:
    """Invent families with one to three children, their adults, numbers and a year of attendance."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    made, numbers = Invented(), _Numbers()
    for naming in NAMINGS:
        for _ in range(naming.families):
            _family(made, naming, numbers, chance)
    return made


def _family(made: Invented, naming: Naming, numbers: _Numbers, chance: random.Random) -> None:
    number = len({row[0] for row in made.contacts}) + 1
    surname = chance.choice(naming.surnames)
    address = (f"{chance.randint(10, 980)} {chance.choice(STREETS)}", "", "Prairie Lakes", "IL", f"60{chance.randint(100, 899)}")
    children = [_child(made, naming, surname, chance) for _ in range(chance.choices((1, 2, 3), (75, 20, 5))[0])]
    for place in range(chance.choices((1, 2), (45, 55))[0]):
        contact = f"C{number + place:03d}"
        elsewhere = place == 1 and chance.random() < 0.2  # noqa: PLR2004 - one family in five
        home = (f"{chance.randint(10, 980)} {chance.choice(STREETS)}", *address[1:]) if elsewhere else address
        made.contacts.append((contact, chance.choice(naming.adults), surname, naming.language, "", *home))
        made.phones.append((contact, numbers.next(), *_kind_of_phone(chance)))
        restriction = "See custody order on file" if place == 1 and chance.random() < 0.06 else ""  # noqa: PLR2004 - a few
        for child in children:
            relation = ("Mother", "Father")[place]
            made.ties.append(
                (child, contact, relation, "yes" if place == 0 else "no", place + 1, "no" if elsewhere else "yes", "", restriction)
            )


def _kind_of_phone(chance: random.Random) -> tuple[str, str, str]:
    """Type, verified_on and consent: most numbers are confirmed mobiles, as in a district that asked at registration."""
    verified = "2026-08-10"
    kinds = (
        ("Mobile", verified, "yes"),
        ("Mobile", "", "yes"),
        ("Home", verified, "yes"),
        ("Mobile", verified, "no"),
        ("Mobile", verified, ""),
    )
    return chance.choices(kinds, (82, 8, 4, 3, 3))[0]


def _child(made: Invented, naming: Naming, surname: str, chance: random.Random) -> str:
    student = f"S{len(made.students) + 1:04d}"
    school = chance.choices(list(_GRADES), (50, 25, 25))[0]
    grade = chance.choice(_GRADES[school])
    years = 5 + ("K", *map(str, range(1, 13))).index(grade)
    born = date(2026 - years, chance.randint(1, 8), chance.randint(1, 28))
    made.students.append((student, chance.choice(naming.children), surname, "", born, grade, naming.language, ""))
    made.enrollments.append((student, school, FIRST_DAY, "", grade))
    made.marks.extend(_year(student, school, chance))
    return student


def _year(student: str, school: str, chance: random.Random) -> Iterator[tuple[str, str, date, str]]:
    """Absences as they fall in real schools: most children few, some many, in short runs, more on Mondays and Fridays."""
    share = chance.choices((0.015, 0.05, 0.11, 0.24), (58, 22, 14, 6))[0]
    ill = 0
    for day, event in school_days():
        if event == "Holiday":
            continue
        edge = 1.3 if day.weekday() in {0, 4} else 0.85
        if ill or chance.random() < share * edge * 0.7:
            ill = ill - 1 if ill else chance.choices((0, 1, 2), (70, 20, 10))[0]
            yield student, school, day, chance.choices(("E", "U", "S"), (55, 43, 2))[0]
        elif chance.random() < 0.02:  # noqa: PLR2004 - late one day in fifty
            yield student, school, day, "T"


def write_feed(made: Invented, folder: Path, *, until: date) -> Path:
    """Write the delivery of the evening of *until* into *folder* and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.toml").write_text(_SETTINGS, encoding="utf-8")
    schools = [(i, n, p, "100 Main St; Prairie Lakes IL 60100", "America/Chicago") for i, n, p in SCHOOLS]
    _write(folder / "schools.csv", ("school_id", "name", "phone", "address", "timezone"), schools)
    calendar = [(school, day, event) for school, *_ in SCHOOLS for day, event in school_days()]
    _write(folder / "calendar.csv", ("school_id", "date", "event"), calendar)
    columns = ("student_id", "first_name", "last_name", "preferred_name", "birth_date", "grade", "home_language", "subgroups")
    _write(folder / "students.csv", columns, made.students)
    _write(folder / "enrollments.csv", ("student_id", "school_id", "entry_date", "exit_date", "grade"), made.enrollments)
    address = ("address_line1", "address_line2", "city", "state", "postal_code")
    _write(folder / "contacts.csv", ("contact_id", "first_name", "last_name", "language", "email", *address), made.contacts)
    _write(folder / "contact_phones.csv", ("contact_id", "phone", "type", "verified_on", "consent"), made.phones)
    ties = ("student_id", "contact_id", "relation", "primary", "priority", "lives_with", "may_receive", "restriction")
    _write(folder / "student_contacts.csv", ties, made.ties)
    marks = sorted(mark for mark in made.marks if mark[2] <= until)
    _write(folder / "attendance.csv", ("student_id", "school_id", "date", "code"), marks)
    return folder


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)

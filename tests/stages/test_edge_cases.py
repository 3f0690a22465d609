"""The field's 55 edge cases of absence accounting in one table, each with what must come out; numbers are those of the reference (B3).

E enrolled days, A absent days; the federal profile and a school day of 420 minutes unless a row says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import select

from outreach.attendance.calendars import Event, SchoolCalendar, from_events
from outreach.attendance.counting import Stay, count, count_across
from outreach.attendance.profiles import Days, profile
from outreach.attendance.schedules import Schedule
from outreach.attendance.school_year import stay_of
from outreach.attendance.source_settings import SourceSettings
from outreach.attendance.tables import MarkVersion
from outreach.attendance.verdicts import DayMark, Verdict, decide
from outreach.clock import local_date
from outreach.database import Database
from outreach.planning.release import Go, Stop
from outreach.settings import Settings
from tests.attendance.days import MONDAY, NOTHING, SIX, THREE, TWO, WHOLE, calendar, counted, mark, missed, total, year
from tests.attendance.loading import Loader
from tests.attendance.small import FIRST, LAST, feed
from tests.attendance.small import mark as row
from tests.feeds import District
from tests.stages.nights import Nights


class Scene(NamedTuple):
    """An empty database, and what works on it."""

    loader: Loader
    nights: Nights


class Case(NamedTuple):
    """One line of the table."""

    number: int
    setup: str
    found: Callable[[Scene], object]
    expected: object


def rated(enrolled: int, absent: Days, rules: str = "federal") -> Callable[[Scene], object]:
    """(chronic, tier) of so many days."""
    found = total(enrolled, absent, rules=rules)
    return lambda _: (found.chronic, found.tier)


def day(marks: Sequence[DayMark], rules: str = "federal", minutes: int | None = 420, own: Schedule = NOTHING) -> Callable[[Scene], object]:
    """The verdict of a day, whatever the order of its marks."""
    ways = {decide(order, minutes, profile(rules), own).verdict for order in (list(marks), list(marks)[::-1])}
    return lambda _: ways.pop() if len(ways) == 1 else ways


def days(of: SchoolCalendar, marks: Sequence[DayMark] = (), rules: str = "federal") -> Callable[[Scene], object]:
    """(E, A) of a child who is enrolled all year."""
    found = counted(of, marks, rules)
    return lambda _: (found.enrolled, found.absent)


def stays(entry: date, leaving: date | None, exit_type: str = "", *, exit_day: str = "inclusive") -> Callable[[Scene], object]:
    """Weekdays of an enrolment, or None where it gives no membership."""
    stay = stay_of(entry, leaving, exit_type, SourceSettings.model_validate({"name": "x", "exit_day": exit_day}))
    weeks = calendar(60, first=date(2026, 9, 28))
    return lambda _: None if stay is None else count(year([(stay, weeks)], []), profile("federal")).enrolled


def re_entry(_: Scene) -> object:
    """E 60 + 70, A 5 + 9 at one school, ten days of which two rows cover."""
    every = calendar(140)
    spans = [(0, 59), (70, 139), (130, 139)]
    absent = [mark("absent", on_day=every.days[n]) for n in (*range(5), 65, *range(70, 79))]
    found = count(year([(Stay(every.days[a], every.days[b]), every) for a, b in spans], absent), profile("federal"))
    return found.enrolled, found.absent, found.chronic


def two_schools(_: Scene) -> object:
    """(A at the first, A at the second, E and A in the district)."""
    every = calendar(3)
    first = year([(WHOLE, every)], [mark("absent", on_day=when) for when in every.days[:2]])
    second = year([(WHOLE, every)], [mark("absent", on_day=every.days[1])], school="2")
    across, _days = count_across([first, second], profile("federal"))
    return count(first, profile("federal")).absent, count(second, profile("federal")).absent, across.enrolled, across.absent


def not_reported(_: Scene) -> object:
    """(A, unknown) where an affirmative school did not send the last of 20 days."""
    every = calendar(20)
    affirmative = SchoolCalendar(every.days, known=True, affirmative=True)
    found = counted(affirmative, [mark("present", on_day=when) for when in every.days[:-1]])
    return found.absent, found.unknown


def track_off(_: Scene) -> object:
    """E of tracks A and B in days that are A's."""
    events = {when: [Event(when, "Instructional day", track="A")] for when in calendar(5).days}
    return [counted(from_events(events, {}, track=track), []).enrolled for track in "AB"]


def unexcused_dates(_: Scene) -> object:
    """Unexcused absences in October, and in the 30 days to 1 November: both windows can be told from the dates."""
    dates = [date(2026, 10, 5), date(2026, 10, 14), date(2026, 10, 30), date(2026, 11, 2)]
    record = year([(WHOLE, calendar(60, first=date(2026, 9, 28)))], [mark("absent", "unexcused", on_day=when) for when in dates])
    found = [one.date for one in record.days if one.verdict == Verdict.UNEXCUSED]
    return sum(when.month == 10 for when in found), sum(date(2026, 10, 4) <= when <= date(2026, 11, 2) for when in found)


def recoded(scene: Scene) -> object:
    """(A, unexcused) before and after the code becomes an excused one."""
    return [_loaded(scene, row("s1", FIRST, code)) for code in ("A", "E")]


def deleted(scene: Scene) -> object:
    """(A, unexcused) with three absences and with two, and the dates of former marks that the log keeps."""
    marks = [row("s1", FIRST + timedelta(days=n)) for n in range(3)]
    counts = [_loaded(scene, *marks), _loaded(scene, *marks[:2])]
    with scene.loader.database.read() as session:
        return counts, [str(when) for when in session.scalars(select(MarkVersion.date))]


def _loaded(scene: Scene, *marks: dict[str, str]) -> tuple[str, str]:
    scene.loader.load(feed(marks=list(marks)))
    found = scene.loader.counts(LAST, "student")[0]
    return found["days_absent"], found["days_unexcused"]


def next_week(scene: Scene) -> object:
    """A on the eve, and on the day itself."""
    scene.loader.load(feed(marks=[row("s1", FIRST + timedelta(days=7), "E")]))
    return [scene.loader.counts(FIRST + timedelta(days=n), "student")[0]["days_absent"] for n in (6, 7)]


def told_before_the_text_left(scene: Scene) -> object:
    """What a text planned for 4 days says when one of them is deleted before it leaves."""
    scene.nights.open()
    scene.nights.plan()
    scene.nights.district.marks["lia"].popitem()
    scene.nights.load()
    found = scene.nights.check(scene.nights.rows(channel="sms")[-1])
    return re.findall(r"missed \d+ days", found.body) if isinstance(found, Go) else found


def eighteen(scene: Scene) -> object:
    """Planned on the eve of the birthday; what the release says on the day."""
    before = _planned(scene, birth_date="2008-10-07")
    return before, _refusal(scene.nights, lambda district: district.students["lia"].update(birth_date="2008-10-06"))


def withdrawn(scene: Scene) -> object:
    """A planned text on the day after the exit."""
    scene.nights.district.students["lia"]["birth_date"] = "2008-01-01"
    nights = Nights(scene.nights.database, scene.nights.settings.model_copy(update={"adult_students": "write"}), scene.nights.folder)
    nights.district = scene.nights.district
    nights.open()
    before = [said.state for said in nights.plan()]
    return before, _refusal(nights, lambda district: district.leave("lia", date(2026, 10, 5)))


def pre_kindergarten(scene: Scene) -> object:
    """What a child of four gets, and every message of the shipped rules."""
    return _planned(scene, grade="PK"), {rule.message for rule in scene.nights.rules}


def _refusal(nights: Nights, change: Callable[[District], object]) -> str:
    """Why the last planned text does not leave after a change of the feed; empty if it does."""
    change(nights.district)
    nights.load()
    found = nights.check(nights.rows()[-1])
    return found.reason.split(":")[0] if isinstance(found, Stop) else ""


def _planned(scene: Scene, **child: str) -> str:
    scene.nights.district.students["lia"].update(child)
    scene.nights.open()
    return ", ".join(said.why or said.state for said in scene.nights.plan())


def at(moment: datetime, *zones: str) -> Callable[[Scene], object]:
    """The date of a moment in some zones."""
    return lambda _: [str(local_date(moment, zone)) for zone in zones]


ABSENT, OUT, INSIDE, AWAY = mark("absent", "unexcused"), mark("suspended_out"), mark("suspended_in"), mark("instructed_elsewhere")
LATE = {n: mark("partial", minutes=n) for n in (90, 100, 120, 209, 210)}
SATURDAY = MONDAY + timedelta(days=5)
SATURDAYS = from_events({**{d: [Event(d, "Instructional day")] for d in calendar(5).days}, SATURDAY: [Event(SATURDAY, "Make-up day")]}, {})
QUARTERS = [mark("partial", portion="0.25", on_day=when) for when in calendar(40).days[:16]]
MODERATE, AT_RISK, EARLY = ("true", "moderate"), ("false", "at_risk"), ("false", "too_early")

CASES = [
    Case(1, "180 E, 18 A", rated(180, 18), MODERATE),
    Case(2, "180 E, 17 A", rated(180, 17), AT_RISK),
    Case(3, "175 E, 17.5 A, half days count", rated(175, Fraction(35, 2), "half-days"), MODERATE),
    Case(3, "175 E, 17 A, whole days count", rated(175, 17), AT_RISK),
    Case(4, "180 E, 9 A", rated(180, 9), AT_RISK),
    Case(4, "180 E, 8 A", rated(180, 8), ("false", "satisfactory")),
    Case(5, "180 E, 36 A", rated(180, 36), ("true", "severe")),
    Case(5, "180 E, 35 A", rated(180, 35), MODERATE),
    Case(6, "9 E, 1 A", rated(9, 1), EARLY),
    Case(7, "10 E, 1 A", rated(10, 1), MODERATE),
    Case(7, "10 E, 1 A in California", rated(10, 1, "CA"), EARLY),
    Case(8, "30 E, 3 A", rated(30, 3), MODERATE),
    Case(8, "30 E, 3 A in California", rated(30, 3, "CA"), EARLY),
    Case(8, "31 E, 3 A in California", rated(31, 3, "CA"), AT_RISK),
    Case(8, "31 E, 4 A in California", rated(31, 4, "CA"), MODERATE),
    Case(9, "31 E, 4 A at each of three schools in California", rated(31, 4, "CA"), MODERATE),
    Case(9, "the same child in the district, 93 E, 12 A", rated(93, 12, "CA"), MODERATE),
    Case(10, "40 E, 4 A at the first school", rated(40, 4), MODERATE),
    Case(10, "50 E, 1 A at the second", rated(50, 1), ("false", "satisfactory")),
    Case(10, "90 E, 5 A in the district, which the message tells", rated(90, 5), AT_RISK),
    Case(11, "arrives at minute 209 of 420", day([LATE[209]]), "present"),
    Case(12, "arrives at minute 210: exactly half", day([LATE[210]]), "unspecified"),
    Case(13, "leaves at minute 210", day([LATE[210]]), "unspecified"),
    Case(13, "leaves at minute 211", day([LATE[209]]), "present"),
    Case(14, "arrives 90 late, leaves 120 early", day([LATE[90], LATE[120]]), "unspecified"),
    Case(15, "ten tardies", day([mark("present")] * 10), "present"),
    Case(16, "half-day bell of 200, arrives at minute 100", day([LATE[100]], minutes=200), "unspecified"),
    Case(17, "early release of 200, leaves at 110", day([LATE[90]], minutes=200), "present"),
    Case(18, "half-day kindergarten of 150, there all the time", day([], minutes=150), "present"),
    Case(19, "three of six periods", day(missed(1, 2, 3), own=SIX), "unexcused"),
    Case(20, "two of six periods", day(missed(1, 3), own=SIX), "present"),
    Case(21, "one of two blocks", day(missed(2), own=TWO), "unexcused"),
    Case(22, "one of three scheduled periods", day(missed(1), own=THREE), "present"),
    Case(23, "absent from a block, seen in the clinic", day([*missed(2), mark("on_site", section="P2")], own=TWO), "present"),
    Case(24, "field trip", day([AWAY]), "present"),
    Case(25, "suspended out of school", day([OUT]), "suspended"),
    Case(25, "suspended out of school in California", day([OUT], "CA"), "suspended"),
    Case(25, "suspended out of school in Connecticut", day([OUT], "CT"), "suspended"),
    Case(26, "suspended in school", day([INSIDE]), "present"),
    Case(26, "suspended in school in California", day([INSIDE], "CA"), "present"),
    Case(26, "suspended in school in Connecticut", day([INSIDE], "CT"), "suspended"),
    Case(27, "expelled, at an alternative programme every day", day([AWAY]), "present"),
    Case(27, "no day at the old school after the exit", stays(date(2026, 9, 28), date(2026, 10, 2)), 5),
    Case(
        28,
        "suspended from Friday to Tuesday",
        days(calendar(20), [mark("suspended_out", on_day=MONDAY + timedelta(n)) for n in range(4, 9)]),
        (20, 3),
    ),
    Case(29, "snow day with an absence entered before", days(calendar(5, d0="Weather day"), [ABSENT]), (4, 0)),
    Case(30, "remote day without log-in or work", day([ABSENT]), "unexcused"),
    Case(30, "remote day with work", day([AWAY]), "present"),
    Case(31, "make-up Saturday, missed", days(SATURDAYS, [mark("absent", on_day=SATURDAY)]), (6, 1)),
    Case(32, "boiler broken here", days(calendar(5, d0="Emergency day")), (4, 0)),
    Case(32, "… and not there", days(calendar(5)), (5, 0)),
    Case(33, "teachers only", days(calendar(5, d0="Teacher only day")), (4, 0)),
    Case(33, "strike", days(calendar(5, d0="Strike")), (4, 0)),
    Case(34, "no-show", stays(date(2026, 8, 18), None, "No show"), None),
    Case(35, "1 to 30 October, exit date is the first day out", stays(date(2026, 10, 1), date(2026, 10, 30), exit_day="exclusive"), 21),
    Case(35, "1 to 30 October, exit date is the last day in", stays(date(2026, 10, 1), date(2026, 10, 30)), 22),
    Case(36, "leaves and comes back, E 60 + 70, A 5 + 9", re_entry, (130, 14, "true")),
    Case(37, "three days at two schools at once", two_schools, (2, 1, 3, 1)),
    Case(38, "the same row twice", day([mark("absent", "excused")] * 2), "excused"),
    Case(39, "unexcused becomes excused", recoded, [("1", "1"), ("1", "0")]),
    Case(40, "an absence is deleted", deleted, ([("3", "3"), ("2", "2")], ["2026-08-26"])),
    Case(40, "… while its text waits to leave", told_before_the_text_left, ["missed 3 days"]),
    Case(41, "excused for next week", next_week, ["0", "1"]),
    Case(42, "an affirmative school sent nothing yesterday", not_reported, (0, 1)),
    Case(43, "religious holiday, excused", day([mark("absent", "excused")]), "excused"),
    Case(43, "religious holiday in Texas, by the meaning of its code", day([AWAY], "TX"), "present"),
    Case(44, "homebound instruction", day([AWAY]), "present"),
    Case(45, "California, 33 + 5 + 2 E, 2 + 2 A", rated(40, 4, "CA"), MODERATE),
    Case(46, "turns 18", eighteen, ("planned", "18 or older")),
    Case(47, "over 18 and withdrawn", withdrawn, (["planned"], "left school")),
    Case(48, "below compulsory age: told the count, never of truancy", pre_kindergarten, ("planned", {"count"})),
    Case(49, "Ohio, sixteen quarters of a day are four days of 40", days(calendar(40), QUARTERS, "OH"), (40, 4)),
    Case(49, "… and none where half a day is needed", days(calendar(40), QUARTERS), (40, 0)),
    Case(50, "Indiana, 10 excused and 9 unexcused of 180", rated(180, 19, "IN"), MODERATE),
    Case(51, "Connecticut, 3 in October, 4 in 30 days", unexcused_dates, (3, 4)),
    Case(52, "track B is off", track_off, [5, 0]),
    Case(53, "23:30 on the night clocks change", at(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/Boise"), ["2026-10-31"]),
    Case(
        54, "two zones", at(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/Los_Angeles", "America/Boise"), ["2026-10-31", "2026-11-01"]
    ),
    Case(55, "four-day week, 148 E, 15 A", rated(148, 15), MODERATE),
    Case(55, "four-day week, 148 E, 14 A", rated(148, 14), AT_RISK),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number} {case.setup}")
def test_every_edge_case_comes_out_as_the_field_says(case: Case, sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    """One line of the table."""
    nights = Nights(sqlite_database, settings, tmp_path)
    nights.district.child("lia", absent=4)
    nights.district.adult("anna", ["lia"], phone="+13125550142", address="1 Elm Street")
    nights.approve()
    assert case.found(Scene(Loader(sqlite_database, tmp_path), nights)) == case.expected


def test_none_of_the_55_is_missing() -> None:
    """In the order of the reference."""
    numbers = [case.number for case in CASES]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 56))

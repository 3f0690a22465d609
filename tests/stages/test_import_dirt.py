"""Twenty-eight kinds of dirt in attendance feeds, each with what the service does about it (reference: data formats, section 7)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import outreach.tables  # noqa: F401 - every table must be known before a schema is made
from outreach.attendance.importing import ImportReport
from outreach.attendance.queries import explain
from outreach.attendance.tables import Mark, MarkVersion
from outreach.database import Database
from outreach.district.tables import ContactPhone, Student, StudentContact
from tests.attendance.feeds import write_feed
from tests.attendance.loading import Loader
from tests.attendance.small import FIRST, LAST, feed, mark, weekdays

DAYS = weekdays()


@pytest.fixture
def loader(sqlite_database: Database, tmp_path: Path) -> Loader:
    """Loads into a fresh database."""
    return Loader(sqlite_database, tmp_path)


def first(loader: Loader, found: dict[str, Any] | None = None, as_of: date = LAST) -> dict[str, str]:
    """The count of the first child, after loading."""
    if found is not None:
        loader.load(found)
    return loader.counts(as_of, "student")[0]


def raw(loader: Loader, name: str, content: bytes, **settings: Any) -> ImportReport:
    """Load the small feed with one file written byte by byte."""
    folder = write_feed(loader.folder / f"raw-{loader.loads}", feed(**settings))
    (folder / f"{name}.csv").write_bytes(content)
    return loader.load_folder(folder)


def test_01_the_same_row_twice_is_one_mark(loader: Loader) -> None:
    """Counted as unchanged."""
    report = loader.load(feed(marks=[mark("s1", FIRST)] * 3))
    assert (report.files["attendance"].inserted, report.files["attendance"].unchanged) == (1, 2)
    assert first(loader)["days_absent"] == "1"


def test_02_two_codes_of_one_day_are_kept_counted_once_and_listed_as_a_conflict(loader: Loader) -> None:
    """Never picked by the order of rows."""
    for marks in ([mark("s1", FIRST), mark("s1", FIRST, "E")], [mark("s1", FIRST, "E"), mark("s1", FIRST)]):
        row = first(loader, feed(marks=marks))
        assert (row["days_absent"], row["days_conflict"], row["days_excused"]) == ("1", "1", "0")


def test_03_a_code_without_a_meaning_makes_the_day_unknown(loader: Loader) -> None:
    """Held, raised, neither present nor absent; once it has a meaning the same bytes count."""
    row = first(loader, feed(marks=[mark("s1", FIRST, "OSS")]))
    assert (row["days_absent"], row["days_unknown"]) == ("0", "1")
    found = feed(marks=[mark("s1", FIRST, "OSS")])
    found["settings"]["codes"] = {**found["settings"]["codes"], "OSS": {"kind": "suspended_out"}}
    row = first(loader, found)
    assert (row["days_suspended"], row["days_unknown"]) == ("1", "0")


def test_04_a_late_correction_keeps_what_was_known_before(loader: Loader) -> None:
    """Case 39: unexcused becomes excused, the count stays; case 40: deleted, the count falls. Every version is kept."""
    assert first(loader, feed(marks=[mark("s1", FIRST), mark("s2", LAST)]))["days_unexcused"] == "1"
    row = first(loader, feed(marks=[mark("s1", FIRST, "E"), mark("s2", LAST)]))
    assert (row["days_absent"], row["days_unexcused"], row["days_excused"]) == ("1", "0", "1")
    assert first(loader, feed(marks=[mark("s1", FIRST, "E", reason="doctor"), mark("s2", LAST)]))["days_absent"] == "1"
    assert first(loader, feed(marks=[mark("s2", LAST)]))["days_absent"] == "0"
    with loader.database.read() as session:
        versions = session.execute(select(MarkVersion.code, MarkVersion.reason, MarkVersion.import_id, MarkVersion.ended_import_id))
        assert sorted(tuple(row) for row in versions) == [("A", "", 1, 2), ("E", "", 2, 3), ("E", "doctor", 3, 4)]


@pytest.mark.parametrize("delivery", ["full", "delta", "window"])
def test_05_deleting_one_code_leaves_the_other(loader: Loader, delivery: str) -> None:
    """By leaving it out of a full file or window, or by saying so in a delta."""
    loader.load(feed(marks=[mark("s1", FIRST), mark("s1", FIRST, "E")]))
    gone = [mark("s1", FIRST, action="delete")] if delivery == "delta" else [mark("s1", FIRST, "E")]
    more = {"window_days": 30} if delivery == "window" else {}
    row = first(loader, feed(marks=gone, delivery=delivery, **more))
    assert (row["days_absent"], row["days_excused"]) == ("1", "1")


def test_06_a_school_that_did_not_report_for_longer_than_ever_is_unknown(loader: Loader) -> None:
    """A hundred children, twenty days with a mark, then six without any; with ninety-nine it is believed."""
    found = feed(students=100, marks=[mark("s1", day, "T") for day in DAYS])
    days = weekdays(FIRST, LAST + timedelta(days=10))
    found["files"]["calendar"] = [{"school_id": "1", "date": str(day), "event": "Instructional day"} for day in days]
    assert first(loader, found, days[24])["days_unknown"] == "0"
    assert first(loader, None, days[25])["days_unknown"] == "6"
    found["files"]["enrollments"].pop()
    assert first(loader, found, days[25])["days_unknown"] == "0"


def test_07_no_row_of_an_affirmative_feed_is_unknown(loader: Loader) -> None:
    """A school may differ from its source."""
    row = first(loader, feed(marks=[mark("s1", day, "T") for day in DAYS[:-3]], reporting="affirmative"))
    assert (row["days_unknown"], row["days_enrolled"]) == ("3", "20")
    assert first(loader, feed(reporting="affirmative", schools={"1": {"reporting": "exceptions"}}))["days_unknown"] == "0"


def test_08_a_file_cut_off_in_the_middle_of_a_row_loses_that_row_only_with_a_reason(loader: Loader) -> None:
    """A file cut off by much is refused (see the refusals)."""
    report = raw(loader, "attendance", b"student_id,school_id,date,code\ns1,1,2026-08-24,A\ns2,1,2026-0")
    assert [(p["line"], p["action"]) for p in report.problems.to_dicts()] == [(3, "rejected")]


def test_09_an_absence_on_a_holiday_or_weekend_does_not_count(loader: Loader) -> None:
    """Noted, exit 0."""
    found = feed(marks=[mark("s1", FIRST), mark("s1", DAYS[1]), mark("s1", "2026-08-30")])
    found["files"]["calendar"][1]["event"] = "Holiday"
    report = loader.load(found)
    assert (report.files["attendance"].noted, report.needs_a_person) == (2, False)
    assert (first(loader)["days_absent"], first(loader)["days_enrolled"]) == ("1", "19")


def test_10_without_a_calendar_nothing_is_known_and_a_new_calendar_changes_the_past(loader: Loader) -> None:
    """A snow day told later takes its absence away."""
    found = feed()
    whole = found["files"]["calendar"]
    found["files"]["calendar"] = [row | {"school_id": "another"} for row in whole]
    assert (first(loader, found)["chronic"], first(loader, found)["tier"], first(loader, found)["rate"]) == ("unknown", "unknown", "")
    found["files"]["calendar"] = whole
    assert first(loader, found)["days_absent"] == "1"
    found["files"]["calendar"] = [whole[0] | {"event": "Weather day"}, *whole[1:]]
    assert (first(loader, found)["days_absent"], first(loader, found)["days_enrolled"]) == ("0", "19")


def test_11_a_mark_before_its_enrolment_counts_once_the_enrolment_comes(loader: Loader) -> None:
    """Noted until then."""
    found = feed()
    enrolments = found["files"]["enrollments"]
    enrolments[0]["entry_date"] = str(DAYS[5])
    assert first(loader, found)["days_absent"] == "0"
    enrolments[0]["entry_date"] = str(FIRST)
    assert first(loader, found)["days_absent"] == "1"


def test_12_an_enrolment_left_open_ends_with_its_school_year(loader: Loader) -> None:
    """A closed one counts in every year it touches."""
    found = feed()
    found["files"]["enrollments"][0]["entry_date"] = "2025-08-20"
    loader.load(found)
    assert [row["student_id"] for row in loader.counts(LAST, "student")] == ["s2"]
    found["files"]["enrollments"][0]["exit_date"] = str(DAYS[9])
    assert first(loader, found)["days_enrolled"] == "10"


def test_13_overlapping_and_doubled_enrolments_count_each_date_once(loader: Loader) -> None:
    """At one school, and in the district."""
    found = feed(students=1)
    found["files"]["schools"].append({"school_id": "2", "name": "Grant"})
    found["files"]["calendar"] += [row | {"school_id": "2"} for row in found["files"]["calendar"]]
    found["files"]["enrollments"] += [
        {"student_id": "s1", "school_id": "1", "entry_date": str(DAYS[5]), "exit_date": ""},
        {"student_id": "s1", "school_id": "2", "entry_date": str(DAYS[10]), "exit_date": ""},
    ]
    assert loader.load(found).problems["value"].to_list() == [str(DAYS[5])]  # schools may run side by side
    assert first(loader)["days_enrolled"] == "20"
    assert [row["days_enrolled"] for row in loader.counts(LAST, "student-school")] == ["20", "10"]


@pytest.mark.parametrize(("exit_day", "enrolled"), [("inclusive", "10"), ("exclusive", "9")])
def test_14_the_exit_day_is_in_or_out_by_setting(loader: Loader, exit_day: str, enrolled: str) -> None:
    """One day a leaver."""
    found = feed(exit_day=exit_day)
    found["files"]["enrollments"][0]["exit_date"] = str(DAYS[9])
    assert first(loader, found)["days_enrolled"] == enrolled


@pytest.mark.parametrize("wrong", [{"exit_date": "2026-08-20"}, {"exit_type": "No show"}, {"exit_type": "invalid enrollment"}])
def test_15_a_stay_that_never_was_has_no_days(loader: Loader, wrong: dict[str, str]) -> None:
    """A row with zero days, so that somebody sees it."""
    found = feed()
    found["files"]["enrollments"][0] |= wrong
    row = first(loader, found)
    assert (row["days_enrolled"], row["days_absent"], row["tier"]) == ("0", "0", "too_early")


def test_16_a_transfer_counts_by_school_and_by_district(loader: Loader) -> None:
    """The minimum of ten days holds for each."""
    found = feed(students=1, marks=[mark("s1", FIRST), mark("s1", DAYS[8], school="2")])
    found["files"]["schools"].append({"school_id": "2", "name": "Grant"})
    found["files"]["calendar"] += [row | {"school_id": "2"} for row in found["files"]["calendar"]]
    found["files"]["enrollments"][0]["exit_date"] = str(DAYS[7])
    found["files"]["enrollments"].append({"student_id": "s1", "school_id": "2", "entry_date": str(DAYS[8]), "exit_date": ""})
    row = first(loader, found)
    assert (row["days_enrolled"], row["days_absent"], row["chronic"]) == ("20", "2", "true")
    assert [(r["school_id"], r["tier"]) for r in loader.counts(LAST, "student-school")] == [("1", "too_early"), ("2", "at_risk")]


def test_17_ids_are_text_trimmed_at_the_ends(loader: Loader) -> None:
    """A lost leading zero or a decimal point makes another id, which is held and never guessed at."""
    found = feed(students=1)
    for name in ("students", "enrollments"):
        found["files"][name][0]["student_id"] = "0042"
    found["files"]["attendance"] = [mark(" 0042 ", FIRST), mark("42", DAYS[1]), mark("0042.0", DAYS[2]), mark("4.2E+01", DAYS[3])]
    report = loader.load(found)
    assert report.files["attendance"].held == 3
    assert first(loader)["days_absent"] == "1"


@pytest.mark.parametrize(
    ("date_format", "text", "taken"),
    [
        ("%Y-%m-%d", "2026-08-24", True),
        ("%m/%d/%y %H:%M", "8/24/26 00:00", True),
        ("%d/%m/%Y", "24/08/2026", True),
        ("%m/%d/%Y", "24/08/2026", False),
        ("%Y-%m-%d", "46258", False),
        ("%Y-%m-%d", "26-08-24", False),
        ("%Y-%m-%d", "1900-01-01", False),
        ("%Y-%m-%d", "2110-12-12", False),
        ("%Y-%m-%d", "2026-02-30", False),
    ],
)
def test_18_dates_are_read_in_the_declared_format_and_inside_the_years_of_the_feed(
    loader: Loader, date_format: str, text: str, taken: bool
) -> None:
    """Anything else is rejected with its line."""
    found = feed(marks=[mark("s1", text)], date_format=date_format)
    for name, column in (("calendar", "date"), ("enrollments", "entry_date")):
        for row in found["files"][name]:
            row[column] = date.fromisoformat(row[column]).strftime(date_format)
    assert (loader.load(found).files["attendance"].rejected == 0) == taken
    assert first(loader)["days_absent"] == ("1" if taken else "0")


def test_19_an_absence_entered_for_a_day_to_come_counts_when_the_day_comes(loader: Loader) -> None:
    """Case 41."""
    loader.load(feed(marks=[mark("s1", DAYS[10], "E")]))
    assert [first(loader, None, day)["days_absent"] for day in DAYS[9:11]] == ["0", "1"]


NAME = "Zoë Muñoz Lê"


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        (f"student_id,first_name,last_name\ns1,{NAME},Lee\n".encode(), {}),
        (f"student_id,first_name,last_name\ns1,{NAME},Lee\n".encode("utf-8-sig"), {}),
        (f"student_id,first_name,last_name\ns1,{NAME},Lee\n".encode("utf-16"), {}),
        (f"student_id,first_name,last_name\ns1,{NAME},Lee\n".encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (f"student_id,first_name,last_name\ns1,{NAME},Lee\n".encode("cp1252"), {"encoding": "windows-1252"}),
        (f"student_id,first_name,last_name\ns1,{NAME},Lee\n".encode(), {"encoding": "windows-1252"}),
        ("student_id,first_name,last_name\ns1,Zoe\u0308 Mun\u0303oz Le\u0302,Lee\n".encode(), {}),
    ],
    ids=["utf-8", "with a mark", "utf-16", "utf-16 without a mark", "windows-1252", "utf-8 though declared otherwise", "decomposed"],
)
def test_20_no_letter_of_a_name_is_lost(loader: Loader, content: bytes, settings: dict[str, str]) -> None:
    """By mark, then strictly as UTF-8, then as declared; composed."""
    raw(loader, "students", content, **settings)
    with loader.database.read() as session:
        assert session.get_one(Student, "s1").first_name == NAME


@pytest.mark.parametrize(
    "content",
    [
        b"student_id;school_id;date;code\r\ns1;1;2026-08-24;A\r\n",
        b'\xef\xbb\xbf"student_id";"school_id";"date";"code"\n"s1";"1";"2026-08-24";"A"',
        b"student_id;school_id;date;code\rs1;1;2026-08-24;A\r",
        b"code;date;school_id;student_id;note;note;\n\n;;;;;;\nA;2026-08-24;1;s1;x;y;z\n",
        b'student_id;school_id;date;code;reason\ns1;1;2026-08-24;A;"said ""ill"";\nand stayed"\n',
    ],
    ids=[
        "crlf",
        "quoted with a mark",
        "cr",
        "other order, blank rows, extra columns, one twice, one without a name",
        "a quoted line break",
    ],
)
def test_21_shapes_of_csv(loader: Loader, content: bytes) -> None:
    """One delimiter, declared; rows of another width are rejected with their line."""
    folder = write_feed(loader.folder / "shapes", feed(delimiter=";"))
    for path in folder.glob("*.csv"):
        path.write_text(path.read_text().replace(",", ";"))
    (folder / "attendance.csv").write_bytes(content)
    assert not loader.load_folder(folder).needs_a_person
    assert first(loader)["days_absent"] == "1"


@pytest.mark.parametrize("row", [b"s1,1,2026-08-24", b"s1,1,2026-08-24,A,x", b"s1,1,2026-08-24,A\x00"])
def test_21_a_shifted_row_is_rejected_with_its_line(loader: Loader, row: bytes) -> None:
    """The others are taken."""
    report = raw(loader, "attendance", b"student_id,school_id,date,code\ns2,1,2026-08-24,A\n" + row + b"\n")
    assert [(p["line"], p["action"]) for p in report.problems.to_dicts()] == [(3, "rejected")]


def test_21_a_file_without_a_header_has_its_columns_in_the_settings(loader: Loader) -> None:
    """Every line is a row then."""
    columns = ["student_id", "school_id", "date", "code"]
    report = raw(loader, "attendance", b"s1,1,2026-08-24,A\ns1,1,2026-08-25,A\n", header={"attendance": columns})
    assert report.files["attendance"].inserted == 2


def test_22_nothing_is_taken_for_a_number_a_truth_or_a_missing_value(loader: Loader) -> None:
    """T, 1E5, NA, Null are what they say."""
    found = feed(marks=[mark("1E5", FIRST, "T"), mark("NA", FIRST, "true")])
    found["settings"]["codes"] = {"T": {"kind": "absent"}, "true": {"kind": "absent"}}
    found["files"]["students"] = [
        {"student_id": "1E5", "first_name": "None", "last_name": "Null"},
        {"student_id": "NA", "first_name": "True", "last_name": "NA"},
    ]
    for row, student in zip(found["files"]["enrollments"], ("1E5", "NA"), strict=True):
        row["student_id"] = student
    assert not loader.load(found).needs_a_person
    assert [(row["student_id"], row["days_absent"]) for row in loader.counts(LAST, "student")] == [("1E5", "1"), ("NA", "1")]
    with loader.database.read() as session:
        assert session.get_one(Student, "1E5").last_name == "Null"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(312) 555-0142", "+13125550142"),
        ("+1 312.555.0142", "+13125550142"),
        ("(950) 342 7522", ""),
        ("312-555-0142 x12", ""),
        ("mom's cell", ""),
        ("555-0142", ""),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_23_a_phone_is_kept_as_received_and_read_where_it_can_be(loader: Loader, text: str, number: str) -> None:
    """What cannot be texted is noted."""
    found = feed()
    found["files"]["contacts"] = [{"contact_id": "c1", "last_name": "Lee"}]
    found["files"]["contact_phones"] = [{"contact_id": "c1", "phone": text, "type": "Fax"}]
    report = loader.load(found)
    assert (report.files["contact_phones"].noted, report.needs_a_person) == (0 if number else 1, False)
    with loader.database.read() as session:
        row = session.scalars(select(ContactPhone)).one()
        assert (row.phone, row.e164, row.type) == (text, number, "Fax")


def test_24_ties_to_children_keep_restrictions_word_for_word_and_odd_flags_as_empty(loader: Loader) -> None:
    """Any text blocks until a person clears it; two primaries may stand."""
    found = feed()
    found["files"]["contacts"] = [{"contact_id": name, "last_name": "Lee"} for name in ("c1", "c2")]
    found["files"]["student_contacts"] = [
        {"student_id": "s1", "contact_id": "c1", "primary": "Y", "restriction": " no contact ", "may_receive": "perhaps"},
        {"student_id": "s1", "contact_id": "c2", "primary": "true", "restriction": "", "may_receive": "NO"},
    ]
    report = loader.load(found)
    assert [(p["line"], p["field"], p["action"]) for p in report.problems.to_dicts()] == [(2, "may_receive", "noted")]
    with loader.database.read() as session:
        rows = session.scalars(select(StudentContact).order_by(StudentContact.contact_id)).all()
        assert [(r.primary, r.restriction, r.may_receive) for r in rows] == [(True, "no contact", None), (True, "", False)]


def test_25_sensitive_extras_are_dropped_at_the_door(loader: Loader) -> None:
    """Also proved in the refusals, for everything stored or said; here in the live mark."""
    loader.load(feed(marks=[mark("s1", FIRST, ssn="078-05-1120", diagnosis="asthma")]))
    with loader.database.read() as session:
        stored = [str(value) for value in session.execute(select(*Mark.__table__.columns)).one()]
        assert not any("078-05-1120" in value or "asthma" in value for value in stored)


def test_26_dates_are_plain_dates_of_the_school(loader: Loader) -> None:
    """A time after the date is dropped as it stands, never moved by a zone."""
    found = feed(marks=[mark("s1", f"{FIRST} 23:30")], date_format="%Y-%m-%d %H:%M")
    for name, column in (("calendar", "date"), ("enrollments", "entry_date")):
        for row in found["files"][name]:
            row[column] += " 00:30"
    loader.load(found)
    with loader.database.read() as session:
        assert [day.date for day in explain(session, "s1", LAST)] == [FIRST]


def test_27_parts_of_a_day_add_up_and_half_of_it_is_absent(loader: Loader) -> None:
    """Portions and minutes; sections are proved with their schedules."""
    found = feed(
        marks=[mark("s1", FIRST, "P", portion=".25"), mark("s1", FIRST, "Q", minutes="105"), mark("s1", LAST, "P", portion="0.49")]
    )
    found["settings"]["codes"] = {"P": {"kind": "partial"}, "Q": {"kind": "partial"}}
    found["files"]["calendar"][0]["minutes"] = "420"
    assert first(loader, found)["days_absent"] == "1"


def test_28_children_are_told_apart_by_id_only(loader: Loader) -> None:
    """Two of one name stay two; a changed name stays one; a grade is text."""
    found = feed(students=3)
    loader.load(found)
    found["files"]["students"][0] |= {"last_name": "Lee Jr.", "preferred_name": "Addie", "grade": "KG"}
    report = loader.load(found)
    assert (report.files["students"].changed, report.files["students"].unchanged) == (1, 2)
    assert len(loader.counts(LAST, "student")) == 3
    with loader.database.read() as session:
        assert session.get_one(Student, "s1").grade == "KG"

"""``outreach import`` as contracted: what is required, refused whole, rejected, held, noted, replaced. Each test holds a sentence."""

from __future__ import annotations

import pytest

from tests.journeys.contract import DAYS, Files, Stranger, absent, district, weekdays


def nothing_was_written(stranger: Stranger) -> bool:
    """No row counts and no feed is kept."""
    return not stranger.csv("counts").rows and not list((stranger.folder / "home").glob("feeds/*.gz"))


def without(files: Files, *names: str) -> Files:
    """The feed less some files."""
    return {name: content for name, content in files.items() if name not in names}


REFUSED = {
    "source.toml must exist": (without(district(), "source.toml"), "source.toml"),
    "attendance is required": (without(district(), "attendance.csv"), "attendance.csv"),
    "schools are required": (without(district(), "schools.csv"), "schools.csv"),
    "students are required": (without(district(), "students.csv"), "students.csv"),
    "enrollments are required": (without(district(), "enrollments.csv"), "enrollments.csv"),
    "a calendar is required": (without(district(), "calendar.csv"), "calendar.csv"),
    "a required column": (district(calendar="school_id,date\n7,2026-08-17\n"), "event"),
    "a required column of an optional file": (district(contact_phones="contact_id,number\nc1,x\n"), "phone"),
    "undecodable bytes": (district() | {"students.csv": b"student_id,first_name,last_name\ns1,Jos\xe9,Li\n"}, "students.csv"),
    "unreadable CSV": (district() | {"students.csv": 'student_id,first_name,last_name\ns1,"Ada,Lee\n'}, "students.csv"),
    "a file the source names": (district(settings='[files]\ncontacts = "guardians.csv"\n'), "guardians.csv"),
    "an unknown setting": (district(settings="delimitter = ';'"), "delimitter"),
    "no name": (district() | {"source.toml": "reporting = 'exceptions'"}, "name"),
    "an unknown kind": (district(codes='[codes]\nA = { kind = "absence" }\n'), "A"),
    "a file that is no TOML": (district() | {"source.toml": "name = "}, "source.toml"),
    "an unknown profile": (district(settings='profile = "Mars"'), "Mars"),
    "a window without a length": (district(settings='delivery = "window"'), "window_days"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_feed_that_cannot_be_taken_is_refused_whole(stranger: Stranger, why: str) -> None:
    """2 refused, one clear sentence, nothing written."""
    files, word = REFUSED[why]
    stranger.run("import", stranger.feed(files)).refused(word)
    assert nothing_was_written(stranger)


def test_more_than_five_per_cent_and_more_than_a_hundred_rows_rejected_refuses_the_feed(stranger: Stranger) -> None:
    """Both bounds must be passed: 101 of 2,020 rows are 5 % exactly and are rejected singly; one row fewer makes them too many."""
    good = "".join(absent(f"s{n}", *range(16)) for n in range(1, 120)) + absent("s120", *range(15))
    names = " ".join(f"s{n}" for n in range(1, 121))
    bad = "".join(f"s1,7,someday,{n}\n" for n in range(101))
    files = district(good + bad, students=names)
    assert good.count("\n") == 1919
    stranger.load(files, code=1)
    fewer = Stranger(stranger.folder / "other", stranger.teller)
    fewer.run("import", fewer.feed(district(absent("s120", *range(15)) + bad, students=names))).refused("attendance.csv", "nothing")
    assert nothing_was_written(fewer)
    small = Stranger(stranger.folder / "small", stranger.teller)
    small.load(district(absent("s1", 1) + "".join(f"s1,7,someday,{n}\n" for n in range(100))), code=1)
    assert small.counted()["s1", "7"]["days_absent"] == "1"


def test_bad_rows_are_rejected_singly_and_every_problem_has_its_file_line_and_field(stranger: Stranger) -> None:
    """Otherwise bad rows are rejected singly; a mark of an unknown student is held; one outside enrolment or elsewhere is noted."""
    marks = absent("s1", 0)  # line 2
    marks += "s1,7,2026-02-30,U\n"  # no date
    marks += f"s1,7,{DAYS[1]},ZZ\n"  # a code not listed is unknown and held
    marks += absent("ghost", 2)  # unknown student
    marks += f"s2,7,{DAYS[0]},U\n"  # before entry
    marks += f"s1,8,{DAYS[3]},U\n"  # at another school
    marks += ",7,2026-09-01,U\n"  # no student
    marks += f"s1,7,{DAYS[4]},U,extra\n"  # too many fields
    enrolled = f"student_id,school_id,entry_date\ns1,7,{DAYS[0]}\ns2,7,{DAYS[5]}\n"
    schools = "school_id,name\n7,Seven\n8,Eight\n"
    calendar = str(district()["calendar.csv"]) + f"8,{DAYS[3]},Instructional day\n"
    problems = stranger.report(district(marks, enrollments=enrolled, schools=schools, calendar=calendar), code=1)
    assert [(file, line, field, action) for file, line, field, _, action in problems] == [
        ("attendance.csv", "3", "date", "rejected"),
        ("attendance.csv", "4", "code", "held"),
        ("attendance.csv", "5", "student_id", "held"),
        ("attendance.csv", "6", "date", "noted"),
        ("attendance.csv", "7", "date", "noted"),
        ("attendance.csv", "8", "student_id", "rejected"),
        ("attendance.csv", "9", "", "rejected"),
    ]
    found = stranger.counted()
    assert (found["s1", "7"]["days_absent"], found["s1", "7"]["days_unknown"]) == ("1", "1")
    assert (found["s2", "7"]["days_absent"], found["s2", "7"]["days_unknown"]) == ("0", "0")


def test_the_numbers_of_the_run_report_add_up_and_the_same_folder_twice_changes_nothing(stranger: Stranger) -> None:
    """Read = inserted + changed + unchanged + rejected + held."""
    files = district(absent("s1", 0, 1) + absent("s2", 3) + "s1,7,never,U\n" + absent("nobody", 1))
    again = stranger.counted()
    for wanted in ("inserted", "unchanged"):
        rows = stranger.load(files, code=1).rows
        assert {row["file"]: row["read"] for row in rows}["attendance"] == "5"
        assert all(
            int(row["read"]) == sum(int(row[name]) for name in ("inserted", "changed", "unchanged", "rejected", "held")) for row in rows
        )
        assert {row["file"]: row[wanted] for row in rows}["attendance"] == "3"
        assert stranger.counted() != again or wanted == "unchanged"
        again = stranger.counted()


def test_a_dry_run_says_what_would_happen_and_writes_nothing(stranger: Stranger) -> None:
    """--dry-run."""
    done = stranger.load(district(absent("s1", 0)), "--dry-run")
    assert {row["file"]: row["inserted"] for row in done.rows}["attendance"] == "1"
    assert nothing_was_written(stranger)


def test_a_missing_file_leaves_that_kind_unchanged_and_a_header_only_file_means_none(stranger: Stranger) -> None:
    """Any other missing file leaves that kind unchanged, a header-only file means none."""
    files = district(absent("s1", 0, 1) + absent("s2", 0))
    stranger.load(files)
    stranger.load(
        without(files, "schools.csv", "students.csv", "enrollments.csv", "calendar.csv") | {"attendance.csv": files["attendance.csv"]}
    )
    assert {key[0]: row["days_absent"] for key, row in stranger.counted().items()} == {"s1": "2", "s2": "1"}
    empty = district()
    stranger.run("import", stranger.feed(empty)).refused("7")  # the school that reported before is silent now
    stranger.load(empty, "--accept-shrink")
    assert {row["days_absent"] for row in stranger.counted().values()} == {"0"}
    stranger.load(empty | {"enrollments.csv": "student_id,school_id,entry_date\n"})
    assert stranger.counted() == {}


def test_a_file_smaller_by_a_fifth_and_a_thousand_rows_is_refused_unless_accepted(stranger: Stranger) -> None:
    """Unless --accept-shrink: a full file smaller by 20 % and 1,000 rows."""
    contacts = ["contact_id,first_name", *(f"c{n},A" for n in range(5_000))]
    stranger.load(district(contacts="\n".join(contacts)))
    stranger.load(district(contacts="\n".join(contacts[:4_002])))  # 999 fewer
    stranger.load(district(contacts="\n".join(contacts)))
    cut = district(contacts="\n".join(contacts[:4_001]))
    stranger.run("import", stranger.feed(cut)).refused("contacts.csv")
    rows = {row["file"]: row for row in stranger.load(cut, "--accept-shrink").rows}
    assert rows["contacts"]["deleted"] == "1000"


def test_another_name_is_another_source_that_replaces_and_deletes_only_what_it_brought(stranger: Stranger) -> None:
    """Another name is another source: ids are the district's; a source replaces or deletes only what it brought."""
    stranger.load(district(absent("s1", 0) + absent("s2", 1)))
    codes = '[codes]\nX = { kind = "absent", reason = "excused" }\n'
    other: Files = {"source.toml": f'name = "clinic"\n{codes}', "attendance.csv": f"student_id,school_id,date,code\ns1,7,{DAYS[4]},X\n"}
    stranger.load(other, name="clinic")
    assert stranger.counted()["s1", "7"]["days_absent"] == "2"
    stranger.load(other | {"attendance.csv": f"student_id,school_id,date,code\ns2,7,{DAYS[5]},X\n"}, name="clinic")
    assert {key[0]: row["days_absent"] for key, row in stranger.counted().items()} == {"s1": "1", "s2": "2"}
    contacts: Files = {"source.toml": 'name = "registrar"\n', "contacts.csv": "contact_id,first_name\nc1,Ann\n"}
    stranger.load(contacts, name="registrar")  # a source that never brings attendance needs none
    stranger.run("import", stranger.feed(without(other, "attendance.csv"), "clinic")).refused("attendance.csv")


def test_a_window_replaces_the_last_days_up_to_the_latest_date_in_the_file(stranger: Stranger) -> None:
    """A window is the last window_days days up to the latest date in the file; older marks stay."""
    window = 'delivery = "window"\nwindow_days = 14'
    stranger.load(district(absent("s1", 0, 8, 10, 14), settings=window))
    stranger.load(district(absent("s1", 19), settings=window))  # day 19 is a Friday; the window goes back to the Saturday after day 9
    assert [row["date"] for row in stranger.csv("explain", "s1").rows] == [str(DAYS[day]) for day in (0, 8, 19)]


def test_a_delta_upserts_and_deletes_only_the_marks_it_names(stranger: Stranger) -> None:
    """A changed code is a delete and an upsert, delete removes only that mark, identical repeats count as unchanged."""
    delta = 'delivery = "delta"'
    stranger.load(district(absent("s1", 0, 1, 2), settings=delta))
    rows = "".join(
        f"s1,7,{DAYS[day]},{code},{action}\n"
        for day, code, action in [
            (0, "U", "delete"),
            (0, "E", ""),
            (1, "U", "upsert"),
            (2, "U", "DELETE"),
            (9, "U", "delete"),
            (3, "U", ""),
        ]
    )
    files = district(settings=delta) | {"attendance.csv": f"student_id,school_id,date,code,action\n{rows}"}
    counts = {row["file"]: row for row in stranger.load(files).rows}["attendance"]
    assert (counts["inserted"], counts["rejected"], counts["held"]) == ("2", "0", "0")
    assert [(row["date"], row["code"]) for row in stranger.csv("explain", "s1").rows] == [
        (str(DAYS[0]), "E"), (str(DAYS[1]), "U"), (str(DAYS[3]), "U"),
    ]  # fmt: skip


def test_an_enrolment_left_open_ends_with_its_school_year_and_a_closed_one_counts_in_every_year_it_touches(stranger: Stranger) -> None:
    """An enrolment left open ends with its school year; a closed one counts in every year it touches."""
    days = [*weekdays("2026-05-18", "2026-06-12"), *DAYS]
    calendar = "school_id,date,event\n" + "".join(f"7,{day},Instructional day\n" for day in days)
    enrolled = "student_id,school_id,entry_date,exit_date\ns1,7,2025-09-01,\ns2,7,2025-09-01,2026-08-21\n"
    stranger.load(district(calendar=calendar, enrollments=enrolled))
    assert {key[0]: row["days_enrolled"] for key, row in stranger.counted("--as-of", "2026-06-30").items()} == {"s1": "20", "s2": "20"}
    assert {key[0]: row["days_enrolled"] for key, row in stranger.counted().items()} == {"s2": "5"}


def test_phones_that_cannot_be_texted_leave_exit_zero(stranger: Stranger) -> None:
    """Notes (a phone that cannot be texted, a mark off the calendar) leave 0."""
    marks = "s1,7,2026-08-22,U\n"  # a Saturday
    contacts = {"contacts": "contact_id,first_name\nc1,Ann\n", "contact_phones": "contact_id,phone\nc1,12\n"}
    problems = stranger.report(district(marks, **contacts), code=0)
    assert [(row[0], row[2], row[4]) for row in problems] == [("contact_phones.csv", "phone", "noted"), ("attendance.csv", "date", "noted")]
    assert {row["days_absent"] for row in stranger.counted().values()} == {"0"}


@pytest.mark.parametrize("report", ["nowhere/report.csv", "/proc/report.csv", "feed"])
def test_a_report_that_cannot_be_written_refuses_before_anything_is_loaded(stranger: Stranger, report: str) -> None:
    """2 refused, one clear sentence, nothing written."""
    folder = stranger.feed(district(absent("s1", 0)))
    stranger.run("import", folder, "--report", report).refused(report.split("/", maxsplit=1)[0])
    assert nothing_was_written(stranger)

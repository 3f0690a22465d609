"""The feed as contracted: names, codes, events, languages and columns of other districts. Each test holds a sentence of DESIGN §4."""

from __future__ import annotations

import json

import pytest

from tests.journeys.contract import CODES, COUNTS, DAYS, Files, Stranger, absent, district


def figures(row: dict[str, str]) -> str:
    """Enrolled, absent (excused, unexcused, suspended, unspecified, conflict), unknown."""
    names = ("enrolled", "absent", "excused", "unexcused", "suspended", "unspecified", "conflict", "unknown")
    return " ".join(row[f"days_{name}"] for name in names)


def test_files_headers_delimiters_encodings_dates_and_columns_may_be_a_districts_own(stranger: Stranger) -> None:
    """Everything a source.toml may rename, at once; extra columns are dropped."""
    settings = """
delimiter = ";"
encoding = "cp1252"
date_format = "%m/%d/%Y"
school_year_start = "08-01"
[files]
attendance = "ABS 2026.TXT"
students = "kids.dat"
[header]
attendance = ["sid", "bldg", "when", "what", "junk"]
[columns.attendance]
student_id = "sid"
school_id = "bldg"
date = "when"
code = "what"
[columns.students]
student_id = "Student ID"
first_name = "Given name"
last_name = "Family name"
"""
    codes = '[codes]\n"Absent, ill" = { kind = "absent", reason = "excused" }\n'
    us = [day.strftime("%m/%d/%Y") for day in DAYS]
    files: Files = {
        "source.toml": f'name = "other"{settings}{codes}',
        "schools.csv": "school_id;name;shoe_size\n007;École Zoë;44\n".encode("cp1252"),
        "calendar.csv": "school_id;date;event\n" + "".join(f"007;{day};Instructional day\n" for day in us),
        "kids.dat": "Family name;Given name;Student ID;ssn\nMuñoz;José; 0012 ;123-45-6789\n".encode("cp1252"),
        "enrollments.csv": f"student_id;school_id;entry_date\n0012;007;{us[0]}\n",
        "ABS 2026.TXT": f"0012;007;{us[3]};Absent, ill;x\n0012;007;{us[4]};Absent, ill;y\n",
    }
    stranger.load(files)
    done = stranger.csv("counts", "--as-of", "2026-09-11")
    assert done.out.splitlines() == [COUNTS, "0012,007,20,2,2,0,0,0,0,0,0.1000,moderate,true"]
    explained = stranger.csv("explain", "0012").rows
    assert [(row["date"], row["file"], row["line"], row["code"]) for row in explained] == [
        (str(DAYS[3]), "ABS 2026.TXT", "1", "Absent, ill"),
        (str(DAYS[4]), "ABS 2026.TXT", "2", "Absent, ill"),
    ]
    assert b"123-45-6789" not in (stranger.folder / "home" / "outreach.db").read_bytes()


def test_every_code_kind_counts_as_it_says(stranger: Stranger) -> None:
    """Code kinds: present, absent (the whole day, or its portion or minutes), partial, suspended_out, suspended_in, …; hold holds."""
    codes = """
[codes]
P = { kind = "present" }
A = { kind = "absent" }
U = { kind = "absent", reason = "unexcused" }
E = { kind = "absent", reason = "excused" }
L = { kind = "partial", reason = "excused" }
SO = { kind = "suspended_out" }
SI = { kind = "suspended_in" }
IE = { kind = "instructed_elsewhere" }
OS = { kind = "on_site" }
F = { kind = "absent", reason = "excused", hold = true }
"""
    header = "student_id,school_id,date,code,portion,minutes\n"
    rows = [
        *((name, number, code, "", "") for number, (name, code) in enumerate([("s1", "P"), ("s1", "A"), ("s1", "U"), ("s1", "E")])),
        *(("s1", 4 + number, code, "", "") for number, code in enumerate(["SO", "SI", "IE", "OS", "F"])),
        ("s2", 0, "U", "0.25", ""),  # a quarter missed is no absence
        ("s2", 1, "U", ".5", ""),  # half is
        ("s2", 2, "L", "", ""),  # partial without a measure is present
        ("s2", 3, "L", "0.3", ""),  # portions add up over the day: see the next row
        ("s2", 3, "L2", "0.2", ""),
        ("s2", 4, "U", "", "150"),  # of 300 scheduled minutes
        ("s2", 5, "U", "", "149"),
    ]
    calendar = "school_id,date,event,minutes\n" + "".join(f"7,{day},Instructional day,300\n" for day in DAYS)
    lines = "".join(f"{name},7,{DAYS[day]},{code},{portion},{minutes}\n" for name, day, code, portion, minutes in rows)
    more_codes = f'{codes}L2 = {{ kind = "partial", reason = "excused" }}\n'
    stranger.load(district(codes=more_codes, calendar=calendar) | {"attendance.csv": header + lines})
    found = stranger.counted("--as-of", str(DAYS[39]))
    assert figures(found["s1", "7"]) == "40 5 2 1 1 1 0 0"
    assert figures(found["s2", "7"]) == "40 3 1 2 0 0 0 0"


def test_several_marks_a_day_any_absence_counts_once_and_two_named_reasons_are_conflict(stranger: Stranger) -> None:
    """Any absence counts once, two different named reasons are conflict, a named one beats unspecified."""
    codes = f'{CODES}A = {{ kind = "absent" }}\n'
    marks = absent("s1", 0) + absent("s1", 0, code="T")  # an absence counts
    marks += absent("s1", 1, code="U") + absent("s1", 1, code="E")  # conflict
    marks += absent("s1", 2, code="A") + absent("s1", 2, code="E")  # excused
    marks += absent("s1", 3, code="U") + absent("s1", 3, code="U")  # once
    stranger.load(district(marks, codes=codes))
    assert figures(stranger.counted()["s1", "7"]) == "37 4 1 2 0 0 1 0"
    verdicts = [(row["verdict"], row["code"]) for row in stranger.csv("explain", "s1").rows]
    assert verdicts == [("absent", "U|T"), ("conflict", "U|E"), ("absent", "A|E"), ("absent", "U")]


EVENTS = (
    ("Instructional day", "day"),
    ("make-UP DAY", "day"),
    ("student late arrival/early dismissal", "day"),
    ("Holiday", ""),
    ("Teacher only day", ""),
    ("WEATHER DAY", ""),
    ("Emergency day", ""),
    ("Strike", ""),
    ("Non-instructional day", ""),
    ("Other", ""),
    ("Picture day", "unknown"),  # unlisted, alone: an enrolled, unknown day
    ("Holiday|Make-up day", "day"),  # one school-day event makes it a school day
    ("Picture day|Instructional day", "day"),
    ("Staff retreat", ""),  # [events] of this source
    ("Snow school", "day"),
    ("Weather Day ", ""),
)


def test_events_match_case_insensitively_and_an_unlisted_one_alone_makes_an_unknown_day(stranger: Stranger) -> None:
    """Events match case-insensitively; built in …; [events] overrides; of several one school-day event makes it a school day."""
    calendar = "school_id,date,event\n" + "".join(
        f"7,{day},{event}\n" for day, (events, _) in zip(DAYS, EVENTS, strict=False) for event in events.split("|")
    )
    files = district(settings='[events]\n"staff RETREAT" = false\n"Snow School" = true\n', calendar=calendar)
    stranger.load(files)
    found = stranger.counted()
    days = [kind for _, kind in EVENTS]
    assert figures(found["s1", "7"]) == f"{days.count('day') + 1} 0 0 0 0 0 0 1"


def test_an_event_a_district_switches_off_is_no_school_day(stranger: Stranger) -> None:
    """[events] overrides what is built in, and a school may override both."""
    settings = '[events]\n"Make-up day" = false\n"Holiday" = true\n[schools."8".events]\n"Holiday" = false\n'
    calendar = "school_id,date,event\n" + "".join(
        f"{school},{day},{event}\n" for school in "78" for day, event in zip(DAYS, ["Make-up day", "holiday", "HOLIDAY"], strict=False)
    )
    enrolled = "student_id,school_id,entry_date\ns1,7,2026-08-01\ns2,8,2026-08-01\n"
    schools = "school_id,name\n7,Seven\n8,Eight\n"
    stranger.load(district(settings=settings, calendar=calendar, enrollments=enrolled, schools=schools))
    assert {key: row["days_enrolled"] for key, row in stranger.counted().items()} == {("s1", "7"): "2", ("s2", "8"): "0"}


def test_settings_and_codes_of_one_school_lie_over_the_sources(stranger: Stranger) -> None:
    """[schools."…"]: per-school overrides of the settings and codes above."""
    settings = (
        '[schools."8"]\nexit_day = "exclusive"\n[schools."8".codes]\nU = { kind = "present" }\n[schools."9"]\nreporting = "affirmative"\n'
    )
    schools = "school_id,name\n7,Seven\n8,Eight\n9,Nine\n"
    calendar = "school_id,date,event\n" + "".join(f"{school},{day},Instructional day\n" for school in "789" for day in DAYS)
    enrolled = "student_id,school_id,entry_date,exit_date\n" + "".join(f"s{n},{n},{DAYS[0]},{DAYS[9]}\n" for n in "789")
    marks = "".join(f"s{n},{n},{DAYS[2]},U\n" for n in "789")
    stranger.load(district(marks, settings=settings, schools=schools, calendar=calendar, enrollments=enrolled, students="s7 s8 s9"))
    found = stranger.counted()
    assert figures(found["s7", "7"]) == "10 1 0 1 0 0 0 0"
    assert figures(found["s8", "8"]) == "9 0 0 0 0 0 0 0"
    assert figures(found["s9", "9"]) == "10 1 0 1 0 0 0 9"


def test_a_schools_days_may_be_those_on_which_it_sent_any_mark(stranger: Stranger) -> None:
    """Setting calendar = "from-events": a school's days are those on which it sent any mark; calendar.csv is then not required."""
    files = district(absent("s1", 1, 5, 9) + absent("s2", 5, code="T"), settings='calendar = "from-events"')
    del files["calendar.csv"]
    stranger.load(files)
    found = stranger.counted()
    assert (figures(found["s1", "7"]), figures(found["s2", "7"])) == ("3 3 0 3 0 0 0 0", "3 0 0 0 0 0 0 0")


def test_in_an_affirmative_feed_a_day_without_a_mark_is_unknown(stranger: Stranger) -> None:
    """Or "affirmative": no row = unknown; a marked day is known."""
    marks = "".join(absent("s1", day, code="T") for day in range(30)) + absent("s1", 30, 31)
    stranger.load(district(marks, settings='reporting = "affirmative"'))
    found = stranger.counted("--as-of", str(DAYS[34]))
    assert figures(found["s1", "7"]) == "35 2 0 2 0 0 0 3"
    assert figures(found["s2", "7"]) == "35 0 0 0 0 0 0 35"
    explained = stranger.csv("explain", "s1", "--as-of", str(DAYS[34])).rows
    assert [row["verdict"] for row in explained] == ["absent", "absent", "unknown", "unknown", "unknown"]
    assert {(row["code"], row["file"], row["line"]) for row in explained[2:]} == {("", "", "")}


@pytest.mark.parametrize("exit_day", ["inclusive", "exclusive"])
def test_exit_types_and_exit_days_bound_membership(stranger: Stranger, exit_day: str) -> None:
    """exit_day; "No show" and "Invalid enrollment" give no membership; a stay of no day still has its row."""
    enrolled = "student_id,school_id,entry_date,exit_date,exit_type\n"
    enrolled += (
        f"s1,7,{DAYS[0]},{DAYS[4]},\ns2,7,{DAYS[0]},,No show\ns3,7,{DAYS[0]},{DAYS[9]},invalid ENROLLMENT\ns4,7,{DAYS[5]},{DAYS[5]},Moved\n"
    )
    files = district(absent("s1", 4), settings=f'exit_day = "{exit_day}"', enrollments=enrolled, students="s1 s2 s3 s4")
    stranger.load(files)
    found = stranger.counted()
    days = {"inclusive": ["5", "0", "0", "1"], "exclusive": ["4", "0", "0", "0"]}[exit_day]
    assert [row["days_enrolled"] for row in found.values()] == days
    assert found["s1", "7"]["days_absent"] == ("1" if exit_day == "inclusive" else "0")
    assert (found["s2", "7"]["rate"], found["s2", "7"]["tier"], found["s2", "7"]["chronic"]) == ("", "too_early", "false")


def test_the_nearest_calendar_wins_date_by_date(stranger: Stranger) -> None:
    """parent_id: an organisation above it; date by date the nearest calendar wins."""
    schools = "school_id,name,parent_id\nD,District,\n7,Seven,D\n8,Eight,D\n"
    calendar = "school_id,date,event\n" + "".join(f"D,{day},Instructional day\n" for day in DAYS[:10])
    calendar += f"7,{DAYS[3]},Holiday\n7,{DAYS[10]},Instructional day\n"
    enrolled = f"student_id,school_id,entry_date\ns1,7,{DAYS[0]}\ns2,8,{DAYS[0]}\n"
    stranger.load(district(schools=schools, calendar=calendar, enrollments=enrolled))
    assert {key[1]: row["days_enrolled"] for key, row in stranger.counted().items()} == {"7": "10", "8": "10"}


def test_languages_are_named_by_the_feed_by_their_own_names_or_by_locale(stranger: Stranger) -> None:
    """Locale codes need no entry in [languages]; an unlisted name is noted."""
    contacts = "contact_id,first_name,language\nc1,A,Spanish\nc2,B,zh-Hans\nc3,C,Klingon\nc4,D,\nc5,E,Langue maison\nc6,F,pt-BR\nc7,G,es\n"
    problems = stranger.report(district(contacts=contacts, settings='[languages]\n"Langue maison" = "ht"\n'), code=0)
    assert [(row[0], row[1], row[2], row[3], row[4]) for row in problems] == [("contacts.csv", "4", "language", "Klingon", "noted")]


def test_flags_read_true_yes_y_one_in_any_case_and_anything_else_is_noted_and_read_as_empty(stranger: Stranger) -> None:
    """Flags read true/false, yes/no, y/n, 1/0 in any case; anything else is noted and read as empty."""
    contacts = "contact_id,first_name\n" + "".join(f"c{n},A\n" for n in range(10))
    flags = ["TRUE", "False", "yes", "NO", "Y", "n", "1", "0", "", "X"]
    ties = "student_id,contact_id,may_receive\n" + "".join(f"s1,c{n},{flag}\n" for n, flag in enumerate(flags))
    problems = stranger.report(district(contacts=contacts, student_contacts=ties), code=0)
    assert problems == [("student_contacts.csv", "11", "may_receive", "X", "noted")]


def test_an_odd_time_zone_is_no_end_of_the_service(stranger: Stranger) -> None:
    """A zone that does not exist is noted and read as empty: the shipped zone holds, and nothing later stumbles over it."""
    schools = "school_id,name,timezone\n7,Seven,Central\n"
    problems = stranger.report(district(absent("s1", *range(0, 38, 2)), schools=schools), code=0)
    assert problems == [("schools.csv", "2", "timezone", "Central", "noted")]
    assert stranger.csv("evaluate").code == 0
    assert stranger.csv("plan", "--release-baseline", "5").code == 0


def test_byte_order_marks_quotes_and_line_ends_are_no_dirt(stranger: Stranger) -> None:
    """UTF-8, header, all text: with a byte-order mark, CRLF, quoted commas and line breaks; ids stay text."""
    students = '\ufeffstudent_id,first_name,last_name\r\n"0001","Ann, Marie","O""Hara\r\nSmith"\r\n" 1 ",Bo,Li\r\n'
    enrolled = f"student_id,school_id,entry_date\r\n0001,7,{DAYS[0]}\r\n1,7,{DAYS[0]}\r\n"
    stranger.load(district(enrollments=enrolled) | {"students.csv": students.encode()})
    assert [key[0] for key in stranger.counted()] == ["0001", "1"]
    assert [item["student_id"] for item in json.loads(stranger.run("counts", "--format", "json").out)] == ["0001", "1"]

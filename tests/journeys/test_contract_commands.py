"""State, clock, settings, exit codes and the commands of the night, as contracted. Each test holds a sentence of DESIGN §4."""

from __future__ import annotations

import csv
import json
import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.journeys.contract import (
    BY_SCHOOL,
    COUNTS,
    CROSSINGS,
    DAYS,
    EXPLAIN,
    PLANNED,
    Files,
    Stranger,
    absent,
    district,
)

LOOPBACK = "http://127.0.0.1:9"


def test_any_command_creates_an_empty_database_in_var_and_rows_go_to_stdout_only(stranger: Stranger) -> None:
    """Default ./var; any command creates an empty one; rows go to stdout, all else to stderr; the installed command."""
    done = stranger.alone("counts", "--format", "csv", OUTREACH_HOME="")
    assert (done.code, done.out) == (0, f"{COUNTS}\n")
    assert [file.name for file in (stranger.folder / "var").glob("*.db")] == ["outreach.db"]
    loaded = stranger.alone("import", stranger.feed(district(absent("s1", 0))))
    assert loaded.code == 0
    assert loaded.out.splitlines()[0].split()[:3] == ["file", "read", "inserted"]
    assert "loaded" in loaded.err


def test_two_commands_at_once_on_a_fresh_home_both_succeed(stranger: Stranger) -> None:
    """Any command creates an empty database, also when two come at once."""
    started = [stranger.start(*words, "--format", "csv") for words in (["counts"], ["evaluate"], ["plan"])]
    ended = [(process.communicate(timeout=120)[0].splitlines()[0], process.returncode) for process in started]
    assert ended == [(COUNTS, 0), (CROSSINGS, 0), (PLANNED, 0)]


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"OUTREACH_NOW": "2026-10-06T12:00:00"}, "zone"),
        ({"OUTREACH_NOW": "yesterday"}, "now"),
        ({"OUTREACH_PROVIDER": "twilio"}, "loopback"),
        ({"OUTREACH_PROVIDER": "twilio", "OUTREACH_TWILIO_API_BASE": "https://api.twilio.com"}, "loopback"),
        ({"OUTREACH_PROVIDER": "twilio", "OUTREACH_TWILIO_API_BASE": "http://127.0.0.1.evil.example"}, "loopback"),
        ({"OUTREACH_PROVIDER": "twilio", "OUTREACH_TWILIO_API_BASE": "http://127.0.0.1@evil.example"}, "loopback"),
        ({"OUTREACH_PROVIDER": "carrier pigeon"}, "provider"),
        ({"OUTREACH_TIMEZONE": "Mars/Base"}, "Mars/Base"),
        ({"OUTREACH_DATABASE_URL": "nonsense"}, "OUTREACH_DATABASE_URL"),
        ({"OUTREACH_DATABASE_URL": "mysql://x"}, "OUTREACH_DATABASE_URL"),
        ({"OUTREACH_DATABASE_URL": "postgresql://who:secret@127.0.0.1:1/x"}, "cannot be opened"),
    ],
)
def test_settings_that_cannot_hold_are_refused_in_a_sentence(stranger: Stranger, settings: dict[str, str], word: str) -> None:
    """OUTREACH_NOW … is refused with provider twilio unless OUTREACH_TWILIO_API_BASE is a loopback address; no secret is repeated."""
    done = stranger.run("counts", **settings)
    done.refused(word)
    assert "secret" not in done.err


def test_a_moved_clock_may_meet_twilio_on_this_machine(stranger: Stranger) -> None:
    """Unless OUTREACH_TWILIO_API_BASE is a loopback address."""
    assert stranger.run("counts", OUTREACH_PROVIDER="twilio", OUTREACH_TWILIO_API_BASE=LOOPBACK).code == 0
    assert stranger.run("counts", OUTREACH_PROVIDER="simulator", OUTREACH_TWILIO_API_BASE=LOOPBACK).code == 0


@pytest.mark.parametrize(
    "words",
    [
        "nope", "import", "import nowhere", "counts --as-of 10/06/2026", "counts --as-of 2026-02-30", "counts --by class",
        "counts --profile Mars", "counts --format xml", "explain", "plan --release-baseline 0", "letters", "letters --out L --batch 7",
        "messages approve", "messages approve --message none --by a@b.example", "messages import-po none.po",
        "messages approve --by nobody",
        "user add nobody --name N --role coordinator",
        "user add a@b.example --name N --role king", "init --admin nobody", "import . --report nowhere/x.csv",
        "serve --port 0", "triage --input x",
    ],
)  # fmt: skip
def test_a_command_that_cannot_be_done_is_refused_with_exit_two(stranger: Stranger, words: str) -> None:
    """2 refused, one clear sentence, nothing written."""
    stranger.run(*words.split()).refused()


def test_as_of_defaults_to_today_where_the_schools_are(stranger: Stranger) -> None:
    """--as-of defaults to that day in the school's zone."""
    for zone, days in [("", "33"), ("Pacific/Honolulu", "32"), ("America/New_York", "33")]:
        stranger.load(district(schools=f"school_id,name,timezone\n7,Seven,{zone}\n"))
        rows = stranger.csv("counts", OUTREACH_NOW="2026-09-30T05:30:00Z").rows
        assert rows[0]["days_enrolled"] == days, zone


def test_counts_have_the_contracted_columns_orders_and_spellings(stranger: Stranger) -> None:
    """Sorted by school_id then student_id as text; whole numbers print as 12, halves as 12.5; rate to 4 places, half up, empty at 0."""
    schools = "school_id,name\n10,Ten\n7,Seven\n"
    calendar = str(district()["calendar.csv"]) + "".join(f"10,{day},Instructional day\n" for day in DAYS)
    enrolled = f"student_id,school_id,entry_date\n9,7,{DAYS[0]}\n10,7,{DAYS[31]}\n10,10,{DAYS[0]}\n2,7,{DAYS[37]}\n"
    marks = absent("9", 0, 1) + absent("10", 33) + f"10,10,{DAYS[33]},E\n"
    stranger.load(district(marks, schools=schools, calendar=calendar, enrollments=enrolled, students="9 10 2"))
    assert stranger.csv("counts", "--as-of", str(DAYS[35])).out.splitlines() == [
        COUNTS,
        "10,10,36,1,1,0,0,0,0,0,0.0278,satisfactory,false",
        "10,7,5,1,0,1,0,0,0,0,0.2000,too_early,false",
        "9,7,36,2,0,2,0,0,0,0,0.0556,at_risk,false",
    ]
    by_student = stranger.csv("counts", "--by", "student", "--as-of", str(DAYS[35]))
    assert by_student.header == COUNTS
    assert [row["student_id"] + row["school_id"] for row in by_student.rows] == ["10", "9"]
    assert (by_student.rows[0]["days_enrolled"], by_student.rows[0]["days_absent"], by_student.rows[0]["days_conflict"]) == ("36", "1", "1")
    assert stranger.csv("counts", "--by", "school", "--as-of", str(DAYS[35])).out.splitlines() == [
        BY_SCHOOL,
        "10,1,36,1,1,0,0,0,0,0,0.0278,0,0",
        "7,2,41,3,0,3,0,0,0,0,0.0732,0,0",
    ]
    assert stranger.csv("explain", "9", "--as-of", str(DAYS[35])).header == EXPLAIN
    halves = stranger.csv("counts", "--profile", "half-days", "--as-of", str(DAYS[35]))
    assert halves.code == 0


def family(absences: int = 10) -> Files:
    """A child far over the thresholds, with an address and a mobile phone that may be texted."""
    return district(
        absent("s1", *range(0, 2 * absences, 2)),
        contacts="contact_id,first_name,last_name,language,address_line1,city,state,postal_code\n"
        "c1,Ana,Lee,Spanish,1 Elm,Chicago,IL,60601\n",
        contact_phones="contact_id,phone,type,verified_on,consent\nc1,+13125550142,mobile,2026-08-01,yes\n",
        student_contacts="student_id,contact_id,relation,primary,lives_with\ns1,c1,mother,yes,yes\n",
    )


def test_the_night_from_crossing_to_letter(stranger: Stranger) -> None:
    """Evaluate, plan, dispatch, letters: columns, exit codes, the files of a batch, and run again it writes nothing new."""
    stranger.load(family())
    dry = stranger.csv("evaluate", "--dry-run")
    assert (dry.code, dry.header) == (0, CROSSINGS)
    assert {row["new"] for row in dry.rows} == {"true"}
    assert stranger.csv("evaluate").rows == dry.rows
    assert {row["new"] for row in stranger.csv("evaluate").rows} == {"false"}
    waiting = stranger.csv("plan")
    assert (waiting.code, waiting.header) == (0, PLANNED)
    assert not [row for row in waiting.rows if row["state"] == "planned"]
    assert stranger.csv("messages", "approve", "--by", "words@district.example").code == 0
    planned = stranger.csv("plan", "--release-baseline", "5").rows
    assert {(row["channel"], row["student_ids"], row["language"], row["state"]) for row in planned} == {
        ("sms", "s1", "es", "planned"), ("letter", "s1", "es", "planned"),
    }  # fmt: skip
    held = stranger.csv("dispatch")
    assert "Traceback" not in held.err
    assert held.code in {0, 1}
    out = stranger.folder / "letters"
    written = stranger.run("letters", "--out", out)
    assert written.code == 0, written
    assert (out / "batch.pdf").read_bytes().startswith(b"%PDF")
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        [letter] = list(reader)
    assert list(reader.fieldnames or ()) == [
        "letter_id",
        "page",
        "student_ids",
        "contact_ids",
        "message",
        "language",
        "days_absent",
        "as_of",
    ]
    assert (letter["student_ids"], letter["contact_ids"], letter["days_absent"], letter["as_of"]) == ("s1", "c1", "10", "2026-10-06")
    assert (out / "not-written.csv").is_file()
    pdf = (out / "batch.pdf").read_bytes()
    assert stranger.run("letters", "--out", out).code == 0
    assert (out / "batch.pdf").read_bytes() == pdf
    assert json.loads(stranger.run("plan", "--format", "json").out) == []


def test_doctor_and_every_command_that_prints_rows_know_three_formats(stranger: Stranger) -> None:
    """--format table|csv|json, table by default."""
    stranger.load(family())
    for words in (["counts"], ["explain", "s1"], ["evaluate"], ["plan"], ["dispatch"], ["doctor"], ["messages", "check"]):
        table, lines = stranger.run(*words), stranger.run(*words, "--format", "csv")
        assert table.out.split() or not lines.rows
        items = json.loads(stranger.run(*words, "--format", "json").out)
        assert isinstance(items, list), words
        assert table.out.split()[: len(lines.header.split(","))] == lines.header.split(","), words


def test_a_district_may_live_on_postgresql(stranger: Stranger, postgres_url: str) -> None:
    """OUTREACH_DATABASE_URL names the database; any command creates the schema in an empty one."""
    name = f"outreach_{uuid.uuid4().hex}"
    admin = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    stranger.environment["OUTREACH_DATABASE_URL"] = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    try:
        assert stranger.csv("counts").out == f"{COUNTS}\n"
        stranger.load(family())
        assert stranger.counted()["s1", "7"]["days_absent"] == "10"
        assert stranger.csv("evaluate").code == 0
        assert not list(Path(stranger.folder).rglob("*.db"))
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.mark.long
def test_a_demo_never_touches_another_database_home_or_carrier(stranger: Stranger) -> None:
    """Demo uses its own home, moves its own clock to a school morning, and never touches another database."""
    strange = {
        "OUTREACH_DATABASE_URL": f"sqlite:///{stranger.folder / 'precious.db'}",
        "OUTREACH_NOW": "2031-07-04T03:00:00+09:00",
        "OUTREACH_PROVIDER": "twilio",
        "OUTREACH_TWILIO_API_BASE": LOOPBACK,
        "OUTREACH_TIMEZONE": "Asia/Tokyo",
        "TWILIO_ACCOUNT_SID": "AC" + "9" * 32,
        "TWILIO_AUTH_TOKEN": "somebody-elses",
        "TWILIO_AUTH_TOKEN_SECONDARY": "somebody-elses-too",
        "TWILIO_MESSAGING_SERVICE_SID": "MG" + "9" * 32,
    }
    done = stranger.alone("demo", "--once", **strange)
    assert done.code == 0, done
    assert "delivered" in done.out
    assert "opted out: yes" in done.out
    assert sorted(path.name for path in stranger.folder.iterdir()) == ["var"]
    assert [path.name for path in (stranger.folder / "var").iterdir()] == ["demo"]

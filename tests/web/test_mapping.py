"""The mapping page: from an export nobody has described to first counts, and what it does with children's data on the way."""

from __future__ import annotations

import gzip
import html as markup
import io
import re
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from outreach.attendance.tables import Mark
from outreach.database import Database
from outreach.district.tables import Student
from outreach.feeds.samples import LARGEST_UPLOAD, sweep
from outreach.feeds.taking import take_in
from outreach.services import Services
from outreach.settings import Settings, load_settings
from outreach.staff.tables import AuditEntry
from outreach.web.app import create_app
from scheduler.feeding import take_feeds
from scheduler.ticks import sweep_samples
from tests.attendance.grand_bend import grand_bend
from tests.attendance.loading import Districts
from tests.attendance.unknown_export import AS_OF, MEANT, cut, export
from tests.conftest import NOON
from tests.web.conftest import SignedIn, token_of
from tests.web.seed import people

SMALL: Mapping[str, str] = {
    "kids.csv": "Student ID,First Name,Last Name,Date of Birth,SSN,Lunch Status\n1,Ana,Reyes,2014-05-14,9,F\n",
    "places.csv": "School ID,School Name\nA,Lincoln\n",
    "stays.csv": "Student ID,School ID,Entry Date\n1,A,2026-08-17\n",
    "days.csv": "School ID,Date,Event\nA,2026-09-14,Instructional day\nA,2026-09-15,Instructional day\n",
    "marks.csv": "Student ID,School ID,Date,Code\n1,A,2026-09-14,Unexcused\n",
}
"""One child in a feed that is recognised as it is."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """As elsewhere, with a feed folder."""
    return load_settings(home=tmp_path / "home", timezone="America/Chicago", feed_folder=str(tmp_path / "feeds"))


@pytest.fixture
def seeded(sqlite_database: Database) -> None:
    """People alone: no page here shows what the database holds."""
    with sqlite_database.write() as session:
        people(session, NOON)


@pytest.fixture(scope="module")
def cut_district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fortieth child of the sample district, as its own feed."""
    return cut(grand_bend(None), tmp_path_factory.mktemp("cut") / "feed", 40)


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Fresh databases by copying one."""
    return Districts(tmp_path_factory.mktemp("districts"))


def upload(client: FlaskClient, files: Mapping[str, bytes]) -> str:
    """Upload files as a browser does; return the page that follows."""
    sent = [(io.BytesIO(raw), name) for name, raw in files.items()]
    data = {"csrf_token": token_of(client.get("/mapping").text), "files": sent}
    answer = client.post("/mapping/files", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/mapping", "nothing of the sample stands in the address"
    return shown(client)


def shown(client: FlaskClient, where: str = "/mapping") -> str:
    """A page as a person reads it."""
    return markup.unescape(client.get(where).text)


def small(**changes: str) -> dict[str, bytes]:
    """The small feed with some files changed."""
    return {name: text.encode() for name, text in ({**SMALL, **{f"{name}.csv": text for name, text in changes.items()}}).items()}


def fields(client: FlaskClient) -> dict[str, str]:
    """What the page's form would send if nobody touched it."""
    page = client.get("/mapping").text
    form = page[page.index('id="choices"') : page.index("</form>", page.index('id="choices"'))]
    found = {"csrf_token": token_of(page)}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and (('type="checkbox"' not in tag and 'type="radio"' not in tag) or " checked" in tag):
            found[name[1]] = markup.unescape(value[1])
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)<', inside) or re.search(r'<option value="([^"]*)"', inside)
        if chosen:
            found[name] = markup.unescape(chosen[1] if chosen[1] is not None else chosen[2])
    return found


def say(client: FlaskClient, **changes: str) -> str:
    """Send the page's form with some fields changed (``__`` stands for a dot); return the page that follows."""
    sent = fields(client) | {name.replace("__", "."): value for name, value in changes.items()}
    answer = client.post("/mapping/choices", data=sent)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/mapping#counts"
    return shown(client)


def confirm(client: FlaskClient, meant: Mapping[str, str]) -> str:
    """Tick codes with what they mean."""
    numbers = {code: name.split(".")[1] for name, code in fields(client).items() if name.startswith("code.")}
    changes = {f"meaning__{numbers[code]}": meaning for code, meaning in meant.items() if code in numbers}
    return say(client, **changes, **{f"confirm__{numbers[code]}": "yes" for code in meant if code in numbers})


def line(page: str, school: str) -> list[str]:
    """The figures of one school in the table of counts."""
    row = re.search(rf"<bdi>{school}</bdi></th>(.*?)</tr>", page, re.DOTALL)
    assert row is not None, "the page shows no counts of that school"
    return [figure.replace(",", "") for figure in re.findall(r">([\d.,]+)<", row[1])]


@pytest.mark.parametrize(
    ("spelled", "delimiter", "encoding"),
    [
        pytest.param("%d.%m.%Y", ";", "latin-1", id="27.05.2011, semicolons, Latin-1"),
        pytest.param("%m/%d/%Y", "\t", "utf-8", id="05/27/2011, tabs, UTF-8", marks=pytest.mark.long),
        pytest.param("%Y%m%d", "|", "cp1252", id="20110527, bars, Windows", marks=pytest.mark.long),
    ],
)
def test_an_unknown_export_comes_to_the_counts_of_the_csv_route(
    signed_in: SignedIn, districts: Districts, cut_district: Path, tmp_path: Path, spelled: str, delimiter: str, encoding: str
) -> None:
    """Names, codes, events, dates, separator and encoding are others; saved, its source.toml loads the export like the feed itself."""
    folder = export(cut_district, tmp_path / "export", spelled, delimiter=delimiter, encoding=encoding)
    boss = signed_in("boss")
    page = upload(boss, {path.name: path.read_bytes() for path in folder.iterdir()})
    assert "Which column of Fehlzeiten.txt is the code?" in page
    assert "Sensitive, never read:</strong> <bdi>SSN" in page
    say(boss, column__attendance__code="Kürzel", column__students__first_name="Rufname", column__students__last_name="Familienname")
    confirm(boss, MEANT)
    page = say(boss, is_day__0="yes", event_confirm__0="yes", count_to=AS_OF.isoformat())

    with districts.fresh() as csv_route:
        csv_route.load_folder(cut_district)
        expected = csv_route.all_counts(AS_OF)
    named = {"255901001": "Grand Bend High School", "255901044": "Grand Bend Middle School", "255901107": "Grand Bend Elementary School"}
    for row in expected[2]:
        wanted = [
            row[name] for name in ("students", "chronic_students", "unknown_students", "days_absent", "days_unknown", "days_enrolled")
        ]
        assert line(page, named[row["school_id"]]) == wanted

    (folder / "source.toml").write_text(boss.get("/mapping/source.toml").text, encoding="utf-8")
    with districts.fresh() as this_route:
        assert not this_route.load_folder(folder).needs_a_person
        assert this_route.all_counts(AS_OF) == expected
        with this_route.database.read() as session:
            assert "Muñoz" in str(session.scalars(select(Student.last_name)).all())


def test_a_code_counts_only_once_a_person_ticks_it_and_their_name_stays_with_it(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    assert line(upload(boss, small()), "Lincoln") == ["1", "0", "0", "0", "1", "1"], "proposed, and still unknown; counted to the last mark"
    assert '# "Unexcused" = { kind = "absent", reason = "unexcused" }  # 1 row' in boss.get("/mapping/source.toml").text
    assert line(confirm(boss, {"Unexcused": "unexcused"}), "Lincoln") == ["1", "0", "0", "1", "0", "1"]
    assert (
        '"Unexcused" = { kind = "absent", reason = "unexcused" }  # 1 row; confirmed by boss@example.org, 2026-10-06'
        in boss.get("/mapping/source.toml").text.splitlines()
    )
    with sqlite_database.read() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "feed.codes"))
    assert (entry.actor, entry.detail) == ("boss@example.org", {"codes": {"Unexcused": '{ kind = "absent", reason = "unexcused" }'}})
    assert line(say(boss, confirm__0=""), "Lincoln")[4] == "1", "taken back, it is unknown again"


def test_dates_that_can_be_read_in_two_ways_are_asked_about(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    page = upload(
        boss,
        small(
            kids="Student ID,First Name,Last Name\n1,Ana,Reyes\n",
            stays="Student ID,School ID,Entry Date\n1,A,09/08/2026\n",
            days="School ID,Date,Event\nA,09/09/2026,Holiday\nA,09/10/2026,Instructional day\n",
            marks="Student ID,School ID,Date,Code\n1,A,09/10/2026,Unexcused\n",
        ),
    )
    assert "Several ways fit every date. Which is right?" in page
    assert "MM/DD/YYYY" in page
    assert "DD/MM/YYYY" in page
    assert "“09/10/2026” is September 10, 2026" in page
    assert "How are dates written?" in page
    assert line(say(boss, date_format="%m/%d/%Y"), "Lincoln")[5] == "1"


def test_rows_that_would_be_left_out_are_listed_without_what_stands_in_them(signed_in: SignedIn) -> None:
    stays = SMALL["stays.csv"] + "Reyes-secret,A,2026-08-17\n"
    page = upload(signed_in("boss"), small(stays=stays, marks=SMALL["marks.csv"] + "1,A,2026-13-45,Unexcused\n"))
    assert "date_format" in page
    page = say(signed_in("boss"), date_format="%Y-%m-%d")
    assert "stays.csv</bdi></strong>: 1 row held, student id" in page
    assert re.search(r"marks.csv</bdi></strong>: 1 row rejected, date: is no date of the form %Y-%m-%d.*?Line 3", page, re.DOTALL)
    assert "Reyes-secret" not in page


def test_a_sensitive_column_cannot_be_chosen_even_by_a_form_made_by_hand(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    assert "Lunch Status" in upload(boss, small()), "it is told apart"
    say(boss, column__students__subgroups="Lunch Status", column__students__preferred_name="SSN")
    toml = boss.get("/mapping/source.toml").text
    assert "subgroups" not in toml
    assert '# sensitive, never read: "SSN", "Lunch Status"' in toml


def test_packed_files_are_unpacked_and_a_file_without_a_header_is_named_by_hand(signed_in: SignedIn) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("kids.csv", "places.csv", "stays.csv", "days.csv"):
            archive.writestr(f"nightly/{name}", SMALL[name])
        archive.writestr("nightly/readme.md", "not an export")
    boss = signed_in("boss")
    upload(boss, {"night.zip": packed.getvalue(), "marks.csv.gz": gzip.compress(b"1,A,2026-09-14,Unexcused\n1,A,2026-09-15,Unexcused\n")})
    say(boss, headerless="marks.csv", file__attendance="marks.csv")
    names = {"student_id": "column 1", "school_id": "column 2", "date": "column 3", "code": "column 4"}
    page = say(boss, **{f"column__attendance__{name}": own for name, own in names.items()})
    assert line(page, "Lincoln")[4] == "2", "both rows are read, the first one too"
    assert 'attendance = ["column 1", "column 2", "column 3", "column 4"]' in boss.get("/mapping/source.toml").text


def archive(*names: str) -> bytes:
    """A zip with files of these names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for name in names:
            zipped.writestr(name, "sourcedId\n")
    return packed.getvalue()


REFUSED: Mapping[str, tuple[bytes, str]] = {
    "marks.xlsx": (archive("xl/workbook.xml"), "marks.xlsx is a spreadsheet. Save each of its sheets as CSV"),
    "marks.zip": (archive("xl/workbook.xml"), "marks.zip is a spreadsheet"),
    "marks.pdf": (b"%PDF", "marks.pdf cannot be read here; it takes .csv, .tsv and .txt"),
    "pictures.zip": (archive("a.png"), "There is no file among them that could be an export"),
    "roster.zip": (archive("orgs.csv", "users.csv", "enrollments.csv"), "roster.zip is a OneRoster package, whose columns need no mapping"),
    "twice.zip": (archive("a/marks.csv", "b/marks.csv"), "Two of the files are called marks.csv"),
    "half.zip": (archive("a.csv")[:60], "half.zip cannot be unpacked: it is not whole, or locked"),
    "half.csv.gz": (gzip.compress(b"a,b\n" * 500)[:20], "half.csv.gz cannot be unpacked"),
    "../.csv": (b"a,b\n", "A file has a name that cannot be used"),
    "empty.csv": (b"", "empty.csv is empty: not even a header row"),
    "quotes.csv": (b'a,b\n"1,2\n', "the file is no readable CSV"),
}


def test_what_cannot_be_read_is_refused_with_a_sentence_and_not_kept(signed_in: SignedIn, settings: Settings) -> None:
    boss = signed_in("boss")
    for name, (raw, sentence) in REFUSED.items():
        page = upload(boss, {name: raw})
        assert sentence in page, name
        assert "Upload a sample" in page, name
        assert not list((settings.home / "samples").glob("*/files/*")), name


def test_a_sample_that_is_too_large_is_refused_before_it_is_read(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    data = {"csrf_token": token_of(boss.get("/mapping").text), "files": (io.BytesIO(b"a,b\n"), "big.csv")}
    said = {"CONTENT_LENGTH": str(LARGEST_UPLOAD + 1)}
    assert boss.post("/mapping/files", data=data, content_type="multipart/form-data", environ_overrides=said).status_code == 302
    assert "That is more than 10 MB." in shown(boss)


def test_a_source_toml_is_never_replaced_without_the_difference_having_been_seen(
    signed_in: SignedIn, settings: Settings, tmp_path: Path, sqlite_database: Database
) -> None:
    boss = signed_in("boss")
    upload(boss, small())
    target = tmp_path / "feeds" / "night" / "source.toml"
    target.parent.mkdir(parents=True)
    target.write_text('name = "night"\nexit_day = "exclusive"\n[drop]\nexpected_by = "06:00"\n', encoding="utf-8")
    say(boss, name="Night")
    page = shown(boss, "/mapping/source")
    assert '-exit_day = "exclusive"' in page
    assert "does not ask about <code>drop</code>, which would be gone" in page

    def save(seen: str) -> str:
        answer = boss.post("/mapping/save", data={"csrf_token": token_of(boss.get("/mapping").text), "seen": seen})
        return shown(boss, answer.headers["Location"])

    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None
    target.write_text('name = "night"\n# somebody was quicker\n', encoding="utf-8")
    assert "is not the one you saw" in save(found[1])
    assert "is not the one you saw" in save("")
    assert "quicker" in target.read_text(encoding="utf-8")
    again = re.search(r'name="seen" value="(\w+)"', shown(boss, "/mapping/source"))
    assert again is not None
    assert "Saved." in save(again[1])
    assert "quicker" in (target.parent / "source.toml.before").read_text(encoding="utf-8")
    assert 'marks.csv"' in target.read_text(encoding="utf-8")
    assert not list((settings.home / "samples").iterdir()), "the sample is gone"
    with sqlite_database.read() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "feed.mapped"))
    assert (entry.actor, entry.detail["replaced"]) == ("boss@example.org", True)


def test_a_whole_export_is_saved_and_loaded_in_a_browser_where_no_folder_was_set(
    settings: Settings, sqlite_database: Database, app: Flask, signed_in: SignedIn
) -> None:
    boss, whole = signed_in("boss"), settings.model_copy(update={"feed_folder": "", "feed_settle_seconds": 0})
    services = Services(whole, sqlite_database, app.extensions["outreach"].clock, provider=None)
    app.extensions["outreach"] = create_app(services).extensions["outreach"]
    upload(boss, small())
    assert "Save, and load these files" in shown(boss, "/mapping/source")
    sent = {"csrf_token": token_of(boss.get("/mapping").text), "seen": "", "load": "yes"}
    assert boss.post("/mapping/save", data=sent).headers["Location"] == "/data-health"
    [folder] = (settings.home / "incoming").iterdir()
    assert {path.name for path in folder.iterdir()} == {*SMALL, "source.toml"}, "nothing half-written lies beside them"
    assert not list((settings.home / "samples").iterdir()), "the sample is gone"

    take_feeds(services, lambda within, place, now: take_in(within.database, place, settings=whole, now=now))
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count()).select_from(Mark)) == SMALL["marks.csv"].count("\n") - 1

    upload(boss, small(marks="Student ID,School ID,Date,Code\n"))
    assert "Save, and load these files" not in shown(boss, "/mapping/source"), "a sample never takes the place of a delivery"
    assert boss.post("/mapping/save", data=sent | {"csrf_token": token_of(boss.get("/mapping").text)}).status_code == 400


def test_a_sample_is_its_owners_alone_and_gone_after_a_day(
    signed_in: SignedIn, settings: Settings, app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    boss, ira = signed_in("boss"), signed_in("ira")
    upload(boss, small())
    assert "Upload a sample" in shown(ira)
    assert "There is no sample any more" in shown(ira, ira.get("/mapping/source").headers["Location"])
    [folder] = (settings.home / "samples").iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))
    assert sweep(settings.home, NOON + timedelta(hours=23)) == 0
    services: Services = app.extensions["outreach"]
    sweep_samples(services)
    assert folder.exists()
    assert sweep(settings.home, NOON + timedelta(hours=25)) == 1
    assert not folder.exists()
    assert "Reyes" not in "".join(capsys.readouterr())


def test_giving_up_deletes_the_sample(signed_in: SignedIn, settings: Settings) -> None:
    boss = signed_in("boss")
    upload(boss, small())
    boss.post("/mapping/discard", data={"csrf_token": token_of(boss.get("/mapping").text)})
    assert "Upload a sample" in shown(boss)
    assert not list((settings.home / "samples").iterdir())


def test_files_can_be_added_and_what_was_said_stays(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    some = small()
    late = {"days.csv": some.pop("days.csv")}
    page = upload(boss, some)
    assert "days on which any mark came" in page
    confirm(boss, {"Unexcused": "unexcused"})
    upload(boss, late)
    page = say(boss, count_to="2026-09-15")
    assert line(page, "Lincoln") == ["1", "0", "0", "1", "0", "2"], "the calendar is used, and the code is still confirmed"
    page = upload(boss, {"stays.csv": b"Pupil ID,School Code,Enrolled On\n1,A,2026-09-15\n"})
    assert line(page, "Lincoln") == ["1", "0", "0", "0", "0", "1"], "a file whose columns have other names now is recognised anew"


@pytest.mark.long
def test_a_large_sample_is_counted_in_a_process_of_its_own(signed_in: SignedIn) -> None:
    marks = "Student ID,School ID,Date,Code,Anything\n1,A,2026-09-14,Unexcused," + "x" * 1_100_000 + "\n"
    files = small() | {"marks.csv.gz": gzip.compress(marks.encode())}
    del files["marks.csv"]
    assert line(upload(signed_in("boss"), files), "Lincoln") == ["1", "0", "0", "0", "1", "1"]


def test_a_column_of_free_text_is_not_listed_as_codes(signed_in: SignedIn) -> None:
    marks = "".join(f"1,A,2026-09-14,was with aunt {number}\n" for number in range(70))
    page = upload(signed_in("boss"), small(marks=f"Student ID,School ID,Date,Code\n{marks}"))
    assert "The column has 70 different values: that is free text, not codes." in page
    assert "aunt" not in page


def test_only_it_and_district_administrators_map_feeds(signed_in: SignedIn) -> None:
    assert [signed_in(who).get("/mapping").status_code for who in ("boss", "ira", "ana", "kim")] == [200, 200, 403, 403]
    ana = signed_in("ana")
    data = {"csrf_token": token_of(ana.get("/inbox").text), "files": (io.BytesIO(b"a" * 300_000), "a.csv")}
    answer = ana.post("/mapping/files", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302, "nobody else is let send so much"
    assert ana.get("/mapping").status_code == 403

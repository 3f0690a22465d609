"""An export nobody has described becomes a draft, a person confirms it, and only then its codes count."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.canonical import FILES
from outreach.attendance.refusal import RefusedError
from outreach.database import Database
from outreach.feeds.dates import DATE_FORMATS, fitting
from outreach.feeds.drafting import draft
from outreach.feeds.presets import presets, propose, recognise
from outreach.feeds.writing import written
from tests.attendance.loading import Loader

EXPORT = {
    "kids.txt": "[1]Student_Number\t[1]First_Name\t[1]Last_Name\t[1]DOB\tSSN\n"
    "007\tLê\tNguyễn\t03/14/2012\t1\n008\tAna\tReyes\t12/01/2013\t2\n",
    "places.txt": "School_Number\tSchool_Name\n001\tLincoln\n",
    "stays.txt": "Student_Number\tSchoolID\tEntryDate\tExitDate\tExitCode\n007\t001\t08/17/2026\t\t\n008\t001\t08/17/2026\t09/01/2026\tT\n",
    "absences.txt": "Student_Number\tSchoolID\tAtt_Date\tAtt_Code\tAtt_Comment\n"
    "007\t001\t08/18/2026\tA\t\n007\t001\t08/19/2026\tE\tdentist\n007\t001\t08/20/2026\tZ9\t\n008\t001\t08/31/2026\tA\t\n",
}


def export(folder: Path) -> Path:
    """An export of PowerSchool as its defaults write it, with tabs and American dates."""
    folder.mkdir()
    for name, text in EXPORT.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_an_unknown_export_is_recognised_and_its_codes_wait_for_a_person(sqlite_database: Database, tmp_path: Path) -> None:
    """Loaded as drafted every mark is held; with the codes confirmed all count but the one nobody knows."""
    folder = export(tmp_path / "export")
    found = draft(folder, "powerschool")
    assert found.choices.preset == "powerschool"
    assert {kind: one.file for kind, one in found.choices.placed.items()} == {
        "attendance": "absences.txt",
        "students": "kids.txt",
        "schools": "places.txt",
        "enrollments": "stays.txt",
    }
    assert found.sensitive("students") == ("SSN",)
    assert found.codes == {"A": 2, "E": 1, "Z9": 1}
    text = written(found)
    (folder / "source.toml").write_text(text, encoding="utf-8")
    loader = Loader(sqlite_database, tmp_path)
    assert loader.load_folder(folder).files["attendance"].held == 4
    confirmed = re.sub(r"^# (?=\"[AE]\" = )", "", text, flags=re.MULTILINE)
    (folder / "source.toml").write_text(confirmed, encoding="utf-8")
    assert loader.load_folder(folder).files["attendance"].held == 1
    rows = {row["student_id"]: row for row in loader.counts(date(2026, 9, 4), "student")}
    assert (rows["007"]["days_absent"], rows["007"]["days_excused"], rows["007"]["days_unknown"]) == ("2", "1", "1")
    assert rows["008"]["days_absent"] == "1"


AERIES = {
    "STU.csv": "ID,FN,LN\n7,Ana,Reyes\n8,Lê,Tran\n",
    "LOC.csv": "SC,NM\n1,Lincoln\n",
    "ENR.csv": "ID,SC,ED\n7,1,08/17/2026\n8,1,08/17/2026\n",
    "ATT.csv": "ID,SC,DT,AL,A1,A2\n7,1,08/18/2026,A,A,A\n7,1,08/19/2026,,U,\n8,1,08/19/2026,,U,U\n",
    "sections.csv": "student_id,school_id,section_id,begin_date,end_date\n"
    + "".join(f"{child},1,{period},08/17/2026,06/04/2027\n" for child in (7, 8) for period in (1, 2, 3)),
}


def confirmed(folder: Path, *codes: str) -> str:
    """The draft of a folder with some codes confirmed as they are proposed."""
    text = written(draft(folder, "sis"))
    for code in codes:
        text = text.replace(f'# "{code}" = ', f'"{code}" = ')
    return text


def test_wide_rows_of_aeries_are_turned_and_weighed_by_the_schedule(sqlite_database: Database, tmp_path: Path) -> None:
    """A class of three is no missed day, two of three are; the code of the day counts by itself; every cell is a row of the report."""
    for name, text in AERIES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    text = confirmed(tmp_path, "A", "U")
    assert '[periods]\n"A1" = "1"\n"A2" = "2"' in text
    (tmp_path / "source.toml").write_text(text, encoding="utf-8")
    loader = Loader(sqlite_database, tmp_path)
    report = loader.load_folder(tmp_path)
    numbers = report.files["attendance"]
    assert (numbers.read, numbers.inserted, numbers.held) == (6, 6, 0)
    rows = {row["student_id"]: row for row in loader.counts(date(2026, 8, 19), "student")}
    assert [(rows[child]["days_absent"], rows[child]["days_unknown"]) for child in ("7", "8")] == [("1", "0"), ("1", "0")]


def test_a_wide_row_that_is_left_out_counts_with_every_cell(sqlite_database: Database, tmp_path: Path) -> None:
    for name, text in AERIES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "source.toml").write_text(confirmed(tmp_path, "A", "U"), encoding="utf-8")
    with (tmp_path / "ATT.csv").open("a", encoding="utf-8") as file:
        file.write("7,1,someday,A,A,A\n9,1,08/18/2026,A,,A\n7,1,08/20/2026,,Z,U\n")
    numbers = Loader(sqlite_database, tmp_path).load_folder(tmp_path).files["attendance"]
    assert (numbers.read, numbers.inserted, numbers.rejected, numbers.held, numbers.unchanged) == (13, 6, 3, 4, 0)


def test_meeting_rows_of_powerschool_are_passed_over(sqlite_database: Database, tmp_path: Path) -> None:
    folder = export(tmp_path / "export")
    (folder / "absences.txt").write_text(
        "Student_Number\tSchoolID\tAtt_Date\tAtt_Code\tAtt_Mode_Code\n"
        "007\t001\t08/18/2026\tA\tATT_ModeDaily\n007\t001\t08/19/2026\tU\tATT_ModeMeeting\n008\t001\t08/19/2026\tT\tATT_ModeDaily\n",
        encoding="utf-8",
    )
    assert draft(folder).codes == {"A": 1, "T": 1}, "what is passed over is not asked about"
    (folder / "source.toml").write_text(confirmed(folder, "A", "T"), encoding="utf-8")
    loader = Loader(sqlite_database, tmp_path)
    assert loader.load_folder(folder).files["attendance"].read == 2
    rows = {row["student_id"]: row["days_absent"] for row in loader.counts(date(2026, 8, 19), "student")}
    assert rows == {"007": "1", "008": "0"}


@pytest.mark.parametrize("name", sorted(presets()))
def test_a_preset_names_canonical_columns_and_is_recognised_by_its_own_first_names(name: str) -> None:
    """Every required column has a name there, and its codes are readable."""
    for file, columns in presets()[name].columns.items():
        known = {column.name for column in FILES[file].columns}
        assert set(columns) <= known, file
        assert {column.name for column in FILES[file].columns if column.required} <= set(columns), file
        found = recognise([names[0] for names in columns.values()], file)
        assert found is not None
        assert (found.file, dict(found.columns)) == (file, {column: names[0] for column, names in columns.items()})
    assert propose(["Excused Absence"], name)["Excused Absence"] is not None


def test_a_code_nobody_knows_has_no_proposal() -> None:
    assert propose(["Z9", " excused  ABSENCE "], "") == {"Z9": None, " excused  ABSENCE ": propose(["EA"], "")["EA"]}


@pytest.mark.parametrize(
    ("dates", "formats"),
    [
        pytest.param(["2026-08-17", "2026-12-31"], ["%Y-%m-%d"], id="ISO"),
        pytest.param(["08/17/2026", ""], ["%m/%d/%Y"], id="American"),
        pytest.param(["17/08/2026"], ["%d/%m/%Y"], id="British"),
        pytest.param(["08/07/2026"], ["%m/%d/%Y", "%d/%m/%Y"], id="either: a person says which"),
        pytest.param(["8/22/16"], ["%m/%d/%y"], id="two digits"),
        pytest.param(["40542"], [], id="a spreadsheet's serial number"),
        pytest.param(["2026-08-17", "soon"], [], id="one that is none"),
        pytest.param(["2026-08-17", "9999-12-31"], ["%Y-%m-%d"], id="a stay without an end"),
        pytest.param(["27.05.2011"], ["%d.%m.%Y"], id="with points"),
        pytest.param(["20110527"], ["%Y%m%d"], id="figures alone"),
        pytest.param([""], [], id="nothing"),
    ],
)
def test_a_date_format_is_told_only_where_every_date_fits(dates: list[str], formats: list[str]) -> None:
    assert list(fitting(pl.Series(dates))) == formats
    assert set(formats) <= set(DATE_FORMATS)


def test_a_folder_without_exports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="holds no exports"):
        draft(tmp_path, "nothing")

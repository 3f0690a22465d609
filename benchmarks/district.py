"""A made-up district of any size, the same on every machine: schools of uneven sizes, a year of 180 days, 16 absences a child on average.

A few children miss most of it: about three in ten miss a tenth of the year or more. Names, ids and numbers belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from pathlib import Path

import polars as pl

FIRST_DAY = date(2025, 8, 18)
"""A Monday."""
DAYS = tuple(FIRST_DAY + timedelta(days=7 * (n // 5) + n % 5) for n in range(180))
"""The school days: 36 weeks without a holiday."""
LAST_DAY = DAYS[-1]
EVENING = datetime.combine(LAST_DAY, time(23, 0), UTC)
"""After school on the last day."""

_SCHOOL_SIZES = (180, 320, 410, 480, 520, 560, 610, 690, 850, 1_200, 1_650, 2_400)
_ABSENCES = (0, 22, 4, 9, 1, 76, 12, 6, 2, 18, 7, 34, 3, 14, 5, 46, 8, 16, 10, 27)
"""Of twenty children in turn: 320 in all."""
_CODES = ("UNX", "EXC", "UNX", "EXC", "UNX", "MED", "EXC", "UNX", "HALF", "OSS")
_AREA_CODES = ("212", "303", "312", "404", "415", "503", "602", "617", "702", "713", "773", "808", "907", "919")
_SOURCE = """\
name = "made-up"
delivery = "{delivery}"
trust_registration_phones = true
[codes]
UNX = {{ kind = "absent", reason = "unexcused" }}
EXC = {{ kind = "absent", reason = "excused" }}
MED = {{ kind = "absent", reason = "excused" }}
HALF = {{ kind = "partial", reason = "excused" }}
OSS = {{ kind = "suspended_out" }}
NEW = {{ kind = "absent", reason = "unexcused" }}
"""


@dataclass(frozen=True)
class District:
    """So many children."""

    students: int

    def write(self, folder: Path, *, contacts: bool = False) -> Path:
        """Write the feed into *folder*: attendance by date, as a student system writes it day by day; an adult a child where asked for."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "source.toml").write_text(_SOURCE.format(delivery="full"), encoding="utf-8")
        sizes = self._school_sizes()
        schools = pl.DataFrame({"school_id": [*(f"{n:04d}" for n in range(len(sizes))), "all"]})
        names = schools.with_columns(
            pl.concat_str([pl.lit("School "), "school_id"]).alias("name"),
            pl.when(pl.col("school_id") == "all").then(pl.lit("")).otherwise(pl.lit("all")).alias("parent_id"),
        )
        names.write_csv(folder / "schools.csv")
        calendar = {"school_id": "all", "date": [str(day) for day in DAYS], "event": "Instructional day", "minutes": 390}
        pl.DataFrame(calendar).write_csv(folder / "calendar.csv")
        children = self.children()
        children.select("student_id", first_name=pl.lit("Ada"), last_name=pl.lit("Lee"), grade=pl.lit("5")).write_csv(
            folder / "students.csv"
        )
        children.select("student_id", "school_id", entry_date=pl.lit(str(FIRST_DAY)), exit_date=pl.lit("")).write_csv(
            folder / "enrollments.csv", quote_style="never"
        )
        self.marks().sort("date", "student_id").write_csv(folder / "attendance.csv", quote_style="never")
        if contacts:
            _write_contacts(folder, children)
        return folder

    def children(self) -> pl.DataFrame:
        """student_id and school_id, with the child's number and how many days it missed."""
        sizes = self._school_sizes()
        number = pl.int_range(self.students, eager=True)
        schools = [f"{school:04d}" for school, size in enumerate(sizes) for _ in range(size)]
        return pl.DataFrame({"n": number, "school_id": schools}).with_columns(
            pl.concat_str([pl.lit("S"), pl.col("n").cast(pl.String).str.zfill(7)]).alias("student_id"),
            pl.col("n").replace_strict({n: _ABSENCES[n % 20] for n in range(self.students)}, return_dtype=pl.Int64).alias("missed"),
        )

    def marks(self) -> pl.DataFrame:
        """Every absence: student_id, school_id, date, code, portion; sorted by child."""
        each = self.children().with_columns(pl.int_ranges(0, "missed").alias("k")).explode("k", empty_as_null=False)
        place = (pl.col("n") * 31 + pl.col("k") * 7) % len(DAYS)  # 7 and 180 have no common divisor: no day twice
        kind = (pl.col("n") * 13 + pl.col("k") * 3) % len(_CODES)
        dates = pl.Series([str(day) for day in DAYS])
        coded = each.select(
            "student_id",
            "school_id",
            pl.lit(dates).gather(place).alias("date"),
            pl.lit(pl.Series(_CODES)).gather(kind).alias("code"),
        )
        return coded.with_columns(pl.when(pl.col("code") == "HALF").then(pl.lit("0.5")).otherwise(pl.lit("")).alias("portion"))

    def write_delta(self, folder: Path, *, students: int = 20_000, rows: int = 30_000) -> Path:
        """Write a night's delta: *rows* about *students* children; each has a new mark, some of them another taken back."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "source.toml").write_text(_SOURCE.format(delivery="delta"), encoding="utf-8")
        touched = self.touched(students)
        fresh = self.children().filter(pl.col("student_id").is_in(touched)).select("student_id", "school_id")
        upserts = fresh.with_columns(date=pl.lit(str(LAST_DAY)), code=pl.lit("NEW"), action=pl.lit("upsert"))
        known = self.marks().filter(pl.col("student_id").is_in(touched)).unique("student_id", keep="first", maintain_order=True)
        deletes = known.head(rows - students).select("student_id", "school_id", "date", "code", action=pl.lit("delete"))
        pl.concat([upserts, deletes]).write_csv(folder / "attendance.csv")
        return folder

    def touched(self, students: int = 20_000) -> list[str]:
        """The children of a night's delta, spread over the district."""
        spread = [n * self.students // students for n in range(min(students, self.students))]
        return self.children()["student_id"].gather(spread).to_list()

    def _school_sizes(self) -> list[int]:
        sizes: list[int] = []
        for size in cycle(_SCHOOL_SIZES):
            left = self.students - sum(sizes)
            if left <= size:
                return [*sizes, left]
            sizes.append(size)
        return sizes


def _write_contacts(folder: Path, children: pl.DataFrame) -> None:
    """One adult a child, at a place of its own, with one of the numbers that are set aside for stories."""
    adult = pl.concat_str([pl.lit("C"), "student_id"]).alias("contact_id")
    place = {"city": "Springfield", "state": "IL", "postal_code": "62701"}
    written = children.select(
        adult,
        pl.lit("Bo").alias("first_name"),
        pl.lit("Lee").alias("last_name"),
        pl.concat_str([pl.col("n") + 1, pl.lit(" Main Street")]).alias("address_line1"),
        *[pl.lit(value).alias(name) for name, value in place.items()],
    )
    written.write_csv(folder / "contacts.csv")
    area = pl.lit(pl.Series(_AREA_CODES)).gather(pl.col("n") // 100 % len(_AREA_CODES))
    phone = pl.concat_str([pl.lit("+1"), area, pl.lit("55501"), (pl.col("n") % 100).cast(pl.String).str.zfill(2)])
    children.select(adult, phone.alias("phone"), pl.lit("mobile").alias("type")).write_csv(folder / "contact_phones.csv")
    children.select("student_id", adult, pl.lit("yes").alias("primary")).write_csv(folder / "student_contacts.csv")

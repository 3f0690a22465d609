"""A stranger at the command line: a home, a clock and feeds of their own, and nothing of this project but its commands."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import IO, cast

OUTREACH = Path(sys.executable).with_name("outreach")
NOW = "2026-10-06T12:00:00-05:00"
"""A Tuesday noon in Chicago."""
COUNTS = (
    "student_id,school_id,days_enrolled,days_absent,days_excused,days_unexcused,days_suspended,days_unspecified,days_conflict,days_unknown,"
    "rate,tier,chronic"
)
BY_SCHOOL = (
    "school_id,students,days_enrolled,days_absent,days_excused,days_unexcused,days_suspended,days_unspecified,days_conflict,days_unknown,"
    "rate,chronic_students,unknown_students"
)
EXPLAIN = "date,school_id,verdict,code,reason,file,line,import_id,rule"
REPORT = "file,line,field,value,problem,action"
CROSSINGS = "student_id,rule,tier,days_absent,days_enrolled,episode,new"
PLANNED = "household,student_ids,contact_id,channel,message,language,state,reason"
CODES = '[codes]\nU = { kind = "absent", reason = "unexcused" }\nE = { kind = "absent", reason = "excused" }\nT = { kind = "present" }\n'

Files = dict[str, "str | bytes"]


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it wrote where."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """Printed CSV, a dict a row."""
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def header(self) -> str:
        """The first line."""
        return self.out.partition("\n")[0]

    def refused(self, *words: str) -> None:
        """Exit 2, nothing on stdout, one sentence on stderr that holds *words*."""
        assert (self.code, self.out) == (2, ""), self
        assert "Traceback" not in self.err, self
        assert len(self.err.splitlines()) == 1, self
        for word in words:
            assert word in self.err, self


class Teller:
    """A process that carries out commands (``teller.py``)."""

    def __init__(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.teller"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, words: list[str], environment: Mapping[str, str], folder: Path) -> Done:
        """Carry out one command."""
        questions, answers = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        questions.write(json.dumps({"words": words, "environment": dict(environment), "folder": str(folder)}) + "\n")
        questions.flush()
        return Done(**json.loads(answers.readline()))

    def stop(self) -> None:
        """End it."""
        cast("IO[str]", self._process.stdin).close()
        self._process.wait(30)
        cast("IO[str]", self._process.stdout).close()


@dataclass
class Stranger:
    """Somebody with a folder, who types commands in it."""

    folder: Path
    teller: Teller
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A clean environment: a home, a clock, and what a shell needs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"OUTREACH_HOME": str(self.folder / "home"), "OUTREACH_NOW": NOW}
        self.environment = {**plain, **own, **self.environment}

    def run(self, *words: str | Path, **changed: str) -> Done:
        """Carry out a command; *changed* settings are laid over the environment, empty ones are taken away."""
        return self.teller.ask([str(word) for word in words], self._with(changed), self.folder)

    def csv(self, *words: str | Path, **changed: str) -> Done:
        """Carry out a command that prints rows, as CSV."""
        return self.run(*words, "--format", "csv", **changed)

    def start(self, *words: str | Path, **changed: str) -> subprocess.Popen[str]:
        """Start the installed command in a process of its own."""
        return subprocess.Popen(
            [str(OUTREACH), *map(str, words)],
            env=self._with(changed),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def alone(self, *words: str | Path, **changed: str) -> Done:
        """Carry out the installed command in a process of its own."""
        with self.start(*words, **changed) as process:
            out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    def feed(self, files: Mapping[str, str | bytes], name: str = "feed") -> Path:
        """Write a feed's files anew."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for file, content in files.items():
            (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    def load(self, files: Mapping[str, str | bytes], *words: str, name: str = "feed", code: int = 0) -> Done:
        """Import a feed and expect *code*."""
        done = self.csv("import", self.feed(files, name), *words)
        assert done.code == code, done
        return done

    def report(self, files: Mapping[str, str | bytes], *, code: int) -> list[tuple[str, str, str, str, str]]:
        """Import a feed and return file, line, field, value and action of every problem."""
        report = self.folder / "report.csv"
        self.load(files, "--report", str(report), code=code)
        with report.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            assert ",".join(reader.fieldnames or ()) == REPORT
            rows = list(reader)
        assert all(row["problem"] for row in rows)
        return [(row["file"], row["line"], row["field"], row["value"], row["action"]) for row in rows]

    def counted(self, *words: str) -> dict[tuple[str, str], dict[str, str]]:
        """Counts by child and school."""
        return {(row["student_id"], row["school_id"]): row for row in self.csv("counts", *words).rows}

    def _with(self, changed: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in {**self.environment, **changed}.items() if value}


@contextmanager
def telling() -> Iterator[Teller]:
    """A teller for as long as the block runs."""
    teller = Teller()
    try:
        yield teller
    finally:
        teller.stop()


def weekdays(first: str, last: str) -> list[date]:
    """Monday to Friday from *first* to *last*."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [day for n in range((end - start).days + 1) if (day := start + timedelta(days=n)).weekday() < 5]


DAYS = weekdays("2026-08-17", "2026-10-09")
"""Forty school days."""


def district(attendance: str = "", *, codes: str = CODES, settings: str = "", students: str = "s1 s2", **more: str) -> Files:
    """A sound feed of one school of forty days: canonical names, and *more* files as ``contacts="…"``."""
    names = students.split()
    files: Files = {
        "source.toml": f'name = "sis"\n{settings}\n{codes}',
        "schools.csv": "school_id,name\n7,Seven\n",
        "calendar.csv": "school_id,date,event\n" + "".join(f"7,{day},Instructional day\n" for day in DAYS),
        "students.csv": "student_id,first_name,last_name\n" + "".join(f"{name},Ada,Lee\n" for name in names),
        "enrollments.csv": "student_id,school_id,entry_date\n" + "".join(f"{name},7,{DAYS[0]}\n" for name in names),
        "attendance.csv": f"student_id,school_id,date,code\n{attendance}",
    }
    return files | {f"{name}.csv": text for name, text in more.items()}


def absent(student: str, *days: int, code: str = "U") -> str:
    """Attendance rows: the child missed those of the forty days (0 is the first)."""
    return "".join(f"{student},7,{DAYS[day]},{code}\n" for day in days)

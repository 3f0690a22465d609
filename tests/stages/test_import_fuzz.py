"""Bytes that nobody meant: a delivery is loaded or refused with a sentence, and a refused one writes nothing."""

from __future__ import annotations

import os
import time
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.refusal import RefusedError
from tests.attendance.feeds import write_feed
from tests.attendance.loading import Districts
from tests.attendance.small import FIRST, feed, mark

NAMES = ("schools", "calendar", "students", "enrollments", "contacts", "contact_phones", "student_contacts", "sections", "attendance")
PIECES = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xf1",
    b";",
    b"\t",
    b" ",
    b"'",
    b"=",
    b"\xe2\x80\xa8",
    b"1e309",
]


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("fuzz"))


def spoilt(random: Random, content: bytes) -> bytes:
    """Cut, doubled, mixed up, or with odd bytes put in."""
    found = bytearray(content)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(found))
        match random.randint(0, 4):
            case 0:
                del found[at:]
            case 1:
                found[at:at] = random.choice(PIECES)
            case 2:
                found[at : at + random.randint(1, 9)] = bytes(random.randrange(256) for _ in range(random.randint(0, 4)))
            case 3:
                found[at:at] = found[random.randint(0, len(found)) :][:40]
            case _:
                text = found.decode("utf-8", "replace")
                found = bytearray(text.encode(random.choice(["utf-16", "utf-16-le", "cp1252", "utf-8-sig", "utf-32"]), "replace"))
    return bytes(found)


def survives(districts: Districts, random: Random) -> None:
    """Load a sound feed, then a spoilt one over it."""
    sound = feed(marks=[mark("s1", FIRST, portion="0.5", reason="said, ill"), mark("s2", FIRST, section_id="math")])
    sound["files"] |= {
        "contacts": [{"contact_id": "c1", "last_name": "Lee", "language": "Spanish"}],
        "contact_phones": [{"contact_id": "c1", "phone": "(312) 555-0142", "priority": "1", "verified_on": str(FIRST)}],
        "student_contacts": [{"student_id": "s1", "contact_id": "c1", "primary": "yes"}],
        "sections": [{"student_id": "s2", "school_id": "1", "section_id": "math", "begin_date": str(FIRST), "end_date": ""}],
    }
    with districts.fresh() as loader:
        loader.load(sound)
        before = loader.dump()
        folder = write_feed(loader.folder / "spoilt", sound)
        for name in random.sample([*(f"{name}.csv" for name in NAMES), "source.toml"], random.randint(1, 2)):
            (folder / name).write_bytes(spoilt(random, (folder / name).read_bytes()))
        sentence = ""
        try:
            report = loader.load_folder(folder)
        except RefusedError as refused:
            sentence = str(refused)
            report = None
        assert bool(sentence) != bool(report)
        if report is None:
            assert loader.dump() == before
            return
        for numbers in report.files.values():
            assert numbers.read == numbers.inserted + numbers.changed + numbers.unchanged + numbers.rejected + numbers.held


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_spoilt_bytes_are_loaded_or_refused_with_a_sentence(districts: Districts, random: Random) -> None:
    """A handful with every test run."""
    survives(districts, random)


@pytest.mark.long
def test_ten_minutes_of_spoilt_bytes(districts: Districts) -> None:
    """FUZZ_SECONDS says how long; the seed of a failure is in its message."""
    end = time.monotonic() + float(os.environ.get("FUZZ_SECONDS", "600"))
    seed = int(time.time())
    while time.monotonic() < end:
        seed += 1
        try:
            survives(districts, Random(seed))  # noqa: S311 - made-up dirt
        except Exception as error:
            message = f"seed {seed}"
            raise AssertionError(message) from error

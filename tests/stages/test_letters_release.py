"""Letters leave as a batch: released once with what is printed, written again at will, and everybody else is listed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import delete, func, select, update

from outreach.attendance.importing import import_folder
from outreach.attention.queries import open_items
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import letter_batches
from outreach.delivery.family_tables import FamilyCode
from outreach.delivery.letter_batches import NoSuchBatchError, pages_of
from outreach.delivery.letter_tables import LetterBatch
from outreach.delivery.letters import LettersReport, release
from outreach.district.tables import Student
from outreach.messages.actions import approve
from outreach.messages.letter_content import FRAME
from outreach.messages.tables import Approval
from outreach.planning.actions import plan
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.rules import load_rules
from tests.journeys.feed import write_small_feed

Print = Callable[..., LettersReport]


def _load(database: Database, settings: Settings, clock: FixedClock, folder: Path, **feed: object) -> None:
    import_folder(database, write_small_feed(folder, **feed), home=settings.home, now=clock.now())  # type: ignore[arg-type]


@pytest.fixture
def planned(database: Database, settings: Settings, clock: FixedClock, tmp_path: Path) -> Print:
    """A district whose one child is over 10 %: a letter and a text are planned. Returns the command that prints."""
    _load(database, settings, clock, tmp_path / "feed", absences=6)
    _night(database, settings, clock)

    def print_letters(out: str = "letters", batch: int | None = None) -> LettersReport:
        return release(database, settings, clock, tmp_path / out, by="test", batch=batch)

    return print_letters


def _night(database: Database, settings: Settings, clock: FixedClock) -> None:
    with database.write() as session:
        approve(session, message=None, language=None, by="words@lincoln.invalid", now=clock.now())
        evaluate(session, load_rules(), settings=settings, now=clock.now())
        release_baseline(session, 10, by="test", now=clock.now())
        plan(session, settings=settings, now=clock.now())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _text(pdf: Path) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return pages


def _letter_state(database: Database) -> tuple[str, str]:
    with database.read() as session:
        row = session.scalars(select(PlannedMessage).where(PlannedMessage.channel == Channel.LETTER)).one()
        return row.state, row.reason


def test_a_batch_holds_one_page_a_letter_and_says_who_got_it(planned: Print, database: Database, tmp_path: Path) -> None:
    report = planned()

    [page] = _text(tmp_path / "letters" / "batch.pdf")
    assert "6 days" in page
    assert "CHICAGO IL 60601" in page
    assert _rows(tmp_path / "letters" / "manifest.csv") == [
        {
            "letter_id": "L000001", "page": "1", "student_ids": "S1", "contact_ids": "C1", "message": "count", "language": "en",
            "days_absent": "6", "as_of": "2026-10-06",
        }
    ]  # fmt: skip
    assert (report.batch_id, report.letters, report.errors_for_a_person) == (1, 1, 0)
    assert _letter_state(database) == (State.PRINTED, "")


def test_words_around_a_letter_stand_there_only_once_somebody_approved_them(
    database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    """Without them a letter has neither the months nor a code, and no code is made that nobody could read of."""
    settings = settings.model_copy(update={"public_url": "https://lincoln.example.org"})
    _load(database, settings, clock, tmp_path / "feed", absences=6)
    _night(database, settings, clock)
    with database.write() as session:
        session.execute(delete(Approval).where(Approval.message == FRAME))
        session.execute(update(Student).values(birth_date=date(2016, 3, 4)))
    prepared = settings.model_copy(update={"letter_approvals": 1})
    release(database, prepared, clock, tmp_path / "letters", by="test")
    with database.write() as session:
        [bare] = [page.content for page, _row in pages_of(session, 1)]
        assert (bare["own"]["picture"], bare["link"], session.scalar(select(func.count()).select_from(FamilyCode))) == (None, None, 0)
        approve(session, message=FRAME, language="en", by="words@lincoln.invalid", now=clock.now())
        letter_batches.approve(session, 1, prepared, clock.now(), "test")
    release(database, prepared, clock, tmp_path / "letters", by="test")
    page = " ".join(_text(tmp_path / "letters" / "batch.pdf")[0].split())
    assert "School days missed, month by month" in page
    assert "open lincoln.example.org/f and type" in page


def test_run_again_it_writes_nothing_new(planned: Print, database: Database, tmp_path: Path) -> None:
    planned()
    before = {path.name: path.read_bytes() for path in (tmp_path / "letters").iterdir()}

    report = planned()

    assert (report.batch_id, report.letters) == (None, 0)
    assert {path.name: path.read_bytes() for path in (tmp_path / "letters").iterdir()} == before
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(LetterBatch)) == 1


def test_a_lost_batch_is_written_again_from_what_was_kept(
    planned: Print, database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    planned()
    _load(database, settings, clock, tmp_path / "feed", absences=5)

    planned("again", batch=1)

    assert (tmp_path / "again" / "batch.pdf").read_bytes() == (tmp_path / "letters" / "batch.pdf").read_bytes()


def test_an_unknown_batch_is_refused(planned: Print) -> None:
    with pytest.raises(NoSuchBatchError, match="no letter batch 7"):
        planned(batch=7)


def test_a_correction_before_the_release_changes_the_page(
    planned: Print, database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    _load(database, settings, clock, tmp_path / "feed", absences=5)

    planned()

    assert "5 days" in _text(tmp_path / "letters" / "batch.pdf")[0]


def test_a_correction_below_the_threshold_prints_nothing_and_lists_why(
    planned: Print, database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    _load(database, settings, clock, tmp_path / "feed", absences=2)

    report = planned()

    assert report.letters == 0
    assert not (tmp_path / "letters" / "batch.pdf").exists()
    assert _letter_state(database)[0] == State.CANCELLED
    listed = _rows(tmp_path / "letters" / "not-written.csv")
    assert [(row["channel"], row["state"]) for row in listed] == [("letter", "cancelled")]


def test_a_letter_that_cannot_be_set_is_held_for_a_person(
    database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    _load(database, settings, clock, tmp_path / "feed", absences=6, guardian="ᏣᎳᎩ")
    _night(database, settings, clock)

    report = release(database, settings, clock, tmp_path / "letters", by="test")

    assert (report.letters, report.errors_for_a_person) == (0, 1)
    state, reason = _letter_state(database)
    assert state == State.HELD
    assert reason.startswith("cannot be printed")
    with database.read() as session:
        assert [item.kind for item in open_items(session, None)] == ["letter"]

"""Letters: the order the post wants, and a batch that no crash can make vanish."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from outreach.attendance.importing import import_folder
from outreach.attention.queries import open_items
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.letter_batches import postal_code
from outreach.delivery.letters import release
from outreach.messages.actions import approve
from outreach.messages.letter_content import LetterContent, Side
from outreach.planning.actions import plan
from outreach.settings import Settings
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.rules import load_rules
from tests.journeys.feed import write_small_feed


@dataclass(frozen=True)
class Post:
    """What a test of letters needs at hand."""

    database: Database
    settings: Settings
    clock: FixedClock

    def items(self) -> list[str]:
        """The kinds of what a person must see."""
        with self.database.read() as session:
            return [item.kind for item in open_items(session, None)]


@pytest.fixture
def post(database: Database, settings: Settings, clock: FixedClock, tmp_path: Path) -> Post:
    """One letter is planned."""
    import_folder(database, write_small_feed(tmp_path / "feed", absences=6), home=settings.home, now=clock.now())
    with database.write() as session:
        approve(session, message=None, language=None, by="words@lincoln.invalid", now=clock.now())
        evaluate(session, load_rules(), settings=settings, now=clock.now())
        release_baseline(session, 10, by="test", now=clock.now())
        plan(session, settings=settings, now=clock.now())
    return Post(database, settings, clock)


def test_a_released_batch_whose_files_could_not_be_written_stands_before_a_person_until_they_are(post: Post, tmp_path: Path) -> None:
    (tmp_path / "full" / "batch.pdf").mkdir(parents=True)  # nothing can be written over a folder
    with pytest.raises(OSError, match=r"batch\.pdf"):
        release(post.database, post.settings, post.clock, tmp_path / "full", by="test")
    assert post.items() == ["letters"]

    assert release(post.database, post.settings, post.clock, tmp_path / "next", by="test").letters == 0
    assert post.items() == ["letters"]

    report = release(post.database, post.settings, post.clock, tmp_path / "next", by="test", batch=1)
    assert report.letters == 1
    assert (tmp_path / "next" / "batch.pdf").read_bytes().startswith(b"%PDF")
    assert post.items() == []


def test_a_batch_that_was_written_leaves_nothing_open(post: Post, tmp_path: Path) -> None:
    release(post.database, post.settings, post.clock, tmp_path / "letters", by="test")
    assert post.items() == []
    assert sorted(path.name for path in (tmp_path / "letters").iterdir()) == ["batch.pdf", "manifest.csv", "not-written.csv"]


def test_letters_are_sorted_by_thepostal_code_also_where_it_is_a_long_one() -> None:
    codes = ["CHICAGO IL 60601-9999", "CHICAGO IL 60602-0001", "CHICAGO IL 60601", "AURORA IL 60502"]
    letters = [LetterContent("L1", (), ("ANA GARCIA", "12 OAK ST", code), ("12 OAK ST", code), Side("en", "", (), ())) for code in codes]

    assert [letter.address_lines[-1] for letter in sorted(letters, key=postal_code)] == [codes[3], codes[2], codes[0], codes[1]]

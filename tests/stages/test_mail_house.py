"""Letters through a mail house: each once, none lost, none that is no longer right, whatever goes wrong on the way."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import select

from outreach.attention.actions import resolve_key
from outreach.attention.queries import open_items
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import letter_batches, letter_pulls, mailing
from outreach.delivery.letter_rules import BatchError
from outreach.delivery.letter_tables import LetterPull, ReturnedMail
from outreach.delivery.lob import Lob
from outreach.delivery.mail_house import HouseAnswer, Piece
from outreach.delivery.mail_house_tables import Mailing
from outreach.district import corrections
from outreach.district.overlays import Act
from outreach.district.people import Address
from outreach.planning import brakes
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings, load_settings
from outreach.simulator.mail_house import HouseFault, MailHouse
from tests.conftest import NOON
from tests.web.post import printed
from tests.web.seed import seed

KEY = "test_stand_in"
PRINT = NOON + timedelta(hours=2)
"""Two in the afternoon in Chicago."""


@dataclass
class Post:
    """A district whose released letters go to the stand-in."""

    database: Database
    settings: Settings
    house: MailHouse
    lob: Lob
    batch: int
    now: datetime = PRINT

    def run(self, **later: float) -> None:
        """One tick of the job, after some time."""
        self.now += timedelta(**later)
        clock = FixedClock(self.now)
        mailing.mail_due(self.database, self.lob, self.settings, clock)
        mailing.reconcile(self.database, self.lob, clock)

    def states(self) -> list[str]:
        """Where the letters stand, by message."""
        with self.database.read() as session:
            return list(session.scalars(select(Mailing.state).order_by(Mailing.planned_id)))

    def items(self) -> set[str]:
        """What people see, by its key up to the colon."""
        with self.database.read() as session:
            return {item.key.partition(":")[0] for item in open_items(session, None) if item.opened_at > NOON}


def _settings(home: Path, **more: object) -> Settings:
    return load_settings(
        home=home, district_name="Lincoln Schools", timezone="America/Chicago", mail_house="lob", mail_house_key=KEY,
        mail_house_from="adr_1", mail_house_timeout_seconds=0.5, **more,
    )  # fmt: skip


@contextmanager
def posting(database: Database, home: Path, batch: int) -> Iterator[Post]:
    """A mail house that answers, for the letters of a released batch."""
    house = MailHouse(FixedClock(NOON), KEY)
    settings = _settings(home, mail_house_api_base=house.listen())
    lob = Lob.from_settings(settings)
    assert lob is not None
    yield Post(database, settings, house, lob, batch)
    lob.close()
    house.stop()


@pytest.fixture(scope="module")
def released(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four families' letters in a released batch, made once."""
    home = tmp_path_factory.mktemp("post")
    shutil.copy(sqlite_template, home / "home.db")
    database = Database(f"sqlite:///{home / 'home.db'}")
    seed(database, _settings(home), home / "feed")
    assert printed(database, _settings(home)).batch == 1
    database.engine.dispose()
    return home / "home.db"


@pytest.fixture
def post(released: Path, tmp_path: Path) -> Iterator[Post]:
    """A copy of it, and a mail house that answers."""
    shutil.copy(released, tmp_path / "home.db")
    database = Database(f"sqlite:///{tmp_path / 'home.db'}")
    with posting(database, tmp_path, 1) as found:
        yield found
    database.engine.dispose()


def test_every_letter_leaves_once_at_its_print_hour_as_the_very_page(post: Post) -> None:
    post.run(minutes=-1)
    assert post.house.letters == [], "until then the batch can be taken back"
    post.run(minutes=1)
    post.run(hours=1)
    assert set(post.states()) == {"taken"}
    assert len(post.house.letters) == len(post.states()) == post.house.requests
    with post.database.read() as session:
        rows = {row.ref: row for row in session.scalars(select(PlannedMessage))}
    for piece in post.house.letters:
        contact = rows[piece.ref].facts["contact_ids"][0]
        assert piece.fields["to[address_line1]"] == f"{contact[1:]} Oak St"
        assert (piece.fields["from"], piece.fields["address_placement"]) == ("adr_1", "insert_blank_page")
        page = pypdfium2.PdfDocument(io.BytesIO(piece.pdf))
        assert f"{contact[1:]} OAK ST" in page[0].get_textpage().get_text_range()
        page.close()


@pytest.mark.parametrize(
    ("fault", "then", "finally_"),
    [
        (HouseFault.SLOW, "uncertain", "taken"),
        (HouseFault.TAKEN_BUT_BROKEN, "uncertain", "taken"),
        (HouseFault.BROKEN, "uncertain", "taken"),
        (HouseFault.BUSY, "planned", "taken"),
        (HouseFault.BAD_ADDRESS, "refused", "refused"),
        (HouseFault.BAD_FILE, "refused", "refused"),
    ],
)
def test_whatever_goes_wrong_no_letter_goes_twice_and_none_is_lost(post: Post, fault: HouseFault, then: str, finally_: str) -> None:
    post.house.forgetful = True
    post.house.faults.append(fault)
    mailing.mail_due(post.database, post.lob, post.settings, FixedClock(post.now))
    assert post.states()[0] == then
    for _ in range(6):
        post.run(minutes=20)
    assert post.states()[0] == finally_
    refs = [piece.ref for piece in post.house.letters]
    assert len(refs) == len(set(refs)) == sum(state == "taken" for state in post.states())
    assert {"taken", finally_} >= set(post.states())
    assert ("returned" in post.items()) is (fault is HouseFault.BAD_ADDRESS)
    assert ("letter" in post.items()) is (fault is HouseFault.BAD_FILE)


def test_what_is_on_no_list_after_it_was_asked_again_is_for_a_person(post: Post) -> None:
    post.house.faults.extend([HouseFault.BROKEN] * 30)
    for _ in range(12):
        post.run(minutes=20)
    assert set(post.states()) == {"uncertain"}
    assert post.house.requests == 2 * len(post.states()), "asked once more, and never again"
    assert "mail-house" in post.items()


@dataclass
class _Dying:
    """A clock under which the worker dies at its nth look."""

    now_: datetime
    dies_at: int
    looks: int = field(default=0)

    def now(self) -> datetime:
        """The time, or the end."""
        self.looks += 1
        if self.looks == self.dies_at:
            raise _KilledError
        return self.now_


class _KilledError(BaseException):
    """The process is gone at this point: nothing after it is done."""


@dataclass
class _DyingHouse:
    """A mail house whose answer the worker does not live to hear, every other time."""

    lob: Lob
    asked: int = 0

    def mail(self, piece: Piece) -> HouseAnswer:
        """Ask, and die."""
        self.asked += 1
        answer = self.lob.mail(piece)
        if self.asked % 2:
            raise _KilledError
        return answer

    def find(self, ref: str) -> str:
        """As it is."""
        return self.lob.find(ref)

    def returned(self, since: datetime) -> list[str]:
        """As it is."""
        return self.lob.returned(since)


def test_workers_that_die_at_any_step_neither_double_nor_lose_a_letter(post: Post) -> None:
    _die_often(post)


@pytest.mark.long
def test_the_same_holds_on_either_database(database: Database, tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    seed(database, settings, tmp_path / "feed")
    with posting(database, tmp_path, printed(database, settings).batch) as post:
        _die_often(post)


def _die_often(post: Post) -> None:
    post.house.forgetful = True  # the protocol alone must do
    dying = _DyingHouse(post.lob)
    for step in range(1, 12):
        post.now += timedelta(minutes=20)
        clock = _Dying(post.now, step % 6)
        try:
            mailing.mail_due(post.database, dying, post.settings, clock)
            mailing.reconcile(post.database, dying, clock)
        except _KilledError:
            continue
    for _ in range(4):
        post.run(minutes=20)
    assert set(post.states()) == {"taken"}
    refs = [piece.ref for piece in post.house.letters]
    assert len(refs) == len(set(refs)) == len(post.states())


def test_a_letter_that_is_no_longer_right_is_pulled_before_it_leaves(post: Post) -> None:
    with post.database.write() as session:
        corrections.correct_address(session, "c2", Address("9 Elm St", "", "Chicago", "IL", "60602"), Act("ana@example.org", NOON))
    post.run()
    assert sorted(set(post.states())) == ["cancelled", "taken"]
    assert not any("Elm" in piece.fields["to[address_line1]"] for piece in post.house.letters)
    with post.database.read() as session:
        [pull] = session.scalars(select(LetterPull))
        row = session.get_one(PlannedMessage, pull.planned_id)
        assert (pull.outcome, pull.settled_by, row.state) == ("pulled", "mail house", State.CANCELLED), "it is planned anew"


def test_what_the_mail_house_has_is_not_looked_for_in_our_pile(post: Post) -> None:
    post.run()
    with post.database.write() as session:
        corrections.correct_address(session, "c2", Address("9 Elm St", "", "Chicago", "IL", "60602"), Act("ana@example.org", NOON))
        assert letter_pulls.look(session, post.settings, post.now) == 0


def test_a_batch_taken_back_and_a_stop_keep_every_letter_here(post: Post) -> None:
    with post.database.write() as session:
        brakes.put_on(session, brakes.Kind.STOP, "S1", by="boss@example.org", why="wrong words", now=NOON)
    post.run()
    assert "planned" in post.states()
    left = len(post.house.letters)
    with post.database.write() as session:
        brakes.take_off(session, brakes.Kind.STOP, "S1", by="boss@example.org", now=NOON)
    post.run(minutes=20)
    assert len(post.house.letters) == len(post.states()) > left
    with post.database.write() as session, pytest.raises(BatchError):
        letter_batches.revoke(session, post.batch, post.now, "boss@example.org", "too late")


def test_a_batch_taken_back_in_time_goes_nowhere(post: Post) -> None:
    with post.database.write() as session:
        letter_batches.revoke(session, post.batch, NOON, "boss@example.org", "wrong words")
    post.run()
    assert (post.states(), post.house.letters) == ([], [])


def test_a_wrong_key_stops_everything_until_a_person_has_mended_it(post: Post) -> None:
    post.house.key = "live_other"
    post.run()
    post.run(hours=1)
    assert (set(post.states()), post.house.letters) == ({"planned"}, [])
    assert "mail-house" in post.items()
    post.house.key = KEY
    with post.database.write() as session:
        resolve_key(session, mailing.SET_UP, by="ira@example.org", now=post.now)
    post.run(minutes=20)
    assert set(post.states()) == {"taken"}


def test_a_letter_that_the_post_brought_back_rests_its_address(post: Post) -> None:
    post.run()
    post.house.letters[0].back = True
    clock = FixedClock(post.now + timedelta(days=9))
    assert mailing.look_for_returns(post.database, post.lob, clock) == 1
    assert mailing.look_for_returns(post.database, post.lob, clock) == 0
    with post.database.read() as session:
        [back] = session.scalars(select(ReturnedMail))
        assert session.get_one(PlannedMessage, back.planned_id).state == State.UNDELIVERED
        assert session.get_one(PlannedMessage, back.planned_id).ref == post.house.letters[0].ref


def test_a_mail_house_that_does_not_answer_at_all_takes_nothing(post: Post) -> None:
    post.house.stop()
    post.run()
    assert set(post.states()) == {"planned"}

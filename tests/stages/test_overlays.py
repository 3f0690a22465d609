"""What people say over the feeds: it counts at once, no feed undoes it, and withdrawn it leaves no trace in a count."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.attendance import overlays
from outreach.attendance.calendars import Said
from outreach.attendance.source_settings import Kind, Meaning, Reason
from outreach.attendance.verdicts import Verdict
from outreach.database import Database
from outreach.delivery.provider import Answer, Listed, Text
from outreach.district.overlays import Act, OverlayError, holding, version, withdraw
from outreach.planning.states import State
from outreach.settings import Settings
from outreach.thresholds.actions import there_is_news
from tests.attendance.districts import UNMAPPED, day_of
from tests.attendance.loading import NOW, Districts, Loader
from tests.attendance.small import FIRST, LAST, feed, mark
from tests.stages.nights import Nights
from tests.stages.outbox import Outbox, running
from tests.stages.test_import_properties import plain

ROSA = Act("rosa@lincoln.invalid", NOW, "the school called")
ABSENT = Meaning(kind=Kind.ABSENT, reason=Reason.EXCUSED)
DAY = FIRST + timedelta(days=1)


@pytest.fixture
def loader(database: Database, tmp_path: Path) -> Loader:
    """An empty district on each database."""
    return Loader(database, tmp_path)


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("districts"))


def figures(loader: Loader, student: str = "s1") -> tuple[str, str, str]:
    """Days enrolled, absent and unknown of one child at school 1."""
    [row] = [row for row in loader.counts(LAST, "student-school") if row["student_id"] == student]
    return row["days_enrolled"], row["days_absent"], row["days_unknown"]


def test_a_code_gets_its_meaning_from_a_person_until_it_is_withdrawn(loader: Loader) -> None:
    delivery = feed(marks=[mark("s1", FIRST, "X")])
    assert loader.load(delivery).files["attendance"].held == 1
    assert figures(loader) == ("20", "0", "1")

    with loader.database.write() as session:
        said = overlays.give_meaning(session, "small", "X", ABSENT, ROSA).id
    assert figures(loader) == ("20", "1", "0")
    assert loader.load(delivery).files["attendance"].held == 0, "the same bytes mean more now"
    assert loader.load(feed(marks=[mark("s1", FIRST, "X"), mark("s1", DAY, "X")])).files["attendance"].held == 0
    assert figures(loader) == ("20", "2", "0"), "no feed undoes it, and no row waits for a person any more"

    with loader.database.write() as session:
        withdraw(session, said, ROSA)
    assert figures(loader) == ("20", "0", "2")


def test_a_code_may_mean_something_else_at_one_school(loader: Loader) -> None:
    loader.load(feed(marks=[mark("s1", FIRST)]))
    with loader.database.write() as session:
        overlays.give_meaning(session, "small", "A", Meaning(kind=Kind.PRESENT), ROSA, school_id="2")
    assert figures(loader) == ("20", "1", "0")
    with loader.database.write() as session:
        overlays.give_meaning(session, "small", "A", Meaning(kind=Kind.PRESENT), ROSA, school_id="1")
    assert figures(loader) == ("20", "0", "0")


@pytest.mark.parametrize(
    ("said", "reporting", "expected"),
    [
        (Said.CLOSED, "exceptions", ("19", "0", "0")),
        (Said.NOT_SUBMITTED, "exceptions", ("20", "1", "0")),
        (Said.SUBMITTED, "affirmative", ("20", "1", "19")),
    ],
)
def test_a_day_with_an_absence_is_what_a_person_calls_it(
    loader: Loader, said: Said, reporting: str, expected: tuple[str, str, str]
) -> None:
    loader.load(feed(marks=[mark("s1", FIRST)], reporting=reporting))
    with loader.database.write() as session:
        overlays.call_day(session, "1", FIRST, said, ROSA)
    assert figures(loader) == expected


def test_silence_is_presence_where_a_day_is_in_and_unknown_where_it_is_not(loader: Loader) -> None:
    loader.load(feed(marks=[], reporting="affirmative"))
    assert figures(loader) == ("20", "0", "20")
    with loader.database.write() as session:
        overlays.call_day(session, "1", FIRST, Said.SUBMITTED, ROSA)
    assert figures(loader) == ("20", "0", "19")
    loader.load(feed(marks=[], reporting="exceptions"))
    assert figures(loader) == ("20", "0", "0")
    with loader.database.write() as session:
        overlays.call_day(session, "1", FIRST, Said.NOT_SUBMITTED, ROSA)
    assert figures(loader) == ("20", "0", "1"), "the newest word of a date holds"


def test_a_day_may_be_called_for_every_school_below_an_organisation_and_the_nearest_word_holds(loader: Loader) -> None:
    delivery = feed(marks=[])
    delivery["files"]["schools"] = [{"school_id": "1", "name": "Lincoln", "parent_id": "D"}, {"school_id": "D", "name": "District"}]
    loader.load(delivery)
    with loader.database.write() as session:
        overlays.call_day(session, "D", FIRST, Said.CLOSED, ROSA)
    assert figures(loader) == ("19", "0", "0")
    with loader.database.write() as session:
        overlays.call_day(session, "1", FIRST, Said.SCHOOL_DAY, ROSA)
    assert figures(loader) == ("20", "0", "0")


def test_a_saturday_that_a_person_calls_a_school_day_counts(loader: Loader) -> None:
    saturday = FIRST + timedelta(days=5)
    loader.load(feed(marks=[mark("s1", saturday)]))
    assert figures(loader) == ("20", "0", "0")
    with loader.database.write() as session:
        overlays.call_day(session, "1", saturday, Said.SCHOOL_DAY, ROSA)
    assert figures(loader) == ("21", "1", "0")


def test_a_settled_day_wins_over_marks_that_stand_and_that_come(loader: Loader) -> None:
    both = [mark("s1", FIRST, "A"), mark("s1", FIRST, "E")]
    loader.load(feed(marks=both))
    assert loader.counts(LAST, "student-school")[0]["days_conflict"] == "1"
    with loader.database.write() as session:
        overlays.settle_day(session, "s1", "1", FIRST, Verdict.EXCUSED, ROSA, marked=Verdict.CONFLICT)
        overlays.settle_day(session, "s2", "1", FIRST, Verdict.UNEXCUSED, ROSA)
    for marks in (both, [mark("s2", LAST, "T")], [mark("s1", FIRST, "T"), mark("s2", FIRST, "E")]):
        loader.load(feed(marks=marks))
        first, second = loader.counts(LAST, "student-school")
        assert (first["days_excused"], first["days_absent"]) == ("1", "1")
        assert (second["days_unexcused"], second["days_absent"]) == ("1", "1")


def test_what_nobody_can_say_of_a_day_is_refused(loader: Loader) -> None:
    with loader.database.write() as session, pytest.raises(OverlayError):
        overlays.settle_day(session, "s1", "1", FIRST, Verdict.UNKNOWN, ROSA)


def test_only_what_holds_can_be_withdrawn(loader: Loader) -> None:
    with loader.database.write() as session:
        first = overlays.call_day(session, "1", FIRST, Said.CLOSED, ROSA).id
        second = overlays.call_day(session, "1", FIRST, Said.SCHOOL_DAY, ROSA).id
        with pytest.raises(OverlayError):
            withdraw(session, first, ROSA)
        withdraw(session, second, ROSA)
        with pytest.raises(OverlayError):
            withdraw(session, second, ROSA)
        assert holding(session) == []


acts = st.one_of(
    st.tuples(st.just("code"), st.sampled_from("AEX"), st.sampled_from(list(Kind))),
    st.tuples(st.just("day"), st.integers(-1, 21), st.sampled_from(list(Said))),
    st.tuples(st.just("settle"), st.integers(-1, 21), st.sampled_from(overlays.SETTLEABLE)),
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(acts, max_size=6), reporting=st.sampled_from(["exceptions", "affirmative"]))
def test_whatever_people_say_and_withdraw_the_counts_are_as_before(districts: Districts, said: list[tuple], reporting: str) -> None:  # type: ignore[type-arg]
    with districts.fresh() as loader:
        loader.load(feed(marks=[mark("s1", FIRST, "X"), mark("s2", DAY, "A"), mark("s2", DAY, "E")], reporting=reporting))
        before = loader.all_counts(LAST)
        for act in said:
            _lay(loader.database, *act)
        with loader.database.write() as session:
            for row in holding(session):
                withdraw(session, row.id, ROSA)
        assert loader.all_counts(LAST) == before


def _lay(database: Database, kind: str, what: str | int, value: object) -> None:
    with database.write() as session:
        day = FIRST + timedelta(days=what) if isinstance(what, int) else FIRST
        if kind == "code":
            overlays.give_meaning(session, "small", str(what), Meaning.model_validate({"kind": value}), ROSA)
        elif kind == "day":
            overlays.call_day(session, "1", day, Said(str(value)), ROSA)
        else:
            overlays.settle_day(session, "s1", "1", day, Verdict(str(value)), ROSA)


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A child of ten absences, whose count may be told."""
    made = Nights(database, settings, tmp_path)
    made.approve()
    made.district.child("ada", absent=10)
    made.district.adult("rosa", ["ada"], phone="(312) 555-0142", address="1 Main St")
    made.open()
    return made


def test_a_persons_word_is_news_and_the_message_that_waits_speaks_the_new_number(nights: Nights) -> None:
    nights.now += timedelta(minutes=1)
    nights.evaluate()
    nights.plan()
    [row] = nights.rows("sms")
    last = max(nights.district.marks["ada"])
    with nights.database.write() as session:
        assert not there_is_news(session, nights.rules, settings=nights.settings, now=nights.now)
        known = version(session)
        settled = overlays.settle_day(session, "ada", "S1", last, Verdict.PRESENT, _act(nights.now)).id
        assert version(session) > known
        assert there_is_news(session, nights.rules, settings=nights.settings, now=nights.now)
    assert "9 days" in nights.check(row).body  # type: ignore[union-attr]

    nights.evaluate()
    with nights.database.write() as session:
        assert not there_is_news(session, nights.rules, settings=nights.settings, now=nights.now)
        withdraw(session, settled, _act(nights.now))
        assert there_is_news(session, nights.rules, settings=nights.settings, now=nights.now)
    assert "10 days" in nights.check(row).body  # type: ignore[union-attr]


def _act(now: datetime) -> Act:
    return Act("rosa@lincoln.invalid", now)


def test_a_day_that_is_not_in_keeps_the_message_back(nights: Nights) -> None:
    nights.plan()
    [row] = nights.rows("sms")
    quiet: date = max(day for day in nights.district.days if day < nights.now.date() and day not in nights.district.marks["ada"])
    with nights.database.write() as session:
        overlays.call_day(session, "S1", quiet, Said.NOT_SUBMITTED, _act(nights.now))
    assert "unknown count" in nights.check(row).reason  # type: ignore[union-attr]


class _WordArrives:
    """A provider during whose first request a person settles a day."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._said = False

    def send(self, text: Text) -> Answer:
        """Send, and let the person speak meanwhile, once."""
        assert self._outbox.provider is not None
        if not self._said:
            self._said = True
            with self._outbox.database.write() as session:
                overlays.settle_day(session, "ada", "S1", FIRST, Verdict.PRESENT, ROSA)
        return self._outbox.provider.send(text)

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """Nobody asks."""
        raise AssertionError(phone, since)


def test_a_claimed_message_is_checked_again_once_a_person_has_spoken(database: Database, tmp_path: Path) -> None:
    with running(database, tmp_path / "home") as outbox:
        outbox.answer("One.")
        outbox.answer("Two.")
        report = outbox.send(_WordArrives(outbox))
        assert report.counts["put back"] == 1
        assert outbox.states() == [State.ACCEPTED, State.ACCEPTED]


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), kind=st.sampled_from(list(Kind)))
def test_a_meaning_that_a_person_gives_counts_as_one_that_the_feed_gives(districts: Districts, seed: int, kind: Kind) -> None:
    random = Random(seed)  # noqa: S311 - makes up a district
    given, as_of = plain(random), day_of(random)
    meaning = Meaning.model_validate({"kind": kind, "reason": Reason.EXCUSED})
    source = {
        **given["settings"],
        "codes": {**given["settings"]["codes"], **dict.fromkeys(["A", *UNMAPPED], meaning.model_dump(mode="json"))},
    }
    schools = {school: {**own, "codes": {}} for school, own in given["settings"].get("schools", {}).items()}
    without = {**given, "settings": {**given["settings"], **({"schools": schools} if schools else {})}}
    with districts.fresh() as told, districts.fresh() as loader:
        told.load({**given, "settings": {**source, **({"schools": schools} if schools else {})}})
        loader.load(without)
        with loader.database.write() as session:
            for code in ("A", *UNMAPPED):
                overlays.give_meaning(session, str(given["settings"]["name"]), code, meaning, ROSA)
        assert loader.all_counts(as_of) == told.all_counts(as_of)

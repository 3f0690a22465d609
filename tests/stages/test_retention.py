"""What is taken out goes everywhere and leaves what is counted; what is held stays, whatever a schedule or a person says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from outreach import kept_files
from outreach.attendance.tables import Mark
from outreach.attention.tables import AttentionItem
from outreach.cases import searching, speaking_acts
from outreach.cases.danger_tables import Incident
from outreach.cases.language_tables import LanguageTask
from outreach.cases.mentor_tables import CheckIn
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import redaction as carrier
from outreach.delivery.provider import Line
from outreach.delivery.tables import Redaction, RedactionWish, WebhookEvent
from outreach.district.tables import Student
from outreach.planning.study_tables import Study, StudyChild, StudyHome
from outreach.planning.tables import PlannedMessage
from outreach.records import disclosures, gathering, holds, redaction, requests, retention
from outreach.records.bases import Basis
from outreach.records.disclosures import Search
from outreach.records.holds import HELD
from outreach.records.items import Shelf
from outreach.records.keeping_tables import RetentionRun
from outreach.records.redaction import TAKEN_OUT
from outreach.records.requests import Asked, RecordError
from outreach.records.retention import Kind
from outreach.replies import media
from outreach.replies.tables import Inbound, InboundMedia
from outreach.settings import Settings
from outreach.staff import keys, seals
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.seed import MARIA, OMAR, Seeded, seed

BY, LATER = "rec@example.org", NOON + timedelta(days=2_000)
BUS = "autobús"


@pytest.fixture
def told(database: Database, settings: Settings, tmp_path: Path) -> Seeded:
    """The made-up district; Maria's conversation has a photo and a stored webhook."""
    cases = seed(database, settings, tmp_path / "feed")
    with database.write() as session:
        row = bus(session)
        params = {"From": MARIA, "Body": row.body, "MediaUrl0": "https://carrier.example/photo"}
        event = WebhookEvent(
            kind="inbound", dedup_key=row.message_sid, params=params, ref="", received_at=NOON, processed_at=NOON, problem=""
        )
        name = kept_files.write(settings.home / "media", b"\x89PNG photo")
        photo = InboundMedia(inbound_id=row.id, number=1, path="/p", state="kept", type="image/png", size=9, name=name, tries=1)
        photo.due_at = photo.changed_at = NOON
        session.add_all((event, photo, CheckIn(student_id="st1", account_id=1, at=NOON, kind="talked", words="He is well", next_on=None)))
        task = LanguageTask(
            case_id=cases.maria, kind="read", state="done", language="es", inbound_id=row.id, result="The bus does not come"
        )
        task.open_key = task.machine_id = task.helper_id = task.wanted_at = task.ended_at = None
        task.why, task.asked_by, task.asked_at, task.given_at, task.ended_by = "", "", NOON, NOON, ""
        session.add(task)
    return cases


def bus(session: Session) -> Inbound:
    return session.scalars(select(Inbound).where(Inbound.phone == MARIA).order_by(Inbound.id)).first()  # type: ignore[return-value]


def marks_of(session: Session, student_id: str) -> list[Mark]:
    return list(session.scalars(select(Mark).where(Mark.student_id == student_id)))


def close_all(database: Database) -> None:
    with database.write() as session:
        session.execute(update(Case).values(state="closed", closed_at=NOON, open_key=None))


def ask(session: Session, student: str, contact: str) -> None:
    requests.open_request(session, student, Asked(Basis.PARENT, "to see it", contact), today=date(2026, 10, 6), by=BY, now=NOON)


class _Carrier:
    """A carrier's account that only forgets."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def forget(self, sid: str) -> None:
        self.forgotten.append(sid)

    def look_up(self, phone: str, sure_on: date | None) -> Line:
        raise NotImplementedError

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError(name)


def test_a_redacted_text_is_gone_here_in_the_search_and_at_the_carrier_and_still_counts(
    database: Database, settings: Settings, told: Seeded
) -> None:
    with database.write() as session:
        row, case = bus(session), session.get_one(Case, told.maria)
        redaction.find_anew(session, [case.id])
        found = searching.find(BUS)
        assert found is not None
        assert session.scalars(found).all() == [case]
        redaction.redact(session, row.id, why="She asked", by=BY, settings=settings, now=NOON)
        redaction.redact(session, row.id, why="again", by=BY, settings=settings, now=NOON)
    with database.read() as session:
        again, event = bus(session), session.scalars(select(WebhookEvent)).one()
        assert (again.body, again.barrier, again.phone) == (TAKEN_OUT, "transportation", MARIA)
        assert set(session.scalars(select(LanguageTask.result))) == {TAKEN_OUT}, "nor does a translation tell of it"
        assert event.params == {"From": MARIA, "Body": TAKEN_OUT}
        assert session.scalars(searching.find(BUS)).all() == []  # type: ignore[arg-type]
        assert session.scalars(searching.find("empieza")).all(), "the other words of the conversation still find it"  # type: ignore[arg-type]
        photo = session.scalars(select(InboundMedia)).one()
        assert (photo.state, media.read(settings, photo)) == ("deleted", None)
        entries = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "text.redacted")).all()
        assert entries[0] == {"text": again.id}
    assert not list((settings.home / "media").glob("*"))
    account = _Carrier()
    assert carrier.redact(database, account, settings, FixedClock(NOON)) >= 1  # type: ignore[arg-type]  # the one thing it is asked
    assert again.message_sid in account.forgotten
    with database.read() as session:
        assert session.scalars(select(RedactionWish)).first() is None
        assert session.get(Redaction, again.message_sid) is not None


def test_what_a_helper_said_that_a_text_says_goes_with_it_though_a_later_text_joined_the_task(
    database: Database, settings: Settings, told: Seeded
) -> None:
    with database.write() as session:
        row, task = bus(session), session.scalars(select(LanguageTask)).one()
        task.state, task.result, task.asked_at = "open", "", row.received_at
        task.inbound_id = None  # as if a later text, which is gone, had joined
        speaking_acts.tell(session, task, "The grandmother drives", by=BY, now=NOON)
    with database.write() as session:
        redaction.redact(session, bus(session).id, why="She asked", by=BY, settings=settings, now=NOON)
    with database.read() as session:
        texts = session.scalars(select(CaseEvent.text).where(CaseEvent.case_id == told.maria)).all()
        assert not [text for text in texts if "grandmother" in text]
        assert f"{speaking_acts.IN_ENGLISH}{TAKEN_OUT}" in texts
        assert session.scalars(select(LanguageTask.result)).all() == [TAKEN_OUT]


def test_a_hold_an_open_request_and_an_open_incident_keep_words_from_redaction(
    database: Database, settings: Settings, told: Seeded
) -> None:
    def refused(session: Session) -> str:
        with pytest.raises(RecordError) as refusal:
            redaction.redact(session, bus(session).id, why="She asked", by=BY, settings=settings, now=NOON)
        return str(refusal.value)

    with database.write() as session:
        with pytest.raises(RecordError, match="Write down why"):
            holds.place(session, student_id="st2", why=" ", by=BY, now=NOON)
        hold = holds.place(session, student_id="st2", why="letter of counsel", by=BY, now=NOON)
        assert holds.place(session, student_id="st2", why="again", by=BY, now=NOON) is hold
        assert refused(session) == HELD, "Maria is the mother of the sister who is held"
        holds.lift(session, hold.id, why="settled", by=BY, now=NOON)
        ask(session, "st1", "c1")
        assert refused(session) == HELD, "nothing is destroyed while somebody waits to inspect it"
        requests.put_aside(session, requests.waiting(session)[0], by=BY, now=NOON)
        incident = Incident(
            case_id=told.maria, open_key=told.maria, opened_at=NOON, round=1, next_step_at=None, acknowledged_at=None, acknowledged_by="",
            closed_at=None, closed_by="",
        )  # fmt: skip
        session.add(incident)
        session.flush()
        assert refused(session).startswith("An incident is open")
        assert bus(session).body != TAKEN_OUT


def test_the_preview_is_what_goes_and_a_hold_wins_over_every_schedule(database: Database, settings: Settings, told: Seeded) -> None:
    close_all(database)
    with database.write() as session:
        session.execute(update(Case).where(Case.id == told.maria).values(closed_at=LATER))
        holds.place(session, contact_id="c2", why="letter of counsel", by=BY, now=NOON)
    with database.read() as session:
        assert retention.preview(session, Kind.WORDS, NOON).going == 0, "what was closed today is young"
        words, notes = (retention.preview(session, kind, LATER) for kind in (Kind.WORDS, Kind.NOTES))
        assert (words.going, words.held) == (4, 2)
        assert retention.preview(session, Kind.WORDS, LATER) == words, "looking changes nothing"
    done = retention.run(database, Kind.WORDS, by=BY, settings=settings, now=LATER)
    assert done == words
    assert retention.run(database, Kind.NOTES, by=BY, settings=settings, now=LATER).going == notes.going
    with database.read() as session:
        kept = session.scalars(select(Inbound.phone).where(Inbound.body != TAKEN_OUT)).all()
        assert set(kept) == {MARIA, OMAR}, "one is young, one is held"
        assert session.scalar(select(func.count()).select_from(Inbound)) == 8, "that they wrote stays"
        assert retention.preview(session, Kind.WORDS, LATER).going == 0


def test_answers_and_notes_lose_their_words_and_what_templates_told_stays(database: Database, settings: Settings, told: Seeded) -> None:
    close_all(database)
    assert retention.run(database, Kind.WORDS, by=BY, settings=settings, now=LATER).going == 9
    assert retention.run(database, Kind.NOTES, by=BY, settings=settings, now=LATER).going >= 1
    with database.read() as session:
        bodies = set(session.scalars(select(PlannedMessage.body).where(PlannedMessage.phone == MARIA)))
        assert any("ha faltado 6 días" in body for body in bodies)
        assert not any("Voy a llamar" in body for body in bodies)
        texts = set(session.scalars(select(CaseEvent.text).where(CaseEvent.case_id == told.maria)))
        assert texts == {"", TAKEN_OUT}
        assert set(session.scalars(select(CheckIn.words))) == {TAKEN_OUT}


def test_nothing_goes_by_itself_until_a_person_switches_it_on(database: Database, settings: Settings, told: Seeded) -> None:
    close_all(database)
    assert retention.tick(database, settings, LATER) == 0
    with database.write() as session:
        with pytest.raises(RecordError, match="At least 90 days"):
            retention.set_rule(session, Kind.WORDS, days=30, by_itself=True, by=BY, now=NOON)
        retention.set_rule(session, Kind.WORDS, days=400, by_itself=True, by=BY, now=NOON)
    assert retention.tick(database, settings, NOON + timedelta(days=399)) == 0
    assert retention.tick(database, settings, NOON + timedelta(days=401)) == 9
    with database.read() as session:
        [run] = session.scalars(select(RetentionRun))
        assert (run.kind, run.by, run.gone, run.student_id) == ("words", "retention", 9, "")
        assert bus(session).body == TAKEN_OUT
    assert told


def test_the_words_of_one_child_go_on_request_and_nobody_elses(database: Database, settings: Settings, told: Seeded) -> None:
    close_all(database)
    with pytest.raises(RecordError, match="who asked"):
        retention.delete_of_child(database, "st1", why="", by=BY, settings=settings, now=NOON + timedelta(days=1))
    with database.read() as session:
        going = retention.preview_of_child(session, "st1", NOON + timedelta(days=1))
    gone = retention.delete_of_child(database, "st1", why="She asked in writing", by=BY, settings=settings, now=NOON + timedelta(days=1))
    assert gone == sum(found.going for found in going.values()) > 0
    with database.read() as session:
        left = set(session.scalars(select(Inbound.phone).where(Inbound.body == TAKEN_OUT)))
    assert left == {MARIA}
    assert told


def test_marks_go_of_children_who_left_and_deletion_leaves_the_audit_chain_whole(
    database: Database, settings: Settings, told: Seeded
) -> None:
    key = keys.secret_key(settings)
    with database.write() as session:
        session.execute(update(Student).where(Student.student_id.in_(("st3", "st4"))).values(gone_import_id=1))
        holds.place(session, student_id="st4", why="letter of counsel", by=BY, now=NOON)
        seals.seal(session, key, NOON + timedelta(hours=2))
    done = retention.run(database, Kind.MARKS, by=BY, settings=settings, now=LATER)
    assert (done.going, done.held) == (1, 1)
    with database.write() as session:
        marked = set(session.scalars(select(Mark.student_id)))
        assert marked == {"st1", "st2", "st4", "st5"}
        seals.seal(session, key, LATER + timedelta(hours=2))
        assert not seals.verify(session, key, settings.home).broken
        session.execute(delete(AuditEntry).where(AuditEntry.action == "retention.run"))
        assert seals.verify(session, key, settings.home).broken, "who hides what went is found out"
    assert told


def test_a_child_in_a_study_keeps_the_days_that_the_study_counts(database: Database, settings: Settings, told: Seeded) -> None:
    with database.write() as session:
        session.execute(update(Student).where(Student.student_id.in_(("st3", "st4"))).values(gone_import_id=1))
        study = Study(
            name="Weekly", kind="timing", state="ended", first_day=date(2026, 9, 1), last_day=date(2026, 10, 1), arms=[], schools=[],
            grades=[], subgroups=[], proposed_by=BY, proposed_at=NOON, started_by=BY, started_at=NOON, ended_by=BY, ended_at=NOON,
            seed="s", seal="s", left_out={},
        )  # fmt: skip
        session.add(study)
        session.flush()
        home = StudyHome(study_id=study.id, household="c2", student_id="st3", school_id="S1", grade="5", prior="", arm=0)
        session.add(home)
        session.flush()
        session.add(StudyChild(home_id=home.id, student_id="st3", needs=""))
        before = len(marks_of(session, "st3"))
    assert retention.run(database, Kind.MARKS, by=BY, settings=settings, now=LATER).going == 1
    with database.read() as session:
        assert len(marks_of(session, "st3")) == before == 8
        assert marks_of(session, "st4") == []
    assert told


def test_a_request_to_see_a_record_is_put_before_a_person_before_its_last_day(database: Database, told: Seeded) -> None:
    with database.write() as session:
        ask(session, "st1", "c1")
        assert requests.remind(session, NOON + timedelta(days=34)) == 0
        for _ in range(2):
            assert requests.remind(session, NOON + timedelta(days=36)) == 1
        [item] = session.scalars(select(AttentionItem).where(AttentionItem.kind == requests.KIND))
        assert "must be answered by November 20" in item.sentence
        requests.put_aside(session, requests.waiting(session)[0], by=BY, now=NOON)
        assert requests.remind(session, NOON + timedelta(days=36)) == 0
        assert item.open_key is None
    assert told


def test_a_whole_record_and_its_log_are_read_on_either_database(database: Database, settings: Settings, told: Seeded) -> None:
    with database.read() as session:
        held = gathering.everything(session, "st1", settings=settings, now=NOON)
        log = disclosures.entries(session, Search(student_id="st1", words="count", since=NOON - timedelta(days=30)), limit=50)
    assert {item.shelf for item in held} >= {Shelf.CHILD, Shelf.ATTENDANCE, Shelf.ADULTS, Shelf.MESSAGES, Shelf.CONVERSATIONS, Shelf.HELP}
    assert len({item.key for item in held}) == len(held), "a decision names one item"
    assert ("days missed", "6") in next(item.lines for item in held if item.key == "count:st1")
    assert {entry.contact_id for entry in log} == {"c1"}
    assert told


def test_photos_of_held_families_outlive_their_days(database: Database, settings: Settings, told: Seeded) -> None:
    with database.write() as session:
        hold_id = holds.place(session, contact_id="c1", why="letter of counsel", by=BY, now=NOON).id
    with database.read() as session:
        held = holds.held(session).phones
    assert media.sweep(database, settings, LATER, held) == 0
    with database.write() as session:
        holds.lift(session, hold_id, why="settled", by=BY, now=NOON)
        assert not holds.held(session).phones
    assert media.sweep(database, settings, LATER) == 1
    assert told

"""What is held of the child itself: who it is, where it is enrolled, which days it missed and what was counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.profiles import in_figures
from outreach.attendance.queries import student_counts
from outreach.attendance.tables import Mark
from outreach.cases.tables import WrongCount
from outreach.clock import local_date
from outreach.district import overlays
from outreach.district import queries as district
from outreach.district.tables import Enrolment, OtherContact, Overlay, School, SisTotal, StudentAdult
from outreach.planning.study_tables import Study, StudyChild, StudyHome
from outreach.records.items import Item, Shelf, lines
from outreach.records.keeping_tables import RecordStatement
from outreach.settings import Settings
from outreach.thresholds.tables import Episode


def of_child(session: Session, ids: Collection[str], settings: Settings, now: datetime) -> Iterator[Item]:
    """Everything that is the child's own, under all ids that feeds give it."""
    names = {row.school_id: row.name for row in session.execute(select(School.school_id, School.name))}
    yield from _itself(session, ids)
    yield from _enrolments(session, ids, names)
    yield from _attendance(session, ids, names, local_date(now, settings.zone))
    yield from _told_by_others(session, ids)
    yield from _studies(session, ids)


def _itself(session: Session, ids: Collection[str]) -> Iterator[Item]:
    for row in district.students(session, ids).values():
        facts = lines(
            first_name=row.first_name,
            last_name=row.last_name,
            called=row.preferred_name,
            born=row.birth_date,
            grade=row.grade,
            home_language=row.home_language,
            groups=row.subgroups,
            number=row.student_id,
        )
        yield Item(f"student:{row.student_id}", Shelf.CHILD, "Who the child is", facts)
    for known in session.scalars(select(StudentAdult).where(StudentAdult.student_id.in_(ids)).order_by(StudentAdult.id)):
        yield Item(f"adult:{known.id}", Shelf.CHILD, "Somebody at school who knows the child", lines(name=known.name, role=known.role))
    for statement in session.scalars(select(RecordStatement).where(RecordStatement.student_id.in_(ids)).order_by(RecordStatement.id)):
        key = f"statement:{statement.id}"
        yield Item(key, Shelf.CHILD, "What the family says about this record", (), statement.words, statement.at)
    said = select(Overlay).where(Overlay.student_id.in_(ids), Overlay.contact_id == "").order_by(Overlay.id)
    for word in session.scalars(said):
        kind = overlays.Kind(word.kind).replace("_", " ")
        facts = lines(
            date=word.date, taken_back=word.withdraws is not None or "", **{str(name): value for name, value in word.value.items()}
        )
        yield Item(f"overlay:{word.id}", Shelf.CHILD, f"Said by the school's people: {kind}", facts, at=word.at)


def _enrolments(session: Session, ids: Collection[str], names: dict[str, str]) -> Iterator[Item]:
    rows = select(Enrolment).where(Enrolment.student_id.in_(ids)).order_by(Enrolment.entry_date, Enrolment.id)
    for row in session.scalars(rows):
        school = names.get(row.school_id) or row.school_id
        facts = lines(school=school, begins=row.entry_date, ends=row.exit_date, grade=row.grade, left_because=row.exit_type)
        yield Item(f"enrolment:{row.id}", Shelf.CHILD, "Enrolment", facts)


def _attendance(session: Session, ids: Collection[str], names: dict[str, str], today: date) -> Iterator[Item]:
    for student_id, counted in sorted(student_counts(session, today, students=set(ids)).items()):
        count = counted.count
        missed = tuple((f"{day.date}", f"{day.verdict}, {names.get(day.school_id) or day.school_id}") for day in counted.days)
        facts = lines(
            days_missed=in_figures(count.absent), days_enrolled=count.enrolled, days_not_known=in_figures(count.unknown), as_of=today
        )
        yield Item(f"count:{student_id}", Shelf.ATTENDANCE, "This school year", facts + missed)
    marks = session.scalars(select(Mark).where(Mark.student_id.in_(ids)).order_by(Mark.date, Mark.school_id, Mark.code)).all()
    if marks:
        facts = tuple(
            (f"{mark.date}", ", ".join(part for part in (mark.code, mark.portion, mark.reason, names.get(mark.school_id, "")) if part))
            for mark in marks
        )
        yield Item(f"marks:{marks[0].student_id}", Shelf.ATTENDANCE, "Marks as the student information system sent them", facts)
    for row in session.scalars(select(SisTotal).where(SisTotal.student_id.in_(ids)).order_by(SisTotal.as_of, SisTotal.id)):
        facts = lines(days_missed=row.days_absent, days_enrolled=row.days_enrolled, as_of=row.as_of)
        yield Item(f"total:{row.id}", Shelf.ATTENDANCE, "Total of the student information system", facts)
    for crossed in session.scalars(select(Episode).where(Episode.student_id.in_(ids)).order_by(Episode.opened_at, Episode.id)):
        facts = lines(
            rule=crossed.rule.replace("_", " "), days_missed=crossed.days_absent, of_days=crossed.days_enrolled, as_of=crossed.as_of
        )
        yield Item(f"crossing:{crossed.id}", Shelf.ATTENDANCE, "A threshold was reached", facts, at=crossed.opened_at)
    for wrong in session.scalars(select(WrongCount).where(WrongCount.student_id.in_(ids)).order_by(WrongCount.id)):
        facts = lines(told=wrong.told, true_now=wrong.true_now, as_of=wrong.as_of, outcome=wrong.state.replace("_", " "))
        yield Item(f"wrong:{wrong.id}", Shelf.ATTENDANCE, "A number that was told and is not right", facts, at=wrong.found_at)


def _told_by_others(session: Session, ids: Collection[str]) -> Iterator[Item]:
    rows = select(OtherContact).where(OtherContact.student_id.in_(ids)).order_by(OtherContact.date, OtherContact.id)
    for row in session.scalars(rows):
        yield Item(f"other:{row.id}", Shelf.MESSAGES, "By another system", lines(date=row.date, how=row.channel, what=row.kind))


def _studies(session: Session, ids: Collection[str]) -> Iterator[Item]:
    rows = (
        select(StudyChild.home_id, Study.name, Study.first_day, Study.last_day, Study.arms, StudyHome.arm)
        .join(StudyHome, StudyHome.id == StudyChild.home_id)
        .join(Study, Study.id == StudyHome.study_id)
        .where(StudyChild.student_id.in_(ids))
    )
    for home_id, name, first, last, arms, arm in session.execute(rows):
        facts = lines(study=name, begins=first, ends=last, group=arms[arm]["name"] if arm < len(arms) else "")
        yield Item(f"study:{home_id}", Shelf.STUDIES, "The family took part in a comparison decided by chance", facts)

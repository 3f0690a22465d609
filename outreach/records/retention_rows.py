"""Which rows of each kind are old enough, and what going means for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from outreach.attendance.tables import FeedImport, ImportProblem, Mark, MarkVersion
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.language_tables import LanguageTask
from outreach.cases.mentor_tables import CheckIn
from outreach.cases.resource_tables import Referral
from outreach.cases.states import CaseState, EventKind
from outreach.cases.survey_tables import SurveyAnswer, SurveyLink, SurveyRound
from outreach.cases.tables import Case, CaseEvent
from outreach.delivery import redaction as carrier
from outreach.delivery.mail_tables import Email
from outreach.district.tables import Student
from outreach.planning.study_tables import StudyChild
from outreach.planning.tables import PlannedMessage
from outreach.records.holds import Held
from outreach.records.redaction import TAKEN_OUT, find_anew, take_out
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.translation.tables import MachineText


@dataclass(frozen=True)
class Window:
    """What is looked at: everything that ended before an instant, without what is held; or one child's alone."""

    before: datetime
    held: Held
    students: tuple[str, ...] = ()
    """All ids of one child; none: the whole district."""


@dataclass(frozen=True)
class Act:
    """Who lets it go, why and when."""

    by: str
    why: str
    settings: Settings
    now: datetime


@dataclass(frozen=True)
class Part:
    """Rows of one table: which are due, and how they go."""

    due: Callable[[Window], Select[Any]]
    go: Callable[[Session, Sequence[Any], Act], None]


def _closed(window: Window) -> Select[int]:
    """Conversations that were closed before, and that nothing holds."""
    held = window.held
    cases = select(Case.id).where(Case.state == CaseState.CLOSED, Case.closed_at < window.before)
    if window.students:
        cases = cases.where(Case.student_id.in_(window.students))
    if held.students or held.contacts or held.phones:
        theirs = or_(Case.student_id.in_(held.students), Case.contact_id.in_(held.contacts), Case.phone.in_(held.phones))
        cases = cases.where(~theirs)
    return cases


def _texts(window: Window) -> Select[int]:
    heard = select(Inbound.id).join(CaseEvent, CaseEvent.inbound_id == Inbound.id).where(CaseEvent.case_id.in_(_closed(window)))
    return heard.where(Inbound.body != TAKEN_OUT).order_by(Inbound.id)


def _take_out(session: Session, ids: Sequence[int], act: Act) -> None:
    texts = session.scalars(select(Inbound).where(Inbound.id.in_(ids))).all()
    take_out(session, texts, why=act.why, by=act.by, settings=act.settings, now=act.now)


def _answers(window: Window) -> Select[int]:
    """Words that a person typed; those of templates hold what the family was told, and stay."""
    told = select(PlannedMessage.id).join(CaseEvent, CaseEvent.planned_id == PlannedMessage.id)
    typed = PlannedMessage.message == "", PlannedMessage.body.not_in(("", TAKEN_OUT)), PlannedMessage.sent_at.is_not(None)
    return told.where(CaseEvent.case_id.in_(_closed(window)), CaseEvent.kind == EventKind.ANSWER, *typed).order_by(PlannedMessage.id)


def _forget_answers(session: Session, ids: Sequence[int], act: Act) -> None:
    for row in session.scalars(select(PlannedMessage).where(PlannedMessage.id.in_(ids))):
        row.body = TAKEN_OUT
        carrier.wish(session, row.provider_sid, act.now)
    session.flush()
    find_anew(session, session.scalars(select(CaseEvent.case_id).where(CaseEvent.planned_id.in_(ids))).all())


def _notes(window: Window) -> Select[int]:
    return select(CaseEvent.id).where(CaseEvent.case_id.in_(_closed(window)), CaseEvent.text.not_in(("", TAKEN_OUT))).order_by(CaseEvent.id)


def _forget_notes(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(CaseEvent).where(CaseEvent.id.in_(ids)).values(text=TAKEN_OUT))
    find_anew(session, session.scalars(select(CaseEvent.case_id).where(CaseEvent.id.in_(ids))).all())


def _barriers(window: Window) -> Select[int]:
    said = or_(Barrier.words != "", Barrier.closed_why.not_in(("", TAKEN_OUT)))
    return select(Barrier.id).where(Barrier.case_id.in_(_closed(window)), said).order_by(Barrier.id)


def _forget_barriers(session: Session, ids: Sequence[int], _act: Act) -> None:
    for row in session.scalars(select(Barrier).where(Barrier.id.in_(ids))):
        row.words, row.closed_why = "", TAKEN_OUT if row.closed_why else ""  # a person closed it with a reason, and that stays visible
    session.flush()


def _steps(window: Window) -> Select[int]:
    said = or_(Step.words != "", Step.outcome != "")
    return select(Step.id).where(Step.case_id.in_(_closed(window)), said).order_by(Step.id)


def _forget_steps(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(Step).where(Step.id.in_(ids)).values(words="", outcome=""))


def _drafts(window: Window) -> Select[int]:
    """What a machine was given to translate for staff."""
    drafts = select(MachineText.id).where(MachineText.case_id.in_(_closed(window)), MachineText.inbound_id.is_(None))
    return drafts.where(MachineText.original.not_in(("", TAKEN_OUT))).order_by(MachineText.id)


def _forget_drafts(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(MachineText).where(MachineText.id.in_(ids)).values(original=TAKEN_OUT, words=TAKEN_OUT))


def _tasks(window: Window) -> Select[int]:
    """What interpreters were asked and said; a task about one text goes with that text."""
    of_none = select(LanguageTask.id).where(LanguageTask.case_id.in_(_closed(window)), LanguageTask.inbound_id.is_(None))
    return of_none.where(or_(LanguageTask.why != "", LanguageTask.result.not_in(("", TAKEN_OUT)))).order_by(LanguageTask.id)


def _forget_tasks(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(LanguageTask).where(LanguageTask.id.in_(ids)).values(why="", result=TAKEN_OUT))


def _referrals(window: Window) -> Select[int]:
    """Why a referral was declined or ended."""
    ended = select(Referral.id).where(Referral.case_id.in_(_closed(window)), Referral.why.not_in(("", TAKEN_OUT)))
    return ended.order_by(Referral.id)


def _forget_referrals(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(Referral).where(Referral.id.in_(ids)).values(why=TAKEN_OUT))


def _record_words(window: Window) -> Select[int]:
    """Why a note or a dispute about the record was settled as it was."""
    settled = select(RecordWord.id).where(RecordWord.case_id.in_(_closed(window)), RecordWord.why.not_in(("", TAKEN_OUT)))
    return settled.order_by(RecordWord.id)


def _forget_record_words(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(RecordWord).where(RecordWord.id.in_(ids)).values(why=TAKEN_OUT))


def _check_ins(window: Window) -> Select[int]:
    """What mentors wrote down; its time runs from the day it was written."""
    rows = select(CheckIn.id).where(CheckIn.at < window.before, CheckIn.words.not_in(("", TAKEN_OUT)))
    if window.students:
        rows = rows.where(CheckIn.student_id.in_(window.students))
    return rows.where(CheckIn.student_id.not_in(window.held.students)).order_by(CheckIn.id)


def _forget_check_ins(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(CheckIn).where(CheckIn.id.in_(ids)).values(words=TAKEN_OUT))


def _left(window: Window) -> Select[str]:
    """Children who left the feed before and still have marks."""
    gone = (
        select(Student.student_id).join(FeedImport, FeedImport.id == Student.gone_import_id).where(FeedImport.finished_at < window.before)
    )
    with_marks = or_(exists().where(Mark.student_id == Student.student_id), exists().where(MarkVersion.student_id == Student.student_id))
    free = gone.where(with_marks, Student.student_id.not_in(select(StudyChild.student_id)))
    return free.where(Student.student_id.not_in(window.held.students)).order_by(Student.student_id)


def _forget_marks(session: Session, ids: Sequence[str], _act: Act) -> None:
    for table in (Mark, MarkVersion):
        session.execute(delete(table).where(table.student_id.in_(ids)))


def _problems(window: Window) -> Select[int]:
    old = select(FeedImport.id).where(FeedImport.finished_at < window.before)
    return select(ImportProblem.id).where(ImportProblem.import_id.in_(old), ImportProblem.value != "").order_by(ImportProblem.id)


def _forget_values(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(ImportProblem).where(ImportProblem.id.in_(ids)).values(value=""))


def _emails(window: Window) -> Select[int]:
    return select(Email.id).where(Email.ended_at < window.before, Email.body != "").order_by(Email.id)


def _forget_emails(session: Session, ids: Sequence[int], _act: Act) -> None:
    session.execute(update(Email).where(Email.id.in_(ids)).values(subject="", body="", html=""))


def _survey_words(window: Window) -> Select[str]:
    ended = (
        select(SurveyLink.id).join(SurveyRound, SurveyRound.id == SurveyLink.round_id).where(SurveyRound.last_day < window.before.date())
    )
    return select(SurveyAnswer.id).where(SurveyAnswer.link_id.in_(ended), SurveyAnswer.words != "").order_by(SurveyAnswer.id)


def _forget_survey_words(session: Session, ids: Sequence[str], _act: Act) -> None:
    session.execute(update(SurveyAnswer).where(SurveyAnswer.id.in_(ids)).values(words=""))


TEXTS = Part(_texts, _take_out)
ANSWERS = Part(_answers, _forget_answers)
NOTES = Part(_notes, _forget_notes)
BARRIERS = Part(_barriers, _forget_barriers)
STEPS = Part(_steps, _forget_steps)
DRAFTS = Part(_drafts, _forget_drafts)
REFERRALS = Part(_referrals, _forget_referrals)
RECORD_WORDS = Part(_record_words, _forget_record_words)
TASKS = Part(_tasks, _forget_tasks)
CHECK_INS = Part(_check_ins, _forget_check_ins)
MARKS = Part(_left, _forget_marks)
PROBLEMS = Part(_problems, _forget_values)
EMAILS = Part(_emails, _forget_emails)
SURVEYS = Part(_survey_words, _forget_survey_words)

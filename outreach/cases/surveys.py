"""Survey rounds: a school asks families or students what makes it hard to come, without a name.

An answer holds what was chosen and the day. Words that may mean danger are put before the school's people at once, although nobody
can be named: the form says so before anything is sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item
from outreach.cases.survey_tables import SurveyAnswer, SurveyLink, SurveyRound
from outreach.database import take_turns
from outreach.delivery.family_codes import ALPHABET
from outreach.district.tables import Enrolment, Student
from outreach.messages import queries as messages
from outreach.messages.languages import DEFAULT
from outreach.replies.normalise import storable

MESSAGE, CHANNEL = "survey", "page"
"""The words of the survey page."""
_SIGNS, _LENGTH = ALPHABET.lower(), 10
"""A code that a child can type from the sheet; 45 bits, and who guesses one may answer a question that hangs on a wall."""
LONGEST_WORDS = 600
LONGEST_DID = 1000
LONGEST_ROUND = timedelta(days=60)


class Audience(StrEnum):
    """Who is asked."""

    FAMILIES = "families"
    STUDENTS = "students"


class Choice(StrEnum):
    """What makes it hard to come: the same eight for families and students, over all four root causes. Each is a wording of the page."""

    RIDE = "ride"
    HEALTH = "health"
    WORRY = "worry"
    HOME = "home"
    SAFE = "safe"
    BELONG = "belong"
    LESSONS = "lessons"
    DAYS = "days"


class SurveyError(ValueError):
    """What was asked of a round cannot be done; the argument is a sentence for the person."""


@dataclass(frozen=True)
class Plan:
    """A round as somebody wants it."""

    school_id: str
    audience: Audience
    grades: tuple[str, ...]
    first_day: date
    last_day: date


def chosen(names: Collection[str]) -> tuple[Choice, ...]:
    """Those of the eight that a form names, in their own order; whatever else it names is nothing. Pure."""
    return tuple(choice for choice in Choice if choice.value in names)


def own_words(typed: str) -> str:
    """What was typed, as it may be stored, without the spaces around it and no longer than the form allows. Pure."""
    return storable(typed).strip()[:LONGEST_WORDS]


def is_open(one: SurveyRound, today: date) -> bool:
    """Whether answers are taken today."""
    return one.ended_at is None and one.first_day <= today <= one.last_day


def is_over(one: SurveyRound, today: date) -> bool:
    """Whether no answer can come any more: only then its figures are shown, so that nobody compares before and after one answer."""
    return one.ended_at is not None or one.last_day < today


def grades_at(session: Session, school_id: str, today: date) -> list[str]:
    """The grades of children who attend a school today, in school order; of the whole district where *school_id* is empty."""
    here = Enrolment.entry_date <= today, Enrolment.exit_date.is_(None) | (Enrolment.exit_date >= today)
    found = select(Enrolment.grade, Student.grade).join(Student, Student.student_id == Enrolment.student_id)
    there = (Enrolment.school_id == school_id,) if school_id else ()
    rows = session.execute(found.where(*there, *here).distinct())
    return sorted({own or childs for own, childs in rows if own or childs}, key=in_school_order)


def in_school_order(grade: str) -> tuple[int, int, str]:
    """Grades with a name (PK, K) first, the others by their number. Pure."""
    digits = "".join(sign for sign in grade if sign.isascii() and sign.isdigit())[:3]
    return (1, int(digits), grade) if digits else (0, 0, grade.casefold())


def open_round(session: Session, plan: Plan, *, by: str, today: date, now: datetime) -> SurveyRound:
    """Open a round with a link for each grade. Raises SurveyError."""
    take_turns(session, "survey")
    _refuse(session, plan, today)
    key = f"{plan.audience}:{plan.school_id}"
    for past in session.scalars(select(SurveyRound).where(SurveyRound.open_key == key)):
        if not is_over(past, today):
            message = "This school already asks them. End that round first, or wait for its last day."
            raise SurveyError(message)
        past.open_key = None
    session.flush()
    values = {"ended_by": "", "ended_at": None, "did": "", "did_by": "", "did_at": None}
    new = SurveyRound(
        school_id=plan.school_id,
        audience=plan.audience.value,
        open_key=key,
        first_day=plan.first_day,
        last_day=plan.last_day,
        opened_by=by,
        opened_at=now,
        **values,
    )
    session.add(new)
    session.flush()
    for grade in plan.grades or ("",):
        token = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
        session.add(SurveyLink(round_id=new.id, grade=grade, token=token))
    session.flush()
    return new


def _refuse(session: Session, plan: Plan, today: date) -> None:
    there = grades_at(session, plan.school_id, today)
    message = ""
    if messages.latest_approval(session, MESSAGE, CHANNEL, DEFAULT) is None:
        message = "Nobody has approved the words of the survey page yet. Approve “survey” on the page Words."
    elif there and not plan.grades:
        message = "Choose at least one grade."
    elif set(plan.grades) - set(there):
        message = "Choose grades of this school."
    elif not today <= plan.first_day <= plan.last_day:
        message = "The first day is today or later, and the last day is not before it."
    elif plan.last_day - plan.first_day > LONGEST_ROUND:
        message = "A round lasts 60 days at most, so that what was said is heard while it matters."
    if message:
        raise SurveyError(message)


def end_round(one: SurveyRound, *, by: str, today: date, now: datetime) -> None:
    """End a round before its last day, which is today from then on. Ending it twice is once."""
    if one.ended_at is None:
        one.ended_at, one.ended_by, one.open_key = now, by, None
        one.last_day = max(one.first_day, min(one.last_day, today))


def tell_back(one: SurveyRound, did: str, *, by: str, now: datetime) -> None:
    """Keep what the school did about what it heard, for the packet and for telling families."""
    one.did, one.did_by, one.did_at = storable(did).strip()[:LONGEST_DID], by, now


def behind(session: Session, token: str) -> tuple[SurveyRound, SurveyLink] | None:
    """The round and grade behind an address; None for one that never was."""
    found = select(SurveyRound, SurveyLink).join(SurveyLink, SurveyLink.round_id == SurveyRound.id).where(SurveyLink.token == token.lower())
    row = session.execute(found).one_or_none()
    return None if row is None else (row[0], row[1])


def links(session: Session, round_id: int) -> list[SurveyLink]:
    """A round's links, in the order of grades."""
    found = session.scalars(select(SurveyLink).where(SurveyLink.round_id == round_id))
    return sorted(found, key=lambda link: in_school_order(link.grade))


def take(
    session: Session, one: SurveyRound, link: SurveyLink, choices: Sequence[Choice], words: str, *, danger: bool, today: date, now: datetime
) -> None:
    """Keep one answer; where its words may mean danger, put the round before the school's people.

    The item knows the minute, because somebody has to look at once; the answer knows the day only, and nothing binds the two.
    """
    values = {"day": today, "choices": [choice.value for choice in choices], "words": words, "danger": danger}
    session.add(SurveyAnswer(id=secrets.token_hex(16), link_id=link.id, **values))
    if danger:
        raise_item(
            session,
            kind="danger",
            key=f"survey:{one.id}",
            sentence="Words in an anonymous survey may mean danger. Nobody can be named. Read them now under Surveys.",
            now=now,
            school_id=one.school_id,
            detail={"survey_round": one.id},
            urgent=True,
        )


def take_out(session: Session, answer: SurveyAnswer) -> None:
    """Take the words out of an answer, because they name somebody; what was chosen stays."""
    answer.words = ""
    session.flush()


def asked_of(session: Session, student_ids: Collection[str], today: date) -> list[SurveyLink]:
    """The links by which the families of some children are asked today, by their schools and grades."""
    here = Enrolment.entry_date <= today, Enrolment.exit_date.is_(None) | (Enrolment.exit_date >= today)
    places = select(Enrolment.school_id, Enrolment.grade, Student.grade).join(Student, Student.student_id == Enrolment.student_id)
    mine = {(row[0], row[1] or row[2]) for row in session.execute(places.where(Enrolment.student_id.in_(student_ids), *here))}
    found = select(SurveyRound, SurveyLink).join(SurveyLink, SurveyLink.round_id == SurveyRound.id).order_by(SurveyLink.id)
    asked = SurveyRound.audience == Audience.FAMILIES.value, SurveyRound.school_id.in_({school_id for school_id, _ in mine})
    return [row[1] for row in session.execute(found.where(*asked)) if is_open(row[0], today) and _is_for(row[0], row[1], mine)]


def _is_for(one: SurveyRound, link: SurveyLink, places: Collection[tuple[str, str]]) -> bool:
    return not link.grade or (one.school_id, link.grade) in places

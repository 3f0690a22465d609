"""What a survey heard, by school, grade and choice, with no number from which a few people's answers could be found.

Figures are told once a round is over: whoever may look before and after one answer knows that answer. A choice is a table of grades by
*chosen* and *not chosen*, and ``small_cells.hide`` keeps both halves: that all but two of a class are afraid tells of everybody in it.

For the first page of a team's packet ask ``of_school``; it reads nothing but rows, and changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.cases import surveys
from outreach.cases.survey_tables import SurveyAnswer, SurveyLink, SurveyRound
from outreach.cases.surveys import Audience, Choice
from outreach.evidence.small_cells import SMALLEST, hide


@dataclass(frozen=True)
class Line:
    """One choice in one round; None is a number that may not be shown."""

    choice: Choice
    chosen: int | None
    """In all grades."""
    by_grade: tuple[int | None, ...]


@dataclass(frozen=True)
class Heard:
    """One round as it may be shown to everybody who sees figures, however many rounds and lines they put together."""

    round_id: int
    school_id: str
    audience: Audience
    first_day: date
    last_day: date
    over: bool
    grades: tuple[str, ...]
    """In school order; empty while the round runs."""
    answers: int | None
    """None where they are fewer than ten, or the round runs."""
    by_grade: tuple[int | None, ...]
    """Answers from each grade."""
    lines: tuple[Line, ...]
    """All eight choices, the most chosen first; those that may not be shown last. Empty while the round runs."""
    about: int
    """Answers so far, rounded down to tens: what may be told of a round that runs."""
    did: str
    """What the school did about it; empty where nobody wrote it down yet."""

    def share(self, line: Line) -> int | None:
        """Per cent of the answers that chose it; None where that may not be shown."""
        return round(100 * line.chosen / self.answers) if line.chosen is not None and self.answers else None


@dataclass(frozen=True)
class Said:
    """Words that nobody signed."""

    answer_id: str
    grade: str
    """Empty where so few of the grade answered that it would point at somebody."""
    words: str


def of_school(session: Session, school_id: str, *, today: date, rounds: int = 1) -> list[Heard]:
    """*What we heard* at a school for its packet: of families and of students the newest *rounds* that are over, newest first."""
    found: defaultdict[str, list[Heard]] = defaultdict(list)
    rows = select(SurveyRound).where(SurveyRound.school_id == school_id).order_by(SurveyRound.last_day.desc(), SurveyRound.id.desc())
    for one in session.scalars(rows):
        if surveys.is_over(one, today) and len(found[one.audience]) < rounds:
            found[one.audience].append(heard(session, one, today))
    return [one for audience in Audience for one in found[audience.value]]


def heard(session: Session, one: SurveyRound, today: date) -> Heard:
    """One round as it may be shown."""
    links = surveys.links(session, one.id)
    over = surveys.is_over(one, today)
    answers = _answers(session, one.id) if over else {}
    sizes = [len(answers.get(link.id, ())) for link in links]
    found = figures([link.grade for link in links], [_ticks(answers.get(link.id, ())) for link in links], sizes) if over else NOTHING
    return Heard(
        round_id=one.id,
        school_id=one.school_id,
        audience=Audience(one.audience),
        first_day=one.first_day,
        last_day=one.last_day,
        over=over,
        grades=found.grades,
        answers=found.answers,
        by_grade=found.by_grade,
        lines=found.lines,
        about=_so_far(session, one.id) // SMALLEST * SMALLEST,
        did=one.did,
    )


@dataclass(frozen=True)
class Figures:
    """The numbers of one round."""

    grades: tuple[str, ...]
    answers: int | None
    by_grade: tuple[int | None, ...]
    lines: tuple[Line, ...]


NOTHING = Figures((), None, (), ())


def figures(grades: Sequence[str], ticks: Sequence[Mapping[str, int]], sizes: Sequence[int]) -> Figures:
    """What may be shown of *ticks* (how often each choice was made in each grade) among *sizes* answers. Pure."""
    if not grades:
        return NOTHING
    tables = {
        choice: hide([[mine.get(choice, 0), size - mine.get(choice, 0)] for mine, size in zip(ticks, sizes, strict=True)])
        for choice in Choice
    }
    lines = [Line(choice, found.columns[0], tuple(row[0] for row in found.cells)) for choice, found in tables.items()]
    shown = list(tables.values())
    return Figures(
        tuple(grades),
        _in_all([found.total for found in shown]),
        tuple(_in_all([found.rows[place] for found in shown]) for place in range(len(grades))),
        tuple(sorted(lines, key=lambda line: -1 if line.chosen is None else line.chosen, reverse=True)),
    )


def _in_all(values: Sequence[int | None]) -> int | None:
    """A sum that no choice's table has to hide."""
    return None if None in values else values[0]


def words(session: Session, one: SurveyRound, today: date) -> list[Said]:
    """What was written in a round that is over, in no order, but for what may mean danger."""
    found = heard(session, one, today)
    if not found.over:
        return []
    shown = {grade for grade, number in zip(found.grades, found.by_grade, strict=True) if number is not None}
    return [Said(row.id, grade if grade in shown else "", row.words) for row, grade in _written(session, one.id, danger=False)]


def of_danger(session: Session, one: SurveyRound) -> list[tuple[SurveyAnswer, str]]:
    """What may mean danger, at once, with its grade and day: for people on call, who must find somebody who may be in danger."""
    return sorted(_written(session, one.id, danger=True), key=lambda pair: pair[0].day, reverse=True)


def _written(session: Session, round_id: int, *, danger: bool) -> list[tuple[SurveyAnswer, str]]:
    mine = SurveyLink.round_id == round_id, SurveyAnswer.words != "", SurveyAnswer.danger.is_(danger)
    rows = select(SurveyAnswer, SurveyLink.grade).join(SurveyLink, SurveyLink.id == SurveyAnswer.link_id).where(*mine)
    return [(row[0], row[1]) for row in session.execute(rows.order_by(SurveyAnswer.id))]


def _answers(session: Session, round_id: int) -> dict[int, list[list[str]]]:
    rows = select(SurveyAnswer.link_id, SurveyAnswer.choices).join(SurveyLink, SurveyLink.id == SurveyAnswer.link_id)
    found: defaultdict[int, list[list[str]]] = defaultdict(list)
    for link_id, choices in session.execute(rows.where(SurveyLink.round_id == round_id)):
        found[link_id].append(choices)
    return found


def _ticks(answers: Sequence[Sequence[str]]) -> Counter[str]:
    return Counter(choice for answer in answers for choice in answer)


def _so_far(session: Session, round_id: int) -> int:
    counted = select(func.count()).select_from(SurveyAnswer).join(SurveyLink, SurveyLink.id == SurveyAnswer.link_id)
    return session.scalar(counted.where(SurveyLink.round_id == round_id)) or 0

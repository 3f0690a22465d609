"""Survey rounds on both databases: one open at a time, links by grade, answers without order, figures when it is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.cases import surveys
from outreach.cases.survey_tables import SurveyAnswer, SurveyLink, SurveyRound
from outreach.cases.surveys import Audience, Choice, Plan, SurveyError
from outreach.database import Database
from outreach.evidence import heard
from outreach.messages.actions import approve
from tests.conftest import NOON
from tests.feeds import LINCOLN, ROOSEVELT, District

TODAY = NOON.date()
LATER = TODAY + timedelta(days=7)


def test_a_round_runs_from_its_first_day_to_its_last_and_then_tells(database: Database, tmp_path: Path) -> None:
    district = District()
    for child, grade, school in (("ada", "K", LINCOLN), ("ben", "10", LINCOLN), ("cem", "2", LINCOLN), ("dua", "7", ROOSEVELT)):
        district.child(child, grade=grade, school=school)
    district.load(database, tmp_path, NOON)
    plan = Plan(LINCOLN, Audience.FAMILIES, ("K", "2"), TODAY, LATER)
    with database.write() as session:
        approve(session, message="survey", language="en", by="head@example.org", now=NOON)
        assert surveys.grades_at(session, LINCOLN, TODAY) == ["K", "2", "10"]
        assert surveys.grades_at(session, "", TODAY) == ["K", "2", "7", "10"]
        one = surveys.open_round(session, plan, by="head@example.org", today=TODAY, now=NOON)
        with pytest.raises(SurveyError, match="already"):
            surveys.open_round(session, plan, by="head@example.org", today=TODAY, now=NOON)
        links = {link.grade: link for link in surveys.links(session, one.id)}
        assert len({link.token for link in links.values()}) == 2
        assert [link.grade for link in surveys.asked_of(session, ["ada", "ben", "dua"], TODAY)] == ["K"]
        for n in range(25):
            surveys.take(session, one, links["2"], [Choice.RIDE], f"word {n}", danger=n == 24, today=TODAY, now=NOON)
    with database.read() as session:
        one = session.scalars(select(SurveyRound)).one()
        rows = session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.id)).all()
        assert [row.words for row in rows] != [f"word {n}" for n in range(25)]
        assert heard.of_school(session, LINCOLN, today=LATER) == []
        assert (heard.heard(session, one, LATER).about, heard.words(session, one, LATER)) == (20, [])
        [found] = heard.of_school(session, LINCOLN, today=LATER + timedelta(days=1))
        assert (found.answers, found.lines[0].chosen) == (25, None), "that all chose it tells of each of them"
        assert len(heard.words(session, one, LATER + timedelta(days=1))) == 24
        assert [row.words for row, _ in heard.of_danger(session, one)] == ["word 24"]
        assert surveys.asked_of(session, ["ada"], LATER + timedelta(days=1)) == []
    with database.write() as session:
        day = LATER + timedelta(days=1)
        again = Plan(LINCOLN, Audience.FAMILIES, ("K",), day, day)
        second = surveys.open_round(session, again, by="head@example.org", today=day, now=NOON + timedelta(days=8))
        surveys.end_round(second, by="head@example.org", today=day, now=NOON + timedelta(days=8))
        assert session.scalars(select(SurveyLink.token).where(SurveyLink.round_id == second.id)).one() not in {
            link.token for link in surveys.links(session, 1)
        }

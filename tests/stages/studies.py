"""A made-up study that ran for four weeks over forty-eight families, for tests of its figures and its pages."""

from __future__ import annotations

from datetime import date, timedelta

from outreach.evidence import eligible
from outreach.planning import study_actions, study_queries
from outreach.planning.studies import Arm, Design, Kind
from tests.conftest import NOON
from tests.feeds import LINCOLN
from tests.stages.nights import Nights

FIRST = NOON.date() + timedelta(days=1)
LAST = FIRST + timedelta(days=27)


def a_design(first: date) -> Design:
    """Half of the families wait for four weeks; those who learn English are a subgroup that was set before."""
    arms = (Arm("later", 50), Arm("now", 50, first))
    return Design("Does it help?", Kind.HOLDOUT, first, first + timedelta(days=27), arms, subgroups=("EL",))


def a_family(
    nights: Nights, child: str, *parents: str, absent: int = 2, school: str = LINCOLN, grade: str = "", subgroups: str = ""
) -> None:
    """Add a child with its parents, at addresses of their own unless they are known already."""
    nights.district.child(child, absent=absent, school=school, grade=grade, subgroups=subgroups)
    for parent in parents or (f"parent-{child}",):
        known = parent in nights.district.contacts
        if known:
            nights.district.ties[child, parent] = {"student_id": child, "contact_id": parent}
        else:
            nights.district.adult(parent, [child], address=f"{len(nights.district.contacts) + 1} Oak St")


def a_study(nights: Nights, size: int = 48) -> int:
    """A study over *size* families, those who are told missing two days fewer; a fifth of them learn English."""
    for number in range(size):
        a_family(nights, f"kid{number:02}", absent=0, subgroups="EL" if number % 5 == 0 else "", grade=str(number % 2))
    nights.load()
    design = a_design(nights.now.date() + timedelta(days=1))
    with nights.database.write() as session:
        homes = eligible.homes(session, design, nights.settings, nights.now).homes
        study = study_actions.propose(session, design, by="ana@example.org", now=nights.now)
        study_actions.start(session, study, homes, left_out={}, by="head@example.org", today=nights.now.date(), now=nights.now, seed="7")
        number_of_study, arms = study.id, {home.household: home.arm for home in study_queries.homes(session, study.id)}
    days = [day for day in nights.district.days if design.first_day <= day <= design.last_day]
    for number in range(size):
        missing = 2 + number % 4 + (2 if arms[f"parent-kid{number:02}"] == 0 else 0)
        nights.district.marks[f"kid{number:02}"] = dict.fromkeys(days[:missing], "U")
    nights.now += timedelta(days=40)
    nights.load()
    return number_of_study

"""Which school leads a household's case, which others take part, and how a case follows a child to another school.

One thread a number, so one school leads: that of the child who has missed most. The schools of its brothers and sisters take part:
they read and write in the thread, and see the panel of their own child alone. A number that two households share is led by no school
for certain, and nobody takes part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.attention import actions as attention
from outreach.cases import escalation, help_queries, queries
from outreach.cases.events import add_event
from outreach.cases.states import CaseState, EventKind
from outreach.cases.tables import Case, CaseSchool
from outreach.clock import local_date
from outreach.consent import queries as consent
from outreach.database import Database
from outreach.district import queries as district
from outreach.district.tables import Enrolment
from outreach.messages.languages import language
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.actions import audit
from outreach.staff.tables import Account

_WORST_FIRST = ("severe", "moderate", "at_risk", "satisfactory")


def lead(schools: Mapping[str, str], tiers: Mapping[str, str], first: str) -> str:
    """The school that leads: of the child at the highest tier, then of the child *first*, then the smallest id; pure.

    *schools* and *tiers* are by child. Empty where no child attends any.
    """

    def order(child: str) -> tuple[int, bool, str]:
        tier = tiers.get(child, "")
        return (_WORST_FIRST.index(tier) if tier in _WORST_FIRST else len(_WORST_FIRST), child != first, schools[child])

    return schools[min(schools, key=order)] if schools else ""


def settle(session: Session, case: Case, settings: Settings, now: datetime, *, anew: bool = False) -> bool:
    """Say who leads *case* and who takes part, as the household's children are enrolled today; return whether another school leads.

    A school that leads goes on while a child of the household attends it, until the case is opened *anew*: a case does not wander
    with every absence.
    """
    schools, before = _schools_of(session, case, settings, now), case.school_id
    if not schools:
        return False
    is_gone = before not in schools.values()
    if anew or is_gone:
        case.school_id = lead(schools, _tiers(session, schools, settings, now), case.student_id)
    _take_part(session, case, set(schools.values()) - {case.school_id})
    if before and is_gone:
        _hand_over(session, case, before, settings, now)
        escalation.place(session, case, settings, now)
    return case.school_id != before


def follow(database: Database, settings: Settings, now: datetime) -> int:
    """Let every case that is not closed follow its children to their school; return how many another school leads now."""
    today = local_date(now, settings.zone)
    stays = select(Enrolment.school_id).where(
        Enrolment.student_id == Case.student_id,
        Enrolment.school_id == Case.school_id,
        Enrolment.entry_date <= today,
        (Enrolment.exit_date.is_(None)) | (Enrolment.exit_date >= today),
    )
    strayed = select(Case).where(Case.state != CaseState.CLOSED, Case.school_id != "", ~stays.exists())
    with database.read() as session:
        ids = [case.id for case in session.scalars(strayed.order_by(Case.id)) if _is_left(session, case, settings, now)]
    moved = 0
    for case_id in ids:
        with database.write() as session:
            case = session.get(Case, case_id, with_for_update=True)
            moved += case is not None and case.state != CaseState.CLOSED and settle(session, case, settings, now)
    return moved


def _is_left(session: Session, case: Case, settings: Settings, now: datetime) -> bool:
    """Whether no child of the household attends the leading school any more, and one attends another."""
    schools = _schools_of(session, case, settings, now)
    return bool(schools) and case.school_id not in schools.values()


def _schools_of(session: Session, case: Case, settings: Settings, now: datetime) -> dict[str, str]:
    """Child → the school it attends today, of the children that whoever reads the case's number has in common with it."""
    children = {case.student_id} - {""}
    if case.phone and case.household:
        children |= {link.student_id for adult in district.adults_of_phone(session, case.phone) for link in adult.links}
    enrolled = attendance.enrolled_at(session, children, local_date(now, settings.zone)) if children else {}
    return {child: places[0] for child, places in enrolled.items()}


def _tiers(session: Session, schools: Mapping[str, str], settings: Settings, now: datetime) -> dict[str, str]:
    if len(set(schools.values())) == 1:  # most families: nothing to weigh
        return {}
    counted = attendance.student_counts(session, local_date(now, settings.zone), students=list(schools))
    return {child: found.count.tier for child, found in counted.items()}


def _take_part(session: Session, case: Case, others: Collection[str]) -> None:
    there = set(session.scalars(select(CaseSchool.school_id).where(CaseSchool.case_id == case.id)))
    if gone := there - set(others):
        session.execute(delete(CaseSchool).where(CaseSchool.case_id == case.id, CaseSchool.school_id.in_(gone)))
    session.add_all(CaseSchool(case_id=case.id, school_id=school_id) for school_id in sorted(set(others) - there))
    session.flush()


def _hand_over(session: Session, case: Case, before: str, settings: Settings, now: datetime) -> None:
    """Nobody starts over: the case goes along as it stands, with a few lines for whoever has it now."""
    owner = session.get(Account, case.owner_id) if case.owner_id else None
    was = owner.name or owner.email if owner else ""
    if owner is not None and (sees := staff.scope(session, owner)) is not None and case.school_id not in sees:
        case.owner_id = None
    words = _note(session, case, before, was, settings)
    add_event(session, case, EventKind.HANDOVER, by="", now=now, text=words)
    audit(session, actor="handover", action="case.handed_over", subject=f"case {case.id}", now=now, detail={"from": before})
    attention.raise_item(
        session,
        kind="handover",
        key=f"handover:{case.id}:{case.school_id}",
        sentence="A child came to this school with a conversation that is still open. Its handover note says what to know.",
        now=now,
        school_id=case.school_id,
        detail={"case": case.id},
    )


def _note(session: Session, case: Case, before: str, was: str, settings: Settings) -> str:
    names = district.schools(session, [before, case.school_id])
    place = {key: names[key].name if key in names else key for key in (before, case.school_id)}
    barriers = help_queries.named(session, case.id)
    adults = district.adults_of_phone(session, case.phone) if case.phone else []
    languages = dict.fromkeys(language(adult.locale or settings.default_language).english for adult in adults)
    last = queries.last_inbound(session, case.id)
    lines = [
        f"From {place[before]} to {place[case.school_id]}.",
        f"{was} looked after it." if was else "Nobody had taken it.",
        f"What makes it hard: {', '.join(barriers)}." if barriers else "No reason was named yet.",
        f"Language: {', '.join(languages)}." if languages else "",
        "They asked for no more texts: call." if case.phone and consent.state(session, case.phone).opted_out else "",
        f"The family has waited since {local_date(case.waiting_since, settings.zone):%B %-d}." if case.waiting_since else "",
        f"They last wrote on {local_date(last.received_at, settings.zone):%B %-d}." if last else "",
    ]
    return " ".join(filter(None, lines))

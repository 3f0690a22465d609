"""Names beside messages and cases, and only those that a person may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.district import queries as district
from outreach.district.overlays import Merged, merged
from outreach.district.queries import slices
from outreach.district.tables import Contact, Enrolment, School, Student, StudentContact

_NAMES = "school names"
"""Read once a transaction: a page needs them in several places."""


@dataclass(frozen=True)
class ChildName:
    """A child in one line."""

    student_id: str
    name: str
    grade: str
    school: str
    """Name of the school of the newest enrolment."""


def called(student: Student) -> str:
    """The name a child goes by, with the family name."""
    return f"{student.preferred_name or student.first_name} {student.last_name}".strip()


def children(
    session: Session, student_ids: Collection[str], schools: frozenset[str] | None, one: Merged | None = None
) -> dict[str, ChildName]:
    """Children by id, without those that are at none of *schools* (None: the whole district); *one* is what ``merged`` said already."""
    where = school_ids(session, student_ids, one)
    names = school_names(session)
    found = district.students(session, student_ids)
    return {
        student_id: ChildName(student_id, called(student), student.grade, names.get(next(iter(where[student_id]), ""), ""))
        for student_id, student in found.items()
        if schools is None or schools & set(where[student_id])
    }


def school_ids(session: Session, student_ids: Collection[str], one: Merged | None = None) -> dict[str, list[str]]:
    """Schools of each child under all its ids, the newest enrolment first; every id asked for has an entry."""
    one = one or merged(session)
    found: dict[str, list[str]] = {one.of(student_id): [] for student_id in student_ids}
    for some in slices(one.ids(student_ids)):
        newest = select(Enrolment).where(Enrolment.student_id.in_(some)).order_by(Enrolment.entry_date.desc(), Enrolment.primary.desc())
        for row in session.scalars(newest):
            if row.school_id not in found[one.of(row.student_id)]:
                found[one.of(row.student_id)].append(row.school_id)
    return {student_id: found[one.of(student_id)] for student_id in student_ids}


def school_names(session: Session) -> dict[str, str]:
    """Names by id, of schools that are gone too; the id where a school has no name."""
    if _NAMES not in session.info:
        rows = session.execute(select(School.school_id, School.name))
        session.info[_NAMES] = {row.school_id: row.name or row.school_id for row in rows}
    names: dict[str, str] = session.info[_NAMES]
    return names


def contact_names(session: Session, contact_ids: Collection[str]) -> dict[str, str]:
    """Names of adults by id."""
    found: dict[str, str] = {}
    for some in slices({contact_id for contact_id in contact_ids if contact_id}):
        rows = session.execute(select(Contact.contact_id, Contact.first_name, Contact.last_name).where(Contact.contact_id.in_(some)))
        found |= {row.contact_id: f"{row.first_name} {row.last_name}".strip() for row in rows}
    return found


def relations(session: Session, pairs: Collection[tuple[str, str]], one: Merged | None = None) -> dict[tuple[str, str], str]:
    """What an adult is to a child, as the feed says it: (contact id, student id) → relation."""
    found: dict[tuple[str, str], str] = {}
    one = one or merged(session)
    for some in slices({contact_id for contact_id, _student in pairs if contact_id}):
        rows = session.execute(
            select(StudentContact.contact_id, StudentContact.student_id, StudentContact.relation).where(StudentContact.contact_id.in_(some))
        )
        found |= {(row.contact_id, one.of(row.student_id)): row.relation for row in rows}
    return {pair: found[pair] for pair in pairs if found.get(pair)}

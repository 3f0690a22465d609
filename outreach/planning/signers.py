"""Who signs a message about a child: the adult at school who knows the child, else a coordinator of its school."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.district.queries import slices
from outreach.district.tables import StudentAdult
from outreach.staff.queries import coordinators


def signers(session: Session, schools: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return child → name, for children by the schools they attend; a child for whom nobody is named is left out.

    Of several adults who know a child the first in the feed signs.
    """
    answering = coordinators(session)
    found = {
        student_id: name
        for student_id, attended in schools.items()
        if (name := next((answering[school_id] for school_id in attended if school_id in answering), ""))
    }
    for some in slices(schools):
        known = select(StudentAdult.student_id, StudentAdult.name).where(StudentAdult.student_id.in_(some), StudentAdult.name != "")
        found |= dict(session.execute(known.order_by(StudentAdult.id.desc())).all())
    return found

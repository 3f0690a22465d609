"""Which rules concern which child: by the school it attends, its grade and its subgroups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.district.subgroups import subgroups
from outreach.district.tables import Student
from outreach.thresholds.rules import Rule


@dataclass(frozen=True)
class Scopes:
    """The rules of a district, and what is asked of each child to know its own."""

    rules: Sequence[Rule]
    homes: Mapping[str, str]
    """Child → the school it attends, its primary one."""
    about: Mapping[str, tuple[str, Sequence[str]]]
    """Child → its grade and subgroups; empty where no rule asks for them."""

    @classmethod
    def of(cls, session: Session, rules: Sequence[Rule], homes: Mapping[str, str]) -> Scopes:
        """Read what the rules ask; nothing, where all of them hold for every child."""
        if not any(rule.grades or rule.subgroups for rule in rules):
            return cls(rules, homes, {})
        rows = session.execute(select(Student.student_id, Student.grade, Student.subgroups))
        return cls(rules, homes, {row.student_id: (row.grade, subgroups(row.subgroups)) for row in rows})

    def rules_for(self, student_id: str) -> list[Rule]:
        """The rules that concern a child."""
        grade, groups = self.about.get(student_id, ("", ()))
        return [rule for rule in self.rules if rule.concerns(self.homes[student_id], grade, groups)]

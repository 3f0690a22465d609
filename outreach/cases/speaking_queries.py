"""Reads about languages: what words are written in, what machines made of them, and what people are asked to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from outreach.cases import language_rules, queries, saved_replies
from outreach.cases.language_states import TaskState
from outreach.cases.language_tables import LanguageTask
from outreach.cases.tables import Case
from outreach.district import queries as district
from outreach.district.tables import Contact
from outreach.messages.languages import languages
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.translation.guard import LONG
from outreach.translation.states import Kind, MachineState
from outreach.translation.tables import MachineText

_LIST = re.compile(r"\(([A-Za-z-]+), \w+\)")
"""The locale of the list that understood a text, as the text's reasons name it."""


def written_in(inbound: Inbound, family: str) -> str:
    """The language of a text: a locale, or the feed's name for one; empty where nothing tells. *family* is the one on file, or empty."""
    known = inbound.locale or next(iter(_LIST.findall(inbound.why)), "")
    return language_rules.language_of(inbound.body, known, family)


def language_of_words(words: str, family: str) -> str:
    """The language of words that staff typed for a family."""
    return language_rules.language_of(words, "", family)


def family_language(session: Session, case: Case, settings: Settings) -> str:
    """The language a family is answered in: a locale, or the name that the feed has for one of which we have no words."""
    return home_language(session, case) or saved_replies.locale_of(session, case, settings)


def home_language(session: Session, case: Case) -> str:
    """The language on file: the adult's own, else the child's home language; a locale, the feed's name for one, or empty."""
    adult = session.get(Contact, case.contact_id) if case.contact_id else None
    if adult is not None and (adult.locale or adult.language):
        return adult.locale or adult.language
    child = district.students(session, [case.student_id]).get(case.student_id) if case.student_id else None
    return (child.home_locale or child.home_language) if child else ""


def readings(session: Session, inbound_ids: Collection[int]) -> Mapping[int, MachineText]:
    """Text of a family → what a machine made of it, or is to make."""
    if not inbound_ids:
        return {}
    rows = session.scalars(select(MachineText).where(MachineText.inbound_id.in_(inbound_ids)))
    return {row.inbound_id: row for row in rows if row.inbound_id is not None}


def is_open_draft(session: Session, phone: str, words: str) -> bool:
    """Whether *words* are those of a machine's draft that no speaker approved: the database refuses them (``translation.guard``)."""
    drafts = select(MachineText.words).where(
        MachineText.phone == phone, MachineText.kind == Kind.DRAFT.value, MachineText.state != MachineState.APPROVED.value
    )
    said = "".join(words.split())
    return any(draft == said or (len(draft) >= LONG and draft in said) for draft in _bare(session.scalars(drafts)))


def _bare(drafts: Iterable[str]) -> list[str]:
    return [bare for words in drafts if (bare := "".join(words.split()))]


def of_case(session: Session, case_id: int) -> Sequence[LanguageTask]:
    """All that was asked in a case, the newest first."""
    return session.scalars(select(LanguageTask).where(LanguageTask.case_id == case_id).order_by(LanguageTask.id.desc())).all()


def open_tasks(session: Session, person: SignedIn) -> list[LanguageTask]:
    """What waits for a person, or at their schools for who reads those; theirs first, then by when it is wanted."""
    mine: ColumnElement[bool] = LanguageTask.helper_id == person.id
    if person.may(Permission.INBOX_READ):
        theirs = select(Case.id) if person.schools is None else select(Case.id).where(queries.of_schools(person.schools))
        mine = or_(mine, LanguageTask.case_id.in_(theirs))
    rows = session.scalars(select(LanguageTask).where(LanguageTask.state == TaskState.OPEN.value, mine))
    return sorted(rows, key=lambda task: (task.helper_id != person.id, task.wanted_at or task.asked_at, task.id))


def name_of(language: str) -> str:
    """A language in English, or as the feed writes it."""
    return languages()[language].english if language in languages() else language

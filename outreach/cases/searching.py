"""Finds conversations by words in them, and by the names and numbers of their people, the same way on both databases.

A conversation keeps each of its words once, folded: without case, accents and vowel marks; Chinese and Japanese as pairs of characters,
because they write no spaces. A word is found by its beginning. What may mean danger is never kept, and of a conversation with an
incident or a sealed reason only the names find it. Words leave the index by ``forget`` alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from outreach.cases.danger_tables import Incident
from outreach.cases.inbox_tables import CaseWord
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent
from outreach.district.tables import Contact, ContactPhone, Enrolment, Student, StudentContact
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound

_LONGEST = 40
_MOST_TERMS = 8
_WORD = re.compile(r"\w+")
_PAIRED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_NUMBER = re.compile(r"\+?[\d(][\d\s().-]*\d")
_TAILS = (10, 7, 4)
"""Of a number so many last digits find it: as it is dialled, without its area code, and as people remember it."""
_AFTER = "\U0010ffff"
_SAID = frozenset({EventKind.INBOUND, EventKind.ANSWER, EventKind.NOTE, EventKind.CALL, EventKind.NO_ANSWER, EventKind.VISIT})


def fold(text: str) -> str:
    """Return *text* without case, accents and vowel marks."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare)


def words_of(text: str) -> list[str]:
    """Return the words by which *text* is found, each once, in their order."""
    found: dict[str, None] = {}
    for word in _WORD.findall(fold(text)):
        rest = _PAIRED.sub(" ", word).split()
        pairs = (run[at : at + 2] for run in _PAIRED.findall(word) for at in range(len(run)))
        found |= dict.fromkeys(piece[:_LONGEST] for piece in (*rest, *pairs))
    return list(found | dict.fromkeys(tail for number in _NUMBER.findall(text) for tail in _tails(number)))


def terms_of(query: str) -> list[str]:
    """Return the beginnings that a conversation must all hold to be found by *query*; a number is one of them, however it is written."""
    if _NUMBER.fullmatch(query.strip()) and (tails := _tails(query)):
        return tails[:1]
    terms = []
    for word in _WORD.findall(fold(query)):
        terms += [piece[:_LONGEST] for piece in _PAIRED.sub(" ", word).split()]
        for run in _PAIRED.findall(word):
            terms += [run[at : at + 2] for at in range(max(1, len(run) - 1))]
    return terms[:_MOST_TERMS]


def find(query: str) -> Select[Case] | None:
    """Return the statement that selects the conversations which hold every word of *query*; None where it holds none.

    It knows no scope: the caller adds whose cases may be seen.
    """
    terms = terms_of(query)
    if not terms:
        return None
    return select(Case).where(*(Case.id.in_(_holding(term)) for term in terms))


def _holding(term: str) -> Select[int]:
    sealed = select(Incident.case_id).where(Incident.case_id == CaseWord.case_id).exists()
    within: list[ColumnElement[bool]] = [CaseWord.word >= term, CaseWord.word < term + _AFTER]
    return select(CaseWord.case_id).where(*within, or_(CaseWord.is_name, ~sealed))


def note_event(session: Session, case: Case, event: CaseEvent) -> None:
    """Keep the words of what just happened in a case; and, where somebody wrote or the case is new, whose it is."""
    kind = EventKind(event.kind)
    if kind in {EventKind.INBOUND, EventKind.OPENED}:
        _keep(session, case.id, _names(session, case), is_name=True)
    if kind in _SAID and case.sealed_since is None:
        _keep(session, case.id, words_of(_text(session, event)), is_name=False)


def forget(session: Session, case_id: int) -> None:
    """Take what was said in a conversation out of the index, for good; its names stay."""
    session.execute(delete(CaseWord).where(CaseWord.case_id == case_id, CaseWord.is_name.is_(False)))


def _text(session: Session, event: CaseEvent) -> str:
    if event.inbound_id is not None:
        heard = session.get_one(Inbound, event.inbound_id)
        return "" if heard.urgent else heard.body
    return session.get_one(PlannedMessage, event.planned_id).body if event.planned_id is not None else event.text


def _names(session: Session, case: Case) -> list[str]:
    child = session.get(Student, case.student_id) if case.student_id else None
    adult = session.get(Contact, case.contact_id) if case.contact_id else None
    names = [child.first_name, child.preferred_name, child.last_name] if child else []
    names += [adult.first_name, adult.last_name] if adult else []
    return words_of(" ".join((*names, case.phone)))


def _tails(number: str) -> list[str]:
    """The last digits by which a number is found, the longest first; none where it is no number."""
    digits = re.sub(r"\D", "", number)
    return [digits[-tail:] for tail in _TAILS if tail <= len(digits)]


def _keep(session: Session, case_id: int, words: Iterable[str] | Collection[str], *, is_name: bool) -> None:
    rows = [{"word": word, "is_name": is_name, "case_id": case_id} for word in dict.fromkeys(words)]
    if rows:
        insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(CaseWord)
        session.execute(insert.on_conflict_do_nothing(), rows)


# --- children -------------------------------------------------------------------------------------------------------------------

_SURE = frozenset("bdfhjkmpqtvwx")
"""Letters that hardly any name writes with a mark; every other one may stand for several, so the database is asked for any letter there."""
_LOOKED_AT = 400


def children(session: Session, query: str, schools: Collection[str] | None, *, limit: int = 12) -> list[str]:
    """Return the ids of children at *schools* (None: the whole district) whom, or whose adult or number, *query* names.

    Every word must begin a name of the same person. At most *limit*, in the order of their names.
    """
    if _NUMBER.fullmatch(query.strip()) and (tails := _tails(query)):
        wanted = select(ContactPhone.contact_id).where(ContactPhone.e164.endswith(tails[0]))
        found = _tied_to(wanted)
    else:
        terms = [term for term in fold(query).split() if _WORD.search(term)][:_MOST_TERMS]
        if not terms:
            return []
        columns = Student.student_id, Student.first_name, Student.preferred_name, Student.last_name
        named = _like(select(*columns), terms, columns[1:])
        adults = _like(select(Contact.contact_id, Contact.first_name, Contact.last_name), terms, (Contact.first_name, Contact.last_name))
        ids = [row[0] for row in session.execute(_within(named, schools)) if _bears(row[1:], terms)]
        contacts = [row[0] for row in session.execute(adults) if _bears(row[1:], terms)]
        found = or_(Student.student_id.in_(ids), _tied_to(contacts))
    order = Student.last_name, Student.first_name, Student.student_id
    return list(session.scalars(_within(select(Student.student_id).where(found), schools).order_by(*order).limit(limit)))


def _tied_to(contacts: Select[str] | list[str]) -> ColumnElement[bool]:
    return Student.student_id.in_(select(StudentContact.student_id).where(StudentContact.contact_id.in_(contacts)))


def _like(
    statement: Select[*tuple[Any, ...]], terms: Sequence[str], columns: Sequence[InstrumentedAttribute[str]]
) -> Select[*tuple[Any, ...]]:
    patterns = ("%" + "".join(char if char in _SURE else "_" for char in term) + "%" for term in terms)
    return statement.where(*(or_(*(column.ilike(pattern) for column in columns)) for pattern in patterns)).limit(_LOOKED_AT)


def _within(statement: Select[*tuple[Any, ...]], schools: Collection[str] | None) -> Select[*tuple[Any, ...]]:
    here = statement.where(Student.gone_import_id.is_(None))
    if schools is None:
        return here
    at = exists().where(Enrolment.student_id == Student.student_id, Enrolment.school_id.in_(schools))
    return here.where(at)


def _bears(names: Sequence[str], terms: Sequence[str]) -> bool:
    """Whether every term begins a word of these names."""
    words = fold(" ".join(names)).replace("-", " ").split()
    return all(any(word.startswith(term) for word in words) for term in terms)

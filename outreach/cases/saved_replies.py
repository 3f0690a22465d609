"""Words that a person need not type: approved texts with a place for a note, in the family's language, filled from the record.

They are messages like any other (``templates/messages``), written, translated and reviewed in the same way. What is filled in here are
names and numbers to call; a count enters a text only as it leaves, so a message that tells one is no saved reply.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.tables import Case
from outreach.district import queries as district
from outreach.district.tables import Contact
from outreach.messages import queries as messages
from outreach.messages.compose import Facts, Pair, text
from outreach.messages.placeholders import MissingValueError, names
from outreach.messages.tables import Approval
from outreach.planning.signers import signers
from outreach.settings import Settings

NOTE = "{{ note }}"
"""The place that is left for the person; an answer that still holds it is refused."""
_COUNTS = frozenset({"days_missed", "days_told", "days_enrolled", "as_of", "dates"})


@dataclass(frozen=True)
class SavedReply:
    """One text, ready for its note."""

    message: str
    locale: str
    words: str
    english: str
    """The same in English, for who does not read the family's language."""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.message.replace("_", " ").capitalize()


def offered(session: Session, case: Case, settings: Settings) -> list[SavedReply]:
    """The saved replies for the family of a case; those that say something unknown of it are left out."""
    facts, locale, found = _facts(session, case, settings), locale_of(session, case, settings), []
    with_note = select(Approval.message).where(
        Approval.channel == "sms", Approval.school_id.in_(("", case.school_id)), Approval.source_text.contains(NOTE)
    )
    for message in session.scalars(with_note.distinct().order_by(Approval.message)):
        choice = messages.choose(session, message, "sms", locale, default=settings.default_language, school_id=case.school_id)
        if choice is None or names(choice.pair.source) & _COUNTS:
            continue
        with suppress(MissingValueError):
            found.append(SavedReply(message, choice.locale, _fill(choice.pair, facts), _english(choice.pair, facts)))
    return found


def locale_of(session: Session, case: Case, settings: Settings) -> str:
    """The language a family is answered in: the adult's own, else the child's home language, else the district's default."""
    adult = session.get(Contact, case.contact_id) if case.contact_id else None
    child = district.students(session, [case.student_id]).get(case.student_id) if case.student_id else None
    return (adult.locale if adult else "") or (child.home_locale if child else "") or settings.default_language


def _fill(pair: Pair, facts: Facts) -> str:
    return text(pair, facts).body


def _english(pair: Pair, facts: Facts) -> str:
    return _fill(Pair(pair.message, pair.channel, "en", pair.source, pair.source), facts)


def _facts(session: Session, case: Case, settings: Settings) -> Facts:
    school = district.schools(session, [case.school_id]).get(case.school_id) if case.school_id else None
    child = district.students(session, [case.student_id]).get(case.student_id) if case.student_id else None
    phone = (school.phone if school else "") or settings.district_phone
    signed = signers(session, {case.student_id: [case.school_id]}) if child else {}
    return Facts(
        district=settings.district_name,
        school=school.name if school else "",
        school_phone=phone,
        signer=signed.get(case.student_id, ""),
        named=(child.preferred_name or child.first_name,) if child else (),
        note=NOTE,
        interpreter_phone=settings.interpreter_phone or phone,
    )

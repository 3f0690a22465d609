"""The code in a letter that opens the family page: made with the letter, hashed, bound to it, and good for a while.

A letter's QR code leads to ``<public_url>/f/<language>#CODE``. What stands behind the # is never sent to a server, so no access log
and no proxy ever holds a code; the page's script puts it into the form. Who types uses the short address and the printed code.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from outreach.delivery.family_tables import FamilyCode
from outreach.district import queries as district
from outreach.messages import queries as messages
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

ALPHABET = "23456789CDFHJKMNPQRTVWXY"
"""No vowels, so no words; of letters and digits that look alike only one."""
_LOOK_ALIKE = str.maketrans({"B": "8", "G": "6", "S": "5", "Z": "2", "U": "V", "0": "Q", "O": "Q"})
_LENGTH, _GROUP = 12, 4
"""24 to the power of 12: 55 bits, and a birth date beside them."""
MESSAGE, CHANNEL = "family_page", "page"
"""The words of the page; a letter carries no code before a person has approved them."""


@dataclass(frozen=True)
class PageLink:
    """The way to the family page, as ``messages.letter_content.framed`` takes it."""

    url: str
    """For the QR code; it holds the code."""
    typed: str
    """The address for who types: host and path."""
    code: str
    """As printed: ``7KMP-4XRT-9WHC``."""


def issue(
    session: Session,
    planned: PlannedMessage,
    *,
    contact_ids: Collection[str],
    student_ids: Collection[str],
    locale: str,
    settings: Settings,
    now: datetime,
) -> PageLink | None:
    """Make a letter's code, in the transaction that writes the letter; None where there is no page to lead to.

    *contact_ids* are the adults that the letter names (``go.facts["contact_ids"]``), *student_ids* its children, *locale* its language::

        link = family_codes.issue(
            session, row, contact_ids=go.facts["contact_ids"], student_ids=go.student_ids, locale=go.language, settings=settings, now=now
        )
        letter = framed(letter, frame, url=link.url, typed=link.typed, code=link.code) if link else letter

    There is no page without ``public_url``, before somebody approved its English words, or where no child of the letter has a birth
    date on file: the page opens with one. A letter that is set again has a new code, and the one before ends.
    """
    children = district.students(session, student_ids).values()
    if not settings.public_url or not contact_ids or not any(child.birth_date for child in children):
        return None
    if messages.choose(session, MESSAGE, CHANNEL, locale, default=settings.default_language) is None:
        return None
    end(session, [planned.id], because="the letter was set again", now=now)
    code = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    session.add(
        FamilyCode(
            code_hash=digest(code),
            planned_id=planned.id,
            household=planned.household,
            contact_ids=list(contact_ids),
            student_ids=list(student_ids),
            locale=locale,
            made_at=now,
            expires_at=now + timedelta(days=settings.family_code_days),
            wrong_tries=0,
            ended_at=None,
            ended_because="",
        )
    )
    session.flush()
    base = settings.public_url.rstrip("/")
    return PageLink(f"{base}/f/{locale}#{shown(code)}", f"{base.partition('://')[2] or base}/f", shown(code))


def end(session: Session, planned_ids: Collection[int], *, because: str, now: datetime) -> None:
    """Let the codes of some letters open nothing any more: they were pulled, came back, or were set again."""
    standing = update(FamilyCode).where(FamilyCode.planned_id.in_(planned_ids), FamilyCode.ended_at.is_(None))
    session.execute(standing.values(ended_at=now, ended_because=because))


def shown(code: str) -> str:
    """A code in groups of four, as it is printed."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def read(typed: str) -> str:
    """A code as somebody typed it, without its dashes and spaces; letters that look like another one count as that."""
    return "".join(c for c in typed.upper().translate(_LOOK_ALIKE) if c in ALPHABET)[: _LENGTH + 1]


def digest(code: str) -> str:
    """The name under which a code, or a visit's key, is kept."""
    return hashlib.sha256(code.encode()).hexdigest()

"""The demo's letter: the code that was printed on one, and what its family sees with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from html import unescape

import requests
from sqlalchemy import select

from outreach.delivery.family_tables import FamilyCode
from outreach.delivery.letter_tables import LetterPage
from outreach.district import queries as district
from outreach.services import Services

_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Letter:
    """What stands in one family's hands: the address and the code of its letter, and the birth date that it knows."""

    url: str
    code: str
    born: date


def a_letter(services: Services) -> Letter | None:
    """The first printed letter that leads to the family page, an English one if there is one; None where no letter does."""
    with services.database.read() as session:
        rows = session.execute(
            select(LetterPage.content, FamilyCode.student_ids)
            .join(FamilyCode, FamilyCode.planned_id == LetterPage.planned_id)
            .where(FamilyCode.ended_at.is_(None))
            .order_by(FamilyCode.locale != "en", LetterPage.planned_id)
        )
        for content, student_ids in rows:
            child = district.students(session, student_ids).get(student_ids[0])
            if content["link"] and child is not None and child.birth_date is not None:
                return Letter(content["link"]["url"], content["link"]["code"], child.birth_date)
    return None


def look(letter: Letter) -> str:
    """Open the family page over HTTP as a family does, and return its first sentence about a child; empty where it stays shut."""
    page = letter.url.partition("#")[0]
    with requests.Session() as browser:
        asked = browser.get(page, timeout=_PATIENCE_SECONDS).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', asked)
        born = {"year": letter.born.year, "month": letter.born.month, "day": letter.born.day}
        form = {"csrf_token": token[1] if token else "", "code": letter.code, **born}
        answer = browser.post(page, data=form, timeout=_PATIENCE_SECONDS).text
    told = re.search(r'class="count">([^<]+)<', answer)
    return re.sub("[\u2066-\u2069]", "", unescape(told[1])) if told else ""

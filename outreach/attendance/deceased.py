"""A child who has died: what a feed says of it once stands, until a person says that it was a mistake.

It is an overlay, so that neither a later feed without that row nor an enrolment open at another school makes the child one to be
written about again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.source_settings import SourceSettings
from outreach.attention.actions import raise_item
from outreach.district import overlays
from outreach.district.overlays import Act, Kind, Subject
from outreach.district.tables import Enrolment, Overlay, Student
from outreach.resources import data_folder

_FLAG_SEPARATORS = re.compile(r"[|;,]")


def says_so(text: str, own: Collection[str] = ()) -> bool:
    """Whether an exit type or a flag says that the child has died; *own* are further exit types of its source."""
    words, exactly = _wordings()
    plain = _plain(text)
    if not plain:
        return False
    return plain in exactly or plain in map(_plain, own) or any(f" {word} " in f" {plain} " for word in words)


def deceased(session: Session, student_ids: Collection[str]) -> frozenset[str]:
    """Those of *student_ids* who have died, as far as a feed or a person has said."""
    if not student_ids:
        return frozenset()
    merged = overlays.merged(session)
    said = {merged.of(row.student_id) for row in overlays.holding(session, Kind.DECEASED)}
    return frozenset(student_id for student_id in student_ids if merged.of(student_id) in said)


def mark_deceased(session: Session, student_id: str, act: Act) -> Overlay:
    """Say that a child has died: from now on nothing is sent about it. ``overlays.withdraw`` takes a mistake back."""
    return overlays.lay(session, Subject(Kind.DECEASED, student_id=student_id), {"said": act.why}, act)


def take(session: Session, settings: SourceSettings, now: datetime) -> None:
    """Believe what a source has just brought, and tell staff.

    A word that a person has withdrawn as a mistake is not believed again while the feed goes on repeating it.
    """
    heard = select(Overlay.student_id, Overlay.by, Overlay.why).where(Overlay.kind == Kind.DECEASED, Overlay.withdraws.is_(None))
    known = {tuple(row) for row in session.execute(heard)}
    for student_id, school_id, word in sorted(set(_said(session, settings))):
        if (student_id, settings.name, word) not in known:
            mark_deceased(session, student_id, Act(settings.name, now, word))
            known.add((student_id, settings.name, word))
            sentence = (
                "A feed says that a child has died. Nothing is sent about this child any more. If it is a mistake, take it back on Data."
            )
            detail = {"student": student_id}
            raise_item(
                session, kind="deceased", key=f"deceased:{student_id}", sentence=sentence, now=now, school_id=school_id, detail=detail
            )


def _said(session: Session, settings: SourceSettings) -> Iterator[tuple[str, str, str]]:
    """Each child of whom the source says so, with the school that says it (empty where none) and its word."""
    exits = select(Enrolment.student_id, Enrolment.school_id, Enrolment.exit_type)
    for student_id, school_id, word in session.execute(exits.where(Enrolment.source == settings.name, Enrolment.exit_type != "")):
        if says_so(word, settings.deceased_exits):
            yield student_id, school_id, word
    flags = select(Student.student_id, Student.subgroups).where(Student.source == settings.name, Student.subgroups != "")
    for student_id, subgroups in session.execute(flags.where(Student.gone_import_id.is_(None))):
        for word in _FLAG_SEPARATORS.split(subgroups):
            if says_so(word):
                yield student_id, "", word.strip()


@cache
def _wordings() -> tuple[tuple[str, ...], frozenset[str]]:
    said = tomllib.loads((data_folder("config") / "deceased.toml").read_text(encoding="utf-8"))
    return tuple(_each_plain(said["words"])), frozenset(_each_plain(said["exactly"]))


def _each_plain(texts: Iterable[str]) -> Iterator[str]:
    return map(_plain, texts)


@cache
def _plain(text: str) -> str:
    """Lower-case words, one space between them."""
    return " ".join(re.findall(r"\w+", text.casefold()))

"""The words that go out: which pair of English and translation is approved, changed, or waiting; each language's core pack first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.district.tables import Contact
from outreach.messages import actions
from outreach.messages.check import LONGEST, problems_of
from outreach.messages.compose import Pair, text
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.pairs import current_pairs, digest
from outreach.messages.queries import CORE_PACK, in_force, overlay
from outreach.messages.tables import Approval
from outreach.messages.templates import Source, sources
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("words", __name__)


class Standing(StrEnum):
    """How the words in the files stand to the approved ones."""

    APPROVED = "approved"
    CHANGED = "changed"
    BEHIND = "behind"
    """The English changed, and nobody has translated it anew; the approved words go on leaving."""
    NEVER = "never"


@dataclass(frozen=True)
class Wording:
    """One channel's words in one language."""

    pair: Pair
    standing: Standing
    approval: Approval | None
    problems: tuple[str, ...]
    segments: int | None
    """Of a text with the longest plausible names; None for letters and for words that need repair."""


@dataclass(frozen=True)
class Entry:
    """One message in one language: what a person approves with one button."""

    message: str
    title: str
    purpose: str
    locale: str
    wordings: tuple[Wording, ...]

    @property
    def digest(self) -> str:
        """Of exactly the words shown, so that nobody approves words they have not seen."""
        return _digest([self])

    @property
    def standing(self) -> Standing:
        """The least settled of the channels."""
        return max((one.standing for one in self.wordings), key=list(Standing).index)

    @property
    def waits(self) -> bool:
        """Whether somebody can approve it now: there are new words, and none of them needs repair."""
        return self.standing in {Standing.CHANGED, Standing.NEVER} and not any(one.problems for one in self.wordings)


@dataclass(frozen=True)
class Spoken:
    """One language: how far its words are, and how many adults wait for them."""

    locale: str
    adults: int
    core: int
    """Messages of the core pack that are approved."""
    approved: int
    total: int


@dataclass(frozen=True)
class Copy:
    """A school's own wording of a message."""

    message: str
    channel: str
    school_id: str
    school: str
    draft: bool
    """Somebody has still to approve it."""


@blueprint.get("/words")
@needs(Permission.WORDS_READ)
def page() -> ResponseReturnValue:
    """All languages at a glance; or one language, its core pack first; or one message in every language."""
    language, message = request.args.get("language", ""), request.args.get("message", "")
    with services().database.read() as session:
        found = entries(session)
        chosen = [entry for entry in found if language in ("", entry.locale) and message in ("", entry.message)]
        core = [entry for entry in chosen if language and not message and entry.message in CORE_PACK]
        rest = [entry for entry in chosen if entry not in core] if language or message else []
        return render_template(
            "words.html",
            spoken=[] if language or message else _spoken(session, found),
            core=sorted(core, key=lambda entry: CORE_PACK.index(entry.message)),
            core_digest=_digest(core),
            core_waits=any(entry.waits for entry in core) and all(entry.waits or entry.standing is Standing.APPROVED for entry in core),
            core_size=len(CORE_PACK),
            rest=sorted(rest, key=lambda entry: (entry.standing is Standing.APPROVED, entry.message)),
            messages=dict.fromkeys(entry.message for entry in found),
            language=language,
            message=message,
            total=len(found),
            waiting=sum(entry.standing is not Standing.APPROVED for entry in found),
            may_approve=person().may(Permission.WORDS_APPROVE),
            may_edit=person().may(Permission.WORDS_EDIT),
            copies=_copies(session, found) if person().may(Permission.WORDS_EDIT) else [],
            default=DEFAULT,
        )


@blueprint.post("/words/approve")
@needs(Permission.WORDS_APPROVE)
def approve() -> ResponseReturnValue:
    """Approve one message in one language, or without a message its core pack, if the words are still those that the page showed."""
    message, locale = request.form.get("message", ""), request.form.get("locale", "")
    wanted = [message] if message else CORE_PACK
    here = url_for("words.page", message=message) if message else url_for("words.page", language=locale)
    with services().database.write() as session:
        chosen = _chosen(session, wanted, locale)
        if _digest(chosen) != request.form.get("digest"):
            flash("These words changed while you were reading. Please look at them again before you approve.", "warning")
            return redirect(here)
        try:
            actions.approve(session, message=wanted, language=locale, by=person().email, now=now(), home=services().settings.home)
        except actions.ApprovalError as refusal:
            flash(str(refusal), "warning")
            return redirect(here)
        _audit(session, "words.approved", f"{message or 'core pack'} in {locale}", _digest(chosen))
    flash("Approved. These words may now leave.")
    return redirect(url_for("words.page", language=locale))


@blueprint.post("/words/keep")
@needs(Permission.WORDS_APPROVE)
def keep() -> ResponseReturnValue:
    """Say that a changed English text means what it meant, so that its approved translation stays one."""
    message, locale = request.form.get("message", ""), request.form.get("locale", "")
    with services().database.write() as session:
        chosen = _chosen(session, [message], locale)
        if _digest(chosen) != request.form.get("digest"):
            flash("These words changed while you were reading. Please look at them again.", "warning")
            return redirect(url_for("words.page", message=message))
        try:
            actions.keep_translation(session, message=message, language=locale, by=person().email, now=now(), home=services().settings.home)
        except actions.ApprovalError as refusal:
            flash(str(refusal), "warning")
            return redirect(url_for("words.page", message=message))
        _audit(session, "words.kept", f"{message} in {locale}", _digest(chosen))
    flash("Kept. The translation stands for the new English as well.")
    return redirect(url_for("words.page", message=message))


def entries(session: Session) -> list[Entry]:
    """Every message and language that the files offer or somebody approved, with how its words stand."""
    home, known, written = services().settings.home, in_force(session), overlay(session)
    offered = {(pair.message, pair.channel, pair.locale): pair for _source, pair in current_pairs(home, written)}
    grouped: dict[tuple[str, str], list[tuple[Source, Wording]]] = {}
    for source in sources(home, written):
        for locale in languages():
            key = (source.message, source.channel, locale)
            if key in offered or key in known:
                wording = _wording(source, locale, offered.get(key), known.get(key))
                grouped.setdefault((source.message, locale), []).append((source, wording))
    return [_entry(message, locale, found) for (message, locale), found in grouped.items()]


def _copies(session: Session, found: Collection[Entry]) -> list[Copy]:
    """The copies of schools that this person may edit, drafts first."""
    names, written = people.school_names(session), overlay(session)
    places = dict.fromkeys((one.pair.message, one.pair.channel) for entry in found for one in entry.wordings)
    copies = []
    for message, channel in places:
        for school_id in filter(person().sees, written.copies(message, channel)):
            words = written.words(message, channel, school_id=school_id)
            approved = in_force(session, school_id=school_id).get((message, channel, DEFAULT))
            draft = words is not None and (approved is None or approved.source_text != words.text)
            copies.append(Copy(message, channel, school_id, names.get(school_id, school_id), draft))
    return sorted(copies, key=lambda copy: (not copy.draft, copy.school, copy.message))


def _chosen(session: Session, messages: Collection[str], locale: str) -> list[Entry]:
    chosen = [entry for entry in entries(session) if entry.message in messages and entry.locale == locale]
    if not chosen:
        abort(404)
    return chosen


def _audit(session: Session, action: str, subject: str, shown: str) -> None:
    staff.audit(session, actor=person().email, action=action, subject=subject, now=now(), detail={"digest": shown})


def _digest(shown: Collection[Entry]) -> str:
    pairs = sorted((one.pair.message, one.pair.channel, one.pair.source, one.pair.translation) for entry in shown for one in entry.wordings)
    return digest("\0".join(part for pair in pairs for part in pair))


def _entry(message: str, locale: str, found: list[tuple[Source, Wording]]) -> Entry:
    wordings = tuple(wording for _source, wording in found)
    return Entry(message, message.replace("_", " ").capitalize(), found[0][0].purpose, locale, wordings)


def _wording(source: Source, locale: str, offered: Pair | None, approval: Approval | None) -> Wording:
    kept = approval.translation_text if approval else ""
    pair = offered or Pair(source.message, source.channel, locale, source.text, kept)
    problems = tuple(problem.sentence for problem in problems_of(source, pair)) if offered else ()
    segments = text(pair, LONGEST).segments if pair.channel == "sms" and not problems else None
    return Wording(pair, _standing(pair, approval, offered=offered is not None), approval, problems, segments)


def _standing(pair: Pair, approval: Approval | None, *, offered: bool) -> Standing:
    if approval is None:
        return Standing.NEVER
    if (approval.source_hash, approval.translation_hash) == (digest(pair.source), digest(pair.translation)):
        return Standing.APPROVED
    return Standing.CHANGED if offered else Standing.BEHIND


def _spoken(session: Session, found: Collection[Entry]) -> list[Spoken]:
    adults: Mapping[str, int] = dict(session.execute(select(Contact.locale, func.count()).group_by(Contact.locale)).all())

    def approved(locale: str, messages: Collection[str]) -> int:
        settled = (entry for entry in found if entry.locale == locale and entry.message in messages)
        return sum(all(one.approval for one in entry.wordings) for entry in settled)

    names = {entry.message for entry in found}
    return [
        Spoken(locale, adults.get(locale, 0), approved(locale, CORE_PACK), approved(locale, names), len(names)) for locale in languages()
    ]

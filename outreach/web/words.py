"""The words that go out: which pair of English and translation is approved, changed, or waiting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.messages import actions
from outreach.messages.check import LONGEST, problems_of
from outreach.messages.compose import Pair, text
from outreach.messages.pairs import current_pairs, digest
from outreach.messages.queries import latest_approval
from outreach.messages.tables import Approval
from outreach.messages.templates import Source
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("words", __name__)


class Standing(StrEnum):
    """How the words in the files stand to the approved ones."""

    APPROVED = "approved"
    CHANGED = "changed"
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
    digest: str
    """Of exactly the words shown, so that nobody approves words they have not seen."""

    @property
    def standing(self) -> Standing:
        """The least settled of the channels."""
        return max((one.standing for one in self.wordings), key=list(Standing).index)

    @property
    def blocked(self) -> bool:
        """Whether something has to be repaired before anybody can approve."""
        return any(one.problems for one in self.wordings)


@blueprint.get("/words")
@needs(Permission.WORDS_READ)
def page() -> ResponseReturnValue:
    """Every message by language, what waits for approval first."""
    with services().database.read() as session:
        found = entries(session)
        wanted = request.args.get("message", "")
        chosen = [entry for entry in found if wanted in ("", entry.message)]
        return render_template(
            "words.html",
            entries=sorted(chosen, key=lambda entry: (entry.standing is Standing.APPROVED, entry.message)),
            messages=dict.fromkeys(entry.message for entry in found),
            chosen=wanted,
            total=len(found),
            waiting=sum(entry.standing is not Standing.APPROVED for entry in found),
            may_approve=person().may(Permission.WORDS_APPROVE),
        )


@blueprint.post("/words/approve")
@needs(Permission.WORDS_APPROVE)
def approve() -> ResponseReturnValue:
    """Approve one message in one language, if the words are still those that the page showed."""
    known, message, locale = person(), request.form.get("message", ""), request.form.get("locale", "")
    with services().database.write() as session:
        entry = next((one for one in entries(session) if (one.message, one.locale) == (message, locale)), None)
        if entry is None:
            abort(404)
        if entry.digest != request.form.get("digest"):
            flash("These words changed while you were reading. Please look at them again before you approve.", "warning")
            return redirect(url_for("words.page", message=message))
        try:
            actions.approve(session, message=message, language=locale, by=known.email, now=now(), home=services().settings.home)
        except actions.ApprovalError as refusal:
            flash(str(refusal), "warning")
            return redirect(url_for("words.page", message=message))
        subject, detail = f"{message} in {locale}", {"digest": entry.digest}
        staff.audit(session, actor=known.email, action="words.approved", subject=subject, now=now(), detail=detail)
    flash("Approved. These words may now leave.")
    return redirect(url_for("words.page"))


def entries(session: Session) -> list[Entry]:
    """Every message and language that the files offer, with how its words stand."""
    grouped: dict[tuple[str, str], list[tuple[Source, Pair]]] = {}
    for source, pair in current_pairs(services().settings.home):
        grouped.setdefault((pair.message, pair.locale), []).append((source, pair))
    return [_entry(session, message, locale, pairs) for (message, locale), pairs in grouped.items()]


def _entry(session: Session, message: str, locale: str, pairs: list[tuple[Source, Pair]]) -> Entry:
    shown = digest("\0".join(part for _source, pair in pairs for part in (pair.channel, pair.source, pair.translation)))
    wordings = tuple(_wording(session, source, pair) for source, pair in pairs)
    title, purpose = message.replace("_", " ").capitalize(), pairs[0][0].purpose
    return Entry(message, title, purpose, locale, wordings, shown)


def _wording(session: Session, source: Source, pair: Pair) -> Wording:
    approval = latest_approval(session, pair.message, pair.channel, pair.locale)
    same = approval is not None and (approval.source_hash, approval.translation_hash) == (digest(pair.source), digest(pair.translation))
    standing = Standing.APPROVED if same else Standing.CHANGED if approval is not None else Standing.NEVER
    problems = tuple(problem.sentence for problem in problems_of(source, pair))
    segments = text(pair, LONGEST).segments if pair.channel == "sms" and not problems else None
    return Wording(pair, standing, approval, problems, segments)

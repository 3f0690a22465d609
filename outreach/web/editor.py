"""The editor of English words, for people who never saw a template language: chips, a preview, what it costs, versions and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import phonenumbers
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.messages import actions, editing, letter_content, letters, queries
from outreach.messages.advice import MOST_LETTERS
from outreach.messages.check import LONGEST
from outreach.messages.chips import NAMES, chip, explained, from_plain, to_plain
from outreach.messages.compose import Facts, Pair, text
from outreach.messages.differences import Piece, differences
from outreach.messages.editing import EditError, Hand, Spot
from outreach.messages.languages import DEFAULT
from outreach.messages.pairs import digest
from outreach.messages.placeholders import ALLOWED, MissingValueError, TemplateError
from outreach.messages.postal import Address
from outreach.messages.templates import Source
from outreach.planning import trial
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web import editor_look, people
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("editor", __name__, url_prefix="/words/edit")

CHANNELS = {"sms": "Text message", "letter": "Letter", "page": "Wordings"}
_LONGEST_REASON = 300
_REFUSALS = (EditError, actions.ApprovalError, TemplateError, MissingValueError)


@dataclass(frozen=True)
class Typed:
    """What the form holds: words with chips, and why they change."""

    words: str
    why: str = ""
    real: bool = False
    """Shown as a real family."""
    seen: str = ""
    """The digest of the words that the writer began with."""

    @cached_property
    def template(self) -> str:
        """The words as a template; raises TemplateError."""
        return from_plain(self.words.replace("\r\n", "\n").strip())


@dataclass(frozen=True)
class Past:
    """One version in the history."""

    number: int
    label: str
    by: str
    at: datetime | None
    why: str
    pieces: tuple[Piece, ...]
    """What changed since the version before."""
    stands: bool
    leaves: bool
    """Its words are the approved ones."""


@blueprint.get("/<message>/<channel>")
@needs(Permission.WORDS_EDIT)
def page(message: str, channel: str) -> ResponseReturnValue:
    """The words as they stand, ready to be changed."""
    known, school_id = person(), request.args.get("school", "")
    if not school_id and known.schools:
        return redirect(url_for("editor.page", message=message, channel=channel, school=min(known.schools)))
    return _page(_spot(message, channel, school_id))


@blueprint.post("/<message>/<channel>/look")
@needs(Permission.WORDS_EDIT)
def live(message: str, channel: str) -> ResponseReturnValue:
    """What stands beside the words typed so far."""
    spot = _spot(message, channel, request.form.get("school", ""))
    with services().database.read() as session:
        return render_template("parts/editor_look.html", **_beside(session, _source(session, spot), _typed(), spot))


@blueprint.post("/<message>/<channel>")
@needs(Permission.WORDS_EDIT)
def change(message: str, channel: str) -> ResponseReturnValue:
    """Do what the pressed button says with the words typed."""
    spot, typed = _spot(message, channel, request.form.get("school", "")), _typed()
    known: dict[str, Callable[[Spot, Typed], ResponseReturnValue]] = {
        "save": _save, "approve": _approve, "phone": _to_phone, "print": _print,
    }  # fmt: skip
    do = known.get(request.form.get("do", ""))
    if do is None:
        return _page(spot, typed)
    try:
        return do(spot, typed)
    except _REFUSALS as refusal:
        # who has read what somebody else wrote may save again
        shown = replace(typed, seen="") if isinstance(refusal, editing.ChangedError) else typed
        return _page(spot, shown, problem=explained(str(refusal))), 422


@blueprint.post("/<message>/<channel>/back")
@needs(Permission.WORDS_EDIT)
def back(message: str, channel: str) -> ResponseReturnValue:
    """Make an earlier version stand again; with the right to approve it leaves at once, with the translations it had."""
    spot, number = _spot(message, channel, request.form.get("school", "")), small_number(request.form.get("number", ""))
    if number is None:
        abort(400)
    hand = Hand(person().email, now(), storable(request.form.get("why", ""))[:_LONGEST_REASON])
    try:
        with services().database.write() as session:
            editing.return_to(session, spot, number, hand)
            gives_up = _source(session, spot).school_id != spot.school_id
            if not gives_up:
                _settle(session, spot, hand, by_restoring=True)
            _audit(session, "words.returned", spot, {"to": number})
    except _REFUSALS as refusal:
        return _page(spot, problem=explained(str(refusal))), 422
    flash("The school hears the district's words again." if gives_up else _said())
    return redirect(_here(spot))


def _save(spot: Spot, typed: Typed) -> ResponseReturnValue:
    """Keep a draft, and ask those who may approve it."""
    with services().database.write() as session:
        hand, new = _write(session, spot, typed)
        if new:
            editing.ask_for_approval(session, spot, hand)
    flash("Saved as a draft. Until it is approved, the approved words go out." if new else "These words stand already.")
    return redirect(_here(spot))


def _approve(spot: Spot, typed: Typed) -> ResponseReturnValue:
    """Keep the words and approve them; with the meaning unchanged the translations stay approved, too."""
    if not person().may(Permission.WORDS_APPROVE):
        abort(403)
    home = services().settings.home
    with services().database.write() as session:
        hand, _ = _write(session, spot, typed)
        _settle(session, spot, hand)
        kept = []
        if request.form.get("meaning") == "same" and _behind(session, _source(session, spot), spot.school_id):
            kept = actions.keep_translation(
                session,
                message=spot.message,
                channel=spot.channel,
                language=None,
                by=hand.by,
                now=hand.now,
                home=home,
                school_id=spot.school_id,
            )
        _audit(session, "words.approved", spot, {"kept": [row.locale for row in kept]})
    flash(_said() + (f" {len(kept)} translations stand for them as well." if kept else ""))
    return redirect(_here(spot))


def _to_phone(spot: Spot, typed: Typed) -> ResponseReturnValue:
    """Send the words, filled for a made-up family, to the pretended phone of whoever edits."""
    if not _has_phone(spot):
        abort(404)
    known = person()
    with services().database.write() as session:
        facts = editor_look.made_up(session, DEFAULT, services().settings, spot.school_id)
        said = text(Pair(spot.message, spot.channel, DEFAULT, typed.template, typed.template), facts)
        if not said.fits:
            refusal = f"It takes {said.segments} segments, more than a message may cost."
            raise EditError(refusal)
        trial.plan_trial(session, account_id=known.id, body=said.body, language=DEFAULT, by=known.email, now=now())
    flash(f"On its way to your pretended phone, {_number()}.")
    return _page(spot, typed)


def _print(spot: Spot, typed: Typed) -> ResponseReturnValue:
    """The letter as it is printed, for a made-up family."""
    if spot.channel != "letter":
        abort(404)
    settings = services().settings
    with services().database.read() as session:
        facts = editor_look.made_up(session, DEFAULT, settings, spot.school_id)
        rendered = _set(session, typed.template, facts)
    return Response(rendered.pdf, mimetype="application/pdf")


def _set(session: Session, template: str, facts: Facts) -> letters.Rendered:
    """Set an English letter for *facts*; raises EditError where it cannot be printed."""
    settings = services().settings
    pair = Pair("", "letter", DEFAULT, template, template)
    address = Address(facts.adult_names, "100 Sample Street", "", "Springfield", "IL", "62701")
    sender = (settings.district_name, "200 Example Avenue", "Springfield IL 62701")
    letter = letter_content.build(pair, facts, address, letter_id="SAMPLE", sender=sender, day=facts.children[0].as_of)
    around = queries.latest_approval(session, letter_content.FRAME, letter_content.FRAME_CHANNEL, DEFAULT)
    letter = letter_content.framed(letter, queries.pair_of(around) if around else None)
    found = letters.render([letter], letters.Measures.of(settings), now=now(), title=settings.district_name)
    if found.failures:
        refusal = f"This letter cannot be printed: {found.failures[0][1]}"
        raise EditError(refusal)
    return found


def _write(session: Session, spot: Spot, typed: Typed) -> tuple[Hand, bool]:
    """Keep the typed words, and say whether they are new; raises EditError where they are refused."""
    source, hand = _source(session, spot), Hand(person().email, now(), typed.why)
    found = editor_look.look(session, source, typed.template, LONGEST)
    if found.refuses:
        raise EditError(" ".join(found.refuses))
    if spot.channel == "letter":
        _set(session, typed.template, LONGEST)
    row = editing.write(session, spot, typed.template, hand, home=services().settings.home, seen=typed.seen)
    if row is not None:
        _audit(session, "words.written", spot, {"version": row.number})
    return hand, row is not None


def _settle(session: Session, spot: Spot, hand: Hand, *, by_restoring: bool = False) -> None:
    """Approve what stands where the person may; else ask those who may."""
    home = services().settings.home
    if not person().may(Permission.WORDS_APPROVE):
        editing.ask_for_approval(session, spot, hand)
    elif by_restoring:
        editing.restore(session, spot, hand, home=home)
    else:
        source = editing.own_source_of(session, spot, home)
        pair = Pair(spot.message, spot.channel, DEFAULT, source.text, source.text)
        actions.approve_pairs(session, [(source, pair)], by=hand.by, now=hand.now)


def _said() -> str:
    if person().may(Permission.WORDS_APPROVE):
        return "These words leave from now on."
    return "Saved as a draft. Until it is approved, the approved words go out."


def _page(spot: Spot, typed: Typed | None = None, problem: str = "") -> str:
    """The whole page, with the words as they stand or as they were typed."""
    with services().database.read() as session:
        source = _source(session, spot)
        shown = typed or Typed(to_plain(source.text))
        leaving = queries.latest_approval(session, spot.message, spot.channel, DEFAULT, school_id=spot.school_id)
        names = people.school_names(session)
        return render_template(
            "editor.html",
            **_beside(session, source, shown, spot),
            leaving=leaving,
            changes=differences(to_plain(leaving.source_text), to_plain(source.text)) if leaving else (),
            is_copy=source.school_id != "",
            history=_history(session, spot),
            waiting=_waiting(session, source, spot.school_id),
            readings=list(editor_look.readings(session, source, _safe(shown, source), services().settings, spot.school_id)),
            price_of=lambda found: editor_look.price_of(found, services().settings),
            chips=[(name, chip(name), ALLOWED[name], name in source.required) for name in _useful(source)],
            copies=[(school, names.get(school, school)) for school in queries.overlay(session).copies(spot.message, spot.channel)],
            schools=sorted(((school, name) for school, name in names.items() if person().sees(school)), key=lambda one: one[1]),
            school_name=names.get(spot.school_id, spot.school_id),
            problem=problem,
            seen=shown.seen or digest(source.text),
            may_approve=person().may(Permission.WORDS_APPROVE),
            may_see_families=person().may(Permission.INBOX_READ),
            number=_number() if _has_phone(spot) else "",
            channels=CHANNELS,
            longest_reason=_LONGEST_REASON,
        )


def _beside(session: Session, source: Source, typed: Typed, spot: Spot) -> dict[str, object]:
    """What both the page and its live part show."""
    settings = services().settings
    facts = None
    if typed.real and person().may(Permission.INBOX_READ):
        facts = editor_look.real(session, person(), settings, spot.school_id, spot.channel, now())
    shown = facts or editor_look.made_up(session, DEFAULT, settings, spot.school_id)
    try:
        found, unread = editor_look.look(session, source, typed.template, shown), ""
    except TemplateError as error:
        found, unread = None, explained(f"{error}")
    return {
        "spot": spot,
        "source": source,
        "typed": typed,
        "look": found,
        "unread": unread,
        "is_real": facts is not None,
        "price": settings.segment_price,
        "letter_price": settings.letter_price,
        "most": MOST_LETTERS.get(spot.channel),
    }


def _history(session: Session, spot: Spot) -> list[Past]:
    """Every version, the newest first, down to the words that lie under all of them."""
    home = services().settings.home
    under = editing.source_of(session, Spot(spot.message, spot.channel), home).text if spot.school_id else editing.file_text(spot, home)
    leaving = queries.latest_approval(session, spot.message, spot.channel, DEFAULT, school_id=spot.school_id)
    rows = queries.versions(session, spot.message, spot.channel, school_id=spot.school_id)[::-1]
    texts = [under, *(row.text or under for row in rows)]
    leaves = [leaving is not None and leaving.source_text == words for words in texts]
    newest = len(texts) - 1
    label = "The district's words" if spot.school_id else "The words that came with the service"
    past = [Past(0, label, "", None, "", (), stands=newest == 0, leaves=leaves[0])]
    past += [
        Past(
            row.number,
            f"Version {row.number}"
            + (f", back to version {row.back_to}" if row.back_to else ", back to the first words" if row.back_to == 0 else ""),
            row.written_by,
            row.written_at,
            row.why,
            differences(to_plain(texts[at - 1]), to_plain(texts[at])),
            stands=at == newest,
            leaves=leaves[at],
        )
        for at, row in enumerate(rows, start=1)
    ]
    return past[::-1]


def _behind(session: Session, source: Source, school_id: str) -> bool:
    """Whether some language's approved words are of an earlier English."""
    known = queries.in_force(session, school_id=school_id)
    rows = (known[source.message, source.channel, locale] for locale in _waiting(session, source, school_id))
    return any(row.source_hash != digest(source.text) for row in rows)


def _waiting(session: Session, source: Source, school_id: str) -> list[str]:
    """Languages with approved words of *source*'s place: a change of the English concerns them."""
    known = queries.in_force(session, school_id=school_id)
    return [locale for message, channel, locale in known if (message, channel) == (source.message, source.channel) and locale != DEFAULT]


def _useful(source: Source) -> list[str]:
    """The placeholders to offer: those a text must have, those it has, then the rest that may mean something in it."""
    has = [name for name in NAMES if f"{{{{ {name} }}}}" in source.text]
    wanted = [name for name in NAMES if name in source.required]
    return list(dict.fromkeys([*wanted, *has, *NAMES]))


def _safe(typed: Typed, source: Source) -> str:
    try:
        return typed.template
    except TemplateError:
        return source.text


def _typed() -> Typed:
    form = request.form
    words, why = storable(form.get("words", "")), storable(form.get("why", ""))[:_LONGEST_REASON]
    return Typed(words, why, real=form.get("family") == "real", seen=form.get("seen", ""))


def _source(session: Session, spot: Spot) -> Source:
    """The English that stands at *spot*; a page of no message, or of a school that does not exist, is not found."""
    if spot.school_id and spot.school_id not in people.school_names(session):
        abort(404)
    try:
        return editing.source_of(session, spot, services().settings.home)
    except EditError:
        abort(404)


def _spot(message: str, channel: str, school_id: str) -> Spot:
    """The wording asked for, if it is one this person may edit."""
    if not person().sees(school_id):
        abort(404)
    return Spot(message, channel, school_id)


def _has_phone(spot: Spot) -> bool:
    return spot.channel == "sms" and services().settings.provider == "simulator"


def _number() -> str:
    number = phonenumbers.parse(trial.number_of(person().id))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _here(spot: Spot) -> str:
    return url_for("editor.page", message=spot.message, channel=spot.channel, school=spot.school_id or None)


def _audit(session: Session, action: str, spot: Spot, detail: dict[str, object]) -> None:
    subject = f"{spot.message}/{spot.channel}" + (f" at {spot.school_id}" if spot.school_id else "")
    staff.audit(session, actor=person().email, action=action, subject=subject, now=now(), detail=detail)
